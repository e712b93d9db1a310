"""The PodDisruptionBudget of an app, which never keeps a node from being drained.

A budget that allows no eviction would hold up every drain for ever, and so would one for a single pod: the first is
lowered until it allows one, the second is not made.
"""

from __future__ import annotations

from myapp_operator import names
from myapp_operator.grammar import Json
from myapp_operator.model import DisruptionBudget, Spec


def build(app: str, spec: Spec) -> Json | None:
    """The budget for an app of this name, less what all children have in common."""
    given = spec.disruption_budget
    if given is None or _fewest(spec) < 2:
        return None
    return {
        "spec": {
            "selector": {"matchLabels": names.selector(app)},
            # Pods that are not ready serve nobody, so nothing is won by keeping them.
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
            **({"maxUnavailable": 1} if lowered(spec) else given.model_dump(by_alias=True, exclude_none=True)),
        }
    }


def lowered(spec: Spec) -> bool:
    """Whether the budget is lowered, because as written it would allow no eviction."""
    given, pods = spec.disruption_budget, _fewest(spec)
    return given is not None and pods >= 2 and _allowed(given, pods) < 1


def _fewest(spec: Spec) -> int:
    """The pods that there are at least, all being well."""
    return spec.autoscaling.min_replicas if spec.autoscaling else spec.replicas


def _allowed(given: DisruptionBudget, pods: int) -> int:
    """How many of these pods may be missing."""
    if given.max_unavailable is not None:
        return _count(given.max_unavailable, pods)
    return pods - _count(given.min_available or 0, pods)


def _count(value: int | str, pods: int) -> int:
    """A number, or a percentage of the pods; Kubernetes rounds both kinds of budget up."""
    if isinstance(value, int):
        return value
    return -(-pods * int(value.removesuffix("%")) // 100)
