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
        await asyncio.sleep(0.05)
        compute(1.0)
        async with asyncio.timeout(30):
            while not caplog.messages:  # noqa: ASYNC110  another thread logs
                await asyncio.sleep(0.01)
    (told,) = caplog.messages
    assert told.startswith("a step has held the event loop for ")
    assert "test_loop_watch.compute, line " in told


async def test_a_loop_that_waits_and_one_without_a_processor_hold_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        loop_watch.start()
        await asyncio.sleep(0.3)
        time.sleep(0.6)  # noqa: ASYNC251  as a process that gets no processor
        await asyncio.sleep(0.1)
    assert caplog.messages == []
