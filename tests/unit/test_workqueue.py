"""The queue on a clock that jumps: every pause is waited for in full, and none takes any time."""

import asyncio
import contextlib
import itertools
import logging
from collections.abc import Awaitable, Callable

import pytest

from myapp_operator.errors import NotLeadingError, UnreachableError
from myapp_operator.names import Key
from myapp_operator.workqueue import WorkQueue
from tests.unit.jumping import JumpingLoop

A, B, C, D = Key("default", "a"), Key("default", "b"), Key("other", "a"), Key("default", "d")
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


def play(work: Work, script: Script, workers: int = 4, spare: int = 0) -> None:
    """Runs a queue while the script lasts, and then as long as anything is due."""

    async def main() -> None:
        queue = WorkQueue()
        running = asyncio.create_task(queue.run(work, workers, list, spare))
        await asyncio.sleep(0)  # the workers begin
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


def test_keys_of_a_namespace_are_looked_at_in_their_order() -> None:
    work = Work()
    play(work, add(B, A, D), workers=1)
    assert [key for _, key in work.visits] == [B, A, D]


def test_a_single_app_does_not_wait_for_the_thousands_of_another_namespace() -> None:
    """Each of them changes again and again, so that at any moment nearly all of them wait."""
    crowd = [Key("crowd", f"app-{number}") for number in range(5000)]
    work = Work(seconds=1)
    asked: list[float] = []

    async def script(queue: WorkQueue) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(10):
            for key in crowd:
                queue.add(key)
            await asyncio.sleep(7)
            asked.append(loop.time())
            queue.add(A)
            await asyncio.sleep(3)

    play(work, script)
    assert len(asked) == 10
    assert [at - since for since, at in zip(asked, work.times(), strict=True)] == pytest.approx([0] * 10, abs=1)


def test_long_looks_at_the_apps_of_one_namespace_hold_up_no_other() -> None:
    """Each of them may have to read hundreds of objects before its look ends."""
    crowd = [Key("crowd", f"app-{number}") for number in range(100)]
    work = Work(seconds=60)

    async def script(queue: WorkQueue) -> None:
        for key in crowd:
            queue.add(key)
        await asyncio.sleep(10)
        queue.add(A)

    play(work, script, workers=4, spare=1)
    assert work.times(A) == [10]
    assert [at for at, key in work.visits if key != A] == [60 * (number // 4) for number in range(100)]


def test_two_namespaces_with_long_looks_leave_the_next_free_worker_to_a_third() -> None:
    work = Work(seconds=60)

    async def script(queue: WorkQueue) -> None:
        for key in (Key(f"crowd-{number % 2}", f"app-{number}") for number in range(100)):
            queue.add(key)
        await asyncio.sleep(10)
        queue.add(A)

    play(work, script, workers=8, spare=2)
    assert work.times(A) == [60]
    assert len(work.visits) == 101, "each had its turn"


def test_a_change_does_not_wait_for_the_first_look_at_all_apps() -> None:
    """Whoever takes over from another operator looks at every app, and has changes to follow at once."""

    async def main() -> None:
        queue, work = WorkQueue(), Work(seconds=1)
        running = asyncio.create_task(queue.run(work, workers=1, all_keys=lambda: [A, B]))
        await asyncio.sleep(0.5)
        queue.add(D)
        await asyncio.sleep(10)
        running.cancel()
        assert [key for _, key in work.visits] == [A, D, B]

    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        runner.run(main())


def test_an_event_does_not_wait_for_a_look_at_all_apps() -> None:
    work = Work(seconds=1)

    async def script(queue: WorkQueue) -> None:
        queue.add_all([A, B, D])
        queue.add(C)

    play(work, script, workers=1)
    assert [key for _, key in work.visits] == [C, A, B, D]


def test_a_key_that_is_looked_at_anyway_keeps_its_timer_until_then() -> None:
    """A deadline is not missed because many wait."""
    work = Work(seconds=10)

    async def script(queue: WorkQueue) -> None:
        queue.add_after(A, 15)
        queue.add_all([B, D, A])
        for _ in range(3):
            await asyncio.sleep(10)
            queue.add(C)

    play(work, script, workers=1)
    assert work.times() == [20]


def test_a_look_at_all_apps_misses_no_change_of_the_one_that_is_looked_at() -> None:
    work = Work(seconds=10)

    async def script(queue: WorkQueue) -> None:
        queue.add(A)
        await asyncio.sleep(5)
        queue.add_all([A])

    play(work, script)
    assert work.times() == [0, 10]


def test_an_app_that_fails_again_and_again_keeps_nobody_else_waiting() -> None:
    work = Work(a=[UnreachableError("no answer")] * 9)

    async def script(queue: WorkQueue) -> None:
        queue.add(A)
        for _ in range(50):
            await asyncio.sleep(1.5)
            queue.add(B)

    play(work, script, workers=1)
    assert work.times(B) == [1.5 * number for number in range(1, 51)]


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


def test_what_happens_in_a_row_is_looked_at_once_a_moment_after_the_first() -> None:
    work = Work()

    async def script(queue: WorkQueue) -> None:
        for _ in range(3):
            queue.add_soon(A)
            await asyncio.sleep(0.03)

    play(work, script)
    assert work.times() == [0.1]


def test_what_has_a_moment_does_not_keep_back_what_has_none() -> None:
    work = Work()

    async def script(queue: WorkQueue) -> None:
        queue.add_soon(A)
        queue.add(A)

    play(work, script)
    assert work.times() == [0.0]


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


def test_a_key_whose_write_was_held_back_is_looked_at_again() -> None:
    """An operator that was about to lose the lead may keep it: its last renewal was answered after all."""
    work = Work(a=[NotLeadingError()])
    play(work, add(A))
    assert work.times() == [0, 1]


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


# Whether it goes on


class Stuck:
    """Work that does not end for some keys."""

    def __init__(self, *keys: Key) -> None:
        self._keys = keys

    async def __call__(self, key: Key) -> float | None:
        await asyncio.sleep(FOREVER if key in self._keys else 1)
        return None


def said(work: Stuck, *moments: float, keys: tuple[Key, ...] = (A, B), workers: int = 4) -> list[str]:
    """What the queue says of itself at these moments, when it was asked to look at some keys at the first one."""

    async def main() -> list[str]:
        queue = WorkQueue()
        running = asyncio.create_task(queue.run(work, workers, list))
        await asyncio.sleep(0)  # the workers begin
        found = []
        for key in keys:
            queue.add(key)
        for moment in moments:
            await asyncio.sleep(moment - asyncio.get_running_loop().time())
            found.append(queue.stuck())
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        return found

    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        return runner.run(main())


def test_a_look_that_does_not_end_is_told_after_ten_minutes_while_others_go_on() -> None:
    before, after = said(Stuck(A), 590, 610)
    assert before == ""
    assert after == "a look at default/a has not ended for 610 s"


def test_a_queue_that_goes_on_is_not_stuck_however_many_wait_and_for_how_long() -> None:
    crowd = tuple(Key("crowd", f"app-{number}") for number in range(2000))
    assert said(Stuck(), 100, 700, 1500, keys=crowd, workers=1) == ["", "", ""]


def test_a_queue_without_work_is_not_stuck() -> None:
    assert said(Stuck(), 1000, 5000) == ["", ""]


def test_keys_that_wait_for_workers_who_do_not_take_them_are_told() -> None:
    async def main() -> None:
        queue = WorkQueue()
        running = asyncio.create_task(queue.run(Stuck(), workers=0, all_keys=list))
        await asyncio.sleep(5000)
        queue.add(A)
        assert queue.stuck() == "", "it has just come"
        await asyncio.sleep(610)
        assert queue.stuck() == "apps wait to be looked at, and none has been for 610 s"
        running.cancel()

    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        runner.run(main())


def test_what_happens_before_there_are_workers_is_not_kept_and_all_apps_are_looked_at_then() -> None:
    """While another operator leads, apps come and go for months."""

    async def main() -> None:
        queue, work = WorkQueue(), Work()
        queue.add(B)
        queue.add_all([C])
        queue.add_after(D, 5)
        await asyncio.sleep(5000)
        assert queue.stuck() == ""
        running = asyncio.create_task(queue.run(work, workers=1, all_keys=lambda: [A]))
        await asyncio.sleep(1)
        assert queue.stuck() == "", "the workers have just come"
        assert work.visits == [(5000, A)]
        running.cancel()

    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        runner.run(main())
