"""The sweep: drops MyApps that vanished unseen, and has every app looked at again.

kopf brings the MyApps, but never tells what vanished while its watch was broken. A list of their metadata does.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Sequence
from typing import Any

from myapp_operator import names, rollcall
from myapp_operator.errors import OperatorError
from myapp_operator.informer import Watcher
from myapp_operator.kube import Kube
from myapp_operator.store import Store
from myapp_operator.workqueue import WorkQueue

_SWEEP_SECONDS = 600.0
_PAUSE = 10.0
"""Seconds until the next attempt where a sweep has failed."""

logger = logging.getLogger(__name__)


class Sweep:
    """Lists the MyApps now and then, and after each outage."""

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
        return {
            uid
            for namespace in self._namespaces
            for uid in (await rollcall.take(self._kube, self._store, namespace))[0]
        }

    async def run(self, informers: Sequence[Watcher[Any]]) -> None:
        """Sweeps every ten minutes or so, and after each outage."""
        pause = _SWEEP_SECONDS
        while True:
            await _first_outage(informers, pause * random.uniform(0.8, 1.2))  # noqa: S311
            try:
                for namespace in self._namespaces:
                    await self._drop_vanished(namespace)
            except OperatorError as error:
                logger.warning("cannot list %s, trying again: %s", names.PLURAL, error)
                pause = _PAUSE
                continue
            pause = _SWEEP_SECONDS
            self._store.forgive_outages()
            for informer in informers:
                informer.swept.set()
            self._queue.add_all(self._store.apps())

    async def _drop_vanished(self, namespace: str | None) -> None:
        listed, version = await rollcall.take(self._kube, self._store, namespace)
        rollcall.forget_vanished(self._store, self._queue, listed, namespace=namespace, version=version)


async def _first_outage(informers: Sequence[Watcher[Any]], seconds: float) -> None:
    """Waits until one of the informers has lost its watch, at most this long."""
    waits = [asyncio.ensure_future(informer.outage.wait()) for informer in informers]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
    for informer in informers:
        informer.outage.clear()
