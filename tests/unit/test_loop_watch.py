"""Which step has held the event loop is told, and one that waits holds nothing."""

import asyncio
import logging
import time

import pytest

from myapp_operator import loop_watch


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop_watch, "_EVERY", 0.01)


def compute(seconds: float) -> None:
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        sum(range(100))


async def test_a_step_that_holds_the_event_loop_is_named(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        loop_watch.start()
        async with asyncio.timeout(60):
            while not any("test_loop_watch.compute, line " in each for each in caplog.messages):
                compute(1.0)  # once is enough where the thread that watches gets a processor
                await asyncio.sleep(0.05)
    assert all(each.startswith("a step has held the event loop for ") for each in caplog.messages)


async def test_a_loop_that_waits_and_one_without_a_processor_hold_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        loop_watch.start()
        await asyncio.sleep(0.3)
        time.sleep(0.6)  # noqa: ASYNC251  as a process that gets no processor
        await asyncio.sleep(0.1)
    assert caplog.messages == []
