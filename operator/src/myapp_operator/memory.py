"""What is remembered of our own dealings with one app. Pure; times are monotonic seconds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from myapp_operator.admission import Admitted
from myapp_operator.attempts import Attempt, Conflict
from myapp_operator.fights import Contest
from myapp_operator.grammar import Json
from myapp_operator.looks import Looks
from myapp_operator.names import Kind
from myapp_operator.pacing import Pace
from myapp_operator.refusals import Retry
from myapp_operator.rollback_note import RolledBack
from myapp_operator.rollouts import Followed
from myapp_operator.status import Budget


@dataclass(frozen=True)
class Scaler:
    """What was found when autoscalers were looked for: the name of one of somebody else's, or nothing."""

    name: str = ""
    until: float = 0.0
    """When to look again."""
    idle: bool = False
    """Whether it targets the MyApp, which has an autoscaler of its own, so that it does nothing."""
    generation: int = 0
    """That of the MyApp for which it holds; 0: for any."""


@dataclass(slots=True)
class Memory:
    """Lost with the process, and with the MyApp: the operator then learns it anew, such as who fights it."""

    attempts: dict[Kind, Attempt] = field(default_factory=dict)
    """The writes that failed and were not followed by one that did not."""
    conflicts: dict[Kind, Conflict] = field(default_factory=dict)
    """The writes that failed on an object that was not as we know it, and were not followed by one that did not."""
    status_conflict: Conflict | None = None
    """The same for the status."""
    contests: dict[Kind, Contest] = field(default_factory=dict)
    """The reverts of each child."""
    admitted: dict[Kind, Admitted] = field(default_factory=dict)
    """The children that admission has changed as we wrote them."""
    asked_admission: frozenset[Kind] = frozenset()
    """The children of which this process has asked whether it does."""
    deletions: dict[Kind, Contest] = field(default_factory=dict)
    """The recreations of each child."""
    status_contest: Contest | None = None
    """The times at which the status that we wrote was replaced by another writer."""
    status_hash: str = ""
    """Hash of the status that was written last; empty where this process has written none or does not know."""
    status_budget: Budget = field(default_factory=Budget)
    present: dict[Kind, str] = field(default_factory=dict)
    """The children that this process has seen alive and that are still wanted: the hash of what it applied last to
    each, empty where it has applied nothing or does not know."""
    looks: Looks = field(default_factory=Looks)
    """What the looks at the app's pods have found, and when the next one is due."""
    pace: Pace | None = None
    """How often the pods of this version were restarted for a changed configuration."""
    missed: frozenset[Kind] = frozenset()
    """The kinds that the app asks for and whose API the cluster does not have."""
    rollout: Followed | None = None
    """The last rollout of the app that this process has brought or seen."""
    used: tuple[Mapping[str, str], Mapping[str, str]] | None = None
    """What the pods carry for their configuration, and what they used of each object then (see `preflight.used`)."""
    scaler: Scaler | None = None
    """Who scales the app's Deployment, as far as that was looked for."""
    _template: tuple[RolledBack, Json] | None = None
    _unsettled_at: float | None = None

    def forgive(self, kinds: Iterable[Kind]) -> None:
        """Forgets failed writes to these children."""
        for kind in kinds:
            self.attempts.pop(kind, None)
            self.conflicts.pop(kind, None)

    def note_present(self, kind: Kind) -> None:
        """Remembers a child that is alive and wanted."""
        if kind not in self.present:
            self.present[kind] = ""

    def note_unanswered(self, kind: Kind) -> None:
        """Remembers that a write to a child may have been made: what was applied last is not known any more."""
        if kind in self.present:
            self.present[kind] = ""

    def note_unwanted(self, kind: Kind) -> None:
        """Remembers that a child need not be there, or cannot: its next creation is the first one again."""
        self.present.pop(kind, None)

    def forgive_outages(self) -> None:
        """Forgets the failures that were no fault of the object: the API server answers again."""
        self.forgive([kind for kind, each in self.attempts.items() if isinstance(each.verdict, Retry)])
        self.conflicts.clear()
        self.status_conflict = None

    def remember_template(self, why: RolledBack, template: Json) -> None:
        """Remembers the pod template that was gone back to, and why."""
        self._template = why, template

    def template(self, why: RolledBack) -> Json | None:
        """The pod template that was gone back to for this reason, if it is known."""
        known, template = self._template or (None, None)
        return template if known == why else None

    def unsettled_for(self, settled: bool, now: float) -> float:
        """Seconds for which every look at the app, this one included, has found its children unsettled."""
        if settled:
            self._unsettled_at = None
            return 0.0
        if self._unsettled_at is None:
            self._unsettled_at = now
        return now - self._unsettled_at
