"""What others do again and again: delete a child, apply as our own field manager, replace the status."""

from dataclasses import replace

import pytest

from myapp_operator.errors import UnreachableError
from myapp_operator.events import EventReason
from myapp_operator.names import ROUTE
from myapp_operator.status import Budget
from tests.unit.samples import KEY, app
from tests.unit.world import DEPLOYMENT, SERVICE, Clock, World

DELETED = "the Service is deleted again and again: look up in the audit log of the API server what deletes it"
REPLACED = "the Service is applied again and again by another myapp-operator: let only one of them"
TO_STATUS = "the status is replaced again and again by another writer"


def told(world: World) -> list[str]:
    return [notice.message for notice in world.heard.notices]


def deleted(world: World) -> None:
    """Somebody deletes the Service, and the watch brings that."""
    world.kube.there["MyApp"] = {"metadata": {"uid": world.app.uid}}
    world.store.drop_child(KEY, SERVICE, world.kube.next_version())


async def recreated(world: World) -> None:
    """One round: it is deleted, one pass, and the watch brings the new one."""
    deleted(world)
    await world.reconcile()
    world.watch_brings_children(SERVICE)


def applied_by_another(world: World) -> None:
    """Another operator applies something else; the field manager is the same, so all fields are still held by it."""
    child = world.store.children(KEY)[SERVICE]
    version = world.kube.next_version()
    world.store.put_child(KEY, SERVICE, replace(child, applied="other", resource_version=version))


async def test_a_recreation_is_told_and_a_creation_is_not(new: World) -> None:
    await new.reconcile()
    new.watch_brings_children()
    assert told(new) == []
    await recreated(new)
    assert told(new) == ['recreated Service "myapp-service", which was deleted: change the MyApp instead']
    assert new.heard.notices[0].reason is EventReason.RECREATED
    assert not new.heard.notices[0].warning


async def test_a_child_that_was_there_when_the_operator_started_is_recreated_with_an_event(ready: World) -> None:
    await recreated(ready)
    assert [notice.reason for notice in ready.heard.notices] == [EventReason.RECREATED]


async def test_the_seventh_recreation_waits_and_the_status_says_so(ready: World) -> None:
    for _ in range(6):
        await recreated(ready)
    assert told(ready)[5].startswith(DELETED)
    deleted(ready)
    again = await ready.reconcile()
    assert "create Service" not in ready.kube.requests
    assert again is not None
    assert again <= 30
    assert ready.reason() == "RollingOut"
    assert DELETED in ready.kube.status["message"]


async def test_a_change_of_the_myapp_recreates_at_once(ready: World) -> None:
    for _ in range(6):
        await recreated(ready)
    deleted(ready)
    port = {"service": {"port": 81}}
    ready.store.put_app(replace(ready.app, spec=ready.app.spec | port, generation=2, resource_version=900))
    await ready.reconcile()
    assert "create Service" in ready.kube.requests


async def test_what_went_with_its_api_is_created_again_without_an_event() -> None:
    world = World(app(spec={"image": "myapp:latest", "route": {"gateway": {"name": "public"}}}))
    world.watch_brings_children(DEPLOYMENT, SERVICE, ROUTE)
    await world.reconcile()
    world.store.drop_child(KEY, ROUTE, world.kube.next_version())  # as the definition of its kind is removed
    world.store.note_served(ROUTE, served=False)
    await world.reconcile()
    world.store.note_served(ROUTE, served=True)
    world.kube.there["MyApp"] = {"metadata": {"uid": world.app.uid}}
    await world.reconcile()
    assert "create HTTPRoute" in world.kube.requests
    assert told(world) == []


async def test_an_api_is_missed_as_long_as_the_app_asks_for_it() -> None:
    world = World(app(spec={"image": "myapp:latest", "route": {"gateway": {"name": "public"}}}))
    await world.reconcile()
    assert not world.store.is_missed(ROUTE, None)
    world.store.note_served(ROUTE, served=False)
    await world.reconcile()
    assert world.store.is_missed(ROUTE, None)
    assert world.store.is_missed(ROUTE, KEY.namespace)
    assert not world.store.is_missed(ROUTE, "another")
    world.store.put_app(replace(world.app, spec={"image": "myapp:latest"}, generation=2, resource_version=900))
    await world.reconcile()
    assert not world.store.is_missed(ROUTE, None)


async def test_a_fight_over_a_field_does_not_delay_a_recreation(ready: World) -> None:
    for _ in range(7):
        applied_by_another(ready)
        await ready.reconcile()
        ready.watch_brings_children(SERVICE)
    deleted(ready)
    await ready.reconcile()
    assert "create Service" in ready.kube.requests


async def test_a_child_that_is_deleted_and_changed_again_and_again_is_no_loop(ready: World, clock: Clock) -> None:
    for _ in range(6):
        await recreated(ready)
    clock.passes(60)
    for _ in range(6):
        applied_by_another(ready)
        await ready.reconcile()
        ready.watch_brings_children(SERVICE)
    applied_by_another(ready)
    again = await ready.reconcile()
    assert "apply Service" not in ready.kube.requests
    assert again is not None
    assert 20 < again <= 30


async def test_a_myapp_of_the_same_name_gets_its_children_without_an_event(ready: World) -> None:
    ready.store.drop_app(KEY, ready.app.uid)
    ready.store.put_app(replace(ready.app, uid="uid-2", resource_version=900))
    deleted(ready)
    ready.kube.there["MyApp"] = {"metadata": {"uid": "uid-2"}}
    await ready.reconcile()
    assert "create Service" in ready.kube.requests
    assert told(ready) == []


async def test_an_object_that_was_restored_from_a_backup_gets_no_child_of_the_lost_spec(ready: World) -> None:
    deleted(ready)
    ready.kube.app_version = 5
    await ready.reconcile()
    assert ready.kube.requests == ["get MyApp"]


async def test_what_another_operator_applies_in_turn_is_a_fight(ready: World) -> None:
    applied_by_another(ready)  # by an earlier run of ours, as far as this process knows
    await ready.reconcile()
    assert told(ready) == []
    ready.watch_brings_children(SERVICE)
    applied_by_another(ready)
    await ready.reconcile()
    assert told(ready) == ["Service: reverted every field of the last apply (changed by another myapp-operator)"]
    assert not [each for each in ready.kube.requests if each.startswith("read")]
    for _ in range(5):
        ready.watch_brings_children(SERVICE)
        applied_by_another(ready)
        await ready.reconcile()
    assert told(ready)[-1].startswith(REPLACED)
    ready.watch_brings_children(SERVICE)
    applied_by_another(ready)
    await ready.reconcile()
    assert "apply Service" not in ready.kube.requests
    assert REPLACED in ready.kube.status["message"]


async def test_changes_of_the_myapp_there_and_back_are_no_fight(ready: World) -> None:
    for number in range(20):
        spec = ready.app.spec | {"service": {"port": 81 + number % 2}}
        ready.app = replace(
            ready.app, spec=spec, generation=number + 2, resource_version=ready.app.resource_version + 500
        )
        ready.store.put_app(ready.app)
        await ready.reconcile()
        assert "apply Service" in ready.kube.requests
        ready.watch_brings_children(SERVICE)
    assert told(ready) == []


def port_is(world: World, port: int) -> None:
    """The user changes the MyApp."""
    spec = world.app.spec | {"service": {"port": port}}
    newer = {"generation": world.app.generation + 1, "resource_version": world.app.resource_version + 500}
    world.app = replace(world.app, spec=spec, **newer)
    world.store.put_app(world.app)


async def test_an_apply_whose_answer_was_lost_is_no_write_of_another_operator(ready: World) -> None:
    port_is(ready, 81)
    await ready.reconcile()
    ready.watch_brings_children(SERVICE)
    port_is(ready, 82)
    ready.kube.fails["apply Service"] = UnreachableError("no answer within 10 s")
    await ready.reconcile()
    ready.watch_brings_children(SERVICE)  # it was written
    del ready.kube.fails["apply Service"]
    port_is(ready, 81)
    await ready.reconcile()
    assert "apply Service" in ready.kube.requests
    assert told(ready) == []


async def test_a_status_whose_answer_was_lost_is_no_write_of_another_writer(ready: World) -> None:
    for _ in range(7):
        port_is(ready, 80)  # another generation of what is there already
        ready.kube.fails["status"] = UnreachableError("no answer within 10 s")
        with pytest.raises(UnreachableError):
            await ready.reconcile()
        del ready.kube.fails["status"]
        ready.kube.status = ready.app.status | {"observedGeneration": ready.app.generation}  # it was written
        ready.watch_brings_status()
        port_is(ready, 80)
        await ready.reconcile()
        assert ready.kube.requests == ["status"]
        ready.watch_brings_status()
    assert told(ready) == []


async def test_a_status_that_another_writer_replaces_again_and_again_waits(ready: World) -> None:
    for _ in range(6):
        ready.app = replace(ready.app, status={}, resource_version=ready.app.resource_version + 500)
        ready.store.put_app(ready.app)
        await ready.reconcile()
        assert "status" in ready.kube.requests
        ready.watch_brings_status()
    assert told(ready)[-1].startswith(TO_STATUS)
    assert ready.heard.notices[-1].warning
    ready.app = replace(ready.app, status={}, resource_version=ready.app.resource_version + 500)
    ready.store.put_app(ready.app)
    again = await ready.reconcile()
    assert ready.kube.requests == []
    assert again is not None
    assert 20 < again <= 30


async def test_a_new_generation_is_told_at_once_whatever_others_do_to_the_status(ready: World) -> None:
    for _ in range(7):
        ready.app = replace(ready.app, status={}, resource_version=ready.app.resource_version + 500)
        ready.store.put_app(ready.app)
        await ready.reconcile()
        ready.watch_brings_status()
    changed = replace(ready.app, status={}, generation=2, resource_version=ready.app.resource_version + 500)
    ready.store.put_app(changed)
    await ready.reconcile()
    assert "status" in ready.kube.requests


def test_a_reason_that_alternates_is_written_twenty_times_at_once_and_then_every_ten_seconds() -> None:
    budget, now, written = Budget(), 1000.0, 0
    for _ in range(1000):
        if budget.allows(now):
            budget, written = budget.spent(now), written + 1
        now += 0.1
    assert 29 <= written <= 31
    assert budget.allows(now + 3600)
