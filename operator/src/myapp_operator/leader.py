"""Leader election: of several operators that watch, the one that holds the Lease writes.

Each renewal opens the fence (see `fence`), counted from before it was sent. A leader that is late or has lost the Lease
ends its process: whatever it had begun, another one decides anew.
"""

from __future__ import annotations

import asyncio
import logging
import math
import secrets
import socket
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import NoReturn

from myapp_operator import lease
from myapp_operator.errors import ApiError, OperatorError
from myapp_operator.fence import Fence, elapsed
from myapp_operator.grammar import Json
from myapp_operator.lease import Sighting
from myapp_operator.lease_requests import LeaseRequests

_RENEW_SECONDS = 2.0
_RETRY_SECONDS = 0.5
_ASK_SECONDS = 0.5
"""Between two looks of one who waits. Until the next one nobody writes, where a leader has released the Lease."""

_REFUSED_SECONDS = 30.0
"""How long who could read the Lease may be refused: an API server that has just started knows no rights yet."""

logger = logging.getLogger(__name__)


def new_identity() -> str:
    """The pod's name, and a part that tells a restarted container from its predecessor, whose Lease is not its own."""
    return f"{socket.gethostname()}_{secrets.token_hex(4)}"


class Leader:
    """Takes part in the election as `identity`.

    `lost` ends the process; it is called with a sentence, at most once.
    """

    def __init__(
        self,
        requests: LeaseRequests,
        fence: Fence,
        identity: str,
        lost: Callable[[str], NoReturn],
        clock: Callable[[], float] = elapsed,
    ) -> None:
        self._requests = requests
        self._fence = fence
        self.identity = identity
        self._lost = lost
        self._clock = clock
        self._sighting: Sighting | None = None
        self._refused_since = math.inf
        self._held: Json = {}
        self._said = ""

    async def run(self, work: Callable[[], Awaitable[None]], hesitates: Callable[[], bool]) -> None:
        """Waits for the Lease, and works until cancelled.

        While it hesitates it leaves a free Lease to another one for a moment; if there is none, it takes it after all.

        Raises:
            ApiError: the Lease is out of reach until an administrator helps.
        """
        await self._acquire(hesitates)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep())
            await work()

    async def release(self) -> None:
        """Leaves the Lease, if it is ours, to the next one. No task may write any more by then."""
        self._fence.shut()
        try:
            found = await self._requests.get()  # the last renewal, or the taking of it, may have been cut off
            if found is not None and lease.holder(found) == self.identity:
                await self._requests.replace(lease.released(found, _now()))
                logger.info("the Lease is released")
        except OperatorError as error:
            level = logging.WARNING if self._held else logging.DEBUG
            logger.log(level, "cannot release the Lease, which runs out by itself: %s", error)

    async def _acquire(self, hesitates: Callable[[], bool]) -> None:
        while not await self._try(hesitates=hesitates()):
            left = self._sighting.seconds_left(self._clock()) if self._sighting else 0.0
            await asyncio.sleep(min(_ASK_SECONDS, left or _ASK_SECONDS))

    async def _try(self, *, hesitates: bool) -> bool:
        """Asks for the Lease once; whether it is ours now."""
        try:
            found = await self._requests.get()
            self._sighting = lease.look(self._sighting, found, self._clock())
            ours = self._sighting.holder == self.identity  # taken, but the answer was lost
            if not ours and self._sighting.seconds_left(self._clock(), hesitates=hesitates):
                holder = self._sighting.holder
                self._say(logging.INFO, f"waiting: {holder} leads" if holder else "waiting for one that is ready")
                self._refused_since = math.inf
                return False
            sent = self._clock()
            self._held = await self._take(found)
        except OperatorError as error:
            if self._is_hopeless(error):
                raise
            if not _was_faster(error):
                self._say(logging.WARNING, f"cannot ask for the Lease, trying again: {error}")
            return False
        self._fence.open_until(sent + lease.DEADLINE_SECONDS)
        self._say(logging.INFO, f"leading, as {self.identity}")
        return True

    def _is_hopeless(self, error: OperatorError) -> bool:
        """Whether only an administrator can help: the namespace is missing, or rights, from the start or for long."""
        if not (isinstance(error, ApiError) and error.status == 403):
            self._refused_since = math.inf
            return isinstance(error, ApiError) and error.status == 404 and error.details.get("kind") == "namespaces"
        now = self._clock()
        self._refused_since = min(self._refused_since, now)
        return self._sighting is None or now - self._refused_since >= _REFUSED_SECONDS

    async def _take(self, found: Json | None) -> Json:
        if found is None:
            return await self._requests.create(lease.new(self._requests.key, self.identity, _now()))
        return await self._requests.replace(lease.taken(found, self.identity, _now()))

    async def _keep(self) -> None:
        """Renews until cancelled; a Lease that cannot be renewed in time ends the process."""
        pause = _RENEW_SECONDS
        while True:
            try:
                async with asyncio.timeout(self._fence.seconds_left()):
                    await asyncio.sleep(pause)
                    pause = _RENEW_SECONDS if await self._renew() else _RETRY_SECONDS
            except TimeoutError:
                self._end(f"the Lease could not be renewed for {lease.DEADLINE_SECONDS:.0f} s")

    async def _renew(self) -> bool:
        """Renews once; whether that is done."""
        if not self._fence.seconds_left():
            self._end(f"this process was stopped for longer than the {lease.DEADLINE_SECONDS:.0f} s of a renewal")
        sent = self._clock()
        try:
            self._held = await self._write_renewal()
        except OperatorError as error:
            logger.warning("cannot renew the Lease, trying again: %s", error)
            return False
        self._fence.open_until(sent + lease.DEADLINE_SECONDS)
        return True

    async def _write_renewal(self) -> Json:
        """Renews what we have; where others have written to the Lease, what it is now, if it is still ours."""
        try:
            return await self._requests.replace(lease.renewed(self._held, _now()))
        except ApiError as error:
            if error.status not in (404, 409):
                raise
        found = await self._requests.get()
        if found is None:
            return await self._requests.create(lease.new(self._requests.key, self.identity, _now()))
        if (holder := lease.holder(found)) != self.identity:
            self._end(f"the Lease was taken: {holder or 'nobody'} leads now")
        return await self._requests.replace(lease.renewed(found, _now()))

    def _end(self, why: str) -> NoReturn:
        self._fence.shut()
        self._lost(f"{why}: ending, so that no two operators write")

    def _say(self, level: int, words: str) -> None:
        """Says the same thing once, as who waits asks again and again."""
        if words != self._said:
            logger.log(level, "%s", words)
            self._said = words


def _was_faster(error: OperatorError) -> bool:
    return isinstance(error, ApiError) and error.status == 409


def _now() -> datetime:
    return datetime.now(UTC)
