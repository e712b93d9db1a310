"""A list that is older than what was seen before belongs to another history: the storage was restored from a backup."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import cast

import pytest

from myapp_operator import names, rollcall, run
from myapp_operator.errors import AnotherHistoryError, ApiError, OperatorError, UnreachableError
from myapp_operator.grammar import Json
from myapp_operator.informer import Informer
from myapp_operator.kube import Event, Kube, Listing
from myapp_operator.names import Kind
from myapp_operator.run import Operator
from myapp_operator.store import Store
from myapp_operator.workqueue import WorkQueue
from tests.unit.jumping import JumpingLoop
from tests.unit.samples import KEY, app, child

SERVICE = names.SERVICE
TOO_LARGE = ApiError(504, "Timeout", "Too large resource version: 300, current: 200")


def service(version: int) -> Json:
    return {
        "metadata": {"name": "myapp-service", "namespace": "default", "uid": "uid-s", "resourceVersion": str(version)}
    }


def myapp(version: int) -> Json:
    return {"metadata": {"name": "myapp", "namespace": "default", "uid": "uid-1", "resourceVersion": str(version)}}


class FakeKube:
    """Answers one list after the other, and a watch after each: the last list stays."""

    def __init__(self, *lists: tuple[int, list[Json]], events: list[Event] | None = None) -> None:
        self.lists = [*lists]
        self.events = events or []
        self.error: OperatorError | None = None
        self.asked = 0
        self.during: Callable[[], object] = lambda: None

    async def pages(self, kind: Kind, namespace: str | None, *, selector: str = "") -> AsyncIterator[Listing]:
        self.asked += 1
        version, items = self.lists.pop(0) if len(self.lists) > 1 else self.lists[0]
        self.during()
        yield Listing(items, version)

    async def watch(
        self, kind: Kind, namespace: str | None, version: int, *, selector: str, seconds: float
    ) -> AsyncIterator[Event]:
        for event in self.events:
            yield event
        if self.error:
            raise self.error
        await asyncio.sleep(10)


def on_jumping_clock(script: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        await script()

    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        runner.run(main())


def informer_of(kube: FakeKube, store: Store | None = None) -> Informer:
    return Informer(cast(Kube, kube), store or Store(), SERVICE, None, WorkQueue())


def ends(kube: FakeKube) -> bool:
    """Whether the informer finds that there is another history."""

    async def script() -> None:
        async with asyncio.timeout(100):
            await informer_of(kube).run(0)

    try:
        on_jumping_clock(script)
    except AnotherHistoryError:
        return True
    except TimeoutError:
        return False
    raise AssertionError("the informer ended")


BOOKMARK = Event("BOOKMARK", {"metadata": {"resourceVersion": "150"}})


@pytest.mark.parametrize(
    ("kube", "another"),
    [
        pytest.param(FakeKube((100, []), (99, [])), True, id="an older list"),
        pytest.param(FakeKube((100, []), (100, []), (101, [])), False, id="the same list, and a newer one"),
        pytest.param(FakeKube((100, []), (140, []), events=[BOOKMARK]), True, id="older than a bookmark"),
        pytest.param(
            FakeKube((100, []), (140, []), events=[Event("MODIFIED", service(150))]), True, id="older than an event"
        ),
        pytest.param(
            FakeKube((100, [service(90)]), (500, [service(80)])),
            True,
            id="a newer list with an older version, as after a restore that raises all versions",
        ),
        pytest.param(FakeKube((100, [service(90)]), (500, [])), False, id="a deletion"),
    ],
)
def test_an_informer_finds_another_history_and_takes_nothing_else_for_one(kube: FakeKube, another: bool) -> None:
    assert ends(kube) is another


@pytest.mark.parametrize("error", [TOO_LARGE, UnreachableError("no answer")])
def test_a_watch_that_is_refused_is_followed_by_a_list_which_tells(error: OperatorError) -> None:
    kube = FakeKube((300, []), (200, []))
    kube.error = error
    assert ends(kube)


def test_our_own_write_after_the_list_was_sent_is_none() -> None:
    store = Store()
    store.put_app(app())
    store.put_child(KEY, SERVICE, child(uid="uid-s", resource_version=90))
    kube = FakeKube((100, [service(90)]))
    kube.during = lambda: store.answered_child(app(), SERVICE, child(uid="uid-s", resource_version=120), now=1.0)
    assert asyncio.run(informer_of(kube, store).list()) == 100


@pytest.mark.parametrize(
    ("known", "listed", "another"),
    [
        pytest.param(20, (100, [myapp(20)]), False, id="the same"),
        pytest.param(20, (100, [myapp(30)]), False, id="news"),
        pytest.param(20, (100, []), False, id="gone"),
        pytest.param(200, (100, [myapp(20)]), True, id="an older list"),
        pytest.param(200, (100, []), True, id="an older list without it"),
        pytest.param(50, (100, [myapp(20)]), True, id="an older version"),
    ],
)
def test_a_list_of_the_myapps_tells_as_well(known: int, listed: tuple[int, list[Json]], another: bool) -> None:
    store = Store()
    store.put_app(app(resource_version=known))
    request = rollcall.take(cast(Kube, FakeKube(listed)), store, None)
    if another:
        with pytest.raises(AnotherHistoryError):
            asyncio.run(request)
    else:
        assert asyncio.run(request)[1] == 100


def test_what_a_watch_brings_while_the_list_is_on_its_way_is_no_other_history() -> None:
    store = Store()
    store.put_app(app(resource_version=20))
    kube = FakeKube((100, [myapp(20)]))
    kube.during = lambda: store.put_app(app(resource_version=150))
    asyncio.run(rollcall.take(cast(Kube, kube), store, None))


class Fake:
    """An operator that ends as it is told."""

    def __init__(self, *errors: BaseException) -> None:
        self._errors = errors

    async def run(self) -> None:
        if self._errors:
            raise BaseExceptionGroup("tasks", self._errors)


def begun(*operators: Fake) -> int:
    """How many operators are made, one after the other."""
    waiting = [*operators]

    async def script() -> None:
        await run._run_in_each_history(lambda: cast(Operator, waiting.pop(0)))

    on_jumping_clock(script)
    return len(operators) - len(waiting)


def test_in_another_history_the_operator_begins_anew_and_says_it_once(caplog: pytest.LogCaptureFixture) -> None:
    group = BaseExceptionGroup("", [AnotherHistoryError("a list of services is of version 99, after 100")])
    with caplog.at_level(logging.INFO):
        assert begun(Fake(group), Fake()) == 2
    (said,) = caplog.records
    assert said.levelno == logging.WARNING
    assert said.getMessage().startswith(
        "the API server has gone back to an earlier state (a list of services is of version 99, after 100)"
    )


@pytest.mark.parametrize("errors", [[ValueError("a bug")], [AnotherHistoryError("older"), ValueError("a bug")]])
def test_any_other_error_ends_it(errors: list[Exception]) -> None:
    with pytest.raises(BaseExceptionGroup):
        begun(Fake(*errors), Fake())


def test_a_signal_while_the_tasks_of_the_old_history_end_ends_the_operator() -> None:
    ending = asyncio.Event()

    class Slow:
        """An operator in another history whose other task takes a while to end."""

        async def run(self) -> None:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._slow())
                tasks.create_task(self._find())

        async def _slow(self) -> None:
            try:
                await asyncio.sleep(100)
            finally:
                ending.set()
                await asyncio.sleep(1)

        async def _find(self) -> None:
            await asyncio.sleep(1)
            raise AnotherHistoryError("older")

    async def script() -> None:
        waiting = [Slow(), Fake()]
        task = asyncio.ensure_future(run._run_in_each_history(lambda: cast(Operator, waiting.pop(0))))
        await ending.wait()
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        assert len(waiting) == 1, "nothing begins anew"

    on_jumping_clock(script)
