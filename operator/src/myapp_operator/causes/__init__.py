"""Why the pods of an app do not come up. Pure; the time comes in as an argument.

Only pods of the newest ReplicaSet are judged, even while the old ones still serve, and none that is on its way out. Of
several causes the most telling one wins, and of several pods the oldest one: so the answer does not alternate.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from myapp_operator.causes import words
from myapp_operator.causes.bench import Bench
from myapp_operator.causes.containers import judge_container
from myapp_operator.causes.found import Cause, Evidence, Found, Judgement
from myapp_operator.causes.pods import Pod, Sample, by_revision, newest_replica_set, refused_pods, short_event
from myapp_operator.causes.whole import judge_eviction, judge_placement, judge_readiness
from myapp_operator.names import Reason

__all__ = [
    "Cause",
    "Evidence",
    "Found",
    "Sample",
    "by_revision",
    "find",
    "newest_replica_set",
    "refused_pods",
    "short_event",
]

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
    bench = Bench.of(evidence, now)
    found = list(_judgements(sorted(evidence.pods, key=lambda pod: (pod.created, pod.name)), evidence.replicas, bench))
    again = min((each.again for each in found if each.again is not None), default=None)
    best = min((each for each in found if each.reason), key=_rank, default=None)
    if best is None or best.reason is None:
        return Found(again=again)
    message = words.joined(best.what, best.telling(bench.hide(best.said)))
    return Found(Cause(best.reason, message), again, best.events_of)


def _judgements(pods: list[Pod], wanted: int, bench: Bench) -> Iterator[Judgement]:
    """All there is to say of all pods, where so many are wanted. One that was evicted is judged by the others alone."""
    yield judge_eviction(pods, wanted, bench)
    for pod in pods:
        if pod.evicted or pod.ended:
            continue
        yield judge_placement(pod)
        yield judge_readiness(pod, bench)
        for container in pod.containers:
            yield judge_container(container, pod, bench)


def _rank(found: Judgement) -> int:
    return _MOST_TELLING_FIRST.index(found.reason) if found.reason else len(_MOST_TELLING_FIRST)
