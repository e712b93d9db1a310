"""The pod as a whole: where it runs, whether it was evicted, what else keeps it from being ready."""

from __future__ import annotations

from datetime import datetime

from myapp_operator.causes import words
from myapp_operator.causes.bench import Bench
from myapp_operator.causes.found import Judgement
from myapp_operator.causes.pods import Pod
from myapp_operator.names import Reason

PATIENCE = 30.0
"""Seconds for which what has started may be not ready before that is told."""


def judge_placement(pod: Pod) -> Judgement:
    """No node takes it."""
    scheduled = pod.conditions.get("PodScheduled")
    if scheduled is None or scheduled.holds or not scheduled.message:
        return Judgement()
    return Judgement(Reason.UNSCHEDULABLE, said=scheduled.message, telling=words.of_scheduler)


def judge_readiness(pod: Pod, bench: Bench) -> Judgement:
    """All containers are ready and the pod is not: a readiness gate, or a node that was lost."""
    if pod.ready.holds or not all(each.ready for each in pod.containers if not each.init):
        return Judgement()
    left = PATIENCE - bench.age(pod.ready.since)
    if left > 0:
        return Judgement(again=left)
    said = pod.ready.message or "its node may be lost, see kubectl get nodes"
    return Judgement(Reason.NOT_READY, "a pod is not ready although its containers are", said)


def judge_eviction(pods: list[Pod], wanted: int, bench: Bench) -> Judgement:
    """A pod had to go. That is told until one that came afterwards has proved itself, or as many as are wanted have.

    The pod that failed stays in the lists for long. What came afterwards alone does not tell: it may be gone again, and
    the end of a pod is dated by the clock of its node.
    """
    gone = [pod for pod in pods if pod.evicted]
    if not gone:
        return Judgement()
    last = max(gone, key=lambda pod: pod.ended_at)
    left = [(pod, recovers_in(pod, _running_since(pod), bench)) for pod in pods if not pod.evicted and not pod.ended]
    proved = [pod for pod, seconds in left if seconds == 0]
    if len(proved) >= wanted or any(pod.created >= last.ended_at for pod in proved):
        return Judgement()
    target = last.conditions.get("DisruptionTarget")
    said = last.message or (target.message if target else "")
    again = min((seconds for _, seconds in left if seconds), default=None)
    return Judgement(Reason.EVICTED, "a pod was evicted", said, words.of_eviction, again)


def recovers_in(pod: Pod, since: datetime, bench: Bench) -> float | None:
    """Seconds until a pod whose containers run since then has proved itself: 0 means that it has, None that time alone
    will not do. One that was Ready for long enough and is not any more has proved itself too: it has another cause."""
    if pod.ready.holds:  # of a container that is back within a moment the pod may never have noticed the end
        return min(bench.calm, max(0.0, bench.calm - bench.age(max(pod.ready.since, since))))
    return 0.0 if (pod.ready.since - since).total_seconds() >= bench.calm else None


def _running_since(pod: Pod) -> datetime:
    return max([pod.created, *(each.running_since for each in pod.containers if each.running_since)])
