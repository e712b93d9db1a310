"""Whether the operator notices that a watch is silent, and takes no lag for it; on a clock that jumps."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, cast

import pytest

from myapp_operator import endings, names
from myapp_operator.echo import Echo
from myapp_operator.errors import OperatorError, UnreachableError, UnreadableError
from myapp_operator.grammar import Json
from myapp_operator.informer import Failure, Watcher
from myapp_operator.kube import Kube, Listing
from myapp_operator.names import Key, Kind
from myapp_operator.observed import App
from myapp_operator.store import Store
from myapp_operator.workqueue import WorkQueue
from tests.unit.jumping import run_while
from tests.unit.samples import app, child, owner, refusal

Script = Callable[[], Awaitable[None]]


def raw(version: int, name: str = "myapp", uid: str = "uid-1", namespace: str = "default") -> Json:
    return {"metadata": {"name": name, "namespace": namespace, "uid": uid, "resourceVersion": str(version)}}


class World:
    """A cluster whose MyApps are `there`; the store knows of them what a test says."""

    def __init__(self, namespaces: Sequence[str | None] = (None,)) -> None:
        self.there: list[Json] = [raw(10)]
        self.version = 100
        self.error: OperatorError | None = None
        self.unlisted = ""
        """The namespace whose list gets no answer."""
        self.lists: list[str | None] = []
        self.store = Store()
        self.store.put_app(app())
        self.looked: list[Key] = []
        self.add = self.looked.append
        self.echo = self.listening(namespaces)

    def listening(self, namespaces: Sequence[str | None] = (None,), *watchers: object) -> Echo:
        found = [cast(Watcher[Any], each) for each in watchers]
        return Echo(cast(Kube, self), self.store, namespaces, cast(WorkQueue, self), watchers=found)

    async def pages(self, kind: Kind, namespace: str | None) -> AsyncIterator[Listing]:
        """Stands in for the API server: a page for each MyApp, and one at least."""
        await asyncio.sleep(0.01)
        assert kind.kind == names.KIND
        assert not kind.whole
        self.lists.append(namespace)
        if self.error:
            raise self.error
        if namespace == self.unlisted:
            raise UnreachableError("no answer in time")
        found = [each for each in self.there if namespace in (None, each["metadata"]["namespace"])]
        seen = [known.resource_version for known in self.store.known_apps(None).values()]  # never newer than a list
        version = max([self.version, *seen, *(int(each["metadata"]["resourceVersion"]) for each in found)])
        for page in [[each] for each in found] or [[]]:
            yield Listing(page, version)

    def run(self, script: Script) -> None:
        """Runs the echo while the script lasts."""
        run_while(script, self.echo.run)

    def run_for(self, seconds: float) -> None:
        self.run(lambda: asyncio.sleep(seconds))


async def until(moment: float) -> None:
    await asyncio.sleep(moment - asyncio.get_running_loop().time())


@pytest.fixture
def world() -> World:
    return World()


def test_where_nothing_happens_there_is_one_list_a_minute_and_no_trouble(world: World) -> None:
    world.run_for(600)
    assert 9 <= len(world.lists) <= 11
    assert world.echo.trouble == ""


@pytest.mark.parametrize(
    ("there", "words"),
    [
        pytest.param([raw(20)], "a change of MyApp default/myapp", id="a change"),
        pytest.param([raw(10), raw(20, "new", "uid-2")], "a change of MyApp default/new", id="a new one"),
    ],
)
def test_what_does_not_arrive_is_told_after_a_list_and_ninety_seconds(
    world: World, there: list[Json], words: str
) -> None:
    world.there = there
    seen: list[str] = []

    async def script() -> None:
        for moment in (100, 160):
            await until(moment)
            seen.append(world.echo.trouble)

    world.run(script)
    assert seen[0] == ""
    assert f"a watch is silent: {words} has not arrived for 90 s or longer" in seen[1]


def test_a_myapp_that_is_missing_in_two_lists_is_forgotten_and_is_no_trouble(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """One that stands by would call the watch silent until the sweep: kopf tells nothing of such a deletion."""
    world.there = []
    seen: list[bool] = []

    async def script() -> None:
        for moment in (40, 70):
            await until(moment)
            seen.append(bool(world.store.apps()))
        await until(400)
        assert world.echo.trouble == ""

    with caplog.at_level(logging.INFO):
        world.run(script)
    assert seen == [True, False], "one that is gone has just vanished after the first list"
    assert caplog.messages == ["default/myapp is gone; its deletion was missed"]
    assert world.looked == [app().key]


def test_trouble_ends_with_the_gap_and_both_are_logged_once(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.there = [raw(20), raw(30, "new", "uid-2")]

    async def script() -> None:
        await until(1000)
        assert ", and 1 more, has not arrived" in world.echo.trouble
        world.store.put_app(app(resource_version=20))
        world.store.put_app(app("new", "uid-2", resource_version=30))
        await until(1050)
        assert world.echo.trouble == ""
        await until(2000)

    with caplog.at_level(logging.INFO):
        world.run(script)
    begin, end = caplog.records
    assert begin.levelno == logging.WARNING
    assert "a watch is silent" in begin.getMessage()
    assert end.getMessage() == "the watches bring all changes again"


def test_a_watch_that_always_lags_a_little_is_no_trouble(world: World) -> None:
    async def script() -> None:
        for version in range(20, 120):
            world.there = [raw(version)]
            await asyncio.sleep(25)
            world.store.put_app(app(resource_version=version - 1))
            assert world.echo.trouble == ""

    world.run(script)


def test_no_list_is_asked_for_while_our_own_writes_come_back(world: World) -> None:
    async def script() -> None:
        for version in range(20, 60):
            now = asyncio.get_running_loop().time()
            known = app(resource_version=version - 1)
            world.store.answered_status(known, version, now)
            world.store.put_app(app(resource_version=version))
            await asyncio.sleep(40)

    world.run(script)
    assert world.lists == []
    assert world.echo.trouble == ""


def test_a_status_that_does_not_come_back_although_newer_ones_do_is_no_verdict_on_the_watch(world: World) -> None:
    async def script() -> None:
        world.store.put_app(app("busy", "uid-2"))
        world.store.answered_status(app(), 20, 0.0)
        for version in range(20, 32):
            world.there = [raw(20), raw(version, "busy", "uid-2")]
            busy = app("busy", "uid-2", resource_version=version)
            world.store.answered_status(busy, version, asyncio.get_running_loop().time())
            world.store.put_app(busy)
            await asyncio.sleep(10)
            assert world.echo.trouble == ""
        await asyncio.sleep(200)
        assert world.echo.trouble == ""

    world.run(script)


def test_one_myapp_that_lags_is_logged_once_while_the_watch_brings_newer_changes(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    async def script() -> None:
        world.store.put_app(app("busy", "uid-2"))
        for version in range(21, 60):
            world.there = [raw(20), raw(version, "busy", "uid-2")]
            world.store.put_app(app("busy", "uid-2", resource_version=version))
            await asyncio.sleep(10)
            assert world.echo.trouble == ""

    world.run(script)
    assert [each for each in caplog.messages if "default/myapp" in each] == caplog.messages
    assert len(caplog.messages) == 1


def test_a_myapp_that_lags_once_more_is_logged_once_more(world: World, caplog: pytest.LogCaptureFixture) -> None:
    async def script() -> None:
        world.store.put_app(app("busy", "uid-2"))
        for version in range(21, 101):
            late = 20 if version < 60 else 60
            world.there = [raw(late), raw(version, "busy", "uid-2")]
            world.store.put_app(app("busy", "uid-2", resource_version=version))
            if version in (50, 100):
                world.store.put_app(app(resource_version=late))
            await asyncio.sleep(10)

    world.run(script)
    assert len(caplog.messages) == 2


def test_a_status_that_does_not_come_back_is_logged_while_those_of_others_do(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    async def script() -> None:
        world.store.put_app(app("busy", "uid-2"))
        world.store.answered_status(app(), 20, 0.0)
        for version in range(21, 51):
            busy = app("busy", "uid-2", resource_version=version)
            world.there = [raw(20), raw(version, "busy", "uid-2")]
            world.store.answered_status(busy, version, asyncio.get_running_loop().time())
            world.store.put_app(busy)
            await asyncio.sleep(10)

    world.run(script)
    (said,) = caplog.messages
    assert said.startswith("a change of MyApp default/myapp has not arrived")


class Uncomparable:
    """A watcher whose lists get no answer."""

    plural = "services"
    failure = None

    def is_quiet(self, seconds: float) -> bool:
        return True

    async def compare(self) -> None:
        raise UnreachableError("no answer in time")

    def overdue(self, latest: float) -> list[str]:
        return ["a change of Service default/x"]


def test_a_kind_that_cannot_be_compared_hides_no_silence_of_others(world: World) -> None:
    world.there = [raw(20)]
    world.echo = world.listening([None], Uncomparable())

    async def script() -> None:
        await until(200)
        assert "a watch is silent: a change of MyApp default/myapp has not arrived" in world.echo.trouble

    world.run(script)


def test_a_namespace_that_cannot_be_listed_hides_no_silence_in_others() -> None:
    world = World(["default", "other"])
    world.there, world.unlisted = [raw(20)], "other"

    async def script() -> None:
        await until(200)
        assert "a watch is silent: a change of MyApp default/myapp has not arrived" in world.echo.trouble

    world.run(script)


class Unlisted:
    """A watcher whose lists cannot be read since the beginning."""

    plural = "services"

    @property
    def failure(self) -> Failure:
        now = asyncio.get_running_loop().time()
        return Failure(0.0, now, UnreadableError("the answer is no JSON"))

    def is_quiet(self, seconds: float) -> bool:
        return False

    def overdue(self, latest: float) -> list[str]:
        return []


def test_a_list_of_children_that_cannot_be_read_is_told_with_its_kind_after_ninety_seconds(world: World) -> None:
    world.echo = world.listening([None], Unlisted())

    async def script() -> None:
        await until(85)
        assert world.echo.trouble == ""
        await until(130)
        assert "the list of services cannot be read for 90 s or longer (the answer is no JSON)" in world.echo.trouble

    world.run(script)


def test_a_list_of_myapps_that_cannot_be_read_is_told_after_ninety_seconds(world: World) -> None:
    async def script() -> None:
        world.error = UnreadableError("the answer is no JSON")
        await until(200)
        assert "the list of myapps cannot be read for 90 s or longer" in world.echo.trouble
        world.error = None
        await asyncio.sleep(31)
        assert world.echo.trouble == ""

    world.run(script)


@pytest.mark.parametrize("deleted", [False, True], ids=["written", "deleted"])
def test_a_child_that_does_not_come_back_is_told_too(world: World, deleted: bool) -> None:
    kind = names.SERVICE
    ours = child(resource_version=20, owner=owner(), applied="hash")

    async def script() -> None:
        world.store.answered_child(app(), kind, ours, 0.0)
        if deleted:
            world.store.put_child(app().key, kind, ours)
            await until(200)
            assert world.echo.trouble == ""
            world.store.answered_deletion(app(), kind, 200.0)
            await until(280)
            assert world.echo.trouble == "", "it has just been deleted, however old it was"
            await until(330)
        else:
            await until(100)
        assert "our own change of the Service of default/myapp" in world.echo.trouble
        world.store.drop_child(app().key, kind, 30)
        await asyncio.sleep(31)
        assert world.echo.trouble == ""

    world.run(script)


def test_an_api_server_that_is_away_is_no_silent_watch(world: World) -> None:
    world.error = UnreachableError("no answer")
    world.run_for(600)
    assert world.echo.trouble == ""


@pytest.mark.parametrize("heard", [True, False], ids=["brought after it", "never brought"])
def test_what_an_outage_has_kept_back_gets_its_time_anew_afterwards(world: World, heard: bool) -> None:
    async def script() -> None:
        world.store.answered_status(app(), 20, 0.0)
        world.store.answered_child(app(), names.SERVICE, child(resource_version=20, owner=owner(), applied="hash"), 0.0)
        world.there = [raw(20)]
        world.error = UnreachableError("no answer")
        while asyncio.get_running_loop().time() < 200:
            await asyncio.sleep(10)
            assert world.echo.trouble == ""
        world.error = None
        if heard:
            world.store.put_app(app(resource_version=20))
            world.store.drop_child(app().key, names.SERVICE, 30)
        await until(260)
        assert world.echo.trouble == "", "its watch may still be on its way"
        await until(330)
        assert bool(world.echo.trouble) != heard

    world.run(script)


def test_an_api_server_that_goes_away_heals_nothing(world: World) -> None:
    world.there = [raw(20)]

    async def script() -> None:
        await until(200)
        world.error = UnreachableError("no answer")
        await until(400)
        assert world.echo.trouble

    world.run(script)


@pytest.mark.parametrize(
    ("status", "what", "advice"),
    [
        (401, "not accepted the operator's credentials", endings.RENEW_CREDENTIALS),
        (403, "refused the list of myapps", "grant the rights of deploy/operator/role.yaml"),
    ],
)
def test_lists_that_are_refused_are_told_after_ninety_seconds_until_one_is_answered(
    world: World, status: int, what: str, advice: str
) -> None:
    async def script() -> None:
        world.error = refusal(status, "not you")
        await until(110)
        assert world.echo.trouble == ""
        await until(200)
        assert world.echo.trouble == f"the API server has {what} for 90 s or longer (not you): {advice}"
        world.error = UnreachableError("no answer")
        await until(400)
        assert what in world.echo.trouble, "nobody has said that it is over"
        world.error = None
        await until(431)
        assert world.echo.trouble == ""

    world.run(script)


def test_a_refusal_in_the_midst_of_an_outage_is_no_trouble(world: World) -> None:
    async def script() -> None:
        for _ in range(5):
            world.error = refusal(401, "not yet")
            await asyncio.sleep(30)
            world.error = UnreachableError("no answer")
            await asyncio.sleep(60)
            assert world.echo.trouble == ""

    world.run(script)


def test_each_namespace_has_a_watch_that_is_listened_to() -> None:
    world = World(["default", "other"])
    world.there = [raw(10), raw(20, "far", "uid-2", "other")]

    async def script() -> None:
        for version in range(11, 31):  # one watch is alive
            now = asyncio.get_running_loop().time()
            world.store.answered_status(app(resource_version=version), version, now)
            world.store.put_app(app(resource_version=version))
            await asyncio.sleep(10)
        assert "a change of MyApp other/far" in world.echo.trouble
        world.store.put_app(App(Key("other", "far"), "uid-2", 20, 1, deleting=False))
        await asyncio.sleep(31)
        assert world.echo.trouble == ""

    world.run(script)
    assert set(world.lists) == {"other"}


def test_an_app_that_was_gone_before_it_arrived_is_no_trouble_also_where_writes_come_back(world: World) -> None:
    world.there = [raw(10), raw(20, "brief", "uid-2")]

    async def script() -> None:
        await until(40)
        for version in range(21, 51):
            world.there = [raw(version)]
            known = app(resource_version=version)
            world.store.answered_status(known, version, asyncio.get_running_loop().time())
            world.store.put_app(known)
            await asyncio.sleep(10)
            assert world.echo.trouble == ""

    world.run(script)
