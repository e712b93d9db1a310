"""When to look at the pods of an app, and what the last look has found. Pure; times are monotonic seconds.

Pods are not watched: that would bring ten more events an app. The Deployment's account of itself says that something is
wrong; a look at the pods says what. So there is no look at an app that is complete, or that is on its way and arrives
within five seconds. What a look has found only another look takes back.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from myapp_operator.causes import Cause

_FIRST = 5.0
"""Seconds until the first look at an app that is not complete."""
_PAUSES = (5.0, 10.0, 20.0, 40.0, 60.0)
"""Seconds between looks; the last one for ever."""
_AFTER_EVENT = 10.0
"""Seconds until the next look at most, once the Deployment has changed."""
_SHORTEST = 1.0
_SPACING = 0.1
"""Seconds between two looks at any apps."""


@dataclass(frozen=True, slots=True)
class Situation:
    """How an app stands by the account of its Deployment, as far as it matters for when to look."""

    generation: int
    """Of the MyApp."""
    template: str
    """Hash of the pods that are wanted; empty where none are."""
    version: int
    """resourceVersion of the Deployment."""
    complete: bool
    refused: bool
    """Whether the API server refuses pods."""
    told: bool
    """Whether the written status tells, of this generation, what only a look can find."""
    pods: int = 0
    """How many are wanted; an autoscaler changes that without a new generation of the MyApp."""
    overdue: bool = False
    """Whether the Deployment has given up: its deadline has passed."""


@dataclass(frozen=True, slots=True)
class Looks:
    """What is remembered of the looks at one app."""

    situation: Situation | None = None
    """As it was last."""
    due: float | None = None
    """When to look next; None: not at all."""
    booked: bool = False
    """Whether `due` is a turn among all apps, and therefore fixed."""
    count: int = 0
    """Looks since the app stopped being complete, or its generation changed."""
    lost: bool = False
    """Whether the app was complete, lost pods, and was not looked at since."""
    standing: bool = False
    """Whether the written status, of an earlier run of the operator, tells what no look has taken back yet."""
    overdue: bool = False
    """Whether a look was answered since the Deployment has given up."""
    cause: Cause | None = None
    """Why the app does not come up."""
    refusal: str | None = None
    """The newest words with which pods were refused."""
    strangers: bool = False
    """Whether pods of others were seen that carry the label of the app."""

    def is_due(self, now: float) -> bool:
        """Whether it is time to look."""
        return self.due is not None and self.due <= now


def noticed(before: Looks, now_is: Situation, now: float) -> Looks:
    """Plans the next look from how things stand now."""
    known = before.situation
    looks = replace(before, situation=now_is, standing=now_is.told and (known is None or before.standing))
    if known is not None and known.template != now_is.template:
        looks = replace(looks, cause=None)
    if not now_is.refused:
        looks = replace(looks, refusal=None)
    if not now_is.overdue:
        looks = replace(looks, overdue=False)
    if known is None or (known.generation, known.pods) != (now_is.generation, now_is.pods):
        looks = _from_now(looks, now)
    elif known.complete and not now_is.complete and looks.due is None:
        looks = replace(_from_now(looks, now), lost=True)
    elif now_is.overdue and not known.overdue:
        looks = _brought_forward(looks, now)
    elif not now_is.complete and known.version != now_is.version:
        looks = _brought_forward(looks, now + _AFTER_EVENT)
    return _completed(looks, known, now) if now_is.complete else looks


def _from_now(looks: Looks, now: float) -> Looks:
    """Starts the clock. A Deployment may say for a moment more that it has given up an earlier generation."""
    return replace(looks, due=now + _FIRST, booked=False, count=0, lost=False, overdue=False, strangers=False)


def _completed(looks: Looks, known: Situation | None, now: float) -> Looks:
    """There is nothing to look for, unless something was found or lost before."""
    if looks.cause is not None or looks.standing:
        return looks if known is not None and known.complete else _brought_forward(looks, now)
    return looks if looks.lost else replace(looks, due=None, booked=False)


def _brought_forward(looks: Looks, moment: float) -> Looks:
    if looks.booked or looks.due is None or looks.due <= moment:
        return looks
    return replace(looks, due=moment)


def booked(looks: Looks, turn: float) -> Looks:
    """The look that is due has its turn at this moment."""
    return replace(looks, due=turn, booked=True)


def answered(looks: Looks, cause: Cause | None, refusal: str | None, again: float | None, now: float) -> Looks:
    """A look was made. `again`: seconds until the passing of time alone changes its answer."""
    overdue = looks.situation is not None and looks.situation.overdue
    looks = replace(looks, cause=cause, refusal=refusal, standing=False, lost=False, overdue=overdue)
    if cause is None and looks.situation is not None and looks.situation.complete:
        return replace(looks, due=None, booked=False)
    return _looked(looks, again, now)


def failed(looks: Looks, now: float) -> Looks:
    """A look had no answer: what was known stands."""
    return _looked(looks, None, now)


def _looked(looks: Looks, again: float | None, now: float) -> Looks:
    pause = _PAUSES[min(looks.count, len(_PAUSES) - 1)]
    if again is not None:
        pause = min(pause, max(again, _SHORTEST))
    return replace(looks, due=now + pause, booked=False, count=looks.count + 1)


class Turns:
    """Limits the looks at all apps together, without keeping anyone waiting: each gets a moment of its own."""

    def __init__(self) -> None:
        self._last = float("-inf")

    def next(self, now: float) -> float:
        """The earliest moment that nobody has yet."""
        self._last = max(now, self._last + _SPACING)
        return self._last
