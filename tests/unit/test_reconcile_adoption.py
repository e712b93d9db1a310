"""The recipe where an object stands in the place of a child and its owner lets us take it over."""

from typing import Any

import pytest

from myapp_operator import names
from myapp_operator.errors import UnreachableError
from myapp_operator.events import EventReason, Notice
from myapp_operator.grammar import Json
from myapp_operator.observed import Child
from tests.unit.samples import KEY
from tests.unit.world import CONFLICT, OWNER, SERVICE, World

EDITOR = {"manager": "editor", "operation": "Update", "apiVersion": "v1", "fieldsV1": {"f:spec": {}}}
OFFERED: Json = {
    "uid": "uid-x",
    "resourceVersion": "70",
    "annotations": {names.ADOPT: "true"},
    "managedFields": [EDITOR],
}


def stored_app(**metadata: Any) -> Json:
    return {"metadata": {"uid": "uid-1", "resourceVersion": "10", **metadata}}


def offer(world: World, **metadata: Any) -> None:
    """A Service of somebody's, as the watch brings it and as a GET finds it."""
    raw: Json = {"metadata": OFFERED | metadata, "spec": {"clusterIP": "10.0.0.1"}}
    world.kube.there = {"Service": raw, "MyApp": stored_app()}
    world.store.put_child(KEY, SERVICE, Child.from_json(raw))


async def test_an_adoption_reads_both_merges_and_applies(ready: World) -> None:
    offer(ready)
    await ready.reconcile()
    assert ready.kube.requests == ["get MyApp", "read Service", "patch Service", "get MyApp", "apply Service"]
    assert ready.store.children(KEY)[SERVICE].awaited
    message = 'took over Service "myapp-service": it now lives and dies with this MyApp'
    assert ready.heard.notices == [Notice(EventReason.ADOPTED, message)]
    ready.watch_brings_children(SERVICE)
    await ready.reconcile()
    assert ready.kube.requests == []


async def test_an_object_without_managed_fields_is_applied_to_first(ready: World) -> None:
    offer(ready, managedFields=None)
    await ready.reconcile()
    assert ready.kube.requests[2:] == ["apply Service", "patch Service", "get MyApp", "apply Service"]


@pytest.mark.parametrize("cut", ["read Service", "patch Service", "apply Service"])
async def test_an_adoption_that_was_cut_is_done_again_from_the_start(ready: World, cut: str) -> None:
    offer(ready)
    ready.kube.fails[cut] = UnreachableError("no answer")
    assert await ready.reconcile() == pytest.approx(1.0, abs=0.1)
    ready.kube.fails.clear()
    ready.store.forgive_outages()
    await ready.reconcile()
    assert ready.kube.requests == ["get MyApp", "read Service", "patch Service", "get MyApp", "apply Service"]


@pytest.mark.parametrize("stored", [None, stored_app(uid="uid-2"), stored_app(deletionTimestamp="now")])
async def test_nothing_is_adopted_for_an_app_that_is_gone(ready: World, stored: Json | None) -> None:
    """The garbage collector would delete what was taken over for it."""
    offer(ready)
    del ready.kube.there["MyApp"]
    if stored is not None:
        ready.kube.there["MyApp"] = stored
    assert await ready.reconcile() is None
    assert ready.kube.requests == ["get MyApp"]


async def test_an_app_that_goes_in_the_midst_of_an_adoption_takes_nothing_with_it(ready: World) -> None:
    offer(ready)
    ready.kube.then["patch Service"] = lambda: ready.kube.there.pop("MyApp")
    await ready.reconcile()
    assert ready.kube.requests[-1] == "get MyApp"
    assert ready.heard.notices == []


@pytest.mark.parametrize(
    "metadata",
    [
        pytest.param({"annotations": {}}, id="its owner took that back"),
        pytest.param({"ownerReferences": [OWNER | {"kind": "Shop", "uid": "u"}]}, id="somebody else controls it"),
    ],
)
async def test_what_may_no_longer_be_taken_over_is_left_alone(ready: World, metadata: Json) -> None:
    offer(ready)
    ready.kube.there["Service"] = {"metadata": OFFERED | metadata, "spec": {}}
    await ready.reconcile()
    assert ready.kube.requests == ["get MyApp", "read Service", "status"]
    assert ready.reason() == "NotOwned"


async def test_what_can_never_become_ours_is_told_and_not_touched(ready: World) -> None:
    offer(ready)
    ready.kube.there["Service"]["spec"] = {"clusterIP": "None"}
    assert await ready.reconcile() == pytest.approx(1.0, abs=0.1), "tried again, after growing pauses"
    assert ready.kube.requests == ["get MyApp", "read Service", "status"]
    assert ready.reason() == "NotOwned"
    assert "headless" in ready.kube.status["message"]


async def test_an_object_that_no_watch_brings_is_found_by_the_creation_and_adopted(ready: World) -> None:
    offer(ready)
    ready.store.drop_child(KEY, SERVICE, 80)
    ready.kube.fails["create Service"] = CONFLICT
    await ready.reconcile()
    assert ready.kube.requests == ["get MyApp", "create Service", "read Service"]
    await ready.reconcile()
    assert ready.kube.requests == ["get MyApp", "read Service", "patch Service", "get MyApp", "apply Service"]


async def test_who_replaces_an_adopted_object_again_and_again_is_told_and_met_at_growing_intervals(
    ready: World,
) -> None:
    """A tool that keeps the whole manifest, annotation and all, takes our owner away with each of its writes."""
    for version in range(1000, 7000, 1000):
        offer(ready, resourceVersion=str(version))
        await ready.reconcile()
        assert "apply Service" in ready.kube.requests
    messages = [each.message for each in ready.heard.notices]
    assert messages[4].startswith("took over")
    assert messages[5].startswith("metadata.ownerReferences of the Service is changed again and again: stop it")
    offer(ready, resourceVersion="7000")
    assert await ready.reconcile() == pytest.approx(30, abs=1)
    assert ready.kube.requests == ["status"], "neither read nor written"
    assert "is changed again and again" in ready.kube.status["message"]
