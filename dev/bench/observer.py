"""Watches apps and children independently of the program that is measured; every latency is taken here, at arrival."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable

from dev.bench.arms.arm import NAMESPACE, Arm
from dev.bench.errors import BenchError
from dev.bench.sightings import Sightings
from myapp_operator.errors import OperatorError, UnreachableError
from myapp_operator.kube import UNREADABLE, Kube
from myapp_operator.names import Kind

_WATCH_SECONDS = 3600.0


class Observer:
    """Use it as an async context manager: once it is entered, nothing is missed."""

    def __init__(self, arm: Arm, kube: Kube) -> None:
        self._kinds = (arm.kind, *arm.children)
        self._kube = kube
        self._tasks: list[asyncio.Task[None]] = []
        self._waits: list[_Wait] = []
        self.sightings = Sightings(arm)

    async def __aenter__(self) -> Observer:
        """Begins to watch."""
        for kind in self._kinds:
            listing = await self._kube.list(kind, NAMESPACE)
            self._tasks.append(asyncio.create_task(self._watch(kind, listing.version)))
        return self

    async def __aexit__(self, *_: object) -> None:
        """Ends the watches."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def until(self, what: str, apps: Iterable[str], holds: Callable[[str], bool], *, seconds: float) -> None:
        """Wait until something holds for each of these apps.

        Raises:
            BenchError: it does not in time; the sentence says for how many, and what was waited for.
        """
        wait = _Wait(apps, holds)
        self._waits.append(wait)
        try:
            async with asyncio.timeout(seconds):
                await wait.ended.wait()
        except TimeoutError:
            count, some = len(wait.missing), next(iter(sorted(wait.missing)))
            sentence = f"After {seconds:.0f} s, {what} was not so for {count} of {wait.count} apps, {some} for one."
            raise BenchError(sentence) from None
        finally:
            self._waits.remove(wait)
        self._check()

    def _check(self) -> None:
        for task in self._tasks:
            if task.done() and (error := task.exception()):
                raise BenchError(f"The observer could not go on watching: {error}.") from error

    async def _watch(self, kind: Kind, version: int) -> None:
        while True:
            try:
                async for event in self._kube.watch(kind, NAMESPACE, version, selector="", seconds=_WATCH_SECONDS):
                    if event.type == UNREADABLE:
                        continue
                    version = int(event.object["metadata"]["resourceVersion"])
                    if event.type != "BOOKMARK":
                        self._note(self.sightings.note(kind.plural, event.type, event.object, time.monotonic()))
            except UnreachableError:
                await asyncio.sleep(0)  # cut by the server, as it does with slow readers: go on where it ended
            except OperatorError:
                for wait in self._waits:
                    wait.ended.set()
                raise

    def _note(self, app: str | None) -> None:
        if app is not None:
            for wait in self._waits:
                wait.look(app)


class _Wait:
    """What somebody waits for: one more look at an app whenever something of it was seen."""

    def __init__(self, apps: Iterable[str], holds: Callable[[str], bool]) -> None:
        every = list(apps)
        self._holds = holds
        self.count = len(every)
        self.missing = {app for app in every if not holds(app)}
        self.ended = asyncio.Event()
        if not self.missing:
            self.ended.set()

    def look(self, app: str) -> None:
        if app in self.missing and self._holds(app):
            self.missing.discard(app)
            if not self.missing:
                self.ended.set()
