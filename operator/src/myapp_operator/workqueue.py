"""A queue of keys: every key at most once, one worker a key, later ones on a timer, failures with growing pauses."""

from __future__ import annotations

import asyncio
import heapq
import logging
from collections.abc import Awaitable, Callable, Iterable

from myapp_operator.errors import NotLeadingError, OperatorError
from myapp_operator.names import Key
from myapp_operator.turns import Turns

_MOMENT = 0.1
"""Seconds in which changes of children, which come in rows, are taken together."""
_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 60.0
_LONGEST_LOOK = 600.0
"""Seconds after which a look at a key counts as stuck: a request takes 30 at most, and few follow one another."""

logger = logging.getLogger(__name__)

Work = Callable[[Key], Awaitable[float | None]]
"""Looks at one key. Returns the seconds until it wants to look again, or None; an exception is a failure."""


class WorkQueue:
    """Decides when which key is looked at. Used from one event loop only.

    A key that is added while a worker is at it is looked at again afterwards, so no change is missed and no key has two
    workers. Whose turn it is among those that wait, `turns` says. Before there are workers nothing is kept, as that may
    be for months: they begin with all keys that there are.
    """

    def __init__(self, longest_look: float = _LONGEST_LOOK) -> None:
        self._longest_look = longest_look
        self._turns = Turns()
        self._tickets: asyncio.Queue[None] = asyncio.Queue()  # one for each key that waits; a semaphore costs more
        self._kept_back = 0
        """Tickets of keys that wait until another one of their namespace is done."""
        self._active: dict[Key, float] = {}
        self._again: set[Key] = set()
        self._due: dict[Key, float] = {}
        self._timers: list[tuple[float, Key]] = []
        self._failures: dict[Key, int] = {}
        self._wake = asyncio.Event()
        self._running = False
        self._moved_at = 0.0

    def add(self, key: Key) -> None:
        """Wants the key looked at as soon as possible."""
        if key in self._active:
            self._again.add(key)
        else:
            self._let_wait(key, self._turns.put)

    def add_all(self, keys: Iterable[Key]) -> None:
        """Wants all these looked at in case something was missed: after those that were added one by one."""
        for key in keys:
            if key in self._active:
                self._again.add(key)
            else:
                self._let_wait(key, self._turns.put_back)

    def add_soon(self, key: Key) -> None:
        """Wants the key looked at in a moment, together with what else happens to it until then."""
        if key not in self._turns:
            self.add_after(key, _MOMENT)

    def add_after(self, key: Key, seconds: float) -> None:
        """Wants the key looked at in some seconds; the earliest such wish counts."""
        due = asyncio.get_running_loop().time() + seconds
        if self._running and due < self._due.get(key, float("inf")):
            self._due[key] = due
            heapq.heappush(self._timers, (due, key))
            self._drop_void_timers()
            if self._timers[0] == (due, key):
                self._wake.set()

    async def run(self, work: Work, workers: int, all_keys: Callable[[], Iterable[Key]], spare: int = 0) -> None:
        """Works until cancelled. Begins with all keys, which let pass whatever happens from now on.

        One namespace has as many workers as `workers`; the `spare` ones beyond them are left to other namespaces, whose
        keys so wait for no end of a long look.
        """
        self._running, self._moved_at = True, asyncio.get_running_loop().time()
        self.add_all(all_keys())
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._run_timers(), name="timers")
            for number in range(workers + spare):
                tasks.create_task(self._run_worker(work, workers), name=f"worker {number}")

    def stuck(self) -> str:
        """Says what does not go on, in one sentence; empty while all does, and before there are workers."""
        now = asyncio.get_running_loop().time()
        key, began = min(self._active.items(), key=lambda each: each[1], default=(None, now))
        if now - began > self._longest_look:
            return f"a look at {key} has not ended for {now - began:.0f} s"
        if self._running and self._turns and now - self._moved_at > self._longest_look:
            return f"apps wait to be looked at, and none has been for {now - self._moved_at:.0f} s"
        return ""

    def _let_wait(self, key: Key, put: Callable[[Key], bool]) -> None:
        if not self._running:
            return
        if not self._turns:
            self._moved_at = asyncio.get_running_loop().time()
        if put(key):
            self._tickets.put_nowait(None)

    async def _run_worker(self, work: Work, most: int) -> None:
        loop = asyncio.get_running_loop()
        one_is_done = False
        while True:
            if one_is_done and self._kept_back:
                self._kept_back -= 1
            else:
                await self._tickets.get()
            one_is_done = False
            key = self._turns.take(most)
            if key is None:
                self._kept_back += 1
                continue
            self._due.pop(key, None)  # this look decides anew
            self._active[key] = loop.time()
            try:
                again = await work(key)
            except OperatorError as error:
                again = self._pause_after_failure(key)
                logger.warning("cannot reconcile %s: %s; trying again in %.0f s", key, error, again, extra=_named(key))
            except NotLeadingError:  # mostly this process ends; a renewal that is answered late keeps it in the lead
                again = _FIRST_PAUSE
            except Exception:  # a bug: one app must not stop the others
                again = self._pause_after_failure(key)
                logger.exception("cannot reconcile %s, trying again in %.0f s", key, again, extra=_named(key))
            else:
                self._failures.pop(key, None)
            del self._active[key]
            self._turns.done(key)
            one_is_done = True
            self._moved_at = loop.time()
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
                    del self._due[key]
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
