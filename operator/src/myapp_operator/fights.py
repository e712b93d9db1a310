"""Fights: somebody changes a field of a child as often as it is taken back. Pure; the time comes in as an argument.

Each revert makes the other side write again at once, so neither would ever rest. From the sixth revert of one field in
ten minutes on, the next one of that child waits: 30 seconds, then longer and longer. To take an object over counts as a
revert too: the first one is followed by others only where somebody takes it back.

Existence is a field like any other: to recreate a deleted child counts in the same way, in a `Contest` of its own, so
that a fight over a field does not delay a recreation. The status of a MyApp has a `Contest` too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from myapp_operator import drift, origins
from myapp_operator.names import KIND, MANAGER, Kind

OWNERSHIP = "metadata.ownerReferences"
"""The field of which an adoption is the revert: whoever replaces the whole object drops it, and may offer it anew."""
EXISTENCE = "existence"
"""The field of which a recreation is the revert."""
STATUS = "status"
"""The field of a MyApp that one operator alone writes."""
STATUS_SENTENCE = (
    f"the status is replaced again and again by another writer: let one {MANAGER} alone look after this namespace, and "
    "let nothing else write to myapps/status"
)
"""What the user must know and do about a fight over the status."""
_WINDOW = 600.0
"""Seconds for which a revert is remembered; a fight is forgotten that long after its last one."""
_MANY = 5
"""Reverts of one field within the window that are no fight yet."""
_FIRST_PAUSE = 30.0
_LONGEST_PAUSE = 300.0


@dataclass(frozen=True)
class Fight:
    """A fight that is going on. Its times are on the clock of the reverts."""

    path: str
    """The field, such as `spec.replicas`."""
    by: str
    """Who changes it; empty where nobody can be named."""
    not_before: float
    """When the next revert may be made."""
    until: float
    """When the fight is forgotten if nothing more happens."""
    lost: bool = False
    """Whether the child stands as the others want it just now, because its next revert waits."""

    def pauses(self, now: float) -> bool:
        """Whether the next revert must wait."""
        return now < self.not_before

    def sentence(self, kind: Kind) -> str:
        """What the user must know and do about it."""
        if self.path == EXISTENCE:
            return (
                f"the {kind} is deleted again and again: look up in the audit log of the API server what deletes it, "
                "and stop that"
            )
        if self.path == drift.REPLACED:
            return f"the {kind} is applied again and again by {self.by}: let only one of them look after this namespace"
        by = f" by {self.by}" if self.by else ""
        if origins.is_internal(self.path):
            return f"the {kind} is changed again and again{by}: stop it, or let it change the {KIND} instead"
        return f"{self.path} of the {kind} is changed again and again{by}: stop it, or let it change the {KIND} instead"


@dataclass(frozen=True)
class _Bout:
    """The reverts of one field: when the last ones were, and how many there were since it became a fight."""

    times: tuple[float, ...] = ()
    rounds: int = 0

    def is_over(self, now: float) -> bool:
        return now - self.times[-1] >= _WINDOW

    def again(self, now: float) -> _Bout:
        times = (*(each for each in self.times if now - each < _WINDOW), now)[-_MANY - 1 :]
        return _Bout(times, self.rounds + 1 if self.rounds or len(times) > _MANY else 0)


@dataclass(frozen=True)
class Contest:
    """What is remembered of the reverts of one child."""

    wanted: str
    """Hash of what was wanted at the last one."""
    by: str = ""
    not_before: float = 0.0
    bouts: Mapping[str, _Bout] = field(default_factory=dict)

    def fight(self, wanted: str, now: float) -> Fight | None:
        """The fight about what is wanted now, if there is one. Where the MyApp has changed since, there is none yet."""
        found = [(path, bout) for path, bout in self.bouts.items() if bout.rounds and not bout.is_over(now)]
        if not found or wanted != self.wanted:
            return None
        # Who hides a change by dropping our annotation fights for the field, not for the annotation.
        path, bout = min(found, key=lambda each: each[0].startswith("metadata.annotations"))
        return Fight(path, self.by, self.not_before, bout.times[-1] + _WINDOW)


def reverted(before: Contest | None, wanted: str, paths: Iterable[str], by: str, now: float) -> Contest:
    """Remembers that these fields of a child were taken back just now."""
    bouts = {path: bout for path, bout in before.bouts.items() if not bout.is_over(now)} if before else {}
    touched = {path: bouts.get(path, _Bout()).again(now) for path in paths}
    rounds = max((bout.rounds for bout in touched.values()), default=0)
    pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** min(rounds - 1, 10)) if rounds else 0.0
    return Contest(wanted, by, now + pause, bouts | touched)


def going_on(contests: Mapping[Kind, Contest], wanted: Mapping[Kind, str], now: float) -> dict[Kind, Fight]:
    """The fights about what is wanted now: its hash for each kind."""
    found = {kind: contest.fight(wanted.get(kind, ""), now) for kind, contest in contests.items()}
    return {kind: fight for kind, fight in found.items() if fight is not None}
