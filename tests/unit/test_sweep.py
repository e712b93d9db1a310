"""The sweep against a fake of the connection, on a clock that jumps."""

import asyncio
from collections.abc import AsyncIterator
from typing import cast

import pytest

from myapp_operator import names
from myapp_operator.attempts import Attempt
from myapp_operator.errors import UnreachableError
from myapp_operator.grammar import Json
from myapp_operator.informer import Informer
from myapp_operator.kube import Kube, Listing
from myapp_operator.names import Key, Kind
from myapp_operator.refusals import Retry
from myapp_operator.store import Store
from myapp_operator.sweep import Sweep
from myapp_operator.workqueue import WorkQueue
from tests.unit.jumping import run_while
from tests.unit.samples import KEY, app

SERVICE = names.SERVICE
OTHER = app("other", uid="uid-2")


def metadata(name: str, uid: str) -> Json:
    return {"metadata": {"name": name, "namespace": KEY.namespace, "uid": uid, "resourceVersion": "10"}}


class World:
    """Knows two apps, and a third that is gone; nobody watches anything."""

    def __init__(self) -> None:
        self.there = [metadata(KEY.name, "uid-1"), metadata("other", "uid-2")]
        self.failures = 0
        """How many requests get no answer, from the first on."""
        self.looked: list[Key] = []
        self.store = Store()
        for known in (app(), OTHER, app("gone", uid="uid-g")):
            self.store.put_app(known)
        queue = cast(WorkQueue, self)
        self.informer = Informer(cast(Kube, self), self.store, SERVICE, None, queue)
        self.sweep = Sweep(cast(Kube, self), self.store, [None], queue)
        self.add = self.looked.append

    def add_all(self, keys: set[Key]) -> None:
        self.looked.extend(sorted(keys))

    async def pages(self, kind: Kind, namespace: str | None) -> AsyncIterator[Listing]:
        """One MyApp a page."""
        if self.failures:
            self.failures -= 1
            raise UnreachableError("no answer")
        for each in self.there:
            yield Listing([each], 100)

    def run_for(self, seconds: float) -> None:
        run_while(lambda: asyncio.sleep(seconds), lambda: self.sweep.run([self.informer]))


@pytest.fixture
def world() -> World:
    return World()


def test_it_drops_apps_that_vanished_and_has_every_one_looked_at(world: World) -> None:
    world.run_for(730)
    assert world.store.apps() == {KEY, OTHER.key}
    assert world.looked == [Key("default", "gone"), KEY, OTHER.key], "so that nothing is kept of the one that is gone"


def test_an_outage_is_followed_by_it(world: World) -> None:
    world.store.memory(app()).attempts[SERVICE] = Attempt("hash", Retry("no answer"), 7, 0.0, 60.0)
    world.informer.outage.set()
    world.run_for(1)
    assert KEY in world.looked
    assert world.store.memory(app()).attempts == {}, "no pause is left of the outage"


def test_one_that_gets_no_answer_is_soon_made_up_for(world: World) -> None:
    world.failures = 2
    world.informer.outage.set()
    world.run_for(30)
    assert world.failures == 0
    assert world.store.apps() == {KEY, OTHER.key}


def test_at_the_start_it_tells_of_all_apps_however_many_pages_they_fill(world: World) -> None:
    assert asyncio.run(world.sweep.first()) == {"uid-1", "uid-2"}
