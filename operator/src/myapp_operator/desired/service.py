"""The Service of an app: one stable address in front of its pods."""

from __future__ import annotations

from myapp_operator import names
from myapp_operator.desired.emptiness import without_empty
from myapp_operator.grammar import Json
from myapp_operator.model import ExtraPort, Spec


def build(app: str, spec: Spec) -> Json:
    """The Service for an app of this name, less what all children have in common."""
    service = spec.service
    main = {"name": "http", "port": service.port, "targetPort": spec.port, "protocol": "TCP"}
    return without_empty(
        {
            "metadata": without_empty({"annotations": service.annotations}),
            "spec": {
                "type": service.type,
                "selector": names.selector(app),
                "publishNotReadyAddresses": False,
                "sessionAffinity": "None",
                "ports": [main, *map(_port, service.extra_ports or ())],
            },
        }
    )


def _port(extra: ExtraPort) -> Json:
    target = extra.target_port or extra.port
    return {"name": extra.name, "port": extra.port, "targetPort": target, "protocol": extra.protocol}
