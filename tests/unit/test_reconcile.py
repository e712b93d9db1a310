"""The recipe against a fake of the connection: what a real API server cannot be made to show at will."""

import asyncio
import time
from dataclasses import replace
from typing import Any

import pytest

from myapp_operator import names
from myapp_operator.attempts import Attempt
from myapp_operator.errors import ApiError, NotLeadingError, UnreachableError
from myapp_operator.grammar import Json
from myapp_operator.names import Kind
from myapp_operator.refusals import Retry
from tests.unit.samples import KEY, app, refusal
from tests.unit.world import CONFLICT, DEPLOYMENT, ENDING, FORBIDDEN, OWNER, SERVICE, STALE_STATUS, Clock, World


async def test_a_new_app_costs_one_write_a_child_and_two_of_status_and_no_read(new: World) -> None:
    await new.reconcile()
    assert new.kube.requests == ["create Deployment", "create Service", "status"]
    assert new.reason() == "RollingOut"
    new.watch_brings_status()
    await new.reconcile()
    assert new.kube.requests == [], "the watch has not brought the children"
    new.watch_brings_children()
    await new.reconcile()
    assert new.kube.requests == ["status"]
    assert new.reason() == "Ready"


async def test_an_app_as_wanted_costs_nothing(ready: World) -> None:
    assert await ready.reconcile() is None
    assert ready.kube.requests == []


async def test_an_unknown_key_costs_nothing() -> None:
    world = World(app())
    world.store.drop_app(KEY, "uid-1")
    assert await world.reconcile() is None
    assert world.kube.requests == []


async def test_nothing_is_written_for_an_app_that_is_being_deleted(new: World) -> None:
    new.store.put_app(replace(new.app, deleting=True, resource_version=11))
    assert await new.reconcile() is None
    assert new.kube.requests == []


async def test_for_an_app_whose_deletion_is_held_nothing_is_written_but_what_holds_it(ready: World) -> None:
    held = replace(ready.app, deleting=True, finalizers=("example.org/keep",), generation=2, resource_version=900)
    ready.store.put_app(held)
    ready.store.drop_child(KEY, SERVICE, 950)
    await ready.reconcile()
    assert ready.kube.requests == ["status"]
    assert ready.reason() == "Terminating"


# A child that had existed is created again only after the MyApp was read


def stored_app(**metadata: Any) -> Json:
    return {"metadata": {"uid": "uid-1", "resourceVersion": "10", **metadata}}


async def test_a_child_that_vanished_is_made_again_after_the_app_was_read(ready: World) -> None:
    ready.store.drop_child(KEY, SERVICE, 60)
    ready.kube.there["MyApp"] = stored_app()
    await ready.reconcile()
    assert ready.kube.requests[:2] == ["get MyApp", "create Service"]


@pytest.mark.parametrize(
    "stored",
    [
        pytest.param(None, id="gone"),
        pytest.param(stored_app(uid="uid-2"), id="another one of its name"),
        pytest.param(stored_app(deletionTimestamp="2030-01-01T00:00:00Z"), id="being deleted"),
    ],
)
async def test_nothing_is_made_again_for_an_app_that_is(ready: World, stored: Json | None) -> None:
    """Its children went with it, and the watch has not told yet."""
    ready.store.drop_child(KEY, SERVICE, 60)
    if stored is not None:
        ready.kube.there["MyApp"] = stored
    assert await ready.reconcile() is None
    assert ready.kube.requests == ["get MyApp"]


async def test_an_app_that_is_gone_is_forgotten(ready: World) -> None:
    ready.store.drop_child(KEY, SERVICE, 60)
    await ready.reconcile()
    assert ready.store.app(KEY) is None


async def test_a_new_app_whose_child_was_seen_is_read_as_well() -> None:
    """Killed between the children and the first status: -1 still stands there."""
    world = World(app())
    world.watch_brings_children(DEPLOYMENT)
    await world.reconcile()
    assert world.kube.requests == ["get MyApp"]


async def test_children_that_vanished_while_nobody_looked_are_made_again_after_the_app_was_read(ready: World) -> None:
    """Deleted while the operator was down: this process has seen none, but the status says that there were some."""
    restarted = World(ready.app)
    restarted.kube.there["MyApp"] = stored_app()
    await restarted.reconcile()
    assert restarted.kube.requests == ["get MyApp", "create Deployment", "create Service"]


# The namespace ends


async def test_nothing_more_is_done_where_the_namespace_ends(new: World) -> None:
    new.kube.fails = {"create Deployment": ENDING, "create Service": ENDING}
    assert await new.reconcile() == 60.0
    assert "status" not in new.kube.requests


# Somebody was faster


async def test_a_stale_apply_is_tried_again_in_a_second_and_not_told(ready: World) -> None:
    ready.store.put_child(KEY, SERVICE, replace(ready.store.children(KEY)[SERVICE], applied="old"))
    ready.kube.fails["apply Service"] = CONFLICT
    assert await ready.reconcile() == pytest.approx(1.0, abs=0.1)
    assert ready.kube.requests == ["apply Service"]
    assert ready.store.memory(ready.store.app(KEY)).attempts == {}


async def test_a_conflict_that_lasts_is_tried_after_growing_pauses_and_told(ready: World, clock: Clock) -> None:
    """Such as where a webhook answers 409 to every write."""
    ready.store.put_child(KEY, SERVICE, replace(ready.store.children(KEY)[SERVICE], applied="old"))
    ready.kube.fails["apply Service"] = refusal(409, "the webhook is busy", reason="Conflict")
    writes = 0
    for _ in range(600):
        await ready.reconcile()
        writes += ready.kube.requests.count("apply Service")
        if "status" in ready.kube.requests:
            ready.watch_brings_status()
        clock.passes(1)
    assert 10 < writes < 16
    assert await ready.reconcile() is not None
    assert ready.kube.status["message"].endswith("the API server does not take changes now: the webhook is busy")


async def test_news_of_the_object_end_the_pause_after_a_conflict(ready: World, clock: Clock) -> None:
    ready.store.put_child(KEY, SERVICE, replace(ready.store.children(KEY)[SERVICE], applied="old"))
    ready.kube.fails["apply Service"] = CONFLICT
    for _ in range(60):
        await ready.reconcile()
        clock.passes(1)
    await ready.reconcile()
    assert "apply Service" not in ready.kube.requests
    known = ready.store.children(KEY)[SERVICE]
    ready.store.put_child(KEY, SERVICE, replace(known, resource_version=known.resource_version + 1))
    await ready.reconcile()
    assert "apply Service" in ready.kube.requests


async def test_a_stale_status_is_written_again_after_growing_pauses_until_there_is_news(
    new: World, clock: Clock
) -> None:
    new.kube.fails["status"] = STALE_STATUS
    assert await new.reconcile() == pytest.approx(1.0, abs=0.1)
    writes = 0
    for _ in range(600):
        await new.reconcile()
        writes += new.kube.requests.count("status")
        clock.passes(1)
    assert 10 < writes < 16
    new.app = replace(new.app, resource_version=new.app.resource_version + 1)
    new.store.put_app(new.app)
    await new.reconcile()
    assert "status" in new.kube.requests


async def test_a_status_is_not_written_again_until_the_watch_has_brought_it(new: World) -> None:
    await new.reconcile()
    new.watch_brings_children()
    await new.reconcile()
    assert new.kube.requests == []


# Something stands in the place of a child


def in_place(owners: list[Json]) -> Json:
    return {"metadata": {"uid": "uid-x", "resourceVersion": "70", "ownerReferences": owners}}


@pytest.mark.parametrize(
    ("owners", "reason"),
    [
        pytest.param([], "NotOwned", id="of nobody"),
        pytest.param([OWNER | {"kind": "Shop", "uid": "u"}], "NotOwned", id="of somebody else"),
        pytest.param([OWNER | {"uid": "uid-0"}], "Waiting", id="of an earlier app of this name"),
    ],
)
async def test_an_object_that_is_not_ours_is_told_and_not_touched(new: World, owners: list[Json], reason: str) -> None:
    new.kube.fails["create Service"] = CONFLICT
    new.kube.there["Service"] = in_place(owners)
    again = await new.reconcile()
    assert sorted(new.kube.requests) == ["create Deployment", "create Service", "read Service", "status"]
    assert new.reason() == reason
    assert again == pytest.approx(1.0, abs=0.1), "tried again, after growing pauses"


async def test_what_can_never_be_taken_over_is_told_at_once(new: World) -> None:
    new.kube.fails["create Service"] = CONFLICT
    new.kube.there["Service"] = {**in_place([]), "spec": {"clusterIP": "None"}}
    await new.reconcile()
    assert new.reason() == "NotOwned"
    assert "cannot be taken over: it is headless for ever" in new.kube.status["message"]


async def test_a_child_of_ours_that_lost_its_label_is_found_and_repaired(new: World) -> None:
    new.kube.fails["create Service"] = CONFLICT
    new.kube.there["Service"] = in_place([OWNER])
    assert await new.reconcile() == pytest.approx(1.0, abs=0.1)
    await new.reconcile()
    assert new.kube.requests == ["apply Service"]


async def test_a_child_that_the_watch_does_not_bring_is_looked_at_again_when_somebody_was_faster(
    new: World,
) -> None:
    new.kube.fails = {"create Service": CONFLICT, "apply Service": CONFLICT}
    new.kube.there["Service"] = in_place([OWNER])
    await new.reconcile()
    for _ in range(2):
        await new.reconcile()
        assert new.kube.requests == ["apply Service", "get Service"]
        new.store.memory(new.app).forgive([SERVICE])  # as if the pause were over
    del new.kube.there["Service"], new.kube.fails["create Service"]
    new.kube.there["MyApp"] = stored_app()
    await new.reconcile()
    await new.reconcile()
    assert "create Service" in new.kube.requests, "nobody tells that it is gone"


async def test_a_child_that_goes_and_that_no_watch_brings_is_waited_for_and_made_again(new: World) -> None:
    new.kube.fails["create Service"] = CONFLICT
    going = in_place([OWNER])
    going["metadata"]["deletionTimestamp"] = "2030-01-01T00:00:00Z"
    new.kube.there = {"Service": going, "MyApp": stored_app()}
    assert await new.reconcile() == pytest.approx(1.0, abs=0.1), "tried again, after growing pauses"
    assert new.reason() == "Waiting"
    assert 'Service "myapp-service" is being deleted' in new.kube.status["message"]
    del new.kube.fails["create Service"]
    new.store.memory(new.app).forgive([SERVICE])  # as if the pause were over
    await new.reconcile()
    assert "create Service" in new.kube.requests


async def test_what_went_between_the_creation_and_the_look_is_created_in_a_second(new: World) -> None:
    new.kube.fails["create Service"] = CONFLICT
    assert await new.reconcile() == pytest.approx(1.0, abs=0.1)
    del new.kube.fails["create Service"]
    new.store.memory(new.app).forgive([SERVICE])  # as if the pause were over
    new.kube.there["MyApp"] = stored_app()
    await new.reconcile()
    assert "create Service" in new.kube.requests


# Refusals and outages


async def test_a_refused_child_stops_neither_the_other_nor_the_status(new: World) -> None:
    new.kube.fails["create Service"] = FORBIDDEN
    await new.reconcile()
    assert new.kube.requests == ["create Deployment", "create Service", "status"]
    assert new.reason() == "Forbidden"


async def test_a_refused_write_is_not_tried_before_its_time(new: World) -> None:
    new.kube.fails["create Service"] = FORBIDDEN
    await new.reconcile()
    new.watch_brings_status()
    assert await new.reconcile() == pytest.approx(1.0, abs=0.1)
    assert new.kube.requests == []


@pytest.mark.parametrize(("version_ahead", "patched"), [(0, True), (1, False)], ids=["as seen", "changed since"])
async def test_only_the_very_object_that_was_ours_is_taken_back(
    ready: World, version_ahead: int, patched: bool
) -> None:
    """Its owner may have been removed since it was seen; then it is nobody's to repair."""
    seen = ready.store.children(KEY)[SERVICE]
    ready.store.put_child(KEY, SERVICE, replace(seen, applied="old"))
    entries = [
        {"manager": each, "operation": "Apply", "fieldsV1": {"f:spec": {}}} for each in (names.MANAGER, "editor")
    ]
    entries[1]["fieldsV1"] = {"f:spec": {"f:ports": {}}}
    version = str(seen.resource_version + version_ahead)
    metadata = {"uid": seen.uid, "resourceVersion": version, "managedFields": entries}
    ready.kube.there["Service"] = {"metadata": metadata}
    ready.kube.fails["apply Service"] = refusal(
        422, "Service is invalid: spec.ports: Duplicate value", reason="Invalid"
    )
    await ready.reconcile()
    assert ("patch Service" in ready.kube.requests) is patched


@pytest.mark.parametrize("error", [NotLeadingError(), KeyError("a bug")], ids=["not leading", "a bug"])
async def test_what_stops_one_write_is_raised_when_the_others_have_ended(
    new: World, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    create = new.kube.create

    async def one_stopped_one_slow(kind: Kind, body: Json) -> Json:
        if kind == DEPLOYMENT:
            raise error
        for _ in range(10):
            await asyncio.sleep(0)
        return await create(kind, body)

    monkeypatch.setattr(new.kube, "create", one_stopped_one_slow)
    with pytest.raises(type(error)) as raised:
        await new.reconcile()
    assert raised.value is error
    assert new.kube.requests == ["create Service"]
    assert SERVICE in new.store.children(KEY)


async def test_a_pause_that_ends_during_the_pass_is_no_loop(ready: World) -> None:
    child = ready.store.children(KEY)[SERVICE]
    ready.store.put_child(KEY, SERVICE, replace(child, fields="", resource_version=ready.kube.next_version()))
    busy = Attempt(child.applied, Retry("busy"), 1, time.monotonic(), time.monotonic() + 0.05)
    ready.store.memory(ready.app).attempts[SERVICE] = busy
    assert await ready.reconcile() == pytest.approx(0.1)
    assert "apply Service" not in ready.kube.requests


async def test_an_outage_is_no_refusal(new: World) -> None:
    new.kube.fails["create Service"] = UnreachableError("no answer")
    await new.reconcile()
    assert new.reason() == "RollingOut"


async def test_a_status_that_cannot_be_written_is_a_failure_of_the_pass(new: World) -> None:
    """The queue then waits longer and longer."""
    new.kube.fails["status"] = FORBIDDEN
    with pytest.raises(ApiError):
        await new.reconcile()


async def test_a_stored_spec_that_breaks_the_rules_is_told_and_the_children_stay(ready: World) -> None:
    broken = replace(ready.app, spec={"image": ""}, generation=2, resource_version=900)
    ready.store.put_app(broken)
    await ready.reconcile()
    assert ready.kube.requests == ["status"]
    assert ready.reason() == "Rejected"
    assert "spec.image" in ready.kube.status["message"]


# A child that an app may do without


@pytest.fixture
async def budgeted() -> World:
    """An app with a PodDisruptionBudget, Ready."""
    world = World(app(spec={"image": "myapp:latest", "disruptionBudget": {"maxUnavailable": 1}}))
    await world.reconcile()
    world.watch_brings_status()
    world.watch_brings_children(DEPLOYMENT, SERVICE, names.PDB)
    await world.reconcile()
    assert world.reason() == "Ready"
    world.watch_brings_status()
    return world


async def test_an_app_is_not_ready_before_all_that_it_asks_for_is_written(budgeted: World) -> None:
    budgeted.store.drop_child(KEY, names.PDB, 1000)
    budgeted.kube.there["MyApp"] = stored_app()
    budgeted.kube.fails["create PodDisruptionBudget"] = CONFLICT
    await budgeted.reconcile()
    assert await budgeted.reconcile() is not None
    budgeted.kube.fails.clear()
    budgeted.store.memory(budgeted.app).forgive([names.PDB])  # as if the pause were over
    await budgeted.reconcile()
    assert "create PodDisruptionBudget" in budgeted.kube.requests


async def test_a_child_that_is_no_longer_wanted_is_deleted_once(budgeted: World) -> None:
    budgeted.app = replace(budgeted.app, spec={"image": "myapp:latest"}, resource_version=2000, generation=2)
    budgeted.store.put_app(budgeted.app)
    await budgeted.reconcile()
    assert budgeted.kube.requests == ["delete PodDisruptionBudget"]
    await budgeted.reconcile()
    assert budgeted.kube.requests == [], "what the watch has not brought yet is not deleted again"
    budgeted.store.drop_child(KEY, names.PDB, 1000)
    await budgeted.reconcile()
    assert budgeted.kube.requests == ["status"]
    assert budgeted.reason() == "Ready"
