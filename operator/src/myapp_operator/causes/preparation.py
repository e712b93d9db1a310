"""Between the choice of a node and the start of containers: volumes are mounted, a network is made.

Nothing in the pod tells what is missing there, only events do.
"""

from __future__ import annotations

from collections.abc import Sequence

from myapp_operator.causes import words
from myapp_operator.causes.bench import Bench
from myapp_operator.causes.events import Told, recent
from myapp_operator.causes.found import Judgement
from myapp_operator.causes.pods import Pod
from myapp_operator.names import Reason

_OF_VOLUMES = frozenset({"FailedMount", "FailedAttachVolume", "FailedMapVolume"})
_OF_THE_NODE = frozenset({"FailedCreatePodSandBox", "NetworkNotReady"})
_NODE_STARTS = 15.0
"""Seconds for which a node may fail to make a network: a new one is not yet as it should be."""
_SOON = 10.0
_LOOKED_AT_OFTEN = 60.0
"""Seconds for which one that is being prepared is looked at after `_SOON` each: nobody tells when it fails."""


def judge_preparation(pod: Pod, bench: Bench) -> Judgement:
    """Its node does not get as far as to start containers."""
    since = pod.prepared_for
    if since is None:
        return Judgement()
    age = bench.age(since)
    again = _SOON if age < _LOOKED_AT_OFTEN else None
    waits = Judgement(again=again, events_of=pod.uid, only_events_tell=True)
    told = recent(each for each in bench.of_pod(pod.uid) if _tells(each))
    if not told:
        return waits
    if told[-1].reason in _OF_VOLUMES:
        said = _joined([each for each in told if each.reason in _OF_VOLUMES])
        return Judgement(Reason.CONFIG_ERROR, said=said, telling=words.of_volumes, events_of=pod.uid)
    if age < _NODE_STARTS:
        return waits
    what, said = "its node cannot start a pod", told[-1].message.replace(pod.name, "the pod")
    return Judgement(Reason.UNSCHEDULABLE, what, said, words.of_sandbox, events_of=pod.uid)


def _tells(told: Told) -> bool:
    of_volumes = told.reason in _OF_VOLUMES and not words.is_passing_mount(told.message)
    return of_volumes or told.reason in _OF_THE_NODE


def _joined(told: Sequence[Told]) -> str:
    """One line each. That volumes are missing is also told as a whole, without why."""
    lines = {" ".join(each.message.split()) for each in told}
    return "\n".join(sorted(line for line in lines if not words.is_summary(line)) or sorted(lines))
