"""The informer against a fake of the connection, on a clock that jumps."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import cast

import pytest

from myapp_operator import informer, names
from myapp_operator.echo import Echo
from myapp_operator.errors import ApiError, ExpiredError, OperatorError, UnreachableError, UnreadableError
from myapp_operator.grammar import Json
from myapp_operator.informer import Informer
from myapp_operator.kube import UNREADABLE, Event, Kube, Listing
from myapp_operator.names import Key, Kind
from myapp_operator.store import Store
from myapp_operator.workqueue import WorkQueue
from tests.unit.jumping import JumpingLoop
from tests.unit.samples import KEY, app

SERVICE = names.SERVICE


def service(version: int, name: str = "myapp-service") -> Json:
    return {"metadata": {"name": name, "namespace": "default", "uid": "uid-s", "resourceVersion": str(version)}}


def route(version: int) -> Json:
    return service(version, "myapp-route")


class FakeKube:
    """Lists what is `there`, and then watches as `watched` says: events, an error, or the end; for ever after the last.

    An answer takes ten milliseconds.
    """

    def __init__(self) -> None:
        self.there: list[Json] = []
        self.version = 100
        self.watched: list[list[Event | Exception]] = []
        self.ends_at_once: Exception | bool = False
        self.missing = False
        self.fails: OperatorError | None = None
        self.lists = 0
        self.unreadable = 0

    async def pages(self, kind: Kind, namespace: str | None, *, selector: str = "") -> AsyncIterator[Listing]:
        """One object a page."""
        await asyncio.sleep(0.01)
        self.lists += 1
        if self.fails:
            raise self.fails
        if self.missing:
            raise ApiError(404, "", "404 page not found")
        for page in [[each] for each in self.there] or [[]]:
            yield Listing(page, self.version, self.unreadable)

    async def watch(
        self, kind: Kind, namespace: str | None, version: int, *, selector: str, seconds: float
    ) -> AsyncIterator[Event]:
        await asyncio.sleep(0.01)
        if isinstance(self.ends_at_once, Exception):
            raise self.ends_at_once
        if self.ends_at_once:
            return
        for each in self.watched.pop(0) if self.watched else ():
            if isinstance(each, Exception):
                raise each
            yield each
        await asyncio.sleep(seconds)


class _Wishes:
    """Writes down which keys are to be looked at, and which of them have a moment."""

    def __init__(self, keys: list[Key]) -> None:
        self._keys = keys
        self.add = keys.append
        self.add_all = keys.extend
        self.soon: list[Key] = []

    def add_soon(self, key: Key) -> None:
        self._keys.append(key)
        self.soon.append(key)


def queue_to(keys: list[Key]) -> WorkQueue:
    return cast(WorkQueue, _Wishes(keys))


class World:
    def __init__(self) -> None:
        self.kube = FakeKube()
        self.store = Store()
        self.changed: list[Key] = []
        self.queue = queue_to(self.changed)
        self.informer = Informer(cast(Kube, self.kube), self.store, SERVICE, None, self.queue)

    def run_for(self, seconds: float, *others: Callable[[], Awaitable[None]]) -> None:
        async def main() -> None:
            tasks = [asyncio.ensure_future(self.informer.run(0)), *(asyncio.ensure_future(each()) for each in others)]
            await asyncio.sleep(seconds)
            assert not tasks[0].done(), "the informer ended"
            for task in tasks:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

        with asyncio.Runner(loop_factory=JumpingLoop) as runner:
            runner.run(main())


@pytest.fixture
def world() -> World:
    return World()


def test_what_was_there_before_is_listed_and_what_comes_is_watched(world: World) -> None:
    world.kube.there = [service(90)]
    world.kube.watched = [[Event("MODIFIED", service(101)), Event("ADDED", service(102, "other-service"))]]
    world.run_for(60)
    assert world.changed == [KEY, KEY, Key("default", "other")]
    assert world.store.children(KEY)[SERVICE].resource_version == 101
    assert world.kube.lists == 1


def test_what_comes_may_wait_a_moment_for_more_and_what_was_listed_does_not(world: World) -> None:
    world.kube.there = [service(90)]
    world.kube.watched = [[Event("MODIFIED", service(101))]]
    world.run_for(60)
    assert cast(_Wishes, world.queue).soon == [KEY]
    assert world.changed == [KEY, KEY]


def test_a_deletion_is_told_and_forgotten(world: World) -> None:
    world.kube.there = [service(90)]
    world.kube.watched = [[Event("DELETED", service(101))]]
    world.run_for(60)
    assert world.changed == [KEY, KEY]
    assert world.store.children(KEY) == {}


def test_a_bookmark_tells_nothing(world: World) -> None:
    world.kube.watched = [[Event("BOOKMARK", {"metadata": {"resourceVersion": "101"}})]]
    world.run_for(60)
    assert world.changed == []


def test_an_object_that_can_be_no_child_is_passed_over(world: World) -> None:
    world.kube.there = [service(90, "kubernetes")]
    world.run_for(60)
    assert world.changed == []


def test_what_vanished_while_the_watch_was_broken_is_noticed(world: World) -> None:
    world.kube.there = [service(90)]

    async def vanish() -> None:
        await asyncio.sleep(10)
        world.kube.there, world.kube.version = [], 110

    world.kube.watched = [[]]
    world.run_for(720, vanish)
    assert world.store.children(KEY) == {}
    assert world.changed == [KEY, KEY]


def test_a_watch_is_renewed_by_a_list_every_ten_minutes_or_so(world: World) -> None:
    world.run_for(6000)
    assert 9 <= world.kube.lists <= 14


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(UnreachableError("no answer"), id="the API server is away"),
        pytest.param(
            ExpiredError("too old"),
            id="every version is too old",
        ),
        pytest.param(
            True,
            id="every watch ends at once",
        ),
    ],
)
def test_a_watch_that_never_holds_makes_no_storm_of_lists(world: World, end: Exception | bool) -> None:
    """A proxy that cuts, a server that stops or compacts at once: thousands of full lists would keep it down."""
    world.kube.ends_at_once = end
    world.run_for(60)
    assert 5 <= world.kube.lists <= 50


# A kind whose API may not be installed


class Addon(World):
    """Watches HTTPRoutes in a cluster that has no Gateway API at first."""

    def __init__(self) -> None:
        super().__init__()
        self.store.put_app(app())
        self.kube.missing = True
        self.informer = Informer(cast(Kube, self.kube), self.store, names.ROUTE, None, self.queue)


def test_what_is_not_installed_is_not_watched_but_looked_for_at_each_sweep() -> None:
    world = Addon()

    async def sweep() -> None:
        for _ in range(3):
            await asyncio.sleep(600)
            world.informer.swept.set()

    world.run_for(2000, sweep)
    assert world.kube.lists == 4
    assert world.store.unserved() == {names.ROUTE}
    assert world.changed == [KEY], "every app is looked at once, when it turns out to be missing"


def test_what_no_app_asks_for_is_not_looked_for_in_between() -> None:
    world = Addon()
    world.run_for(500)
    assert world.kube.lists == 1


def test_what_an_app_waits_for_is_noticed_within_a_minute_of_its_installation() -> None:
    world = Addon()
    world.store.memory(app()).missed = frozenset({names.ROUTE})

    async def install() -> None:
        await asyncio.sleep(500)
        assert world.kube.lists <= 1 + 500 / 30, "one list in thirty seconds"
        world.kube.missing = False
        await asyncio.sleep(60)
        assert world.store.unserved() == frozenset()

    world.run_for(600, install)
    assert world.store.unserved() == frozenset()


def test_what_is_asked_for_later_on_is_noticed_within_a_minute_too() -> None:
    world = Addon()

    async def ask() -> None:
        await asyncio.sleep(200)
        world.kube.missing = False
        await asyncio.sleep(60)
        assert world.kube.lists == 1
        world.store.memory(app()).missed = frozenset({names.ROUTE})
        await asyncio.sleep(60)
        assert world.store.unserved() == frozenset()

    world.run_for(400, ask)
    assert world.store.unserved() == frozenset()


def test_what_is_installed_later_is_found_and_every_app_looked_at() -> None:
    world = Addon()

    async def install() -> None:
        await asyncio.sleep(100)
        world.kube.missing = False
        world.kube.there = [route(90)]
        world.informer.swept.set()

    world.run_for(300, install)
    assert world.store.unserved() == frozenset()
    assert world.store.children(KEY)[names.ROUTE].resource_version == 90
    assert world.changed == [KEY, KEY, KEY]


def test_what_is_taken_out_of_the_cluster_is_forgotten_and_told() -> None:
    world = Addon()
    world.kube.missing = False
    world.kube.there = [route(90)]

    async def remove() -> None:
        await asyncio.sleep(100)
        world.kube.missing = True

    world.run_for(900, remove)
    assert world.store.unserved() == {names.ROUTE}
    assert world.store.children(KEY) == {}


def test_any_other_kind_that_is_not_served_is_an_outage(world: World) -> None:
    world.kube.missing = True
    world.run_for(5)
    assert world.informer.outage.is_set()
    assert world.store.unserved() == frozenset()


# Whatever anybody has written into an object

ODD: list[object] = [None, [], 5, "text", {}, {"metadata": None}, {"metadata": {"name": 5, "namespace": "default"}}]


def test_objects_that_say_nothing_are_left_out_and_the_others_taken(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.kube.there = [*ODD, service(90)]  # type: ignore[list-item]
    world.kube.watched = [
        [*(Event(kind, each) for each in ODD for kind in ("ADDED", "DELETED")), Event("MODIFIED", service(101))]
    ]
    world.run_for(60)
    assert world.store.children(KEY)[SERVICE].resource_version == 101
    assert world.kube.lists == 1, "no watch has ended"
    assert len(caplog.messages) <= len(ODD), "each is logged once"


def test_an_event_that_is_too_large_is_noted_and_the_watch_goes_on(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.kube.there = [service(90)]
    world.kube.watched = [[Event(UNREADABLE, "an event is too large"), Event("MODIFIED", service(101))]]
    world.run_for(60)
    assert world.store.children(KEY)[SERVICE].resource_version == 101
    assert world.kube.lists == 1, "no watch has ended"
    assert "an event is too large" in caplog.text


def test_items_of_a_list_that_are_left_out_are_noted(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.kube.there = [service(90)]
    world.kube.unreadable = 2
    world.run_for(60)
    assert world.store.children(KEY)[SERVICE].resource_version == 90
    assert "cannot read Service" in caplog.text


def test_a_child_of_which_nothing_else_can_be_read_is_in_the_way(world: World) -> None:
    odd = service(90)
    odd["spec"] = {"replicas": "two"}
    odd["status"] = 5
    world.kube.there = [odd]
    world.run_for(60)
    found = world.store.children(KEY)[SERVICE]
    assert found.problem
    assert world.changed == [KEY]


@pytest.mark.parametrize(
    "error", [UnreadableError("no list"), ApiError(403, "Forbidden", "not you")], ids=["odd", "403"]
)
def test_since_when_no_list_could_be_had_is_known_until_there_is_one(world: World, error: OperatorError) -> None:
    seen: list[float | None] = []

    async def script() -> None:
        for failure in (error, UnreachableError("away"), None):
            world.kube.fails = failure
            await asyncio.sleep(120)
            seen.append(world.informer.failure.since if world.informer.failure else None)

    world.run_for(400, script)
    first, second, third = seen
    assert first is not None
    assert first < 10
    assert second == first, "a server that does not answer does not end what was told"
    assert third is None


def test_a_refusal_before_an_outage_and_one_after_it_are_no_refusal_all_along(world: World) -> None:
    """As of an API server that starts: it knows no rights yet, is away, and knows none once more."""
    echo = Echo(cast(Kube, world.kube), world.store, [], world.queue, watchers=[world.informer])
    told: list[str] = []

    async def script() -> None:
        for failure in (ApiError(401, "Unauthorized", "not yet"), UnreachableError("away")) * 2:
            world.kube.fails = failure
            for _ in range(12 if isinstance(failure, UnreachableError) else 3):
                await asyncio.sleep(10)
                told.append(echo.trouble)

    world.run_for(350, echo.run, script)
    assert {*told} == {""}


def test_a_bug_in_taking_an_answer_ends_no_watch_for_good(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.kube.there = [service(90)]
    world.kube.watched = [[RuntimeError("a bug")]]
    world.run_for(60)
    assert world.kube.lists == 2


# A watch that stays open and brings nothing


class Blind(World):
    """The watch brings bookmarks alone; `echo` compares."""

    def __init__(self) -> None:
        super().__init__()
        self.kube.there = [service(90)]
        self.echo = Echo(cast(Kube, self.kube), self.store, [], self.queue, watchers=[self.informer])
        self.told: list[str] = []

    async def changes(self, *there: Json) -> None:
        """After 100 s; what is told 110 and 200 s later."""
        await asyncio.sleep(100)
        self.kube.there, self.kube.version = [*there], 300
        for seconds in (110, 90):
            await asyncio.sleep(seconds)
            self.told.append(self.echo.trouble)


@pytest.mark.parametrize(
    "there",
    [
        pytest.param([service(200)], id="a change"),
        pytest.param([], id="a deletion"),
        pytest.param([service(90), service(200, "new-service")], id="a new one"),
    ],
)
def test_a_change_of_a_child_that_no_watch_brings_is_told_within_minutes(there: list[Json]) -> None:
    blind = Blind()
    blind.run_for(320, blind.echo.run, lambda: blind.changes(*there))
    before, after = blind.told
    assert before == ""
    assert after.startswith("a watch is silent: a change of Service default/")
    assert "has not arrived for 90 s or longer" in after


def test_a_list_in_its_turn_ends_the_trouble(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    blind = Blind()
    blind.run_for(900, blind.echo.run, lambda: blind.changes(service(200)))
    assert blind.echo.trouble == ""
    assert "the watches bring all changes again" in caplog.text


def test_where_nothing_happens_the_children_are_listed_once_a_minute_and_long_lists_less_often(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calm = Blind()
    calm.run_for(470, calm.echo.run)
    assert 6 <= calm.kube.lists <= 9
    assert calm.echo.trouble == ""
    nobody = Blind()
    nobody.kube.there = []
    nobody.run_for(470, nobody.echo.run)
    assert nobody.kube.lists == 1, "where there are no children none can be missed"
    monkeypatch.setattr(informer, "PAGE", 1)
    long = Blind()
    long.kube.there = [service(90, f"app-{number}-service") for number in range(250)]
    long.run_for(470, long.echo.run)
    assert long.kube.lists <= 3, "a page a second at most"


def test_one_child_that_lags_behind_newer_events_is_no_verdict_on_the_watch() -> None:
    blind = Blind()
    blind.kube.watched = [[Event("MODIFIED", service(250, "other-service"))]]
    blind.kube.there = [service(90), service(250, "other-service")]
    blind.run_for(320, blind.echo.run, lambda: blind.changes(service(200), service(250, "other-service")))
    assert blind.told == ["", ""]
