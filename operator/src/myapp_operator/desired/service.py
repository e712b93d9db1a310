"""The Service of an app: one stable address in front of its pods."""

from __future__ import annotations

from myapp_operator import names
from myapp_operator.grammar import Json
from myapp_operator.model import Spec


def build(app: str, spec: Spec) -> Json:
    """The Service for an app of this name, less what all children have in common."""
    return {
        "spec": {
            "type": "ClusterIP",
            "selector": names.selector(app),
            "publishNotReadyAddresses": False,
            "sessionAffinity": "None",
            "ports": [{"name": "http", "port": spec.service.port, "targetPort": spec.port, "protocol": "TCP"}],
        }
    }
