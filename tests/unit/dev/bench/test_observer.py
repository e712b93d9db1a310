"""Waiting for what the watches bring."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from dev.bench.arms import ours
from dev.bench.errors import BenchError
from dev.bench.observer import Observer
from myapp_operator.errors import ExpiredError, UnreachableError
from myapp_operator.kube import Event, Kube, Listing
from myapp_operator.names import Kind


class FakeKube(Kube):
    """An API server that brings what the test puts into its queue, and breaks a watch at an exception."""

    def __init__(self) -> None:
        self.events: asyncio.Queue[Event | Exception] = asyncio.Queue()
        self.versions: list[int] = []
        """Where each watch of MyApps began."""

    async def list(self, *_: Any, **__: Any) -> Listing:
        return Listing([], 10)

    async def watch(self, kind: Kind, _: str | None, version: int, **__: Any) -> AsyncIterator[Event]:
        if kind.plural != "myapps":
            await asyncio.Event().wait()
        self.versions.append(version)
        while True:
            event = await self.events.get()
            if isinstance(event, Exception):
                raise event
            yield event


def told(name: str, version: int) -> Event:
    metadata = {"name": name, "generation": 1, "resourceVersion": str(version)}
    return Event("MODIFIED", {"metadata": metadata, "status": {"observedGeneration": 1}})


async def until_written(observer: Observer, *names: str, seconds: float = 60) -> None:
    await observer.until("it is written", names, lambda name: observer.sightings.app(name).is_written, seconds=seconds)


async def test_the_wait_ends_with_the_last_app() -> None:
    kube = FakeKube()
    async with Observer(ours.arm(), kube) as observer:
        waiting = asyncio.create_task(until_written(observer, "a", "b"))
        kube.events.put_nowait(told("a", 11))
        await until_written(observer, "a")
        assert not waiting.done()
        kube.events.put_nowait(told("b", 12))
        await waiting


async def test_what_is_so_already_is_not_waited_for() -> None:
    kube = FakeKube()
    async with Observer(ours.arm(), kube) as observer:
        kube.events.put_nowait(told("a", 11))
        await until_written(observer, "a")
        await until_written(observer, "a")


async def test_a_wait_in_vain_says_what_for_and_how_many() -> None:
    kube = FakeKube()
    async with Observer(ours.arm(), kube) as observer:
        kube.events.put_nowait(told("a", 11))
        await until_written(observer, "a")
        with pytest.raises(BenchError, match=r"After 0 s, it is written was not so for 2 of 3 apps, b for one\."):
            await until_written(observer, "a", "b", "c", seconds=0.01)


async def test_a_watch_that_is_cut_goes_on_where_it_ended() -> None:
    kube = FakeKube()
    async with Observer(ours.arm(), kube) as observer:
        kube.events.put_nowait(told("a", 11))
        kube.events.put_nowait(UnreachableError("cut"))
        kube.events.put_nowait(told("b", 12))
        await until_written(observer, "a", "b")
    assert kube.versions == [10, 11]


async def test_a_watch_that_cannot_go_on_ends_the_wait() -> None:
    kube = FakeKube()
    async with Observer(ours.arm(), kube) as observer:
        waiting = asyncio.create_task(until_written(observer, "a"))
        await asyncio.sleep(0)
        kube.events.put_nowait(ExpiredError("too old"))
        with pytest.raises(BenchError, match="could not go on watching: too old"):
            await waiting
