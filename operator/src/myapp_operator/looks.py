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
_PAUSE = 9.6
"""Seconds between looks at first: what is told is ten seconds older than the pods at most, with the look itself."""
_LATER_PAUSE = 28.5
"""Seconds between looks once the trouble has lasted: half a minute, in the same way."""
_FRESH = 300.0
"""Seconds for which trouble is fresh. One that comes back sooner than that after the last look is the same trouble."""
_MOST_EARLY = 4
_EARLY_WITHIN = 600.0
"""So many looks in so many seconds may come before their time, the first one included: 45 in the first ten minutes."""
_WORTH_IT = 2.0
"""Seconds that a look must come before its time, or else it waits for that: early ones are few."""
_SHORTEST = 1.0


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
    asked: int = 0
    """Generation of the Deployment: another one where it is asked for something else, by us or by others."""


@dataclass(frozen=True, slots=True)
class Looks:
    """What is remembered of the looks at one app."""

    situation: Situation | None = None
    """As it was last."""
    due: float | None = None
    """When to look next; None: not at all."""
    began: float = 0.0
    """When the trouble began: the app stopped being complete, or its generation changed."""
    last: float | None = None
    """When it was looked at last in this trouble; None: not yet."""
    early: tuple[float, ...] = ()
    """The last moments for which a look was brought forward."""
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
    if known is None or known.generation != now_is.generation:
        looks = _from_now(looks, now)
    elif (known.complete or known.pods != now_is.pods) and not now_is.complete and looks.due is None:
        # Where the Deployment was changed meanwhile, pods end because others are to come: none was lost.
        looks = replace(_again(looks, now), lost=known.complete and known.asked == now_is.asked)
    elif now_is.overdue and not known.overdue:
        looks = _brought_forward(looks, now, now)
    elif not now_is.complete and known.version != now_is.version:
        looks = _brought_forward(looks, now + _PAUSE, now)
    return _completed(looks, known, now) if now_is.complete else looks


def _from_now(looks: Looks, now: float) -> Looks:
    """Trouble of its own. A Deployment may say for a moment more that it has given up an earlier generation."""
    early = (now + _FIRST,)
    return replace(
        looks, due=now + _FIRST, began=now, last=None, early=early, lost=False, overdue=False, strangers=False
    )


def _again(looks: Looks, now: float) -> Looks:
    """Trouble of an app that was well: an app that goes and comes without end is looked at as often as any other."""
    if looks.last is None or now - looks.last > _FRESH:
        return _from_now(looks, now)
    due = max(now + _FIRST, looks.last + _pause(looks, now))
    return _brought_forward(replace(looks, due=due, overdue=False), now + _FIRST, now)


def _completed(looks: Looks, known: Situation | None, now: float) -> Looks:
    """There is nothing to look for, unless something was found or lost before."""
    if looks.cause is not None or looks.standing:
        return looks if known is not None and known.complete else _brought_forward(looks, now, now)
    return looks if looks.lost else replace(looks, due=None)


def _brought_forward(looks: Looks, moment: float, now: float) -> Looks:
    """A look before its time, if that is worth it and there were not too many of them."""
    if looks.due is None or looks.due - moment < _WORTH_IT:
        return looks
    early = tuple(each for each in looks.early if each > now - _EARLY_WITHIN)
    return replace(looks, due=moment, early=(*early, moment)) if len(early) < _MOST_EARLY else looks


def answered(looks: Looks, cause: Cause | None, refusal: str | None, again: float | None, now: float) -> Looks:
    """A look was made. `again`: seconds until the passing of time alone changes its answer."""
    overdue = looks.situation is not None and looks.situation.overdue
    looks = replace(looks, cause=cause, refusal=refusal, standing=False, lost=False, overdue=overdue)
    if cause is None and looks.situation is not None and looks.situation.complete:
        return replace(looks, due=None, last=now)
    return _looked(looks, again, now)


def failed(looks: Looks, now: float) -> Looks:
    """A look had no answer: what was known stands."""
    return _looked(looks, None, now)


def _looked(looks: Looks, again: float | None, now: float) -> Looks:
    looks = replace(looks, due=now + _pause(looks, now), last=now)
    return looks if again is None else _brought_forward(looks, now + max(again, _SHORTEST), now)


def _pause(looks: Looks, now: float) -> float:
    """Seconds between two looks."""
    return _PAUSE if now - looks.began < _FRESH else _LATER_PAUSE
