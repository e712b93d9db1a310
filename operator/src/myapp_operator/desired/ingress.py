"""The Ingress of an app: one host and path that lead to its Service."""

from __future__ import annotations

from myapp_operator import names
from myapp_operator.desired.emptiness import without_empty
from myapp_operator.grammar import Json
from myapp_operator.model import Spec


def build(app: str, spec: Spec) -> Json | None:
    """The Ingress for an app of this name, less what all children have in common."""
    given = spec.ingress
    if given is None:
        return None
    backend = {"service": {"name": names.SERVICE.name_for(app), "port": {"name": "http"}}}
    path = {"path": given.path, "pathType": "Prefix", "backend": backend}
    return without_empty(
        {
            "metadata": without_empty({"annotations": given.annotations}),
            "spec": without_empty(
                {
                    "ingressClassName": given.class_name,
                    "tls": [{"hosts": [given.host], "secretName": given.tls.secret_name}] if given.tls else None,
                    "rules": [{"host": given.host, "http": {"paths": [path]}}],
                }
            ),
        }
    )
