"""What the operator knows: what the watches brought and what its own writes answered.

Decisions read from here, not from the API server. Two rules keep that safe. An answer to one of our own writes is newer
than what the watch has brought so far: it stays `awaited` until the watch has caught up, and nothing is written to the
object meanwhile. And every write names the uid and resourceVersion that it was decided on, so that a decision on old
knowledge fails at the server.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from myapp_operator.errors import AnotherHistoryError
from myapp_operator.gaps import Version
from myapp_operator.memory import Memory
from myapp_operator.names import Key, Kind
from myapp_operator.observed import App, Child, is_of_later_history
from myapp_operator.record import Record


class Store:
    """Knowledge of all apps and their children, by key. Used from one event loop only."""

    def __init__(self) -> None:
        self._records: dict[Key, Record] = {}
        self._unserved: set[Kind] = set()

    # What the watches bring.

    def put_app(self, app: App) -> bool:
        """Takes over a MyApp from the watch, unless it is older than what is known; returns whether it is news.

        The echo of our own last status is none.
        """
        known = self._open_record(app.key).identity
        if known is not None and known.resource_version > app.resource_version:
            return False
        if known is not None and known.uid != app.uid:
            self._forget_app(app.key)
        record = self._open_record(app.key)
        record.take_app(app)
        return app.resource_version != record.status_version

    def drop_app(self, key: Key, uid: str) -> None:
        """Forgets a MyApp that is gone; a newer one of the same name stays."""
        record = self._records.get(key)
        if record is not None and record.identity is not None and record.identity.uid == uid:
            self._forget_app(key)

    def put_child(self, key: Key, kind: Kind, child: Child) -> None:
        """Takes over a child from a watch event, unless it is older than what is known."""
        record = self._open_record(key)
        known = record.children.get(kind)
        newest = known.resource_version if known else record.gone_at.get(kind, 0)
        if child.resource_version >= newest:
            record.take_child(kind, child)

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
            record.take_child(kind, replace(child, looked_up=True))

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

        Raises:
            AnotherHistoryError: the list has an older version of a child than was known before it.
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
            if known is not None and is_of_later_history(known, child, version):
                raise AnotherHistoryError(f"a list has an older version of {kind} {key}")
            if known is not None and record.answered_at.get(kind, float("-inf")) > sent_at:
                self.put_child(key, kind, child)
            else:
                record.take_child(kind, child)
            if known is None or known.awaited or known.resource_version != child.resource_version:
                changed.add(key)
        return changed

    def note_served(self, kind: Kind, *, served: bool) -> bool:
        """Remembers whether the cluster has the API of this kind; returns whether that is news.

        The objects of a kind go with its API: nobody has deleted the children, and they are created anew later.
        """
        news = served is (kind in self._unserved)
        self._unserved ^= {kind} if news else set()
        if news and not served:
            for record in self._records.values():
                record.memory.note_unwanted(kind)
        return news

    def retain_apps(self, uids: Iterable[str], *, namespace: str | None, version: int) -> set[Key]:
        """Forgets every MyApp that a list, answered at this resourceVersion, does not hold; returns their keys."""
        kept = set(uids)
        gone = {
            key: record.identity.uid
            for key, record in self._records.items()
            if record.identity is not None
            and record.identity.uid not in kept
            and record.identity.resource_version <= version
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
                record.take_child(kind, replace(child, awaited=True))
            elif known is not None and child.resource_version >= known.resource_version:
                record.take_child(kind, known.answered(child))
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

    def found_as_wanted(self, app: App, kinds: Collection[Kind]) -> None:
        """Remembers that these children are as wanted, or not wanted and not there: earlier failures are history."""
        if record := self._record_of(app):
            record.memory.forgive(kinds)
            for kind in kinds:
                known = record.children.get(kind)
                if known is None:
                    record.memory.note_unwanted(kind)
                elif known.is_controlled_by(app):
                    record.memory.note_present(kind)
                if known is not None and not known.intact:
                    record.children[kind] = replace(known, intact=True)

    def forgive_outages(self) -> None:
        """Forgets the failures of all apps that were no fault of theirs: the API server answers again."""
        for record in self._records.values():
            record.memory.forgive_outages()

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

    def is_missed(self, kind: Kind, namespace: str | None) -> bool:
        """Whether an app, of this namespace or of any, asks for a kind whose API is not installed."""
        return any(
            kind in record.memory.missed and record.identity is not None and not record.identity.deleting
            for key, record in self._records.items()
            if namespace in (None, key.namespace)
        )

    def memory(self, app: App) -> Memory:
        """What is remembered of our dealings with this very MyApp; what one that is gone would remember is lost."""
        record = self._record_of(app)
        return record.memory if record else Memory()

    def had_children(self, app: App) -> bool:
        """Whether this process has seen a child of this very MyApp."""
        record = self._record_of(app)
        return record is not None and app.uid in record.had_children

    def status_awaited(self, app: App) -> bool:
        """Whether our last status write is newer than this version of the MyApp."""
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

    def unreturned(self, before: float, namespace: str | None, *, lagging: bool = False) -> list[str]:
        """What was written before this moment, here or anywhere, and not brought back by a watch; as in messages. With
        `lagging` also a status where the watch has brought newer changes."""
        newest = 0 if lagging else self.newest_version(namespace)
        records = ((key, record) for key, record in self._records.items() if namespace in (None, key.namespace))
        return [
            f"our own change of {what} of {key}" for key, each in records for what in each.unreturned(before, newest)
        ]

    def newest_version(self, namespace: str | None) -> int:
        """The newest resourceVersion of a MyApp that a watch has brought from this namespace, or from any."""
        apps = (record.identity for key, record in self._records.items() if namespace in (None, key.namespace))
        return max((app.resource_version for app in apps if app is not None), default=0)

    def known_apps(self, namespace: str | None) -> dict[str, App]:
        """Every known MyApp of this namespace, or of all, by uid; without spec and status."""
        apps = (record.identity for key, record in self._records.items() if namespace in (None, key.namespace))
        return {app.uid: app for app in apps if app is not None}

    def versions(self, kind: Kind, namespace: str | None) -> dict[Key, Version]:
        """Every child of this kind that a watch has brought or will bring, by its own name."""
        found = {}
        for key, record in self._records.items():
            child = record.children.get(kind)
            if child is not None and not child.looked_up and namespace in (None, key.namespace):
                own = Key(key.namespace, kind.name_for(key.name))
                found[own] = Version(own, child.resource_version)
        return found

    def apps(self) -> set[Key]:
        """Every key under which there is a MyApp."""
        return {key for key, record in self._records.items() if record.identity is not None}

    def uids(self) -> set[str]:
        """The uid of every known MyApp."""
        return {record.identity.uid for record in self._records.values() if record.identity is not None}

    def _open_record(self, key: Key) -> Record:
        record = self._records.get(key)
        if record is None:
            record = self._records[key] = Record()
        return record

    def _record_of(self, app: App) -> Record | None:
        """The record of this very MyApp, by uid."""
        record = self._records.get(app.key)
        return record if record and record.identity and record.identity.uid == app.uid else None

    def _forget_app(self, key: Key) -> None:
        """Forgets all but the children that a watch will tell of."""
        record = self._records[key]
        watched = {kind: child for kind, child in record.children.items() if not child.looked_up}
        self._records[key] = Record(children=watched, answered_at=record.answered_at, gone_at=record.gone_at)
        self._tidy(key)

    def _tidy(self, key: Key) -> None:
        record = self._records[key]
        if record.identity is None and not record.children:
            del self._records[key]
