"""The election in a thread of its own: whatever the main event loop does, the Lease is renewed, and the end is told."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import NoReturn, cast

import pytest

from myapp_operator import leader, lease
from myapp_operator.election import ElectionThread
from myapp_operator.errors import ApiError
from myapp_operator.fence import Fence
from myapp_operator.leader import Leader
from myapp_operator.lease_requests import LeaseRequests
from tests.unit.election import Ended, Stored, Way
from tests.unit.samples import refusal

DEADLINE = 1.0
"""Seconds after which a leader gives up, in place of ten."""


class Operator:
    """One operator whose election has a thread of its own."""

    def __init__(self) -> None:
        self.way = Way(Stored())
        self.fence = Fence(lease.GRACE_SECONDS)
        self.last_words: list[str] = []
        self.works = asyncio.Event()
        self.election = ElectionThread("a", self._enter)

    @property
    def holder(self) -> str:
        return self.way.stored.holder

    @asynccontextmanager
    async def _enter(self) -> AsyncIterator[Leader]:
        yield Leader(cast(LeaseRequests, self.way), self.fence, "a", self._lost)

    def _lost(self, words: str) -> NoReturn:
        self.last_words.append(words)
        raise Ended

    async def work(self) -> None:
        self.works.set()
        await asyncio.Event().wait()

    async def run(self) -> None:
        try:
            await self.election.run(self.work, lambda: False)
        finally:
            await self.election.stop()


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "DEADLINE_SECONDS", DEADLINE)
    monkeypatch.setattr(leader, "_RENEW_SECONDS", 0.05)


async def lead(operator: Operator) -> asyncio.Task[None]:
    task = asyncio.create_task(operator.run())
    async with asyncio.timeout(30):
        await operator.works.wait()
    return task


async def test_the_lease_is_renewed_while_the_main_event_loop_is_held() -> None:
    operator = Operator()
    task = await lead(operator)
    held_from = time.monotonic()
    renewals = operator.way.writes
    while time.monotonic() - held_from < 2 * DEADLINE:  # holds the loop, as a step without an end would
        sum(range(1000))
    assert operator.way.writes > renewals + 3
    assert operator.fence.seconds_left() > 0
    assert not operator.last_words
    task.cancel()
    await asyncio.wait([task])


async def test_a_signal_ends_the_work_first_and_then_releases_the_lease(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    operator = Operator()
    task = await lead(operator)
    assert operator.holder == "a"
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert (operator.holder, operator.fence.seconds_left()) == ("", 0)
    assert caplog.messages[-1] == "the Lease is released"
    writes = operator.way.writes
    await asyncio.sleep(0.2)
    assert operator.way.writes == writes, "nobody renews it any more"


async def test_a_leader_that_is_cut_off_ends_the_process_from_its_thread() -> None:
    operator = Operator()
    task = await lead(operator)
    operator.way.cut = True
    with pytest.raises(BaseExceptionGroup) as group:
        await task
    assert group.group_contains(Ended)
    assert operator.fence.seconds_left() == 0
    assert operator.last_words == [
        f"the Lease could not be renewed for {DEADLINE:.0f} s: ending, so that no two operators write"
    ]


async def test_a_lease_that_is_out_of_reach_for_good_is_raised_as_it_is() -> None:
    operator = Operator()
    operator.way.refuses = refusal(403, "leases is forbidden", reason="Forbidden")
    with pytest.raises(ApiError) as raised:
        await operator.run()
    assert raised.value is operator.way.refuses
    assert not operator.works.is_set()


async def test_work_that_begins_anew_finds_the_lease_still_renewed() -> None:
    """As after a restore of the API server, when all that was known is listed anew."""
    operator = Operator()
    part = asyncio.create_task(operator.election.run(operator.work, lambda: False))
    async with asyncio.timeout(30):
        await operator.works.wait()
    part.cancel()
    await asyncio.wait([part])
    assert operator.fence.seconds_left() > 0
    operator.works.clear()
    task = await lead(operator)
    task.cancel()
    await asyncio.wait([task])
    assert operator.holder == ""


async def test_one_that_stands_by_hesitates_while_it_begins_anew() -> None:
    operator = Operator()
    other = lease.taken(lease.new(operator.way.key, "b", datetime.now(UTC)), "b", datetime.now(UTC))
    operator.way.stored.edit(other)
    part = asyncio.create_task(operator.election.run(operator.work, lambda: False))
    await asyncio.sleep(0)  # it begins
    assert not operator.election._does_hesitate()
    part.cancel()
    await asyncio.wait([part])
    assert operator.election._does_hesitate()
    await operator.election.stop()


async def test_one_that_never_took_part_has_nothing_to_release() -> None:
    operator = Operator()
    await operator.election.stop()
    assert operator.way.writes == 0
