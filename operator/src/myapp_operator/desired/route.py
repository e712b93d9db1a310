"""The HTTPRoute of an app, for the Gateway API: a path under some hosts of a Gateway leads to its Service.

What the server would fill in is written out, as everywhere: only what we own is noticed when somebody changes it.
"""

from __future__ import annotations

from myapp_operator import names
from myapp_operator.desired.emptiness import without_empty
from myapp_operator.grammar import Json
from myapp_operator.model import Spec


def build(app: str, spec: Spec) -> Json | None:
    """The HTTPRoute for an app of this name, less what all children have in common."""
    given = spec.route
    if given is None:
        return None
    gateway = {"group": "gateway.networking.k8s.io", "kind": "Gateway", **given.gateway.model_dump(by_alias=True)}
    backend = {"kind": "Service", "name": names.SERVICE.name_for(app), "port": spec.service.port}
    rule = {
        "matches": [{"path": {"type": "PathPrefix", "value": given.path}}],
        "backendRefs": [{"group": "", **backend, "weight": 1}],
    }
    return {
        "spec": without_empty(
            {"parentRefs": [without_empty(gateway)], "hostnames": given.hostnames, "rules": [rule]},
        )
    }
