"""All that a judgement of an app rests on, and what the Deployment's account of itself means. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from myapp_operator import names
from myapp_operator.admission import Admitted
from myapp_operator.deployment_status import Condition, Rollout
from myapp_operator.fights import Fight
from myapp_operator.looks import Looks
from myapp_operator.model import Spec
from myapp_operator.names import Kind, Reason
from myapp_operator.observed import App, Child
from myapp_operator.refusals import Obstacle, Refused
from myapp_operator.rollback_note import RolledBack

_ALWAYS = frozenset({names.DEPLOYMENT, names.SERVICE})


@dataclass(frozen=True)
class Seen:
    """All that a judgement rests on."""

    app: App
    spec: Spec
    children: Mapping[Kind, Child]
    obstacles: Mapping[Kind, Obstacle]
    now: datetime
    looks: Looks = field(default_factory=Looks)
    """What the looks at its pods have found."""
    fights: Mapping[Kind, Fight] = field(default_factory=dict)
    """The children that others change again and again."""
    scaler: str = ""
    """Somebody's autoscaler that says how many pods there are, by name; empty where there is none."""
    idle_scaler: str = ""
    """Somebody's autoscaler that targets the MyApp, by name, where the app has its own one; empty: there is none."""
    asked: frozenset[Kind] = _ALWAYS
    """The children that this generation asks for."""
    admitted: Mapping[Kind, Admitted] = field(default_factory=dict)
    """The children that admission has changed as we wrote them."""
    stranded: str = ""
    """Why it stays as it is, where it should go back to an earlier version."""
    closed: str = ""
    """Why pods of the earlier version that goes on must not be made again."""
    version: str = ""
    """The version of the pods that this generation asks for; empty where nobody asks to go back from one."""
    configuration: Mapping[str, str] = field(default_factory=dict)
    """What stands for the configuration of that version."""
    unknown: bool = False
    """Whether an earlier version runs and it is not known which: what depends on it is left as it is."""

    @cached_property
    def rollout(self) -> Rollout | None:
        """The Deployment's own account, if it is ours."""
        deployment = self.child(names.DEPLOYMENT)
        return deployment.rollout if deployment else None

    @cached_property
    def standing(self) -> Rollout | None:
        """The same of the Deployment whose pods can answer now: one that is not ours any more and selects pods as ours
        do, as after somebody took its ownerReference away, serves all the same."""
        deployment = self.children.get(names.DEPLOYMENT)
        rollout = deployment.rollout if deployment and self._is_not_owned(names.DEPLOYMENT) else None
        return rollout if rollout and not rollout.selector else self.rollout

    @property
    def has_service(self) -> bool:
        """Whether there is a Service that leads to the pods: ours, or one that we made and that was ours."""
        service = self.children.get(names.SERVICE)
        was_ours = service is not None and bool(service.applied) and self._is_not_owned(names.SERVICE)
        return was_ours or self.child(names.SERVICE) is not None

    def _is_not_owned(self, kind: Kind) -> bool:
        verdict = self.obstacles[kind].verdict if kind in self.obstacles else None
        return isinstance(verdict, Refused) and verdict.reason is Reason.NOT_OWNED

    def child(self, kind: Kind) -> Child | None:
        """The child of this kind, if it is ours."""
        child = self.children.get(kind)
        return child if child is not None and child.is_controlled_by(self.app) else None

    @property
    def is_autoscaled(self) -> bool:
        """Whether an autoscaler says how many pods there are, that of the app or somebody else's."""
        return bool(self.spec.autoscaling or self.scaler)

    @cached_property
    def wanted(self) -> int:
        """Pods that this generation asks for, or an autoscaler in its stead."""
        if self.spec.suspend:
            return 0
        if self.rollout and self.is_autoscaled:
            return self.rollout.wanted
        return self.spec.autoscaling.min_replicas if self.spec.autoscaling else self.spec.replicas


def changed_by_admission(seen: Seen) -> list[Admitted]:
    """What is known of the children that stand as admission has changed them."""
    present = ((seen.child(kind), each) for kind, each in seen.admitted.items() if kind in seen.asked)
    return [each for child, each in present if child is not None and child.applied in ("", each.applied)]


def is_complete(seen: Seen) -> bool:
    """Whether the Deployment, by its own account, has nothing left to do."""
    return not are_pods_refused(seen) and is_rolled_out(seen) and has_its_pods(seen)


def are_pods_refused(seen: Seen) -> bool:
    """Whether the API server refuses pods to the Deployment."""
    return refusal_of_pods(seen) is not None


def refusal_of_pods(seen: Seen) -> Condition | None:
    """What the Deployment says of pods that the API server refuses; None where it does not."""
    failure = seen.rollout and seen.rollout.conditions.get("ReplicaFailure")
    return failure if failure and failure.status else None


def refusal_of_replica_set(seen: Seen) -> Condition | None:
    """What the Deployment says of a ReplicaSet that the API server refuses; None where it does not.

    It never answers to the generation then, so its account is about an earlier one in all else.
    """
    deployment = seen.child(names.DEPLOYMENT)
    if names.DEPLOYMENT in seen.obstacles or deployment is None or not deployment.lacks_replica_set:
        return None
    return deployment.rollout.conditions["Progressing"] if deployment.rollout else None


def is_rolled_out(seen: Seen) -> bool:
    """Whether only pods of the newest version are left.

    Progressing alone does not tell: going back to an old version leaves it at NewReplicaSetAvailable, and so does
    Recreate while there is no pod at all.
    """
    rollout = seen.rollout
    progressing = rollout and rollout.conditions.get("Progressing")
    if not rollout or not progressing or progressing.reason != "NewReplicaSetAvailable":
        return False
    recreating = seen.spec.rollout.strategy == "Recreate" and seen.wanted > rollout.replicas == 0
    return rollout.updated == rollout.replicas and not recreating


def current_rollout(seen: Seen) -> Rollout | None:
    """The Deployment's account of itself, if it is about what is wanted now and not about an earlier generation."""
    deployment = seen.child(names.DEPLOYMENT)
    if names.DEPLOYMENT in seen.obstacles or deployment is None or not deployment.settled:
        return None
    return deployment.rollout


def runs(seen: Seen) -> bool:
    """Whether the Deployment's account is about what runs now, be it what this generation asks for or not."""
    deployment = seen.child(names.DEPLOYMENT)
    return deployment is not None and deployment.settled


def past_own_deadline(seen: Seen) -> bool:
    """Whether the Deployment itself has given up the rollout of what is wanted now."""
    rollout = current_rollout(seen)
    progressing = rollout and rollout.conditions.get("Progressing")
    return bool(progressing and progressing.reason == "ProgressDeadlineExceeded")


def rolled_back(seen: Seen) -> RolledBack | None:
    """Why an earlier version runs than this generation asks for; None where none does."""
    deployment = seen.child(names.DEPLOYMENT)
    facts = deployment.rolled_back if deployment else None
    return facts if facts and facts.is_of(seen.app.generation, seen.version, seen.configuration) else None


def has_its_pods(seen: Seen) -> bool:
    """Whether as many pods are available as this generation asks for, and no other ones are left."""
    rollout = seen.rollout
    if rollout is None or (not seen.wanted and rollout.terminating):
        return False
    return rollout.replicas == rollout.available == rollout.wanted == seen.wanted
