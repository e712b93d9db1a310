"""Keeps the store in step with the cluster: lists and watches the children, sweeps the MyApps.

kopf brings the MyApps, but never tells what vanished while its watch was broken; and watching children through it costs
twice the CPU. So the children have this small informer, which lists again after every watch and drops what is gone, and
the MyApps have a sweep that does the same with a metadata-only list.
"""

from __future__ import annotations

import asyncio
import logging
import random
from abc import ABC, abstractmethod
from collections.abc import Sequence

from myapp_operator import names
from myapp_operator.errors import ApiError, ExpiredError, OperatorError
from myapp_operator.kube import APPS, Event, Kube, Listing
from myapp_operator.names import Key, Kind
from myapp_operator.observed import Child
from myapp_operator.store import Store
from myapp_operator.workqueue import WorkQueue

_SWEEP_SECONDS = 600.0
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 10.0
_STEADY = 30.0
"""Seconds that a watch must have held for the next one to follow without a pause."""

logger = logging.getLogger(__name__)


class Watcher(ABC):
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

    async def run(self, version: int) -> None:
        """Watches from the version of the first list on, until cancelled, whatever the API server answers."""
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

        The version is 0 where there is nothing to be had for now.
        """
        sent_at = asyncio.get_running_loop().time()
        listing = await self._listing()
        self._replace(listing, sent_at)
        return listing.version

    async def _listing(self) -> Listing:
        return await self._kube.list(self._kind, self._namespace, selector=self._selector)

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
        seconds = _SWEEP_SECONDS * random.uniform(0.8, 1.2)  # noqa: S311
        events = self._kube.watch(self._kind, self._namespace, version, selector=self._selector, seconds=seconds)
        async for event in events:
            if event.type != "BOOKMARK":
                self._take(event)

    @abstractmethod
    def _replace(self, listing: Listing, sent_at: float) -> None:
        """Takes over a whole list that was sent at this moment."""

    @abstractmethod
    def _take(self, event: Event) -> None:
        """Takes over one event: ADDED, MODIFIED or DELETED."""


class Informer(Watcher):
    """Brings one kind of child into the store. One whose API is not installed has no list: version 0."""

    def __init__(self, kube: Kube, store: Store, kind: Kind, namespace: str | None, queue: WorkQueue) -> None:
        super().__init__(kube, kind, namespace, selector=names.MANAGED_BY_SELECTOR)
        self._store = store
        self._queue = queue

    async def _listing(self) -> Listing:
        try:
            return await super()._listing()
        except ApiError as error:
            if self._kind.addon and error.is_unserved:
                return Listing([], 0)
            raise

    def _replace(self, listing: Listing, sent_at: float) -> None:
        if self._store.note_served(self._kind, served=listing.version > 0):
            logger.info("%s: %s", self._kind.plural, "served" if listing.version else f"{self._kind.addon} is missing")
            self._queue.add_all(self._store.apps())
        listed = {}
        for raw in listing.items:
            if key := self._key(raw["metadata"]):
                listed[key] = Child.from_json(raw)
        changed = self._store.replace_children(
            self._kind, listed, namespace=self._namespace, sent_at=sent_at, version=listing.version
        )
        for key in changed:
            self._queue.add(key)

    def _take(self, event: Event) -> None:
        key = self._key(event.object["metadata"])
        if key is None:
            return
        child = Child.from_json(event.object)
        if event.type == "DELETED":
            self._store.drop_child(key, self._kind, child.resource_version)
        else:
            self._store.put_child(key, self._kind, child)
        self._queue.add(key)

    def _key(self, metadata: dict[str, str]) -> Key | None:
        app = self._kind.app_of(metadata.get("name", ""))
        return Key(metadata["namespace"], app) if app else None


class Sweep:
    """Lists the MyApps now and then: drops those that vanished unseen, and has every app looked at again."""

    def __init__(self, kube: Kube, store: Store, namespaces: list[str | None], queue: WorkQueue) -> None:
        self._kube = kube
        self._store = store
        self._namespaces = namespaces
        self._queue = queue

    async def first(self) -> set[str]:
        """The uids of all MyApps there are: the store is complete once it holds them.

        Raises:
            ApiError, UnreachableError: what start-up must tell the user.
        """
        listings = [await self._kube.list(APPS, namespace) for namespace in self._namespaces]
        return {raw["metadata"]["uid"] for listing in listings for raw in listing.items}

    async def run(self, informers: Sequence[Watcher]) -> None:
        """Sweeps every ten minutes or so, and after each outage."""
        pause = _SWEEP_SECONDS
        while True:
            await _first_outage(informers, pause * random.uniform(0.8, 1.2))  # noqa: S311
            try:
                for namespace in self._namespaces:
                    self._drop_vanished(namespace, await self._kube.list(APPS, namespace))
            except OperatorError as error:
                logger.warning("cannot list %s, trying again: %s", names.PLURAL, error)
                pause = _LONGEST_PAUSE
                continue
            pause = _SWEEP_SECONDS
            self._store.forgive_outages()
            for informer in informers:
                informer.swept.set()
            self._queue.add_all(self._store.apps())

    def _drop_vanished(self, namespace: str | None, listing: Listing) -> None:
        uids = (raw["metadata"]["uid"] for raw in listing.items)
        for key in self._store.retain_apps(uids, namespace=namespace, version=listing.version):
            logger.info("%s is gone; its deletion was missed", key, extra={"app": str(key)})
            self._queue.add(key)


async def _first_outage(informers: Sequence[Watcher], seconds: float) -> None:
    """Waits until one of the informers has lost its watch, at most this long."""
    waits = [asyncio.ensure_future(informer.outage.wait()) for informer in informers]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
    for informer in informers:
        informer.outage.clear()
