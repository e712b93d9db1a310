"""What every judgement of a pod needs beside the pod."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from myapp_operator.causes import events
from myapp_operator.causes.events import Events, Told
from myapp_operator.causes.found import Cause, Evidence
from myapp_operator.masking import Values, mask, values_of
from myapp_operator.names import CLAIM

_CALM_SECONDS = 10.0


@dataclass(frozen=True)
class Bench:
    """Where pods of one app are judged."""

    now: datetime
    calm: float
    """Seconds for which a pod must have been Ready before what happened to it counts as over."""
    deadline: int
    """Seconds within which a rollout must get on."""
    place: tuple[str, str]
    """Namespace and name of the app."""
    values: Values
    """Values of variables, which no message may hold (see `values_of`)."""
    said: Events
    """What is told of pods that live, by its reason and the container that it is about."""
    known: Events
    """The same by the object that it is about."""
    before: Cause | None
    """What the look before this one found."""
    answers: dict[tuple[str, str], str] = field(default_factory=dict)
    """What the probe of this kind of this container was answered, once that was looked for."""
    moments: dict[tuple[str, str], datetime | None] = field(default_factory=dict)
    """When this was told of a probe, once that was looked for."""

    @classmethod
    def of(cls, evidence: Evidence, now: datetime) -> Bench:
        """The bench for what was read of an app."""
        calm = max(_CALM_SECONDS, evidence.spec.rollout.min_ready_seconds or 0)
        values = values_of(evidence.spec, evidence.app)
        told, gone = evidence.events, {pod.uid for pod in evidence.pods if pod.gone}
        of_living = [each for each in told if each["involvedObject"]["uid"] not in gone]
        return cls(
            now=now,
            calm=calm,
            deadline=evidence.spec.rollout.progress_deadline_seconds,
            place=(evidence.namespace, evidence.app),
            values=values,
            said=events.of_containers(of_living),
            known=events.of_objects(told),
            before=evidence.before,
        )

    def of_pod(self, uid: str) -> Sequence[Told]:
        """What events tell of a pod."""
        return self.known.get((uid, ""), ())

    def of_claim(self, name: str) -> Sequence[Told]:
        """What events tell of a claim."""
        return self.known.get((CLAIM.kind, name), ())

    def logs_of(self, container: str) -> str:
        """The command that shows what a container of the app says."""
        namespace, app = self.place
        return f"kubectl logs -n {namespace} -l app={app} -c {container}"

    def hide(self, words: str) -> str:
        """Words of others, fit to be read by anybody."""
        return mask(words, self.values)

    def age(self, since: datetime) -> float:
        """Seconds since then."""
        return (self.now - since).total_seconds()
