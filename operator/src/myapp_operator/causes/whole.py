"""The pod as a whole: what keeps it from being ready although its containers are, and when it has proved itself."""

from __future__ import annotations

from datetime import datetime

from myapp_operator.causes.bench import Bench
from myapp_operator.causes.found import Judgement
from myapp_operator.causes.pods import Pod
from myapp_operator.names import Reason

PATIENCE = 30.0
"""Seconds for which what has started may be not ready before that is told."""


def judge_readiness(pod: Pod, bench: Bench) -> Judgement:
    """All containers are ready and the pod is not: a readiness gate, or a node that was lost."""
    if pod.ready.holds or not all(each.ready for each in pod.containers if not each.init):
        return Judgement()
    left = PATIENCE - bench.age(pod.ready.since)
    if left > 0:
        return Judgement(again=left)
    said = pod.ready.message or "its node may be lost, see kubectl get nodes"
    return Judgement(Reason.NOT_READY, "a pod is not ready although its containers are", said)


def recovers_in(pod: Pod, since: datetime, bench: Bench, calm: float = 0) -> float | None:
    """Seconds until a pod whose containers run since then has proved itself, for which it must be Ready for `calm`
    seconds, or those of the bench if these are more: 0 means that it has, None that time alone will not do. One that
    was Ready for long enough and is not any more has proved itself too: it has another cause."""
    calm = max(calm, bench.calm)
    if pod.ready.holds:  # of a container that is back within a moment the pod may never have noticed the end
        return min(calm, max(0.0, calm - bench.age(max(pod.ready.since, since))))
    return 0.0 if (pod.ready.since - since).total_seconds() >= calm else None
