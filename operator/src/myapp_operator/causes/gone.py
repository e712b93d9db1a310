"""Pods that are gone: put out by their node or somebody else, or never taken by the node that they were given to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from myapp_operator.causes import words
from myapp_operator.causes.bench import Bench
from myapp_operator.causes.found import Judgement
from myapp_operator.causes.pods import Pod
from myapp_operator.causes.whole import recovers_in
from myapp_operator.names import Reason

_EVICTED = "Evicted"
_CALM_AFTER_OWN_LIMIT = 90.0
"""Seconds for which a pod must have been Ready after another one has exceeded a limit of its own: the next one fills
its disk too, and the node measures only now and then."""


def judge_eviction(pods: list[Pod], wanted: int, bench: Bench) -> Judgement:
    """A pod had to go. Where its app ended in good order, only an event tells."""
    untold = _last(pods, lambda pod: pod.ended_untold)
    if untold is not None:
        said = next((each.message for each in bench.of_pod(untold.uid) if each.reason == _EVICTED), "")
        again = _until_replaced(untold, pods, wanted, bench, _calm(said) if said else _CALM_AFTER_OWN_LIMIT)
        if again != 0:
            found = _evicted(said, again) if said else _told_eviction(pods, wanted, bench)
            return replace(found, events_of=untold.uid, of_the_past=True)
    return _told_eviction(pods, wanted, bench)


def _told_eviction(pods: list[Pod], wanted: int, bench: Bench) -> Judgement:
    """The same of one that tells so itself."""
    last = _last(pods, lambda pod: pod.evicted)
    if last is None:
        return Judgement()
    target = last.conditions.get("DisruptionTarget")
    said = last.message or (target.message if target else "")
    again = _until_replaced(last, pods, wanted, bench, _calm(said))
    return Judgement() if again == 0 else _evicted(said, again)


def _evicted(said: str, again: float | None) -> Judgement:
    return Judgement(Reason.EVICTED, "a pod was evicted", said, words.of_eviction, again, of_the_past=True)


def _calm(said: str) -> float:
    return _CALM_AFTER_OWN_LIMIT if words.is_own_limit(said) else 0.0


def judge_refusal(pods: list[Pod], wanted: int, bench: Bench) -> Judgement:
    """A node did not take a pod that the scheduler gave to it."""
    last = _last(pods, lambda pod: pod.refused)
    again = 0.0 if last is None else _until_replaced(last, pods, wanted, bench)
    if last is None or again == 0:
        return Judgement()
    what, said = "its node refuses the pod", last.message or last.reason
    return Judgement(Reason.UNSCHEDULABLE, what, said, words.of_refusal, again, of_the_past=True)


def _last(pods: list[Pod], is_meant: Callable[[Pod], bool]) -> Pod | None:
    return max(filter(is_meant, pods), key=lambda pod: pod.ended_at, default=None)


def _until_replaced(last: Pod, pods: list[Pod], wanted: int, bench: Bench, calm: float = 0) -> float | None:
    """Seconds until a pod that came after the last one has proved itself, or as many as are wanted have: 0 means that
    they have, None that time alone will not do.

    The pod that is gone stays in the lists for long. What came afterwards alone does not tell: it may be gone again,
    and the end of a pod is dated by the clock of its node.
    """
    left = [(pod, recovers_in(pod, _running_since(pod), bench, calm)) for pod in pods if not pod.gone]
    proved = [pod for pod, seconds in left if seconds == 0]
    if len(proved) >= wanted or any(pod.created >= last.ended_at for pod in proved):
        return 0.0
    return min((seconds for _, seconds in left if seconds), default=None)


def _running_since(pod: Pod) -> datetime:
    return max([pod.created, *(each.running_since for each in pod.containers if each.running_since)])
