"""How often a changed configuration may restart the pods of an app. Pure; times are monotonic seconds.

A ConfigMap may be written each second, by a controller or by a tenant. Each change would be a rollout. So the first one
is followed at once, and the next ones after pauses that grow while changes keep coming.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_PAUSES = (5.0, 10.0, 20.0, 40.0, 60.0)
"""Seconds until the next change is followed; the last one for ever."""
_QUIET = 60.0
"""Seconds without a change, after the pause, after which the next one is the first again."""


@dataclass(frozen=True, slots=True)
class Pace:
    """What is remembered of the last change that was followed."""

    followed: Mapping[str, str]
    """The annotations that stand for it."""
    rounds: int
    not_before: float
    """When the next change may be followed."""


def step(pace: Pace | None, present: Mapping[str, str], wanted: Mapping[str, str], now: float) -> Pace | None:
    """The pace after a look at the configuration: pods have the annotations `present` and should have `wanted`.

    What it follows is what the pods get now.
    """
    if wanted == present or (pace is not None and (wanted == pace.followed or now < pace.not_before)):
        return pace
    rounds = pace.rounds + 1 if pace is not None and now < pace.not_before + _QUIET else 0
    return Pace(wanted, rounds, now + _PAUSES[min(rounds, len(_PAUSES) - 1)])
