"""Lists and watches the children.

kopf never tells what vanished while its watch was broken, and watching children through it costs twice the CPU. So the
children have this small informer, which lists again after every watch and drops what is gone.
"""

from __future__ import annotations

import asyncio
import logging
import random
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Generic, TypeVar

from myapp_operator import names
from myapp_operator.errors import AnotherHistoryError, ApiError, ExpiredError, OperatorError
from myapp_operator.grammar import Json
from myapp_operator.kube import Event, Kube
from myapp_operator.names import Key, Kind
from myapp_operator.observed import Child
from myapp_operator.store import Store
from myapp_operator.workqueue import WorkQueue

_WATCH_SECONDS = 600.0
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 10.0
_STEADY = 30.0
"""Seconds that a watch must have held for the next one to follow without a pause."""

T = TypeVar("T")

logger = logging.getLogger(__name__)


class Watcher(ABC, Generic[T]):
    """Lists and watches one kind of object, in one namespace or in all, for ever."""

    def __init__(self, kube: Kube, kind: Kind, namespace: str | None, *, selector: str = "") -> None:
        self._kube = kube
        self._kind = kind
        self._namespace = namespace
        self._selector = selector
        self.outage = asyncio.Event()
        """Set when a watch broke off; whoever waits for it clears it."""
        self.swept = asyncio.Event()
        """Set at each sweep: time to see whether what could not be listed can be listed now."""
        self._newest = 0
        """The newest version that a list or the watch has brought."""

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
            version = 0
            if loop.time() - began > _STEADY:
                pause = _FIRST_PAUSE
            else:  # lists are dear: whatever ends the watches at once must not make a storm of them
                await asyncio.sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311
                pause = min(_LONGEST_PAUSE, pause * 2)

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
            found.extend(map(self._read, page.items))
            version = page.version
        if version < self._newest:
            raise AnotherHistoryError(f"a list of {self._kind.plural} is of version {version}, after {self._newest}")
        self._newest = version
        self._replace(found, version, sent_at)
        return version

    async def _watch(self, version: int) -> None:
        """Takes in events until the watch ends; version 0 means that a list must come first.

        What cannot be listed is not watched but looked for again at the next sweep.
        """
        if not version:
            version = await self.list()
        if not version:
            self.swept.clear()
            await self.swept.wait()
            return
        seconds = _WATCH_SECONDS * random.uniform(0.8, 1.2)  # noqa: S311
        events = self._kube.watch(self._kind, self._namespace, version, selector=self._selector, seconds=seconds)
        async for event in events:
            self._newest = max(self._newest, int(event.object["metadata"]["resourceVersion"]))
            if event.type != "BOOKMARK":
                self._take(event)

    @abstractmethod
    def _read(self, raw: Json) -> T:
        """Cuts an object down to what is kept of it."""

    @abstractmethod
    def _replace(self, listed: Sequence[T], version: int, sent_at: float) -> None:
        """Takes over a whole list of this version, that was asked for at this moment."""

    @abstractmethod
    def _take(self, event: Event) -> None:
        """Takes over one event: ADDED, MODIFIED or DELETED."""


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

    def _read(self, raw: Json) -> tuple[Key | None, Child]:
        metadata = raw["metadata"]
        app = self._kind.app_of(metadata.get("name", ""))
        return Key(metadata["namespace"], app) if app else None, Child.from_json(raw)

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

    def _take(self, event: Event) -> None:
        key, child = self._read(event.object)
        if key is None:
            return
        if event.type == "DELETED":
            self._store.drop_child(key, self._kind, child.resource_version)
        else:
            self._store.put_child(key, self._kind, child)
        self._queue.add_soon(key)
