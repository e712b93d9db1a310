"""Fields that others added: one read, made ours, removed by the apply; and what admission makes of a write."""

import json
import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from myapp_operator import desired, names, takeover
from myapp_operator.events import EventReason
from myapp_operator.grammar import Json
from myapp_operator.model import parse_spec
from tests.unit import samples
from tests.unit.samples import KEY, condition
from tests.unit.world import CONFLICT, DEPLOYMENT, OWNER, SERVICE, World

NODES = {"f:spec": {"f:template": {"f:spec": {"f:nodeSelector": {}}}}}


def with_addition(world: World) -> Json:
    """Has somebody add a nodeSelector to the Deployment; returns what stands there."""
    world.watch_brings_children()
    known = world.store.children(KEY)[DEPLOYMENT]
    version = world.kube.next_version()
    entries = [
        {"manager": names.MANAGER, "operation": "Apply", "fieldsV1": json.loads(known.fields)},
        {"manager": "kubectl-edit", "operation": "Update", "fieldsV1": NODES},
    ]
    metadata = {
        "uid": known.uid,
        "resourceVersion": str(version),
        "generation": 1,
        "ownerReferences": [OWNER],
        "annotations": {names.APPLIED: known.applied},
        "managedFields": entries,
    }
    others = json.dumps(NODES)
    world.store.put_child(KEY, DEPLOYMENT, replace(known, others=others, resource_version=version))
    world.kube.there["Deployment"] = {"metadata": metadata, "spec": {}}
    return metadata


def stands(world: World) -> None:
    """The API server has both children as they were applied."""
    entry = {"manager": names.MANAGER, "operation": "Apply", "fieldsV1": {"f:metadata": {}, "f:spec": {}}}
    for want in desired.build(world.app, parse_spec(world.app.spec)):
        known = world.store.children(KEY).get(want.kind)
        if want.body and known:
            now = {"uid": known.uid, "resourceVersion": str(known.resource_version), "managedFields": [entry]}
            world.kube.there[want.kind.kind] = {**want.body, "metadata": {**want.body["metadata"], **now}}


async def started() -> World:
    world = World(samples.app())
    await world.reconcile()
    world.watch_brings_status()
    return world


async def test_an_addition_is_read_made_ours_and_removed() -> None:
    world = await started()
    with_addition(world)
    await world.reconcile()
    assert world.kube.requests[:3] == ["read Deployment", "patch Deployment", "apply Deployment"]
    (notice,) = [each for each in world.heard.notices if each.reason is EventReason.REVERTED]
    assert notice.message == (
        "Deployment: reverted spec.template.spec.nodeSelector (added) (changed by kubectl-edit): "
        "change the MyApp instead: spec.scheduling"
    )


async def test_what_a_thousand_managers_hold_is_worked_through_beside_the_event_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world, threads, patch = await started(), [], takeover.patch

    def seen(metadata: Json, select: Callable[[Json], Json]) -> list[Json] | None:
        threads.append(threading.current_thread())
        return patch(metadata, select)

    monkeypatch.setattr(takeover, "patch", seen)
    entries = with_addition(world)["managedFields"]
    entries += [{**entries[1], "manager": f"m{number}"} for number in range(1000)]
    await world.reconcile()
    assert world.kube.requests[:3] == ["read Deployment", "patch Deployment", "apply Deployment"]
    assert threading.main_thread() not in threads


async def test_a_status_written_between_both_writes_makes_it_neither_late_nor_untold() -> None:
    world = await started()
    metadata = with_addition(world)
    version = world.kube.next_version()

    def taken() -> None:
        newer = {**metadata, "managedFields": metadata["managedFields"][:1], "resourceVersion": str(version)}
        world.kube.there["Deployment"] = {"metadata": newer, "spec": {}}
        world.kube.fails["apply Deployment"] = CONFLICT
        world.kube.then["read Deployment"] = lambda: world.kube.fails.pop("apply Deployment")

    world.kube.then["patch Deployment"] = taken
    await world.reconcile()
    assert world.kube.requests[:5] == [
        "read Deployment",
        "patch Deployment",
        "apply Deployment",
        "read Deployment",
        "apply Deployment",
    ]
    assert world.kube.applied_to["Deployment"] == version
    assert [each for each in world.heard.notices if "nodeSelector (added)" in each.message]


async def test_what_admission_changed_is_told_and_asked_for_once_more_after_a_pause() -> None:
    world = World(samples.app())
    stored = world.kube._stored

    def changed(body: Json) -> Json:
        answer = stored(body)
        spec = {**answer["spec"], **({"replicas": 3} if "replicas" in answer["spec"] else {})}
        return {**answer, "spec": spec}

    world.kube._stored = changed  # type: ignore[method-assign]
    await world.reconcile()
    assert world.reason() == "Forbidden"
    assert "spec.replicas 2 → 3" in condition(world.kube.status, "Ready")["message"]
    world.watch_brings_status()
    world.watch_brings_rollout(samples.rollout(pods=3))
    again = await world.reconcile()
    assert world.kube.requests == []
    assert again is not None
    assert 0 < again <= 1
    world.store.memory(world.app).attempts.clear()  # the pause is over
    stands(world)
    world.kube._stored = stored  # type: ignore[method-assign]
    await world.reconcile()
    assert "apply Deployment" in world.kube.requests
    assert world.store.memory(world.app).admitted == {}


async def test_after_a_restart_the_written_status_has_every_child_asked_for_once() -> None:
    world = await started()
    world.watch_brings_children()
    status = {**world.app.status, "message": "the Service is changed by an admission policy or webhook: x"}
    world.app = replace(world.app, status=status, resource_version=world.app.resource_version + 1)
    world.store.put_app(world.app)
    stands(world)
    await world.reconcile()
    assert {"read Deployment", "read Service"} <= set(world.kube.requests)
    assert SERVICE in world.store.memory(world.app).asked_admission
