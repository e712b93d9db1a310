"""The Deployment of an app.

Zero values such as `paused: false` are written on purpose: only what we own is noticed when somebody changes it.
"""

from __future__ import annotations

from myapp_operator import names
from myapp_operator.desired import pod
from myapp_operator.grammar import Json
from myapp_operator.model import Spec

_DEFAULT_MIN_READY_SECONDS = 5
"""Without a readiness probe of the app's own, a listening socket proves little: wait a little longer."""


def build(app: str, spec: Spec) -> Json:
    """The Deployment for an app of this name, less what all children have in common."""
    rollout = spec.rollout
    return {
        "spec": {
            **_replicas(spec),
            "selector": {"matchLabels": names.selector(app)},
            "strategy": _strategy(spec),
            "minReadySeconds": _min_ready_seconds(spec),
            "progressDeadlineSeconds": rollout.progress_deadline_seconds,
            "revisionHistoryLimit": rollout.revision_history_limit,
            "paused": False,
            "template": pod.template(app, spec),
        }
    }


def _replicas(spec: Spec) -> Json:
    """The number of pods, unless an autoscaler says it; one does nothing at 0, so a suspended app stays so."""
    if spec.suspend:
        return {"replicas": 0}
    return {} if spec.autoscaling else {"replicas": spec.replicas}


def _strategy(spec: Spec) -> Json:
    if spec.rollout.strategy == "Recreate":
        return {"type": "Recreate"}
    limits = {"maxSurge": spec.rollout.max_surge, "maxUnavailable": spec.rollout.max_unavailable}
    return {"type": "RollingUpdate", "rollingUpdate": limits}


def _min_ready_seconds(spec: Spec) -> int:
    rollout = spec.rollout
    if rollout.min_ready_seconds is not None:
        return rollout.min_ready_seconds
    if spec.probes is not None and spec.probes.readiness is not None:
        return 0
    return min(_DEFAULT_MIN_READY_SECONDS, rollout.progress_deadline_seconds - 1)
