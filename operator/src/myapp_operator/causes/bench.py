"""What every judgement of a pod needs beside the pod."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from myapp_operator.causes.found import Cause, Evidence
from myapp_operator.masking import Values, mask, values_of
from myapp_operator.observed import counted_version

_CALM_SECONDS = 10.0


@dataclass(frozen=True)
class Bench:
    """Where pods of one app are judged."""

    now: datetime
    calm: float
    """Seconds for which a pod must have been Ready before what happened to it counts as over."""
    values: Values
    """Values of variables, which no message may hold (see `values_of`)."""
    said: Mapping[tuple[str, str], Sequence[str]]
    """The messages of events by their reason and the container that they are about, the newest last."""
    before: Cause | None
    """What the look before this one found."""
    answers: dict[tuple[str, str], str] = field(default_factory=dict)
    """What the probe of this kind of this container was answered, once that was looked for."""

    @classmethod
    def of(cls, evidence: Evidence, now: datetime) -> Bench:
        """The bench for what was read of an app."""
        calm = max(_CALM_SECONDS, evidence.spec.rollout.min_ready_seconds or 0)
        said: dict[tuple[str, str], list[str]] = defaultdict(list)
        for each in sorted(evidence.events, key=lambda each: counted_version(each["metadata"])):
            _, _, container = str(each["involvedObject"].get("fieldPath", "")).rpartition("{")
            said[each.get("reason", ""), container.removesuffix("}")].append(str(each.get("message", "")))
        return cls(now, calm, values_of(evidence.spec, evidence.app), said, evidence.before)

    def hide(self, words: str) -> str:
        """Words of others, fit to be read by anybody."""
        return mask(words, self.values)

    def age(self, since: datetime) -> float:
        """Seconds since then."""
        return (self.now - since).total_seconds()
