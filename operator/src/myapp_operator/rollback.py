"""Going back to the last version that was Ready when a rollout fails. Pure.

The truth stands in two annotations on the Deployment, each written together with what it speaks of: which version was
Ready until a new one came (`names.LAST_READY`), and why that one was gone back to (`rollback_note`). So whatever
ends the operator, at whatever moment, the next run of it finds out what was done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC

from myapp_operator import drift, names
from myapp_operator.attempts import NUDGING, Step, Verb
from myapp_operator.desired import Wanted
from myapp_operator.names import Reason
from myapp_operator.observed import Child
from myapp_operator.plan import runs_as_applied, with_notes
from myapp_operator.rollback_note import RolledBack
from myapp_operator.seen import Seen, past_own_deadline, rolled_back
from myapp_operator.verdicts import LOOKED_UP, Verdict, decide

_CAUSES = LOOKED_UP | {Reason.PROGRESS_DEADLINE_EXCEEDED}


def is_due(seen: Seen, wanted: Sequence[Wanted]) -> bool:
    """Whether the version that this generation asks for has failed for good, and is to be gone back from.

    For good: its Deployment, as wanted and untouched by others, has given up, and a look at its pods, made since, has
    said why. A Deployment that goes on to a version which it knows may say for a moment that it has given up, since it
    had given up the one before; the look is five seconds away then.
    """
    looks, deployment = seen.looks, seen.child(names.DEPLOYMENT)
    if not seen.spec.rollout.auto_rollback or deployment is None or not past_own_deadline(seen) or rolled_back(seen):
        return False
    looked = looks.overdue and looks.situation is not None and looks.situation.generation == seen.app.generation
    return looked and _is_as(wanted, deployment) and _of_its_pods(seen).reason in _CAUSES


def facts(seen: Seen) -> RolledBack:
    """What is to be remembered of going back now."""
    verdict, now = _of_its_pods(seen), seen.now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    failed = (seen.app.generation, verdict.reason, verdict.message, now, seen.version, seen.configuration)
    return RolledBack(*failed)


def notes(deployment: Child | None, seen: Seen, why: RolledBack | None = None) -> Mapping[str, str]:
    """What a write to the Deployment carries on. Without autoRollback nothing: a version may become Ready unnoticed."""
    known = deployment.last_ready if deployment and seen.spec.rollout.auto_rollback else ""
    told = {
        names.LAST_READY: known,
        names.ROLLED_BACK: why.text if why else "",
        names.FAILED_VERSION: why.failed if why else "",
    }
    return {name: text for name, text in told.items() if text}


def is_proven(deployment: Child) -> bool:
    """Whether the version that the Deployment has now was rolled out entirely, and answers.

    Without a pod nothing is proven: at 0 replicas any version counts as rolled out. A pod that is missing now proves
    nothing against it.
    """
    rollout = deployment.rollout
    if not deployment.settled or rollout is None or rollout.updated != rollout.replicas or not rollout.available:
        return False
    progressing = rollout.conditions.get("Progressing")
    return progressing is not None and progressing.reason == "NewReplicaSetAvailable"


def may_begin_version(step: Step) -> bool:
    """Whether a step may bring the next version, and what ran until now is worth remembering."""
    return step.kind == names.DEPLOYMENT and step.verb is Verb.APPLY and not step.reverts and step.attempt != NUDGING


def remembering(step: Step, template_hash: str) -> Step:
    """The step that also writes down which version was Ready until now."""
    return replace(step, body=with_notes(step.body, {names.LAST_READY: template_hash}))


def _of_its_pods(seen: Seen) -> Verdict:
    """What is to be said of this version alone. Whether another child can be written has nothing to do with it, and is
    known only after this pass: a judgement that rests on it would be another one before the next pass."""
    return decide(replace(seen, obstacles={}, asked=frozenset({names.DEPLOYMENT})))


def _is_as(wanted: Sequence[Wanted], deployment: Child) -> bool:
    return any(
        not drift.drifted(each.body, each.applied, deployment) and runs_as_applied(each, deployment)
        for each in wanted
        if each.kind == names.DEPLOYMENT and each.body
    )
