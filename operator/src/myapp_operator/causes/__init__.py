"""Why the pods of an app do not come up. Pure; the time comes in as an argument.

Only pods of the newest ReplicaSet are judged, even while the old ones still serve, and none that is on its way out. Of
several causes the most telling one wins, and of several pods the oldest one: so the answer does not alternate.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import chain, islice

from myapp_operator.causes import words
from myapp_operator.causes.bench import Bench
from myapp_operator.causes.containers import judge_container
from myapp_operator.causes.events import refused_pods, short_event
from myapp_operator.causes.found import Cause, Evidence, Found, Judgement
from myapp_operator.causes.gone import judge_eviction, judge_refusal
from myapp_operator.causes.placement import judge_placement
from myapp_operator.causes.pods import Pod, Sample, by_revision, newest_replica_set
from myapp_operator.causes.preparation import judge_preparation
from myapp_operator.causes.whole import judge_readiness
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
    Reason.INITIALIZING,
    Reason.EVICTED,
)

_MOST_ASKS = 4
"""Pods that live, or claims, whose events are read in one look although nothing is known to be wrong with them."""


def find(evidence: Evidence, now: datetime) -> Found:
    """The most telling cause among the newest pods of an app."""
    bench = Bench.of(evidence, now)
    found = list(_judgements(sorted(evidence.pods, key=lambda pod: (pod.created, pod.name)), evidence.replicas, bench))
    again = min((each.again for each in found if each.again is not None), default=None)
    best = min((each for each in found if each.reason), key=_rank, default=Judgement())
    asks = tuple(dict.fromkeys([*best.asks, *_asks(found)]))
    if best.reason is None:
        return Found(None, again, asks)
    message = words.joined(best.what, best.telling(bench.hide(best.said)))
    return Found(Cause(best.reason, message), again, asks)


def _asks(found: list[Judgement]) -> Iterator[str]:
    """What those ask for that have nothing to say without events: of pods that live, those first of which nothing else
    will ever tell; and the first about one that is gone."""
    asking = [each for each in found if each.asks and not each.reason]
    living = sorted((each for each in asking if not each.of_the_past), key=lambda each: not each.only_events_tell)
    yield from islice(dict.fromkeys(chain.from_iterable(each.asks for each in living)), _MOST_ASKS)
    yield from next((each.asks for each in asking if each.of_the_past), ())


def _judgements(pods: list[Pod], wanted: int, bench: Bench) -> Iterator[Judgement]:
    """All there is to say of all pods, where so many are wanted. One that is gone is judged by the others alone."""
    yield judge_eviction(pods, wanted, bench)
    yield judge_refusal(pods, wanted, bench)
    for pod in pods:
        if pod.gone:
            continue
        yield judge_placement(pod, bench)
        yield judge_preparation(pod, bench)
        yield judge_readiness(pod, bench)
        for container in pod.containers:
            yield judge_container(container, pod, bench)


def _rank(found: Judgement) -> tuple[bool, int]:
    return found.of_the_past, _MOST_TELLING_FIRST.index(found.reason) if found.reason else len(_MOST_TELLING_FIRST)
