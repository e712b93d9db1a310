"""The HorizontalPodAutoscaler of an app: it scales the Deployment, never the MyApp."""

from __future__ import annotations

from myapp_operator import names
from myapp_operator.desired.emptiness import without_empty
from myapp_operator.grammar import Json
from myapp_operator.model import Autoscaling, Spec


def build(app: str, spec: Spec) -> Json | None:
    """The autoscaler for an app of this name, less what all children have in common.

    It stays while the app is suspended: at 0 replicas it does nothing, and takes over again when the pods are back.
    """
    given = spec.autoscaling
    if given is None:
        return None
    target = names.DEPLOYMENT
    return {
        "spec": without_empty(
            {
                "scaleTargetRef": {
                    "apiVersion": target.api_version,
                    "kind": target.kind,
                    "name": target.name_for(app),
                },
                "minReplicas": given.min_replicas,
                "maxReplicas": given.max_replicas,
                "metrics": _metrics(given),
                "behavior": given.behavior,
            }
        )
    }


def _metrics(given: Autoscaling) -> list[Json]:
    shares = {"cpu": given.cpu, "memory": given.memory}
    return [_share(name, percent) for name, percent in shares.items() if percent is not None] + (given.metrics or [])


def _share(resource: str, percent: int) -> Json:
    target = {"type": "Utilization", "averageUtilization": percent}
    return {"type": "Resource", "resource": {"name": resource, "target": target}}
