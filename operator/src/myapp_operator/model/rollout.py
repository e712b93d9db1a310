"""How a new version replaces the old one."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from myapp_operator.grammar import Part, Rule
from myapp_operator.model.values import CountOrPercentage, count_rule


class Rollout(Part):
    """How a new version replaces the old one."""

    rules = (
        Rule(
            cel="!has(self.minReadySeconds) || self.minReadySeconds < self.progressDeadlineSeconds",
            message="minReadySeconds must be below progressDeadlineSeconds: lower it, or raise progressDeadlineSeconds",
            path=".minReadySeconds",
            holds=lambda it: it.min_ready_seconds is None or it.min_ready_seconds < it.progress_deadline_seconds,
        ),
        Rule(
            cel=(
                "!((self.maxSurge == 0 || self.maxSurge == '0%')"
                " && (self.maxUnavailable == 0 || self.maxUnavailable == '0%'))"
            ),
            message=(
                "maxSurge and maxUnavailable must not both be 0, since a rollout could never take its first step: "
                "raise one of them"
            ),
            path=".maxUnavailable",
            holds=lambda it: not (it.max_surge in (0, "0%") and it.max_unavailable in (0, "0%")),
        ),
        count_rule("maxSurge"),
        count_rule("maxUnavailable"),
    )

    strategy: Literal["RollingUpdate", "Recreate"] = "RollingUpdate"
    """RollingUpdate replaces pods step by step; Recreate stops all of them first."""
    max_surge: CountOrPercentage = "25%"
    """Pods above `replicas` during a rolling update, as a number or a percentage."""
    max_unavailable: CountOrPercentage = "25%"
    """Pods that may be missing during a rolling update, as a number or a percentage."""
    min_ready_seconds: Annotated[int, Field(ge=0, le=3600)] | None = None
    """Seconds a pod must stay ready before it counts. Unset: 5 without `probes.readiness`, 0 with it."""
    progress_deadline_seconds: Annotated[int, Field(ge=1, le=86400)] = 600
    """Seconds without progress after which a rollout counts as failed."""
    revision_history_limit: Annotated[int, Field(ge=0, le=100)] = 10
    """Old ReplicaSets kept for `autoRollback`. By hand, change the MyApp back: `kubectl rollout undo` is taken back."""
    auto_rollback: bool = False
    """True goes back to the last version that was Ready when a rollout fails, until the pods are changed."""
    restart_on_config_change: bool = False
    """True restarts the pods when a ConfigMap that they use changes; a Secret too, where the operator may read it."""
