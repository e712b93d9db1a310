"""What the recipe tells of others, and how it meets them: read, taken back, told, and paused in a fight."""

from dataclasses import replace
from typing import Any

import pytest

from myapp_operator import names
from myapp_operator.errors import OperatorError, UnreachableError
from myapp_operator.events import EventReason
from myapp_operator.grammar import Json
from myapp_operator.observed import Child
from tests.unit.samples import KEY, app, condition, progressing, refusal, rollout, wanted
from tests.unit.world import CONFLICT, DEPLOYMENT, FORBIDDEN, OWNER, SERVICE, World

OURS_LESS_AFFINITY = (
    '{"f:metadata":{},"f:spec":{"f:type":{},"f:selector":{},"f:publishNotReadyAddresses":{},"f:ports":{}}}'
)
AFFINITY = {"f:spec": {"f:sessionAffinity": {}}}
SECRET = "swordfish-1"  # noqa: S105


def tampered(world: World, **metadata: Any) -> None:
    """Somebody changes sessionAffinity of the Service; the watch brings it."""
    child = world.store.children(KEY)[SERVICE]
    version = child.resource_version + 1
    world.store.put_child(KEY, SERVICE, replace(child, fields=OURS_LESS_AFFINITY, resource_version=version))
    entries = [
        {"manager": names.MANAGER, "operation": "Apply", "fieldsV1": {"f:metadata": {}, "f:spec": {"f:ports": {}}}},
        {"manager": "kubectl-edit", "operation": "Update", "fieldsV1": AFFINITY},
    ]
    stored = {"uid": child.uid, "resourceVersion": str(version), "ownerReferences": [OWNER], "managedFields": entries}
    world.kube.there["Service"] = {"metadata": stored | metadata, "spec": {"sessionAffinity": "ClientIP"}}


async def taken_back(world: World) -> None:
    """One round of a fight: somebody changes it, one pass, and the watch brings what was applied."""
    tampered(world)
    await world.reconcile()
    world.watch_brings_children(SERVICE)


def told(world: World) -> list[str]:
    return [notice.message for notice in world.heard.notices]


async def test_a_drifted_child_is_read_once_and_told_after_it_was_taken_back(ready: World) -> None:
    tampered(ready)
    await ready.reconcile()
    assert ready.kube.requests[:2] == ["read Service", "apply Service"]
    assert told(ready) == [
        "Service: reverted spec.sessionAffinity ClientIP → None (changed by kubectl-edit): "
        "change the MyApp instead: spec.service"
    ]
    assert ready.heard.notices[0].reason is EventReason.REVERTED


async def test_a_change_of_the_myapp_is_neither_read_nor_told(ready: World) -> None:
    changed = replace(ready.app, spec=ready.app.spec | {"replicas": 3}, generation=2, resource_version=900)
    ready.store.put_app(changed)
    await ready.reconcile()
    assert ready.kube.requests == ["apply Deployment"]
    assert told(ready) == []


@pytest.mark.parametrize("error", [UnreachableError("away"), refusal(500, "etcd")], ids=["outage", "error"])
async def test_a_child_that_cannot_be_read_is_taken_back_all_the_same(ready: World, error: OperatorError) -> None:
    tampered(ready)
    ready.kube.fails["read Service"] = error
    await ready.reconcile()
    assert "apply Service" in ready.kube.requests
    assert told(ready) == ["Service: reverted spec.sessionAffinity: change the MyApp instead: spec.service"]


async def test_a_revert_that_failed_is_not_told(ready: World) -> None:
    tampered(ready)
    ready.kube.fails["apply Service"] = CONFLICT
    await ready.reconcile()
    assert told(ready) == []


@pytest.mark.parametrize(
    ("changes", "version"),
    [
        pytest.param({}, 77, id="only its status has changed since"),
        pytest.param({"ownerReferences": []}, 51, id="it is no longer ours"),
        pytest.param({"uid": "another"}, 51, id="it is another object"),
        pytest.param({"deletionTimestamp": "2030-01-01T00:00:00Z"}, 51, id="it is being deleted"),
    ],
)
async def test_what_is_taken_back_is_the_version_that_was_read_if_it_is_still_ours(
    ready: World, changes: Json, version: int
) -> None:
    entries = [{"manager": names.MANAGER, "operation": "Apply", "fieldsV1": OURS_READ}]
    annotations = {names.APPLIED: ready.store.children(KEY)[SERVICE].applied}
    tampered(ready, resourceVersion="77", managedFields=entries, annotations=annotations, **changes)
    await ready.reconcile()
    assert ready.kube.applied_to["Service"] == version


OURS_READ: Json = {
    "f:metadata": {},
    "f:spec": {"f:type": {}, "f:selector": {}, "f:publishNotReadyAddresses": {}, "f:ports": {}},
}


# Fights


async def test_the_seventh_revert_waits_and_the_status_says_so(ready: World) -> None:
    for _ in range(6):
        await taken_back(ready)
    assert told(ready)[4].startswith("Service: reverted spec.sessionAffinity")
    assert told(ready)[5].startswith("spec.sessionAffinity of the Service is changed again and again by kubectl-edit")
    tampered(ready)
    again = await ready.reconcile()
    assert not [each for each in ready.kube.requests if "Service" in each], "neither read nor written"
    assert again is not None
    assert again <= 30
    assert ready.reason() == "RollingOut"
    assert "again and again by kubectl-edit" in ready.kube.status["message"]


async def test_a_change_of_the_myapp_does_not_wait_for_a_fight(ready: World) -> None:
    for _ in range(6):
        await taken_back(ready)
    port = {"service": {"port": 81}}
    ready.store.put_app(replace(ready.app, spec=ready.app.spec | port, generation=2, resource_version=900))
    await ready.reconcile()
    assert "apply Service" in ready.kube.requests


# Refusals and failures come with the status that brings them


async def test_a_refusal_is_told_once(new: World) -> None:
    new.kube.fails["create Service"] = FORBIDDEN
    for _ in range(3):
        await new.reconcile()
        new.watch_brings_status()
    assert [(notice.reason, notice.warning) for notice in new.heard.notices] == [(EventReason.REFUSED, True)]
    assert told(new)[0].startswith("Forbidden: the Service is refused: ")


async def test_a_refusal_that_could_not_be_written_to_the_status_is_not_told(new: World) -> None:
    new.kube.fails |= {"create Service": FORBIDDEN, "status": CONFLICT}
    await new.reconcile()
    assert told(new) == []


async def test_values_that_the_server_quotes_reach_neither_status_nor_event_nor_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = World(app(spec={"image": "myapp:latest", "env": [{"name": "PASSWORD", "value": SECRET}]}))
    quoted = f'Deployment.apps "x" is invalid: env[1].value: Invalid value: "{SECRET}": no; see http://a:{SECRET}@b/'
    world.kube.fails["create Deployment"] = refusal(422, quoted, reason="Invalid")
    world.kube.fails["create Service"] = refusal(503, f"webhook said {SECRET}")
    await world.reconcile()
    assert world.reason() == "Rejected"
    shown = f"{world.kube.status}{told(world)}{caplog.text}"
    assert "Invalid value" in shown
    assert SECRET not in shown
    assert DEPLOYMENT in world.store.memory(world.app).attempts


def watch_brings_the_applied_deployment(world: World, **account: Any) -> None:
    """The Deployment as it was applied last, with its notes; `account` is what it says of itself."""
    body: Json = world.kube.applied["Deployment"]
    annotations = body["metadata"]["annotations"]
    noted: Json = {"f:annotations": {f"f:{each}": {} for each in annotations}}
    noted |= {"f:labels": {}, "f:ownerReferences": {}}
    entry = {"manager": names.MANAGER, "operation": "Apply", "fieldsV1": {"f:metadata": noted, "f:spec": {}}}
    known = world.store.children(KEY)[DEPLOYMENT]
    version = str(known.resource_version + 1)
    metadata = {"uid": known.uid, "resourceVersion": version, "generation": 1, "ownerReferences": [OWNER]}
    metadata |= {"annotations": annotations, "managedFields": [entry]}
    world.store.put_child(KEY, DEPLOYMENT, replace(Child.from_json({"metadata": metadata}), rollout=rollout(**account)))


async def test_a_rollout_is_told_when_it_is_written_and_when_it_is_complete(ready: World) -> None:
    ready.app = replace(ready.app, spec={"image": "myapp:2"}, generation=2, resource_version=900)
    ready.store.put_app(ready.app)
    known = ready.store.children(KEY)[DEPLOYMENT]
    before = wanted()[DEPLOYMENT].version
    noted = '{"image":"myapp:latest"}'
    ready.store.put_child(KEY, DEPLOYMENT, replace(known, template=before, noted=noted, resource_version=800))
    await ready.reconcile()
    assert '"began"' in ready.kube.applied["Deployment"]["metadata"]["annotations"][names.ROLLOUT]
    watch_brings_the_applied_deployment(ready, updated=1, conditions=progressing("ReplicaSetUpdated"))
    await ready.reconcile()
    assert told(ready) == ['rolling out image "myapp:latest" → "myapp:2"']
    assert condition(ready.kube.status, "Ready")["reason"] == "RollingOut"
    watch_brings_the_applied_deployment(ready)
    await ready.reconcile()
    assert [each.reason for each in ready.heard.notices] == [EventReason.ROLLOUT_STARTED, EventReason.ROLLOUT_COMPLETE]
    assert not any(each.endswith("Deployment") for each in ready.kube.requests), "no other write for it"
