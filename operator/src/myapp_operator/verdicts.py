"""Why an app is or is not Ready: a chain of judgements, the most telling first. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from myapp_operator import adoption, fieldpaths, names, unmeasured
from myapp_operator.desired import BUILDERS, pdb
from myapp_operator.grammar import Json
from myapp_operator.json_objects import condition
from myapp_operator.masking import mask, values_of
from myapp_operator.model import Spec
from myapp_operator.names import FROM_PODS, POD, Kind, Reason
from myapp_operator.observed import App, Child
from myapp_operator.printable import cut, printable
from myapp_operator.refusals import Held, Refused, from_words
from myapp_operator.rollback_note import RolledBack
from myapp_operator.seen import (
    Seen,
    changed_by_admission,
    current_rollout,
    has_its_pods,
    is_rolled_out,
    past_own_deadline,
    refusal_of_pods,
    refusal_of_replica_set,
    rolled_back,
    runs,
)

_LONGEST_MESSAGE = 512
_LONGEST_ADDED = 384
"""Characters of what is added to a message. The rest tells the cause."""
_OF_REFUSED_PODS = frozenset({Reason.QUOTA_EXCEEDED, Reason.FORBIDDEN, Reason.REFERENCE_MISSING})
LOOKED_UP = FROM_PODS | _OF_REFUSED_PODS
"""What a look can find: why pods do not come up, and why there may be none."""
MAY_PASS = LOOKED_UP | {Reason.WAITING}
"""The reasons that may pass by themselves, but count as a stall once the deadline is over."""
_SAID_BY_THE_SERVER = frozenset({Reason.REJECTED, Reason.QUOTA_EXCEEDED, Reason.FORBIDDEN})
_FINAL = frozenset({Reason.NOT_OWNED, Reason.REJECTED, Reason.SERVICE_ACCOUNT_NOT_ALLOWED})
_OBSTACLES = (
    Reason.NOT_OWNED,
    Reason.REJECTED,
    Reason.SERVICE_ACCOUNT_NOT_ALLOWED,
    Reason.QUOTA_EXCEEDED,
    Reason.FORBIDDEN,
    Reason.REFERENCE_MISSING,
    Reason.WAITING,
)
"""What may stand in the way of a child, the most telling first."""
_NOT_OF_PODS = frozenset({*_OBSTACLES, Reason.ROLLED_BACK})
"""What is told before the pods are judged: it keeps this generation from running, whatever runs now."""
_DEFAULT_REPLICAS = Spec.model_fields["replicas"].default
_POD_OF_A_TRY = r'^(error creating: )?pods? "[^"]*" '
"""The subject of a refusal: each try has another random name."""
_RUNS_NOW = "what runs now: "
LEFT_ALONE = (
    "others have changed what runs, and which version was let through last is not known, "
    "so the Deployment is left alone"
)
"""Told where an earlier version should go on and cannot be found."""


class Outlook(Enum):
    """What becomes of an app that is left alone."""

    READY = "nothing is left to do"
    PROGRESSING = "it may get there by itself"
    STALLED = "somebody must change something"


@dataclass(frozen=True)
class Verdict:
    """The judgement in short; the rest of the status is made of it."""

    reason: Reason
    message: str
    outlook: Outlook


def decide(seen: Seen) -> Verdict:
    """The first judgement of the chain that has something to say."""
    return next(filter(None, _judgements(seen)))


def _judgements(seen: Seen) -> Iterator[Verdict | None]:
    """The chain, the most telling first."""
    yield _refused(seen)
    yield _rolled_back(seen)
    yield _changed_by_admission(seen)
    yield _unwritten(seen)
    yield _no_pods_allowed(seen)
    yield _caused(seen)
    yield _deadline_exceeded(seen)
    yield _rolling_out(seen)
    yield _scaling(seen)
    yield _lost(seen)
    yield _contested(seen)
    yield _held(seen)
    yield _ready(seen)


def _refused(seen: Seen) -> Verdict | None:
    found = [(kind, each.verdict) for kind, each in seen.obstacles.items() if isinstance(each.verdict, Refused)]
    for reason in _OBSTACLES:
        alike = {kind: refused for kind, refused in found if refused.reason is reason}
        if not alike:
            continue
        outlook = Outlook.STALLED if reason in _FINAL else Outlook.PROGRESSING
        if reason is Reason.NOT_OWNED:
            return Verdict(reason, sentence(_not_owned(seen.app, alike)), outlook)
        kind, refused = next(iter(alike.items()))
        prefix = f"the {kind} is refused: " if reason in _SAID_BY_THE_SERVER else ""
        return Verdict(reason, sentence(prefix + refused.message), outlook)
    return None


def _not_owned(app: App, refused: Mapping[Kind, Refused]) -> str:
    """All that stands in the place of children, in an order that does not depend on what was tried last."""
    kinds = sorted(refused, key=[*BUILDERS].index)
    adoptable = [kind for kind in kinds if refused[kind].adoptable]
    others = [refused[kind].message for kind in kinds if kind not in adoptable]
    return "; ".join([*([adoption.offer(app, adoptable)] if adoptable else ()), *others])


def _rolled_back(seen: Seen) -> Verdict | None:
    facts = rolled_back(seen)
    if facts is None:
        return None
    runs = "runs again" if seen.rollout and seen.rollout.ready else "is started again"
    message = (
        f"this version failed, so the last one that was Ready {runs}: {_way_to_try_anew(facts)} to try anew. "
        f"The cause was {facts.cause}"
    )
    return Verdict(Reason.ROLLED_BACK, sentence(message), Outlook.STALLED)


def _way_to_try_anew(facts: RolledBack) -> str:
    """What makes another version of the pods."""
    in_myapp = f"change the image or another setting of its pods in the {names.KIND}"
    kinds = " or ".join(kind.kind for kind, mark in names.CONFIGURATION.items() if mark in facts.configuration)
    return f"{in_myapp}, or the {kinds} that they use," if kinds else in_myapp


def _changed_by_admission(seen: Seen) -> Verdict | None:
    """What runs, or how it is reached, is not what the MyApp says, whatever the pods tell of themselves."""
    words = [each.words for each in changed_by_admission(seen) if each.decisive]
    return Verdict(Reason.FORBIDDEN, sentence("; ".join(words)), Outlook.PROGRESSING) if words else None


def _unwritten(seen: Seen) -> Verdict | None:
    """Some child is not yet what this generation asks for, or has not answered to it. One that is held waits for the
    pods, so what is to be said of these comes first; so does what is wrong with them while another child is late."""
    deployment = seen.child(names.DEPLOYMENT)
    held = {kind for kind, each in seen.obstacles.items() if isinstance(each.verdict, Held)}
    written = held == seen.obstacles.keys() and all(_is_written(seen.child(kind)) for kind in seen.asked - held)
    if written and deployment and deployment.settled:
        return None
    if trouble := _no_replica_set_allowed(seen):
        return trouble
    if current_rollout(seen) is not None and (trouble := _trouble(seen)):
        return trouble
    return Verdict(Reason.ROLLING_OUT, _rolling_out_message(seen), Outlook.PROGRESSING)


def _trouble(seen: Seen) -> Verdict | None:
    """What keeps the pods of the Deployment from being well."""
    return _no_pods_allowed(seen) or _caused(seen)


def beside(seen: Seen, verdict: Verdict) -> str:
    """What is wrong with the pods that run now, where the judgement is about something else; empty: nothing known."""
    if verdict.reason not in _NOT_OF_PODS or not runs(seen):
        return ""
    trouble = _trouble(seen)
    if trouble is None or trouble.reason is verdict.reason:
        return ""
    return f"{_RUNS_NOW}{trouble.reason}: {trouble.message}"


def tells_beside(seen: Seen) -> bool:
    """Whether the written status tells that, of this generation."""
    status = seen.app.status
    return status.get("observedGeneration") == seen.app.generation and _RUNS_NOW in status.get("message", "")


def kept_message(seen: Seen, verdict: Verdict) -> str | None:
    """The written message, where the judgement is the same and only a look may take back what is told beside it."""
    if not seen.looks.standing or not tells_beside(seen) or _ready_condition(seen).get("message") != verdict.message:
        return None
    return str(seen.app.status["message"])


def _is_written(child: Child | None) -> bool:
    return child is not None and not child.awaited and not child.deleting


def _no_pods_allowed(seen: Seen) -> Verdict | None:
    """The Deployment's own words may be those of an earlier refusal; a look brings the newest."""
    failure = refusal_of_pods(seen)
    if failure is None:
        return None
    if standing := _standing(seen):
        return standing
    refused = from_words(seen.looks.refusal or failure.message)
    reason = refused.reason if refused.reason in _OF_REFUSED_PODS else Reason.FORBIDDEN
    words = re.sub(_POD_OF_A_TRY, "the pod ", refused.message, flags=re.IGNORECASE)
    return _by_the_server(reason, "pods are refused", words, POD, seen)


def _no_replica_set_allowed(seen: Seen) -> Verdict | None:
    """The new version has not even begun; what ran before goes on."""
    failure = refusal_of_replica_set(seen)
    if failure is None:
        return None
    refused = from_words(re.sub(r'^Failed to create new replica set "[^"]*": ', "", failure.message))
    reason = refused.reason if refused.reason is Reason.QUOTA_EXCEEDED else Reason.FORBIDDEN
    return _by_the_server(reason, "the ReplicaSet is refused", refused.message, names.DEPLOYMENT, seen)


def _by_the_server(reason: Reason, what: str, words: str, kind: Kind, seen: Seen) -> Verdict:
    """What the server said of an object that a controller makes for us; its paths are those of `kind`."""
    words = fieldpaths.in_words(mask(words, values_of(seen.spec, seen.app.key.name)), kind, seen.spec)
    return Verdict(reason, sentence(f"{what}: {words}"), Outlook.PROGRESSING)


def _caused(seen: Seen) -> Verdict | None:
    """What a look at the pods has found."""
    cause = seen.looks.cause
    if cause is not None:
        return _from_pods(cause.reason, sentence(cause.message))
    return _standing(seen)


def _from_pods(reason: Reason, message: str) -> Verdict:
    hopeless = reason is Reason.INVALID_IMAGE_NAME
    return Verdict(reason, message, Outlook.STALLED if hopeless else Outlook.PROGRESSING)


def _standing(seen: Seen) -> Verdict | None:
    """What an earlier run of the operator has found: it stands until a look has been answered."""
    return told(seen) if seen.looks.standing else None


def _deadline_exceeded(seen: Seen) -> Verdict | None:
    if not past_own_deadline(seen):
        return None
    seconds = seen.spec.rollout.progress_deadline_seconds
    message = (
        f'image "{seen.spec.image}" made no progress for {seconds} seconds: look at the pods, then change the MyApp'
    )
    return Verdict(Reason.PROGRESS_DEADLINE_EXCEEDED, sentence(message), Outlook.STALLED)


def _rolling_out(seen: Seen) -> Verdict | None:
    if is_rolled_out(seen):
        return None
    return Verdict(Reason.ROLLING_OUT, _rolling_out_message(seen), Outlook.PROGRESSING)


def _scaling(seen: Seen) -> Verdict | None:
    if has_its_pods(seen):
        return None
    pods = {0: "no pod is left", 1: "1 pod is available"}.get(seen.wanted, f"{seen.wanted} pods are available")
    return Verdict(Reason.SCALING, f"waiting until {pods}", Outlook.PROGRESSING)


def _lost(seen: Seen) -> Verdict | None:
    """All pods are there, but one was not a moment ago: Ready waits until a look has said why."""
    if not seen.looks.lost:
        return None
    return Verdict(Reason.SCALING, "a pod was lost and is back: looking whether it is well", Outlook.PROGRESSING)


def _contested(seen: Seen) -> Verdict | None:
    """A child stands as others want it until the next revert: complete, but not what the MyApp says."""
    if not any(fight.lost for fight in seen.fights.values()):
        return None
    return Verdict(Reason.ROLLING_OUT, _rolling_out_message(seen), Outlook.PROGRESSING)


def _held(seen: Seen) -> Verdict | None:
    for each in seen.obstacles.values():
        if isinstance(each.verdict, Held):
            return Verdict(Reason.WAITING, sentence(each.verdict.message), Outlook.PROGRESSING)
    return None


def _ready(seen: Seen) -> Verdict:
    if seen.spec.suspend:
        return Verdict(Reason.SUSPENDED, "suspended: set spec.suspend to false to start the pods", Outlook.READY)
    if seen.wanted == 0:
        idle = "scale the Deployment up, since at zero an autoscaler does nothing"
        way_up = idle if seen.is_autoscaled else "raise spec.replicas to start pods"
        return Verdict(Reason.SCALED_TO_ZERO, f"scaled to zero: {way_up}", Outlook.READY)
    message = "; ".join([f'all pods run image "{seen.spec.image}"', *_notes(seen)])
    return Verdict(Reason.READY, sentence(message), Outlook.READY)


def _notes(seen: Seen) -> Iterator[str]:
    """Where what the MyApp says is not what is done."""
    if seen.spec.autoscaling and (seen.app.sets_replicas or seen.spec.replicas != _DEFAULT_REPLICAS):
        yield "replicas is ignored while autoscaling is set"
        if seen.idle_scaler:
            idle = f'{names.HPA} "{seen.idle_scaler}"'
            yield f"{idle} targets the {names.KIND} itself and does nothing while autoscaling is set"
    elif seen.scaler and not seen.spec.autoscaling:
        yield (
            f'{names.HPA} "{seen.scaler}" scales the Deployment, so replicas is ignored: delete it, or set autoscaling '
            "in its stead"
        )
    if without_metrics := unmeasured.sentence(seen):
        yield without_metrics
    for kind, child in seen.children.items():
        if kind not in seen.asked and child.is_controlled_by(seen.app) and child.finalizers:
            held = ", ".join(f'"{each}"' for each in child.finalizers)
            yield (
                f"the {kind}, which is not asked for, is being deleted, and is held by {held}: see that the controller "
                "of that finalizer runs, or remove the finalizer"
            )
    if pdb.lowered(seen.spec):
        yield "the disruptionBudget would allow no eviction, so it is lowered to allow one"


def told(seen: Seen) -> Verdict | None:
    """What the written status tells of this generation, if it is something that only a look can find."""
    status = seen.app.status
    if status.get("observedGeneration") != seen.app.generation:
        return None
    ready = _ready_condition(seen)
    lookable = LOOKED_UP if refusal_of_pods(seen) else FROM_PODS
    reason = ready.get("reason")
    message = ready.get("message")
    return _from_pods(Reason(reason), message) if reason in lookable and isinstance(message, str) else None


def _ready_condition(seen: Seen) -> Json:
    return condition(seen.app.status, "Ready")


def _rolling_out_message(seen: Seen) -> str:
    return sentence(f'rolling out image "{seen.spec.image}"')


def sentence(text: str) -> str:
    """One line, not too long, without credentials in URLs and control characters. The words of others in it are masked
    before (see `masking`): what hides a value in a sentence of ours could take the name of the app out of it."""
    return cut(printable(mask(" ".join(text.split()))), _LONGEST_MESSAGE)


def with_more(message: str, more: Sequence[str]) -> str:
    """The message, and what must be said besides: where it is too long for both it is cut, and not what comes last."""
    if not more:
        return message
    added = cut(sentence("; ".join(more)), _LONGEST_ADDED)
    return f"{cut(message, _LONGEST_MESSAGE - len(added) - 2)}; {added}"
