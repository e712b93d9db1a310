"""What the tests of the recipe begin with."""

import pytest

from myapp_operator import autoscalers, gate, looking, outcomes, reconcile
from tests.unit.samples import app
from tests.unit.world import Clock, World


@pytest.fixture
def new() -> World:
    """A MyApp that was just created."""
    return World(app())


@pytest.fixture
async def ready() -> World:
    """A MyApp that is complete and says so."""
    world = World(app())
    world.watch_brings_children()
    await world.reconcile()
    world.watch_brings_status()
    assert world.reason() == "Ready"
    return world


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of the recipe, which a test may put forward."""
    clock = Clock()
    for module in (autoscalers, gate, looking, outcomes, reconcile):
        monkeypatch.setattr(module, "time", clock)
    return clock
