"""Why the pods of an app do not come up. Pure; the time comes in as an argument.

Only pods of the newest ReplicaSet are judged, even while the old ones still serve, and none that is on its way out. Of
several causes the most telling one wins, and of several pods the oldest one: so the answer does not alternate.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from myapp_operator.causes.bench import Bench
from myapp_operator.causes.containers import judge_container
from myapp_operator.causes.found import Cause, Evidence, Found
from myapp_operator.causes.pods import Pod, by_revision, newest_replica_set, pods_of, refused_pods, sift
from myapp_operator.causes.whole import judge_eviction, judge_placement, judge_readiness
from myapp_operator.names import Reason

__all__ = ["Cause", "Evidence", "Found", "by_revision", "find", "newest_replica_set", "refused_pods", "sift"]

_MOST_TELLING_FIRST = (
    Reason.INVALID_IMAGE_NAME,
    Reason.IMAGE_PULL_BACK_OFF,
    Reason.CONFIG_ERROR,
    Reason.INIT_FAILED,
    Reason.OOM_KILLED,
    Reason.CRASH_LOOP_BACK_OFF,
    Reason.UNSCHEDULABLE,
    Reason.NOT_READY,
    Reason.EVICTED,
)


def find(evidence: Evidence, now: datetime) -> Found:
    """The most telling cause among the newest pods of an app."""
    newest = newest_replica_set(evidence.deployment_uid, evidence.replica_sets)
    if newest is None:
        return Found()
    pods = pods_of(newest["metadata"]["uid"], evidence.pods)
    found = list(_judgements(pods, newest["spec"]["replicas"], Bench.of(evidence, now)))
    told = [each for each in found if each.cause]
    best = min(told, key=_rank, default=Found())
    return Found(
        best.cause, min((each.again for each in found if each.again is not None), default=None), best.events_of
    )


def _judgements(pods: list[Pod], wanted: int, bench: Bench) -> Iterator[Found]:
    """All there is to say of all pods, where so many are wanted. One that was evicted is judged by the others alone."""
    yield judge_eviction(pods, wanted, bench)
    for pod in pods:
        if pod.evicted or pod.ended:
            continue
        yield judge_placement(pod, bench)
        yield judge_readiness(pod, bench)
        for container in pod.containers:
            yield judge_container(container, pod, bench)


def _rank(found: Found) -> int:
    return _MOST_TELLING_FIRST.index(found.cause.reason) if found.cause else len(_MOST_TELLING_FIRST)
