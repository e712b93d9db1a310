"""A queue of keys: every key at most once, one worker a key, later ones on a timer, failures with growing pauses."""

from __future__ import annotations

import asyncio
import heapq
import logging
from collections.abc import Awaitable, Callable

from myapp_operator.errors import NotLeadingError, OperatorError
from myapp_operator.names import Key

_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 60.0

logger = logging.getLogger(__name__)

Work = Callable[[Key], Awaitable[float | None]]
"""Looks at one key. Returns the seconds until it wants to look again, or None; an exception is a failure."""


class WorkQueue:
    """Decides when which key is looked at. Used from one event loop only.

    A key that is added while a worker is at it is looked at again afterwards, so no change is missed and no key has two
    workers.
    """

    def __init__(self) -> None:
        self._ready: asyncio.Queue[Key] = asyncio.Queue()
        self._queued: set[Key] = set()
        self._active: set[Key] = set()
        self._again: set[Key] = set()
        self._due: dict[Key, float] = {}
        self._timers: list[tuple[float, Key]] = []
        self._failures: dict[Key, int] = {}
        self._wake = asyncio.Event()

    def add(self, key: Key) -> None:
        """Wants the key looked at as soon as possible."""
        self._due.pop(key, None)
        if key in self._active:
            self._again.add(key)
        elif key not in self._queued:
            self._queued.add(key)
            self._ready.put_nowait(key)

    def add_after(self, key: Key, seconds: float) -> None:
        """Wants the key looked at in some seconds; the earliest such wish counts."""
        due = asyncio.get_running_loop().time() + seconds
        if due < self._due.get(key, float("inf")):
            self._due[key] = due
            heapq.heappush(self._timers, (due, key))
            self._drop_void_timers()
            self._wake.set()

    async def run(self, work: Work, workers: int) -> None:
        """Works until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._run_timers(), name="timers")
            for number in range(workers):
                tasks.create_task(self._run_worker(work), name=f"worker {number}")

    async def _run_worker(self, work: Work) -> None:
        while True:
            key = await self._ready.get()
            self._queued.discard(key)
            self._active.add(key)
            try:
                again = await work(key)
            except OperatorError as error:
                again = self._pause_after_failure(key)
                logger.warning("cannot reconcile %s: %s; trying again in %.0f s", key, error, again, extra=_named(key))
            except NotLeadingError:  # left to whoever leads: this process ends
                again = None
            except Exception:  # a bug: one app must not stop the others
                again = self._pause_after_failure(key)
                logger.exception("cannot reconcile %s, trying again in %.0f s", key, again, extra=_named(key))
            else:
                self._failures.pop(key, None)
            self._active.discard(key)
            if key in self._again:
                self._again.discard(key)
                self.add(key)
            elif again is not None:
                self.add_after(key, again)

    async def _run_timers(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._wake.clear()
            now = loop.time()
            while self._timers and self._timers[0][0] <= now:
                due, key = heapq.heappop(self._timers)
                if self._due.get(key) == due:
                    self.add(key)
            timeout = self._timers[0][0] - now if self._timers else None
            try:
                async with asyncio.timeout(timeout):
                    await self._wake.wait()
            except TimeoutError:
                pass

    def _drop_void_timers(self) -> None:
        """Most timers are made void by an event long before they are due, which may be in a day."""
        if len(self._timers) > 2 * len(self._due) + 50:
            self._timers = [(due, key) for key, due in self._due.items()]
            heapq.heapify(self._timers)

    def _pause_after_failure(self, key: Key) -> float:
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        return min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** min(failures, 10))


def _named(key: Key) -> dict[str, str]:
    """The field that names the app in a JSON log line."""
    return {"app": str(key)}
