"""The writes that the operator makes, and what is remembered of those that failed: how long to pause, what to tell.

Pure: the time comes in as an argument.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from myapp_operator.grammar import Json
from myapp_operator.names import APPLIED, Kind, Reason
from myapp_operator.refusals import Obstacle, Refused, Retry, Stale
from myapp_operator.replicas import Hold

_LASTING = 15.0
"""Seconds after which a failure that may pass by itself is worth telling the user."""
_LONGEST_PAUSE = 60.0
_LONGEST_PAUSE_REJECTED = 300.0
NUDGING = "nudge"
"""The attempt of a step that only nudges."""
ADMISSION = "admission"
"""The attempt of a step that only asks whether admission still changes what is applied."""
_LONGEST_PAUSE_ADMISSION = 300.0


class Verb(StrEnum):
    """What is done to one child. The words are those of the log."""

    CREATE = "create"
    APPLY = "apply"
    ADOPT = "adopt"
    DELETE = "delete"


@dataclass(frozen=True)
class Step:
    """One write. A step on an existing child names its uid and resourceVersion, so that a late one fails."""

    verb: Verb
    kind: Kind
    name: str
    body: Json = field(default_factory=dict)
    uid: str = ""
    resource_version: int = 0
    why: str = ""
    attempt: str = ""
    """What is being tried: the hash of the body, an adoption, a nudge. Failures of the same attempt pause longer."""
    hold: Hold | None = None
    """The number of pods to hold before, where the body lets go of it."""
    reverts: tuple[str, ...] = ()
    """The fields that others took or added and this step takes back; none where the MyApp itself changed."""
    claims: bool = False
    """Whether others hold fields that must not be there: they are made ours first, so that the apply removes them."""
    recreates: bool = False
    """Whether it creates a child that was there, was still wanted, and was deleted by others."""

    @property
    def decided_on(self) -> tuple[str, int]:
        """What is tried, and the version that it was decided on."""
        return self.attempt, self.resource_version

    @property
    def applied(self) -> str:
        """The hash of what it applies, as its annotation says; a deletion has none."""
        applied: str = self.body["metadata"]["annotations"][APPLIED]
        return applied


@dataclass(frozen=True)
class Attempt:
    """What is remembered of a write that failed, or of a nudge that has not helped yet."""

    what: str
    verdict: Refused | Retry | None
    count: int
    since: float
    """When failures of the kind of `verdict` began."""
    not_before: float
    """Both on the clock that `make` gets as `now`."""
    refused: Refused | None = None
    """What is known of a write that was refused before `verdict`, an outage, kept the server from saying so again."""

    def blocks(self, step: Step, now: float) -> bool:
        """Whether it is too early to try this step again."""
        return self.what == step.attempt and now < self.not_before

    def obstacle(self, now: float) -> Obstacle | None:
        """What to tell the user; None for a nudge, which stands in nobody's way."""
        if not isinstance(self.verdict, Retry):
            return None if self.verdict is None else Obstacle(self.verdict)
        lasting = now - self.since >= _LASTING
        if self.refused is None:
            return Obstacle(self.verdict, lasting)
        return Obstacle(self.refused, outage=self.verdict if lasting else None)


@dataclass(frozen=True)
class Conflict:
    """A write that failed since the object was not as we know it (409), although no watch has brought news of it."""

    what: tuple[str, int]
    """The attempt, and the version that it was decided on."""
    count: int
    since: float
    not_before: float
    """Both on the clock that `make` gets as `now`."""
    words: str
    """The server's."""

    def blocks(self, what: tuple[str, int], now: float) -> bool:
        """Whether it is too early to try this attempt again; on news of the object it never is."""
        return self.what == what and now < self.not_before

    def obstacle(self, now: float) -> Obstacle:
        """What to tell the user: nothing at first, since the watch mostly brings the news within a moment."""
        if now - self.since < _LASTING:
            return Obstacle(Stale(), lasting=False)
        return Obstacle(Retry(self.words or "the object changes whenever it is written"))


def conflicted(what: tuple[str, int], words: str, before: Conflict | None, now: float) -> Conflict:
    """Remembers a conflict: the pause doubles from one second up to a minute for as long as there is no news."""
    again = before if before is not None and before.what == what else None
    count = again.count + 1 if again else 1
    since = again.since if again else now
    return Conflict(what, count, since, now + min(_LONGEST_PAUSE, 2.0 ** min(count - 1, 10)), words)


def failed(step: Step, verdict: Refused | Retry, before: Attempt | None, now: float) -> Attempt:
    """Remembers a refused write: the pause doubles from one second, up to a minute (Rejected: five).

    An outage takes no refusal back: until the server judges the write again, what it said before stands.
    """
    rejected = isinstance(verdict, Refused) and verdict.reason is Reason.REJECTED
    asked = min(verdict.after, _LONGEST_PAUSE) if isinstance(verdict, Retry) and verdict.after else 0.0
    attempt = _next(step, before, now, _LONGEST_PAUSE_REJECTED if rejected else _LONGEST_PAUSE)
    attempt = replace(attempt, verdict=verdict, not_before=max(attempt.not_before, now + asked))
    if before is None or before.what != step.attempt:
        return attempt
    since = before.since if isinstance(before.verdict, type(verdict)) else now
    refused = before.verdict if isinstance(before.verdict, Refused) else before.refused
    return replace(attempt, since=since, refused=refused if isinstance(verdict, Retry) else None)


def nudged(step: Step, before: Attempt | None, now: float) -> Attempt:
    """Remembers a nudge that was sent, so that the next one waits longer."""
    return _next(step, before, now, _LONGEST_PAUSE)


def admitted_otherwise(step: Step, before: Attempt | None, now: float) -> Attempt:
    """Remembers that admission changed what was applied, so that it is tried again after a longer pause."""
    return _next(replace(step, attempt=ADMISSION), before, now, _LONGEST_PAUSE_ADMISSION)


def _next(step: Step, before: Attempt | None, now: float, longest: float) -> Attempt:
    again = before if before is not None and before.what == step.attempt else None
    count = again.count + 1 if again else 1
    return Attempt(step.attempt, None, count, now, now + min(longest, 2.0 ** min(count - 1, 10)))
