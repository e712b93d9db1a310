"""The writing of events: apart from all else, counted, and never a reason to stop."""

import asyncio
from collections.abc import AsyncIterator
from typing import cast

import pytest

from myapp_operator import recorder
from myapp_operator.errors import OperatorError, UnreachableError
from myapp_operator.events import EventReason, Notice
from myapp_operator.grammar import Json
from myapp_operator.kube import Kube
from myapp_operator.names import Key
from myapp_operator.observed import App
from myapp_operator.recorder import Recorder
from tests.unit.samples import app, refusal

NOTICE = Notice(EventReason.REVERTED, "what was reverted")
OTHER = Notice(EventReason.REVERTED, "something else")
EXISTS = refusal(409, "already exists", reason="AlreadyExists")
GONE = refusal(404, "not found", reason="NotFound")


class EventsOfACluster:
    """Keeps the events by name; fails with the errors in `fails`, one after the other."""

    def __init__(self) -> None:
        self.there: dict[str, int] = {}
        self.requests: list[str] = []
        self.fails: list[Exception] = []

    async def create_event(self, namespace: str, event: Json) -> None:
        self._request("create")
        name = event["metadata"]["name"]
        if name in self.there:
            raise EXISTS
        self.there[name] = event["count"]

    async def repeat_event(self, key: Key, times: Json) -> None:
        self._request("patch")
        if key.name not in self.there:
            raise GONE
        self.there[key.name] = times["count"]

    def _request(self, verb: str) -> None:
        self.requests.append(verb)
        if self.fails:
            raise self.fails.pop(0)


@pytest.fixture
def cluster() -> EventsOfACluster:
    return EventsOfACluster()


@pytest.fixture
def scribe(cluster: EventsOfACluster) -> Recorder:
    return Recorder(cast(Kube, cluster), "pod-1")


@pytest.fixture
async def writing(scribe: Recorder) -> AsyncIterator[asyncio.Task[None]]:
    """The recorder at work."""
    task = asyncio.create_task(scribe.run())
    yield task
    task.cancel()


async def idle() -> None:
    """Lets the recorder write all that waits: nothing here ever waits for the outside."""
    for _ in range(50):
        await asyncio.sleep(0)


async def test_a_repeat_is_a_patch_of_the_count(
    cluster: EventsOfACluster, scribe: Recorder, writing: asyncio.Task[None]
) -> None:
    scribe.tell(app(), NOTICE)
    await idle()
    scribe.tell(app(), NOTICE)
    await idle()
    assert cluster.requests == ["create", "patch"]
    assert cluster.there == {NOTICE.name_for(app()): 2}


async def test_what_is_told_again_before_it_was_written_is_written_once(
    cluster: EventsOfACluster, scribe: Recorder
) -> None:
    for _ in range(3):
        scribe.tell(app(), NOTICE)
    task = asyncio.create_task(scribe.run())
    await idle()
    task.cancel()
    assert cluster.there == {NOTICE.name_for(app()): 3}
    assert cluster.requests.count("create") == 1


async def test_an_event_that_an_earlier_run_has_left_is_taken_up(
    cluster: EventsOfACluster, scribe: Recorder, writing: asyncio.Task[None]
) -> None:
    cluster.there[NOTICE.name_for(app())] = 7
    scribe.tell(app(), NOTICE)
    await idle()
    assert cluster.requests == ["create", "patch"]


async def test_an_event_that_somebody_deleted_is_written_again(
    cluster: EventsOfACluster, scribe: Recorder, writing: asyncio.Task[None]
) -> None:
    scribe.tell(app(), NOTICE)
    await idle()
    cluster.there.clear()
    scribe.tell(app(), NOTICE)
    await idle()
    assert cluster.there == {NOTICE.name_for(app()): 2}


@pytest.mark.parametrize(
    "error", [UnreachableError("away"), refusal(403, "events is forbidden"), ValueError("a bug")], ids=repr
)
async def test_an_event_that_cannot_be_written_is_left_out_and_the_next_one_is_not(
    cluster: EventsOfACluster,
    scribe: Recorder,
    writing: asyncio.Task[None],
    error: OperatorError | ValueError,
    caplog: pytest.LogCaptureFixture,
) -> None:
    cluster.fails = [error]
    scribe.tell(app(), NOTICE)
    scribe.tell(app(), OTHER)
    await idle()
    assert [*cluster.there] == [OTHER.name_for(app())]
    assert "cannot write an event for default/myapp" in caplog.text
    assert not writing.done()


async def test_no_more_wait_than_there_is_room_for(
    cluster: EventsOfACluster, scribe: Recorder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As while the API server does not answer."""
    monkeypatch.setattr(recorder, "_MOST_WAITING", 2)
    for number in range(4):
        scribe.tell(app(), Notice(EventReason.REVERTED, str(number)))
    assert caplog.text.count("too many events are waiting") == 2
    task = asyncio.create_task(scribe.run())
    await idle()
    task.cancel()
    assert len(cluster.there) == 2


def elsewhere(namespace: str) -> App:
    """An app of another namespace."""
    return app(key=Key(namespace, "myapp"))


async def test_a_namespace_full_of_events_takes_no_room_and_no_turn_of_another(
    cluster: EventsOfACluster, scribe: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(2000):
        scribe.tell(app(), Notice(EventReason.REVERTED, str(number)))
    scribe.tell(elsewhere("other"), NOTICE)
    assert caplog.text.count("too many events are waiting; left out for default/myapp") == 1900
    task = asyncio.create_task(scribe.run())
    for _ in range(10):
        await idle()
    task.cancel()
    assert len(cluster.there) == 101
    assert [*cluster.there].index(NOTICE.name_for(elsewhere("other"))) == 1, "it comes second, not last"


async def test_where_all_room_is_taken_the_fullest_namespace_makes_way(
    scribe: Recorder, cluster: EventsOfACluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "_MOST_WAITING", 4)
    for namespace, count in (("a", 3), ("b", 1), ("c", 1), ("d", 1), ("e", 1)):
        for number in range(count):
            scribe.tell(elsewhere(namespace), Notice(EventReason.REVERTED, f"{namespace}{number}"))
    task = asyncio.create_task(scribe.run())
    await idle()
    task.cancel()
    told = {Notice(EventReason.REVERTED, f"{each}0").name_for(elsewhere(each)) for each in "abcd"}
    assert {*cluster.there} == told


async def test_what_is_told_once_is_never_counted_whoever_has_told_it(
    cluster: EventsOfACluster, scribe: Recorder, writing: asyncio.Task[None]
) -> None:
    once = Notice(EventReason.ROLLOUT_COMPLETE, "complete after 7 seconds", once="2030-01-01T12:00:00Z")
    later = Notice(EventReason.ROLLOUT_COMPLETE, "complete after 9 seconds", once="2030-01-01T12:00:00Z")
    scribe.tell(app(), once)
    scribe.tell(app(), later)
    await idle()
    scribe.tell(app(), later)
    await idle()
    assert cluster.requests == ["create"]
    other = Recorder(cast(Kube, cluster), "pod-2")
    other.tell(app(), later)
    task = asyncio.create_task(other.run())
    await idle()
    task.cancel()
    assert cluster.requests == ["create", "create"], "which the server refuses, since it is there"
    assert [*cluster.there.values()] == [1]
