"""The queue on a clock that jumps: every pause is waited for in full, and none takes any time."""

import asyncio
import contextlib
import itertools
import logging
from collections.abc import Awaitable, Callable

import pytest

from myapp_operator.errors import UnreachableError
from myapp_operator.names import Key
from myapp_operator.workqueue import WorkQueue
from tests.unit.jumping import JumpingLoop

A, B, C = Key("default", "a"), Key("default", "b"), Key("other", "a")
FOREVER = 1_000_000.0

Script = Callable[[WorkQueue], Awaitable[None]]


class Work:
    """Answers what it is told to, key by key, at last always None; remembers when it was asked and by how many."""

    def __init__(self, seconds: float = 0.0, **answers: list[float | Exception | None]) -> None:
        self.visits: list[tuple[float, Key]] = []
        self.most_at_once = 0
        self._seconds = seconds
        self._answers = answers
        self._active: list[Key] = []

    async def __call__(self, key: Key) -> float | None:
        assert key not in self._active, "two workers at one key"
        self._active.append(key)
        self.most_at_once = max(self.most_at_once, len(self._active))
        self.visits.append((round(asyncio.get_running_loop().time(), 3), key))
        await asyncio.sleep(self._seconds)
        self._active.remove(key)
        answers = self._answers.get(key.name, [])
        answer = answers.pop(0) if answers else None
        if isinstance(answer, Exception):
            raise answer
        return answer

    def times(self, key: Key = A) -> list[float]:
        return [at for at, visited in self.visits if visited == key]


def play(work: Work, script: Script, workers: int = 4) -> None:
    """Runs a queue while the script lasts, and then as long as anything is due."""

    async def main() -> None:
        queue = WorkQueue()
        running = asyncio.create_task(queue.run(work, workers))
        await script(queue)
        await asyncio.sleep(FOREVER)
        assert not running.done(), "the queue ended"
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running

    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        runner.run(main())


def add(*keys: Key) -> Script:
    async def script(queue: WorkQueue) -> None:
        for key in keys:
            queue.add(key)

    return script


def test_keys_are_looked_at_in_their_order() -> None:
    work = Work()
    play(work, add(B, A, C), workers=1)
    assert [key for _, key in work.visits] == [B, A, C]


def test_a_key_that_waits_is_looked_at_once_however_often_it_is_added() -> None:
    work = Work()
    play(work, add(A, A, B, A))
    assert [key for _, key in work.visits] == [A, B]


def test_one_worker_a_key_and_the_change_meanwhile_is_not_missed() -> None:
    work = Work(seconds=10)

    async def script(queue: WorkQueue) -> None:
        queue.add(A)
        for _ in range(3):
            await asyncio.sleep(2)
            queue.add(A)

    play(work, script)
    assert work.times() == [0, 10]


def test_different_keys_are_worked_at_at_once_up_to_the_number_of_workers() -> None:
    work = Work(seconds=10)
    play(work, add(A, B, C), workers=2)
    assert work.most_at_once == 2
    assert [at for at, _ in work.visits] == [0, 0, 10]


def test_a_key_that_asks_for_it_is_looked_at_again_later() -> None:
    work = Work(a=[30.0, 5.0, None])
    play(work, add(A))
    assert work.times() == [0, 30, 35]


def test_no_pause_at_all_is_a_look_at_once() -> None:
    work = Work(a=[0.0])
    play(work, add(A))
    assert work.times() == [0, 0]


def test_a_key_that_asks_for_nothing_is_left_alone() -> None:
    work = Work()
    play(work, add(A))
    assert work.times() == [0]


@pytest.mark.parametrize("wishes", [(50.0, 20.0), (20.0, 50.0)])
def test_of_two_wishes_the_earlier_counts_and_the_later_is_void(wishes: tuple[float, float]) -> None:
    work = Work()

    async def script(queue: WorkQueue) -> None:
        for seconds in wishes:
            queue.add_after(A, seconds)

    play(work, script)
    assert work.times() == [20]


def test_an_event_makes_the_timer_void_since_its_look_decides_anew() -> None:
    work = Work(a=[60.0, None])

    async def script(queue: WorkQueue) -> None:
        queue.add(A)
        await asyncio.sleep(10)
        queue.add(A)

    play(work, script)
    assert work.times() == [0, 10]


def test_a_wish_for_an_earlier_time_wakes_up_a_queue_that_waits_for_a_later_one() -> None:
    work = Work()

    async def script(queue: WorkQueue) -> None:
        queue.add_after(A, 100)
        await asyncio.sleep(1)
        queue.add_after(B, 10)

    play(work, script)
    assert work.visits == [(11, B), (100, A)]


def test_a_timer_that_is_due_while_its_key_is_worked_at_is_not_lost() -> None:
    work = Work(seconds=10)

    async def script(queue: WorkQueue) -> None:
        queue.add(A)
        await asyncio.sleep(1)
        queue.add_after(A, 3)

    play(work, script)
    assert work.times() == [0, 10]


def test_failures_of_a_key_pause_longer_and_longer_up_to_a_minute() -> None:
    work = Work(a=[UnreachableError("no answer")] * 9)
    play(work, add(A))
    times = work.times()
    assert [later - at for at, later in itertools.pairwise(times)] == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_a_success_forgets_the_failures_before_it() -> None:
    work = Work(a=[UnreachableError("x"), UnreachableError("x"), 10.0, UnreachableError("x"), None])
    play(work, add(A))
    assert work.times() == [0, 1, 3, 13, 14]


def test_a_change_does_not_wait_for_the_pause_after_a_failure() -> None:
    work = Work(a=[UnreachableError("x")] * 4)

    async def script(queue: WorkQueue) -> None:
        queue.add(A)
        await asyncio.sleep(3.5)
        queue.add(A)

    play(work, script)
    assert work.times() == [0, 1, 3, 3.5, 11.5]


@pytest.mark.parametrize("error", [UnreachableError("no answer"), KeyError("a bug")], ids=["outage", "bug"])
def test_a_failure_stops_neither_the_worker_nor_the_other_keys(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    work = Work(a=[error])
    with caplog.at_level(logging.WARNING):
        play(work, add(A, B), workers=1)
    assert work.visits == [(0, A), (0, B), (1, A)]
    (line,) = caplog.records
    assert "cannot reconcile default/a" in line.getMessage()
    assert (line.exc_info is not None) == isinstance(error, KeyError), "only a bug is worth a traceback"


def test_nothing_is_kept_of_keys_that_are_done() -> None:
    """Apps come and go for months."""
    work = Work(a=[UnreachableError("x"), 5.0], b=[600.0])
    queues: list[WorkQueue] = []

    async def script(queue: WorkQueue) -> None:
        queues.append(queue)
        await add(A, B)(queue)
        await asyncio.sleep(1)
        queue.add(A)

    play(work, script)
    kept = {name: value for name, value in vars(queues[0]).items() if isinstance(value, set | dict | list) and value}
    assert kept == {}


def test_wishes_that_are_void_do_not_pile_up() -> None:
    """An app that waits for a deadline of a day while events come every second."""
    work = Work(a=[86400.0] * 500)
    sizes: list[int] = []

    async def script(queue: WorkQueue) -> None:
        for _ in range(400):
            queue.add(A)
            await asyncio.sleep(1)
        sizes.append(sum(len(value) for value in vars(queue).values() if isinstance(value, set | dict | list)))

    play(work, script)
    assert sizes[0] < 100
