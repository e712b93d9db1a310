"""What the operator knows: what the watches brought and what its own writes answered.

Decisions read from here, not from the API server. Two rules keep that safe. An answer to one of our own writes is newer
than what the watch has brought so far: it stays `awaited` until the watch has caught up, and nothing is written to the
object meanwhile. And every write names the uid and resourceVersion that it was decided on, so that a decision on old
knowledge fails at the server.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from myapp_operator.attempts import Attempt
from myapp_operator.fights import Contest
from myapp_operator.grammar import Json
from myapp_operator.looks import Looks
from myapp_operator.names import Key, Kind
from myapp_operator.observed import App, Child
from myapp_operator.refusals import Retry


@dataclass(frozen=True)
class Scaler:
    """What was found when autoscalers were looked for: the name of one of somebody else's, or nothing."""

    name: str = ""
    until: float = 0.0
    """When to look again, in monotonic seconds."""


@dataclass
class _Record:
    """All that is known under one key. Times are monotonic seconds."""

    app: App | None = None
    children: dict[Kind, Child] = field(default_factory=dict)
    answered_at: dict[Kind, float] = field(default_factory=dict)
    gone_at: dict[Kind, int] = field(default_factory=dict)
    """The resourceVersion at which the last child of this kind was seen to be gone: older news of it is void."""
    attempts: dict[Kind, Attempt] = field(default_factory=dict)
    contests: dict[Kind, Contest] = field(default_factory=dict)
    had_children: set[str] = field(default_factory=set)
    status_version: int = 0
    status_at: float = float("-inf")
    unsettled_at: float | None = None
    looks: Looks = field(default_factory=Looks)
    scaler: Scaler | None = None
    template: tuple[int, Json] | None = None

    def unreturned(self, before: float) -> Iterator[str]:
        """What of this app was written before this moment and not seen again; only what surely has our label."""
        if self.app is None:
            return
        if self.app.resource_version < self.status_version and self.status_at <= before:
            yield "the status"
        for kind, child in self.children.items():
            ours = child.applied and child.is_controlled_by(self.app)
            if child.awaited and ours and self.answered_at[kind] <= before:
                yield f"the {kind}"


class Store:
    """Knowledge of all apps and their children, by key. Used from one event loop only."""

    def __init__(self) -> None:
        self._records: dict[Key, _Record] = {}
        self._unserved: set[Kind] = set()

    # What the watches bring.

    def put_app(self, app: App) -> None:
        """Takes over a MyApp from the watch, unless it is older than what is known."""
        record = self._open_record(app.key)
        known = record.app
        if known is not None and known.resource_version > app.resource_version:
            return
        if known is not None and known.uid != app.uid:
            self._forget_app(app.key)
        self._open_record(app.key).app = app

    def drop_app(self, key: Key, uid: str) -> None:
        """Forgets a MyApp that is gone; a newer one of the same name stays."""
        record = self._records.get(key)
        if record is not None and record.app is not None and record.app.uid == uid:
            self._forget_app(key)

    def put_child(self, key: Key, kind: Kind, child: Child) -> None:
        """Takes over a child from a watch event, unless it is older than what is known."""
        record = self._open_record(key)
        known = record.children.get(kind)
        newest = known.resource_version if known else record.gone_at.get(kind, 0)
        if child.resource_version >= newest:
            self._keep(record, kind, child)

    def absence(self, key: Key, kind: Kind) -> int:
        """When this child was last told to be gone: ask before a GET, for `found_child`."""
        record = self._records.get(key)
        return record.gone_at.get(kind, 0) if record else 0

    def found_child(self, key: Key, kind: Kind, child: Child, absence: int) -> None:
        """Takes over a child that a GET has found, unless it was told to be gone meanwhile.

        Watch and list select by our label, so what they told to be gone before may be there all the same.
        """
        record = self._open_record(key)
        known = record.children.get(kind)
        if absence == record.gone_at.get(kind, 0) and (
            known is None or child.resource_version >= known.resource_version
        ):
            self._keep(record, kind, replace(child, looked_up=True))

    def drop_child(self, key: Key, kind: Kind, version: int) -> None:
        """Forgets a child whose deletion, at this resourceVersion, the watch has brought."""
        record = self._records.get(key)
        if record is None:
            return
        known = record.children.get(kind)
        if known is None or known.resource_version <= version:
            record.children.pop(kind, None)
            record.gone_at[kind] = max(version, record.gone_at.get(kind, 0))
            self._tidy(key)

    def replace_children(
        self, kind: Kind, listed: Mapping[Key, Child], *, namespace: str | None, sent_at: float, version: int
    ) -> set[Key]:
        """Takes over a whole list, sent at this moment and answered at this resourceVersion; returns what changed.

        Only an answer to a write that came after the list was sent outlives it.
        """
        changed = set()
        for key, record in list(self._records.items()):
            known = record.children.get(kind)
            if known is None or key in listed or (namespace is not None and key.namespace != namespace):
                continue
            if record.answered_at.get(kind, float("-inf")) > sent_at and known.resource_version > version:
                continue
            del record.children[kind]
            record.gone_at[kind] = version
            changed.add(key)
            self._tidy(key)
        for key, child in listed.items():
            record = self._open_record(key)
            known = record.children.get(kind)
            if known is not None and record.answered_at.get(kind, float("-inf")) > sent_at:
                self.put_child(key, kind, child)
            else:
                self._keep(record, kind, child)
            if known is None or known.awaited or known.resource_version != child.resource_version:
                changed.add(key)
        return changed

    def note_served(self, kind: Kind, *, served: bool) -> bool:
        """Remembers whether the cluster has the API of this kind; returns whether that is news."""
        news = served is (kind in self._unserved)
        self._unserved ^= {kind} if news else set()
        return news

    def retain_apps(self, uids: Iterable[str], *, namespace: str | None, version: int) -> set[Key]:
        """Forgets every MyApp that a list, answered at this resourceVersion, does not hold; returns their keys."""
        kept = set(uids)
        gone = {
            key: record.app.uid
            for key, record in self._records.items()
            if record.app is not None
            and record.app.uid not in kept
            and record.app.resource_version <= version
            and namespace in (None, key.namespace)
        }
        for key, uid in gone.items():
            self.drop_app(key, uid)
        return set(gone)

    # What our own writes answer. An app that is gone by then, or another of its name, has nothing to do with them.

    def answered_child(self, app: App, kind: Kind, child: Child, now: float) -> None:
        """Remembers the answer to a write; a stale one (the watch was faster) changes nothing."""
        if record := self._record_of(app):
            known = record.children.get(kind)
            if known is None and child.resource_version > record.gone_at.get(kind, 0):
                self._keep(record, kind, replace(child, awaited=True))
            elif known is not None and child.resource_version >= known.resource_version:
                self._keep(record, kind, known.answered(child))
            record.answered_at[kind] = now

    def answered_deletion(self, app: App, kind: Kind, now: float) -> None:
        """Remembers that a child was deleted: nothing more is done about it until the watch has brought that."""
        if (record := self._record_of(app)) and (known := record.children.get(kind)):
            record.children[kind] = replace(known, awaited=True)
            record.answered_at[kind] = now

    def answered_status(self, app: App, version: int, now: float) -> None:
        """Remembers a status write: no other one until the watch has brought this one back."""
        if record := self._record_of(app):
            record.status_version, record.status_at = version, now

    def remember(self, app: App, kind: Kind, attempt: Attempt) -> None:
        """Remembers a write that failed."""
        if record := self._record_of(app):
            record.attempts[kind] = attempt

    def contend(self, app: App, kind: Kind, contest: Contest) -> None:
        """Remembers the reverts of a child."""
        if record := self._record_of(app):
            record.contests[kind] = contest

    def forgive(self, app: App, kinds: Iterable[Kind]) -> None:
        """Forgets failed writes to these children."""
        if record := self._record_of(app):
            for kind in kinds:
                record.attempts.pop(kind, None)

    def found_as_wanted(self, app: App, kinds: Iterable[Kind]) -> None:
        """Remembers that these children are as wanted, or not wanted and not there: earlier failures are history."""
        if record := self._record_of(app):
            for kind in kinds:
                record.attempts.pop(kind, None)
                known = record.children.get(kind)
                if known is not None and not known.intact:
                    record.children[kind] = replace(known, intact=True)

    def forgive_outages(self) -> None:
        """Forgets the failures that were no fault of the object: the API server answers again."""
        for record in self._records.values():
            for kind in [kind for kind, each in record.attempts.items() if isinstance(each.verdict, Retry)]:
                del record.attempts[kind]

    def remember_looks(self, app: App, looks: Looks) -> None:
        """Remembers what the looks at the app's pods have found, and when the next one is due."""
        if record := self._record_of(app):
            record.looks = looks

    def remember_scaler(self, app: App, scaler: Scaler | None) -> None:
        """Remembers who scales the app's Deployment."""
        if record := self._record_of(app):
            record.scaler = scaler

    def scaler(self, app: App) -> Scaler | None:
        """Who scales the app's Deployment, as far as that was looked for."""
        record = self._record_of(app)
        return record.scaler if record else None

    def remember_template(self, app: App, generation: int, template: Json) -> None:
        """Remembers the pod template that was gone back to when this generation had failed."""
        if record := self._record_of(app):
            record.template = generation, template

    def unsettled_for(self, app: App, settled: bool, now: float) -> float:
        """Seconds for which every look at the app, this one included, has found its children unsettled."""
        record = self._record_of(app)
        if record is None or settled:
            if record:
                record.unsettled_at = None
            return 0.0
        if record.unsettled_at is None:
            record.unsettled_at = now
        return now - record.unsettled_at

    # What the recipe reads.

    def app(self, key: Key) -> App | None:
        """The MyApp of this key, if there is one."""
        record = self._records.get(key)
        return record.app if record else None

    def children(self, key: Key) -> Mapping[Kind, Child]:
        """What stands in the places of the app's children, ours or not."""
        record = self._records.get(key)
        return dict(record.children) if record else {}

    def unserved(self) -> frozenset[Kind]:
        """The kinds whose API is not installed in the cluster."""
        return frozenset(self._unserved)

    def attempts(self, app: App) -> Mapping[Kind, Attempt]:
        """The failed writes that are still remembered."""
        record = self._record_of(app)
        return dict(record.attempts) if record else {}

    def looks(self, app: App) -> Looks:
        """What is remembered of the looks at the app's pods."""
        record = self._record_of(app)
        return record.looks if record else Looks()

    def template(self, app: App, generation: int) -> Json | None:
        """The pod template that was gone back to when this generation had failed, if it is known."""
        record = self._record_of(app)
        known, template = (record and record.template) or (0, None)
        return template if known == generation else None

    def contests(self, app: App) -> Mapping[Kind, Contest]:
        """The reverts that are still remembered."""
        record = self._record_of(app)
        return dict(record.contests) if record else {}

    def had_children(self, app: App) -> bool:
        """Whether this process has seen a child of this very MyApp."""
        record = self._record_of(app)
        return record is not None and app.uid in record.had_children

    def status_awaited(self, app: App) -> bool:
        """Whether the watch has not yet brought back our last status write."""
        record = self._record_of(app)
        return record is not None and app.resource_version < record.status_version

    def since_status(self, app: App, now: float) -> float:
        """Seconds since our last status write; infinite where there was none."""
        record = self._record_of(app)
        return now - record.status_at if record else float("inf")

    def last_status(self, namespace: str | None) -> float:
        """When a status was written last in this namespace, or in any; minus infinity where none was."""
        found = (record.status_at for key, record in self._records.items() if namespace in (None, key.namespace))
        return max(found, default=float("-inf"))

    def unreturned(self, before: float) -> list[str]:
        """What was written before this moment and was not brought back by a watch, as in messages."""
        records = self._records.items()
        return [f"our own change of {what} of {key}" for key, each in records for what in each.unreturned(before)]

    def known_apps(self, namespace: str | None) -> dict[str, App]:
        """Every known MyApp of this namespace, or of all, by uid."""
        apps = (record.app for key, record in self._records.items() if namespace in (None, key.namespace))
        return {app.uid: app for app in apps if app is not None}

    def apps(self) -> set[Key]:
        """Every key under which there is a MyApp."""
        return {key for key, record in self._records.items() if record.app is not None}

    def uids(self) -> set[str]:
        """The uid of every known MyApp."""
        return {record.app.uid for record in self._records.values() if record.app is not None}

    def _open_record(self, key: Key) -> _Record:
        return self._records.setdefault(key, _Record())

    def _record_of(self, app: App) -> _Record | None:
        """The record of this very MyApp, by uid."""
        record = self._records.get(app.key)
        return record if record and record.app and record.app.uid == app.uid else None

    def _keep(self, record: _Record, kind: Kind, child: Child) -> None:
        record.children[kind] = child.after(record.children.get(kind))
        if child.owner is not None:
            record.had_children.add(child.owner.uid)

    def _forget_app(self, key: Key) -> None:
        """Forgets all but the children that a watch will tell of."""
        record = self._records[key]
        watched = {kind: child for kind, child in record.children.items() if not child.looked_up}
        self._records[key] = _Record(children=watched, answered_at=record.answered_at, gone_at=record.gone_at)
        self._tidy(key)

    def _tidy(self, key: Key) -> None:
        record = self._records[key]
        if record.app is None and not record.children:
            del self._records[key]
