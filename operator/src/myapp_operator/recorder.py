"""Writes the events, apart from all else: a slow or failing event holds nobody up.

Whoever has something to tell leaves it here and goes on. One task writes, one event after the other.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import UTC, datetime

from myapp_operator import events
from myapp_operator.errors import ApiError, NotLeadingError, OperatorError
from myapp_operator.events import Notice, Tally, Told
from myapp_operator.kube import Kube
from myapp_operator.names import Key
from myapp_operator.observed import App

_MOST_WAITING = 1000

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Letter:
    """One event on its way, with its count so far."""

    app: App
    notice: Notice
    told: Told


class Recorder:
    """Takes notices at once and writes them in its own time. Used from one event loop only."""

    def __init__(self, kube: Kube, instance: str) -> None:
        self._kube = kube
        self._instance = instance
        self._tally = Tally()
        self._waiting: dict[str, _Letter] = {}
        self._names: asyncio.Queue[str] = asyncio.Queue()

    def tell(self, app: App, notice: Notice) -> None:
        """Leaves something to be told about an app. What still waits is told once, with its count."""
        name = notice.name_for(app)
        if notice.once and (name in self._waiting or self._tally.has(name)):
            return
        if name not in self._waiting:
            if len(self._waiting) >= _MOST_WAITING:
                logger.warning("too many events are waiting; left out for %s: %s", app.key, notice.message)
                return
            self._names.put_nowait(name)
        self._waiting[name] = _Letter(app, notice, self._tally.add(name, datetime.now(UTC)))

    async def run(self) -> None:
        """Writes until cancelled, whatever the API server answers."""
        while True:
            letter = self._waiting.pop(await self._names.get())
            try:
                await self._write(letter)
            except OperatorError as error:
                logger.warning("cannot write an event for %s, left out: %s", letter.app.key, error)
            except NotLeadingError:  # this process ends
                logger.debug("an event for %s was held back", letter.app.key)
            except Exception:  # a bug: one event must not stop the operator
                logger.exception("cannot write an event for %s, left out", letter.app.key)

    async def _write(self, letter: _Letter) -> None:
        """A first telling is a creation, a repeat a patch; where the other one fits after all, that. What is told once
        may have been told by an earlier run of the operator."""
        ways = [self._create, self._repeat] if letter.told.count == 1 else [self._repeat, self._create]
        try:
            await ways[0](letter)
        except ApiError as error:
            if error.status != (409 if letter.told.count == 1 else 404):
                raise
            if letter.notice.once:
                return
            await ways[1](letter)

    async def _create(self, letter: _Letter) -> None:
        body = events.body(letter.app, letter.notice, letter.told, self._instance)
        await self._kube.create_event(letter.app.key.namespace, body)

    async def _repeat(self, letter: _Letter) -> None:
        key = Key(letter.app.key.namespace, letter.notice.name_for(letter.app))
        await self._kube.repeat_event(key, letter.told.times)
