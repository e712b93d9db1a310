"""What the watches of referable objects bring, and whom it concerns."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import cast

import pytest

from myapp_operator import names
from myapp_operator.errors import ApiError
from myapp_operator.grammar import Json
from myapp_operator.kube import Event, Kube, Listing
from myapp_operator.names import Key, Kind
from myapp_operator.references import Referent, Target
from myapp_operator.referents import Referents
from myapp_operator.referring import ReferentInformer
from tests.unit.jumping import run_while
from tests.unit.samples import KEY, refusal

MAP = names.CONFIG_MAP
SETTINGS = Target(MAP, "default", "settings")


def config_map(version: int, name: str = "settings") -> Json:
    return {"metadata": {"name": name, "namespace": "default", "resourceVersion": str(version)}}


class FakeKube:
    """Lists what is `there`, or refuses; then watches as `watched` says."""

    def __init__(self) -> None:
        self.there: list[Json] = []
        self.refuses: ApiError | None = None
        self.watched: list[Event] = []
        self.lists = 0

    async def pages(self, kind: Kind, namespace: str | None, *, selector: str = "") -> AsyncIterator[Listing]:
        self.lists += 1
        if self.refuses:
            raise self.refuses
        yield Listing([*self.there], 100)

    async def watch(
        self, kind: Kind, namespace: str | None, version: int, *, selector: str, seconds: float
    ) -> AsyncIterator[Event]:
        for event in self.watched:
            yield event
        await asyncio.sleep(seconds)


class World:
    def __init__(self) -> None:
        self.kube = FakeKube()
        self.referents = Referents()
        self.referents.use(KEY, [SETTINGS])
        self.changed: list[Key] = []
        self.informer = ReferentInformer(cast(Kube, self.kube), self.referents, MAP, None, self.changed.append)

    def run_for(self, seconds: float, *, sweep_after: float | None = None) -> None:
        async def script() -> None:
            if sweep_after is not None:
                await asyncio.sleep(sweep_after)
                self.kube.refuses = None
                self.informer.swept.set()
            await asyncio.sleep(seconds)

        run_while(script, lambda: self.informer.run(0))


def test_the_apps_that_refer_to_an_object_are_looked_at_when_it_changes() -> None:
    world = World()
    world.kube.there = [config_map(5), config_map(6, "another")]
    world.kube.watched = [
        Event("MODIFIED", config_map(7)),
        Event("MODIFIED", config_map(8, "another")),
        Event("BOOKMARK", {"metadata": {"resourceVersion": "9"}}),
        Event("DELETED", config_map(10)),
    ]
    world.run_for(1)
    assert world.changed == [KEY] * 3
    assert world.referents.get(SETTINGS) is None
    assert world.referents.get(Target(MAP, "default", "another")) == Referent(8)


def test_without_the_right_a_kind_is_not_checked_and_that_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    world = World()
    world.kube.refuses = refusal(403, "configmaps is forbidden", reason="Forbidden")
    world.run_for(1000)
    assert world.kube.lists == 1
    assert not world.referents.sees(MAP, "default")
    assert [each.message for each in caplog.records] == [
        "configmaps are not checked in all namespaces: the right to watch them was not granted"
    ]


def test_a_right_that_was_lost_leaves_nothing_known() -> None:
    world = World()
    world.referents.replace(MAP, None, {SETTINGS: Referent(5)}, 5)
    world.kube.refuses = refusal(403, "configmaps is forbidden", reason="Forbidden")
    world.run_for(1)
    assert not world.referents.sees(MAP, "default")
    assert world.referents.get(SETTINGS) is None
    assert world.changed == [KEY], "what was held because of it is held no more"


def test_a_right_that_was_granted_is_found_by_the_next_sweep() -> None:
    world = World()
    world.kube.refuses = refusal(403, "configmaps is forbidden", reason="Forbidden")
    world.kube.there = [config_map(5)]
    world.run_for(100, sweep_after=50)
    assert world.kube.lists == 2
    assert world.referents.sees(MAP, "default")
    assert world.changed == [KEY]


def test_a_right_that_was_granted_concerns_the_apps_whose_objects_are_missing_too() -> None:
    world = World()
    world.kube.refuses = refusal(403, "configmaps is forbidden", reason="Forbidden")
    world.run_for(100, sweep_after=50)
    assert world.referents.sees(MAP, "default")
    assert world.changed == [KEY]
