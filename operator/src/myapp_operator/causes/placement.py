"""Where a pod runs: no node takes it, or it waits for a claim that is not bound, which is nothing of the nodes."""

from __future__ import annotations

from datetime import datetime

from myapp_operator.causes import words
from myapp_operator.causes.bench import Bench
from myapp_operator.causes.events import Told, recent
from myapp_operator.causes.found import Judgement
from myapp_operator.causes.pods import Claim, Pod
from myapp_operator.causes.whole import PATIENCE
from myapp_operator.names import Reason

_FAILED = frozenset({"ProvisioningFailed", "FailedBinding", "ClaimLost", "ClaimMisbound", "VolumeMismatch"})
"""What events call a claim that nobody will bind as things stand."""
_ON_ITS_WAY = frozenset({"ExternalProvisioning", "Provisioning"})
"""What they call one that should be bound within some seconds."""


def judge_placement(pod: Pod, bench: Bench) -> Judgement:
    """No node takes it, or the storage that it asks for is not there."""
    scheduled = pod.conditions.get("PodScheduled")
    if scheduled is None:  # the scheduler has chosen a node, and waits for the claims that are to be bound there
        return _unbound(pod, pod.created, "", bench) if pod.claims and pod.phase == "Pending" else Judgement()
    if scheduled.holds or not scheduled.message:
        return Judgement()
    if words.is_about_claims(scheduled.message):
        return _unbound(pod, scheduled.since, scheduled.message, bench)
    return Judgement(Reason.UNSCHEDULABLE, said=scheduled.message, telling=words.of_scheduler)


def _unbound(pod: Pod, since: datetime, said: str, bench: Bench) -> Judgement:
    """A claim that nothing is told of may be on its way, and gets some time."""
    names = [each.name for each in pod.claims]
    if failed := _newest(pod, _FAILED, bench):
        return _told(*failed, names)
    left = PATIENCE - bench.age(since)
    if left > 0:
        return Judgement(again=left, claims=names)
    if late := _newest(pod, _ON_ITS_WAY, bench):
        return _told(*late, names)
    what = f"{words.listed([each.title for each in pod.claims]) or 'a claim'} cannot be used"
    return Judgement(Reason.CONFIG_ERROR, what, said, words.of_claims, claims=names)


def _told(claim: Claim, told: Told, names: list[str]) -> Judgement:
    return Judgement(Reason.CONFIG_ERROR, f"{claim.title} is not bound", told.message, words.of_storage, claims=names)


def _newest(pod: Pod, reasons: frozenset[str], bench: Bench) -> tuple[Claim, Told] | None:
    """The first claim of which one of these is told, and not of old; and the newest of it."""
    told = [(claim, each) for claim in pod.claims for each in bench.of_claim(claim.name) if each.reason in reasons]
    if not told:
        return None
    fresh = set(recent(each for _, each in told))
    first = next(claim for claim, each in told if each in fresh)
    return first, [each for claim, each in told if claim is first and each in fresh][-1]
