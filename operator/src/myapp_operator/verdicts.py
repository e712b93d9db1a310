"""Why an app is or is not Ready: a chain of judgements, the most telling first. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from myapp_operator import names
from myapp_operator.fights import Fight
from myapp_operator.model import Spec
from myapp_operator.names import Kind, Reason
from myapp_operator.observed import App, Child, Rollout
from myapp_operator.refusals import Held, Obstacle, Refused, from_words

_LONGEST_MESSAGE = 512


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


@dataclass(frozen=True)
class Seen:
    """All that a judgement rests on."""

    app: App
    spec: Spec
    children: Mapping[Kind, Child]
    obstacles: Mapping[Kind, Obstacle]
    now: datetime
    fights: Mapping[Kind, Fight] = field(default_factory=dict)

    @property
    def rollout(self) -> Rollout | None:
        """The Deployment's own account, if it is ours."""
        deployment = self.child(names.DEPLOYMENT)
        return deployment.rollout if deployment else None

    def child(self, kind: Kind) -> Child | None:
        """The child of this kind, if it is ours."""
        child = self.children.get(kind)
        return child if child is not None and child.is_controlled_by(self.app) else None

    @property
    def wanted(self) -> int:
        """Pods that this generation asks for."""
        return 0 if self.spec.suspend else self.spec.replicas


def decide(seen: Seen) -> Verdict:
    """The first judgement of the chain that has something to say."""
    return next(filter(None, _judgements(seen)))


def _judgements(seen: Seen) -> Iterator[Verdict | None]:
    """The chain, the most telling first."""
    yield _refused(seen)
    yield _unwritten(seen)
    yield _no_pods_allowed(seen)
    yield _deadline_exceeded(seen)
    yield _rolling_out(seen)
    yield _scaling(seen)
    yield _held(seen)
    yield _contested(seen)
    yield _ready(seen)


def _refused(seen: Seen) -> Verdict | None:
    order = (Reason.NOT_OWNED, Reason.REJECTED, Reason.QUOTA_EXCEEDED, Reason.FORBIDDEN, Reason.WAITING)
    found = {
        each.verdict.reason: (kind, each.verdict)
        for kind, each in reversed(list(seen.obstacles.items()))
        if isinstance(each.verdict, Refused)
    }
    for reason in order:
        if reason in found:
            kind, refused = found[reason]
            final = reason in (Reason.NOT_OWNED, Reason.REJECTED)
            prefix = "" if reason in (Reason.NOT_OWNED, Reason.WAITING) else f"the {kind} is refused: "
            outlook = Outlook.STALLED if final else Outlook.PROGRESSING
            return Verdict(reason, sentence(prefix + refused.message), outlook)
    return None


def _unwritten(seen: Seen) -> Verdict | None:
    """Some child is not yet what this generation asks for, or has not answered to it. One that is held waits for the
    pods, so what is to be said of these comes first."""
    deployment, service = seen.child(names.DEPLOYMENT), seen.child(names.SERVICE)
    held = {kind for kind, each in seen.obstacles.items() if isinstance(each.verdict, Held)}
    serves = names.SERVICE in held or (service and not service.awaited and not service.deleting)
    written = serves and held == seen.obstacles.keys()
    if written and deployment and deployment.settled and not deployment.deleting:
        return None
    return Verdict(Reason.ROLLING_OUT, _rolling_out_message(seen), Outlook.PROGRESSING)


def _no_pods_allowed(seen: Seen) -> Verdict | None:
    failure = seen.rollout and seen.rollout.conditions.get("ReplicaFailure")
    if not failure or not failure.status:
        return None
    refused = from_words(failure.message)
    reason = refused.reason if refused.reason is Reason.QUOTA_EXCEEDED else Reason.FORBIDDEN
    words = re.sub(r'^pod "[^"]*" ', "", refused.message, flags=re.IGNORECASE)  # each try has a random name
    return Verdict(reason, sentence(f"pods are refused: {words}"), Outlook.PROGRESSING)


def _deadline_exceeded(seen: Seen) -> Verdict | None:
    if not past_own_deadline(seen):
        return None
    seconds = seen.spec.rollout.progress_deadline_seconds
    message = (
        f'image "{seen.spec.image}" made no progress for {seconds} seconds: look at the pods, then change the MyApp'
    )
    return Verdict(Reason.PROGRESS_DEADLINE_EXCEEDED, sentence(message), Outlook.STALLED)


def _rolling_out(seen: Seen) -> Verdict | None:
    rollout = seen.rollout
    if rollout is not None and rolled_out(rollout):
        return None
    return Verdict(Reason.ROLLING_OUT, _rolling_out_message(seen), Outlook.PROGRESSING)


def _scaling(seen: Seen) -> Verdict | None:
    rollout = seen.rollout
    if rollout is not None and rollout.replicas == rollout.available == rollout.wanted == seen.wanted:
        return None
    pods = {0: "no pod is left", 1: "1 pod is available"}.get(seen.wanted, f"{seen.wanted} pods are available")
    return Verdict(Reason.SCALING, f"waiting until {pods}", Outlook.PROGRESSING)


def _held(seen: Seen) -> Verdict | None:
    for each in seen.obstacles.values():
        if isinstance(each.verdict, Held):
            return Verdict(Reason.WAITING, sentence(each.verdict.message), Outlook.PROGRESSING)
    return None


def _contested(seen: Seen) -> Verdict | None:
    """A child stands as others want it until the next revert: complete, but not what the MyApp says."""
    if not any(fight.lost for fight in seen.fights.values()):
        return None
    return Verdict(Reason.ROLLING_OUT, _rolling_out_message(seen), Outlook.PROGRESSING)


def _ready(seen: Seen) -> Verdict:
    if seen.spec.suspend:
        return Verdict(Reason.SUSPENDED, "suspended: set spec.suspend to false to start the pods", Outlook.READY)
    if seen.wanted == 0:
        return Verdict(Reason.SCALED_TO_ZERO, "scaled to zero: raise spec.replicas to start pods", Outlook.READY)
    return Verdict(Reason.READY, sentence(f'all pods run image "{seen.spec.image}"'), Outlook.READY)


def rolled_out(rollout: Rollout) -> bool:
    """Whether only pods of the newest version are left. Progressing alone does not tell: going back to an old version
    leaves it at NewReplicaSetAvailable."""
    progressing = rollout.conditions.get("Progressing")
    return bool(progressing and progressing.reason == "NewReplicaSetAvailable" and rollout.updated == rollout.replicas)


def current_rollout(seen: Seen) -> Rollout | None:
    """The Deployment's account of itself, if it is about what is wanted now and not about an earlier generation."""
    deployment = seen.child(names.DEPLOYMENT)
    if names.DEPLOYMENT in seen.obstacles or deployment is None or not deployment.settled:
        return None
    return deployment.rollout


def past_own_deadline(seen: Seen) -> bool:
    """Whether the Deployment itself has given up the rollout of what is wanted now."""
    rollout = current_rollout(seen)
    progressing = rollout and rollout.conditions.get("Progressing")
    return bool(progressing and progressing.reason == "ProgressDeadlineExceeded")


def _rolling_out_message(seen: Seen) -> str:
    return sentence(f'rolling out image "{seen.spec.image}"')


def sentence(text: str) -> str:
    """One line, without credentials in URLs, and not too long."""
    line = " ".join(text.split())
    line = re.sub(r"://[^/\s]+@", "://***@", line)
    return line if len(line) <= _LONGEST_MESSAGE else line[: _LONGEST_MESSAGE - 1] + "…"
