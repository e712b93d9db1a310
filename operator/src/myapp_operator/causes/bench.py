"""What every judgement of a pod needs beside the pod."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from myapp_operator.causes.found import Cause, Evidence
from myapp_operator.grammar import Json
from myapp_operator.masking import mask, values_of
from myapp_operator.observed import counted_version

_CALM_SECONDS = 10.0


@dataclass(frozen=True)
class Bench:
    """Where pods of one app are judged."""

    now: datetime
    calm: float
    """Seconds for which a pod must have been Ready before what happened to it counts as over."""
    values: Sequence[str] | None
    """Values of variables, which no message may hold (see `values_of`)."""
    events: Sequence[Json]
    """What the kubelet said, the newest last."""
    before: Cause | None
    """What the look before this one found."""

    @classmethod
    def of(cls, evidence: Evidence, now: datetime) -> Bench:
        """The bench for what was read of an app."""
        calm = max(_CALM_SECONDS, evidence.spec.rollout.min_ready_seconds or 0)
        events = sorted(evidence.events, key=lambda each: counted_version(each["metadata"]))
        return cls(now, calm, values_of(evidence.spec, evidence.app), events, evidence.before)

    def hide(self, words: str) -> str:
        """Words of others, fit to be read by anybody."""
        return mask(words, self.values)

    def age(self, since: datetime) -> float:
        """Seconds since then."""
        return (self.now - since).total_seconds()
