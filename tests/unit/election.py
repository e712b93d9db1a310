"""Operators on one clock that jumps, and a Lease that is kept here as the API server keeps it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn, cast

import pytest

from myapp_operator import lease
from myapp_operator.errors import ApiError, UnreachableError
from myapp_operator.fence import Fence
from myapp_operator.grammar import Json
from myapp_operator.leader import Leader
from myapp_operator.lease_requests import LeaseRequests
from myapp_operator.names import Key
from tests.unit.jumping import JumpingLoop
from tests.unit.samples import refusal

PATIENCE = 3.0
"""Seconds until a request without an answer is given up, as in `lease_requests`."""
CONFLICT = refusal(409, "the object has been modified", reason="Conflict")
GONE = refusal(404, "not found", reason="NotFound")


class Ended(BaseException):
    """The process of an operator is no more."""


class Stored:
    """The Lease at the API server."""

    def __init__(self) -> None:
        self.lease: Json | None = None
        self.version = 0

    def write(self, body: Json) -> Json:
        if body["metadata"].get("resourceVersion") != (self.lease and self.lease["metadata"]["resourceVersion"]):
            raise CONFLICT if self.lease else GONE
        return self.edit(body)

    def edit(self, body: Json) -> Json:
        self.version += 1
        self.lease = {**body, "metadata": {**body["metadata"], "resourceVersion": str(self.version)}}
        return self.lease

    @property
    def holder(self) -> str:
        return lease.holder(self.lease) if self.lease else ""


class Way:
    """The way of one operator to that Lease, which may be cut or lose answers."""

    key = Key("system", "myapp-operator")

    def __init__(self, stored: Stored) -> None:
        self.stored = stored
        self.cut = False
        self.loses_answers = False
        self.refuses: ApiError | None = None
        self.seconds = 0.01
        self.writes = 0
        self.last_sent = 0.0

    async def get(self) -> Json | None:
        await self._travel(lost=self.cut)
        return self.stored.lease

    async def create(self, body: Json) -> Json:
        return await self.replace(body)

    async def replace(self, body: Json) -> Json:
        sent = asyncio.get_running_loop().time()
        await self._travel(lost=self.cut)
        answer = self.stored.write(body)
        self.writes, self.last_sent = self.writes + 1, sent
        await self._travel(lost=self.loses_answers)
        return answer

    async def _travel(self, *, lost: bool) -> None:
        await asyncio.sleep(PATIENCE if lost else self.seconds)
        if lost:
            raise UnreachableError("no answer")
        if self.refuses:
            raise self.refuses


class Candidate:
    """One operator: its way to the Lease, its fence, and when it worked."""

    def __init__(self, name: str, stored: Stored, *, in_trouble: bool = False) -> None:
        self.name = name
        self.way = Way(stored)
        self.stopped_for = 0.0
        self.in_trouble = in_trouble
        self.fence = Fence(lease.GRACE_SECONDS, self.now)
        self.last_words = ""
        self.ended_at = 0.0
        self.worked_from = 0.0
        self.leader = Leader(cast(LeaseRequests, self.way), self.fence, name, self._lost, self.now)
        self.task = asyncio.create_task(self.leader.run(self._work, lambda: self.in_trouble))

    async def _work(self) -> None:
        self.worked_from = asyncio.get_running_loop().time()
        await asyncio.Event().wait()

    def now(self) -> float:
        """On its clock, which goes on while its process is stopped."""
        return asyncio.get_running_loop().time() + self.stopped_for

    @property
    def writes(self) -> bool:
        """Whether a write would pass."""
        return self.fence.seconds_left() > 0

    def _lost(self, words: str) -> NoReturn:
        self.last_words = words
        self.ended_at = asyncio.get_running_loop().time()
        raise Ended


def play(script: Callable[[Stored], Coroutine[Any, Any, None]]) -> None:
    """Runs a script on the clock that jumps, for an hour of it at most; what is left over is cancelled."""

    async def bounded() -> None:
        async with asyncio.timeout(3600):
            await script(Stored())

    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        runner.run(bounded())


async def end(candidate: Candidate) -> None:
    """Waits until its process has ended by itself."""
    with pytest.raises(BaseExceptionGroup) as group:
        await candidate.task
    assert group.group_contains(Ended)


async def sigterm(candidate: Candidate) -> None:
    candidate.task.cancel()
    await asyncio.wait([candidate.task])
    await candidate.leader.release()


async def never_two(*candidates: Candidate, seconds: float) -> None:
    """Looks all along whether more than one may write."""
    for _ in range(int(seconds * 20)):
        assert sum(each.writes for each in candidates) <= 1
        await asyncio.sleep(0.05)
