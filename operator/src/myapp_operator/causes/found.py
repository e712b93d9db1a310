"""What a judgement of pods is made from, and what it comes to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from myapp_operator.grammar import Json
from myapp_operator.model import Spec
from myapp_operator.names import Reason


@dataclass(frozen=True)
class Cause:
    """Why pods do not come up."""

    reason: Reason
    """One of `names.FROM_PODS`."""
    message: str
    """One sentence: what, where, and the telling words. Nothing in it changes while the cause stays the same: no
    counters, no ages, no random names. Values of variables and credentials are masked; the length is not limited."""


@dataclass(frozen=True)
class Evidence:
    """What was read of one app. Lists may hold objects of others too: only controller references count."""

    deployment_uid: str
    spec: Spec
    replica_sets: Sequence[Json]
    """As the API server lists them."""
    pods: Sequence[Json]
    """As the API server lists them."""
    events: Sequence[Json] = ()
    """Events of the object that an earlier judgement asked for (`Found.events_of`); others do no harm."""
    app: str = ""
    """Name of the MyApp."""
    before: Cause | None = None
    """What the look before this one found: events are gone long before what they told is over."""


@dataclass(frozen=True)
class Found:
    """What a judgement came to."""

    cause: Cause | None = None
    again: float | None = None
    """Seconds after which the passing of time alone may change the answer; None: never."""
    events_of: str = ""
    """Uid of the pod whose events would make the answer better: judge once more with them. Empty: none would."""
