"""Writes the events, apart from all else: a slow or failing event holds nobody up.

Whoever has something to tell leaves it here and goes on. One task writes, one event after the other, and namespaces
take turns: what one of them makes happen delays nothing that another one is told, and takes none of its room.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime

from myapp_operator import events
from myapp_operator.errors import ApiError, NotLeadingError, OperatorError
from myapp_operator.events import Notice, Tally, Told
from myapp_operator.kube import Kube
from myapp_operator.names import Key
from myapp_operator.observed import App

_MOST_WAITING = 1000
_MOST_OF_ONE_NAMESPACE = 100
"""Events of one namespace that wait at once. Where all have so many, `_MOST_WAITING` is left for ten of them."""

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
        self._waiting: OrderedDict[str, OrderedDict[str, _Letter]] = OrderedDict()
        """By namespace and name of the event: the namespace whose turn is next comes first."""
        self._count = 0
        self._any = asyncio.Event()

    def tell(self, app: App, notice: Notice) -> None:
        """Leaves something to be told about an app. What still waits is told once, with its count."""
        name, namespace = notice.name_for(app), app.key.namespace
        letters = self._waiting.get(namespace) or OrderedDict[str, _Letter]()
        if notice.once and (name in letters or self._tally.has(name)):
            return
        if name not in letters:
            if len(letters) >= _MOST_OF_ONE_NAMESPACE or not self._has_room(namespace):
                logger.warning("too many events are waiting; left out for %s: %s", app.key, notice.message)
                return
            self._count += 1
        letter = _Letter(app, notice, self._tally.add(name, datetime.now(UTC)))
        self._waiting.setdefault(namespace, OrderedDict())[name] = letter
        self._any.set()

    def _has_room(self, namespace: str) -> bool:
        """Whether one more may wait. Where there is no room left, the namespace with most events gives up its last."""
        if self._count < _MOST_WAITING:
            return True
        fullest = max(self._waiting, key=lambda each: len(self._waiting[each]))
        if len(self._waiting[fullest]) <= len(self._waiting.get(namespace, ())) + 1:
            return False
        _, letter = self._waiting[fullest].popitem()
        self._count -= 1
        logger.warning("too many events are waiting; left out for %s: %s", letter.app.key, letter.notice.message)
        return True

    async def _next(self) -> _Letter:
        """The event whose turn it is, once there is one."""
        while not self._count:
            self._any.clear()
            await self._any.wait()
        namespace, letters = self._waiting.popitem(last=False)
        _, letter = letters.popitem(last=False)
        self._count -= 1
        if letters:
            self._waiting[namespace] = letters
        return letter

    async def run(self) -> None:
        """Writes until cancelled, whatever the API server answers."""
        while True:
            letter = await self._next()
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
