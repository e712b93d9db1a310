"""Lists and watches the children.

kopf never tells what vanished while its watch was broken, and watching children through it costs twice the CPU. So the
children have this small informer, which lists again after every watch and drops what is gone.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from myapp_operator import gaps, names
from myapp_operator.errors import AnotherHistoryError, ApiError, ExpiredError, OperatorError, UnreadableError
from myapp_operator.gaps import Gap, Version
from myapp_operator.grammar import Json
from myapp_operator.json_objects import counted_version, metadata_of
from myapp_operator.kube import PAGE, UNREADABLE, Kube
from myapp_operator.names import Key, Kind
from myapp_operator.observed import Child
from myapp_operator.store import Store
from myapp_operator.unreadable import Unreadable
from myapp_operator.workqueue import WorkQueue

_WATCH_SECONDS = 600.0
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 10.0
_STEADY = 30.0
"""Seconds that a watch must have held for the next one to follow without a pause."""
_MISSED_SECONDS = 30.0
"""Seconds after which an API that is not installed is asked for again, while an app waits for it."""
PATIENCE = 90.0
"""Seconds that news may take, and after which a list that cannot be had is told."""

_ANY_VERSION = 2**64
"""Of an event that cannot be read: it may be any change that is missing, which is no verdict on the watch then."""

_ODD = (ValueError, TypeError, LookupError, AttributeError)
"""What it takes to read an object that is not what the API server makes of one."""

T = TypeVar("T")

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Failure:
    """Lists that cannot be had, although something answers."""

    since: float
    """When that began, in monotonic seconds."""
    until: float
    """When it was seen last."""
    error: OperatorError

    def lasts(self, seconds: float) -> bool:
        """Whether it was seen for so long."""
        return self.until - self.since >= seconds


def failure_after(
    before: Failure | None, error: OperatorError, now: float, patience: float = PATIENCE
) -> Failure | None:
    """What is known after a list that was not to be had.

    An API server that does not answer begins nothing, and ends what has not lasted for `patience`: one refusal before
    an outage and one after it say nothing about the time between them.
    """
    refused = isinstance(error, ApiError) and error.status in (401, 403)
    if refused or isinstance(error, UnreadableError):
        return Failure(before.since if before else now, now, error)
    return before if before and before.lasts(patience) else None


class Watcher(ABC, Generic[T]):
    """Lists and watches one kind of object, in one namespace or in all, for ever."""

    def __init__(self, kube: Kube, kind: Kind, namespace: str | None, *, selector: str = "") -> None:
        self._kube = kube
        self._kind = kind
        self._namespace = namespace
        self._selector = selector
        self._unreadable = Unreadable(kind)
        self.failure: Failure | None = None
        """Why no list could be read since when; None where the last one could."""
        self.outage = asyncio.Event()
        """Set when a watch broke off; whoever waits for it clears it."""
        self.swept = asyncio.Event()
        """Set at each sweep: time to see whether what could not be listed can be listed now."""
        self._newest = 0
        """The newest version that a list or the watch has brought."""
        self._heard_at = self._compared_at = float("-inf")
        """When an event or a list came last, and when `compare` was done last."""
        self._brought = 0
        """The version of the last list or event; a bookmark is none."""
        self._gaps: dict[Key, Gap] = {}

    @property
    def plural(self) -> str:
        """What is watched, as in messages."""
        return self._kind.plural

    async def run(self, version: int) -> None:
        """Watches from the version of the first list on, until cancelled, whatever the API server answers.

        Raises:
            AnotherHistoryError: a list is older than what the one before it or the watch has brought.
        """
        loop = asyncio.get_running_loop()
        pause = _FIRST_PAUSE
        while True:
            began = loop.time()
            try:
                await self._watch(version)
            except ExpiredError:
                logger.info("listing %s again: the watch fell behind", self._kind.plural)
            except OperatorError as error:
                self.outage.set()
                logger.warning("the watch of %s ended: %s", self._kind.plural, error)
            except AnotherHistoryError:
                raise
            except Exception:  # a bug: what one answer does must not end the operator
                self.outage.set()
                logger.exception("the watch of %s ended", self._kind.plural)
            version = 0
            if loop.time() - began > _STEADY:
                pause = _FIRST_PAUSE
            else:  # lists are dear: whatever ends the watches at once must not make a storm of them
                await asyncio.sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311
                pause = min(_LONGEST_PAUSE, pause * 2)

    def is_quiet(self, seconds: float) -> bool:
        """Whether no event was brought for so long, or something is missing, so that `compare` must tell whether the
        watch still brings what happens. A long list is asked for less often: a page a second at most."""
        if self._gaps:
            return True
        quiet_for = asyncio.get_running_loop().time() - max(self._heard_at, self._compared_at)
        return quiet_for >= seconds and quiet_for >= len(self._known()) / PAGE > 0

    async def compare(self) -> None:
        """Notes what a list of metadata has, and no event has brought.

        Raises:
            ApiError, UnreachableError: there is no list to be had.
        """
        listed: dict[Key, Version] = {}
        version = 0
        async for page in self._kube.pages(replace(self._kind, whole=False), self._namespace, selector=self._selector):
            for raw in page.items:
                metadata = metadata_of(raw)
                key = Key(str(metadata.get("namespace", "")), str(metadata.get("name", "")))
                if self._keeps(key) and (known_as := counted_version(metadata)):
                    listed[key] = Version(key, known_as)
            version = page.version
        self._compared_at = asyncio.get_running_loop().time()
        self._gaps = gaps.compare(self._gaps, listed, version, self._known(), self._compared_at)

    def overdue(self, latest: float) -> list[str]:
        """What has been missing since this moment or longer, as in messages. Where newer changes have come, one that
        has not is no verdict on the watch."""
        missing = (gap for gap in self._gaps.values() if gap.since <= latest and gap.version > self._brought)
        return [f"a change of {self._kind} {gap.key}" for gap in missing]

    async def list(self) -> int:
        """Takes over one whole list, drops what is gone, and returns the version it is of.

        The version is 0 where there is nothing to be had for now. Each page is read before the next one is asked for:
        whole objects are ten times as large as what is kept of them. A list that names no version is a consistent read,
        from whichever API server it comes: within one history it is never older than what was seen before.
        """
        sent_at = asyncio.get_running_loop().time()
        found: list[T] = []
        version = 0
        async for page in self._kube.pages(self._kind, self._namespace, selector=self._selector):
            found.extend(read for each in page.items if (read := self._read_or_note(each)) is not None)
            if page.unreadable:
                self._unreadable.note(None, "it is no object, or too large")
            version = page.version
        if version < self._newest:
            raise AnotherHistoryError(f"a list of {self._kind.plural} is of version {version}, after {self._newest}")
        self._newest = version
        self._replace(found, version, sent_at)
        self._heard(version)
        self._gaps = {}
        return version

    def _heard(self, version: int) -> None:
        self._heard_at = asyncio.get_running_loop().time()
        self._brought = version

    async def _watch(self, version: int) -> None:
        """Takes in events until the watch ends; version 0 means that a list must come first.

        What cannot be listed is not watched but looked for again, at the next sweep at the latest.
        """
        if not version:
            version = await self._listed()
        if not version:
            self.swept.clear()
            await self._rest()
            return
        seconds = _WATCH_SECONDS * random.uniform(0.8, 1.2)  # noqa: S311
        events = self._kube.watch(self._kind, self._namespace, version, selector=self._selector, seconds=seconds)
        async for event in events:
            if event.type == UNREADABLE:
                self._unreadable.note(None, event.object)
                self._heard(_ANY_VERSION)
                continue
            version = counted_version(metadata_of(event.object))
            self._newest = max(self._newest, version)
            if event.type == "BOOKMARK":
                continue
            self._heard(version)
            if (found := self._read_or_note(event.object)) is not None:
                self._take(event.type, found)

    async def _rest(self) -> None:
        """Waits until it is time to see whether what could not be listed can be listed now."""
        await self.swept.wait()

    async def _listed(self) -> int:
        """A list, of which is known since when there was none."""
        try:
            version = await self.list()
        except OperatorError as error:
            self.failure = failure_after(self.failure, error, asyncio.get_running_loop().time())
            raise
        self.failure = None
        return version

    def _read_or_note(self, raw: object) -> T | None:
        """What is kept of an object; None where it is left out, as it cannot be read."""
        try:
            return self._read(raw)
        except _ODD as error:
            self._unreadable.note(raw, error)
            return None

    @abstractmethod
    def _known(self) -> Mapping[Key, Version]:
        """What the watch has brought so far, by its own name; empty where nothing depends on it."""

    def _keeps(self, key: Key) -> bool:
        """Whether an object of this name is one that counts."""
        return True

    @abstractmethod
    def _read(self, raw: Any) -> T:
        """Cuts an object down to what is kept of it.

        Raises:
            ValueError, TypeError, LookupError, AttributeError: it cannot be read.
        """

    @abstractmethod
    def _replace(self, listed: Sequence[T], version: int, sent_at: float) -> None:
        """Takes over a whole list of this version, that was asked for at this moment."""

    @abstractmethod
    def _take(self, event: str, found: T) -> None:
        """Takes over what one event has brought: ADDED, MODIFIED or DELETED."""


class Informer(Watcher[tuple[Key | None, Child]]):
    """Brings one kind of child into the store. One whose API is not installed has no list: version 0."""

    def __init__(self, kube: Kube, store: Store, kind: Kind, namespace: str | None, queue: WorkQueue) -> None:
        super().__init__(kube, kind, namespace, selector=names.MANAGED_BY_SELECTOR)
        self._store = store
        self._queue = queue

    async def list(self) -> int:
        """Takes over one whole list; where the API is not installed, that is an empty one."""
        try:
            return await super().list()
        except ApiError as error:
            if not (self._kind.addon and error.is_unserved):
                raise
        self._replace([], 0, asyncio.get_running_loop().time())
        return 0

    async def _rest(self) -> None:
        """Nobody tells when an API is installed, so it is asked for again and again while an app waits for it."""
        while not self.swept.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.swept.wait(), _MISSED_SECONDS)
            if self._store.is_missed(self._kind, self._namespace):
                return

    def _known(self) -> Mapping[Key, Version]:
        return self._store.versions(self._kind, self._namespace)

    def _keeps(self, key: Key) -> bool:
        return self._kind.app_of(key.name) is not None

    def _read(self, raw: Json) -> tuple[Key | None, Child]:
        """A child that cannot be read is one all the same where it says which one it is: its app has to tell of it."""
        metadata = raw["metadata"]
        app = self._kind.app_of(metadata["name"])
        try:
            child = Child.from_json(raw)
            self._unreadable.forget(metadata["namespace"], metadata["name"])
        except _ODD as error:
            child = Child.unreadable(raw)
            self._unreadable.note(raw, error)
        return Key(metadata["namespace"], app) if app else None, child

    def _replace(self, listed: Sequence[tuple[Key | None, Child]], version: int, sent_at: float) -> None:
        if self._store.note_served(self._kind, served=version > 0):
            logger.info("%s: %s", self._kind.plural, "served" if version else f"{self._kind.addon} is missing")
            self._queue.add_all(self._store.apps())
        children = {key: child for key, child in listed if key}
        changed = self._store.replace_children(
            self._kind, children, namespace=self._namespace, sent_at=sent_at, version=version
        )
        for key in changed:
            self._queue.add(key)

    def _take(self, event: str, found: tuple[Key | None, Child]) -> None:
        key, child = found
        if key is None:
            return
        if event == "DELETED":
            self._store.drop_child(key, self._kind, child.resource_version)
        else:
            self._store.put_child(key, self._kind, child)
        self._queue.add_soon(key)
