"""What a judgement of pods is made from, and what it comes to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from myapp_operator.causes.pods import Pod
from myapp_operator.grammar import Json
from myapp_operator.model import Spec
from myapp_operator.names import CLAIM, Reason


@dataclass(frozen=True)
class Cause:
    """Why pods do not come up."""

    reason: Reason
    """One of `names.FROM_PODS`."""
    message: str
    """One sentence: what, where, and the telling words. Nothing in it changes while the cause stays the same: no
    counters, no ages, no random names. Values of variables and credentials are masked; it may be longer than the
    message of a status."""


@dataclass(frozen=True)
class Evidence:
    """What was read of one app."""

    spec: Spec
    replicas: int
    """Pods that the newest ReplicaSet wants, less those that were left out of `pods`."""
    pods: Sequence[Pod]
    """Those of the newest ReplicaSet that count (see `pods.Sample`)."""
    events: Sequence[Json] = ()
    """What an earlier judgement asked for (`Found.asks`); others do no harm."""
    app: str = ""
    """Name of the MyApp."""
    namespace: str = ""
    """That of the MyApp, for the commands that are told."""
    before: Cause | None = None
    """What the look before this one found: events are gone long before what they told is over."""


@dataclass(frozen=True)
class Judgement:
    """What there is to say of one pod or container, before it is put into words.

    To mask the words of others is dear and one cause is told in the end, so only the words of that one are masked.
    """

    reason: Reason | None = None
    """None: no cause."""
    what: str = ""
    """In our words."""
    said: str = ""
    """The words of others as they came."""
    telling: Callable[[str], str] = str
    """Cuts `said`, once it is masked, down to what tells the cause."""
    again: float | None = None
    """As in `Found`."""
    events_of: str = ""
    """Uid of a pod whose events would make it better. Without a reason: there may be one, which only they tell."""
    only_events_tell: bool = False
    """Whether nothing but these would ever tell a cause, however long it stands."""
    claims: Sequence[str] = ()
    """Names of claims whose events would."""
    of_the_past: bool = False
    """Whether it is about a pod that is gone: a cause in one that lives tells more."""

    @property
    def asks(self) -> list[str]:
        """These events, as field selectors."""
        of_pod = [f"involvedObject.uid={self.events_of}"] if self.events_of else []
        return [*of_pod, *(f"involvedObject.kind={CLAIM.kind},involvedObject.name={each}" for each in self.claims)]


@dataclass(frozen=True)
class Found:
    """What a judgement came to."""

    cause: Cause | None = None
    again: float | None = None
    """Seconds after which the passing of time alone may change the answer; None: never."""
    asks: Sequence[str] = ()
    """The events that would make the answer better, as field selectors: judge once more with them."""
