"""The recipe where the number of pods is handed to an autoscaler, and where somebody's own one is found."""

import json
from dataclasses import replace
from typing import Any

import pytest

from myapp_operator import desired, names
from myapp_operator.model import parse_spec
from myapp_operator.observed import Child
from tests.unit.samples import KEY, app, applied, owner, rollout
from tests.unit.world import CONFLICT, DEPLOYMENT, FORBIDDEN, SERVICE, Clock, World

FIXED = {"image": "myapp:latest", "replicas": 10, "resources": {"requests": {"cpu": "1"}}}
SCALED = FIXED | {"autoscaling": {"minReplicas": 3, "maxReplicas": 20, "cpu": 80}}
THEIRS = {
    "metadata": {"name": "theirs", "uid": "u", "resourceVersion": "1"},
    "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "myapp-deployment"}},
}


class Scaled(World):
    """An app of ten pods, whose children stand as this spec asks for."""

    def __init__(self, spec: dict[str, Any], was: dict[str, Any]) -> None:
        super().__init__(app(spec=spec))
        built = desired.build(self.app, parse_spec(was))
        for each in built:
            if each.body:
                self.store.put_child(KEY, each.kind, applied(each, uid=f"uid-{each.kind}"))
        body = built[0].body or {}
        self.fields = {f"f:{key}": {} for key in body["spec"]}
        self.deployment_is(applied=built[0].applied)

    def deployment_is(self, pods: int = 10, *, ours: bool | None = None, **changes: Any) -> None:
        """The watch brings the Deployment with this many pods. `ours`: whether we own their number."""
        spec = self.fields if ours is None else {**self.fields, "f:replicas": {}}
        if ours is False:
            spec.pop("f:replicas")
        known = self.store.children(KEY)[DEPLOYMENT]
        brought = replace(
            known,
            resource_version=self.kube.next_version(),
            fields=json.dumps({"f:metadata": {}, "f:spec": spec}),
            rollout=rollout(pods),
            awaited=False,
        )
        self.store.put_child(KEY, DEPLOYMENT, replace(brought, **changes))


async def test_the_present_number_is_held_before_it_is_let_go_of_and_then_the_autoscaler_comes() -> None:
    world = Scaled(SCALED, was=FIXED)
    await world.reconcile()
    assert world.kube.requests[:2] == ["hold Deployment", "apply Deployment"]
    assert world.kube.held == (10, False)
    assert "replicas" not in world.kube.applied["Deployment"]["spec"]
    world.deployment_is(ours=False)
    world.kube.there["MyApp"] = {"metadata": {"uid": "uid-1", "resourceVersion": "10"}}
    await world.reconcile()
    assert world.kube.requests[:2] == ["get MyApp", "create HorizontalPodAutoscaler"]


async def test_the_apply_names_the_version_that_the_hold_has_made() -> None:
    world = Scaled(SCALED, was=FIXED)
    before = world.store.children(KEY)[DEPLOYMENT].resource_version
    await world.reconcile()
    assert world.kube.applied_to["Deployment"] == before + 1


async def test_where_the_number_was_changed_meanwhile_nothing_is_let_go_of() -> None:
    world = Scaled(SCALED, was=FIXED)
    world.kube.fails["hold Deployment"] = CONFLICT
    assert await world.reconcile() == pytest.approx(1.0, abs=0.1)
    assert "apply Deployment" not in world.kube.requests


async def test_a_deployment_that_has_lost_our_label_keeps_its_pods_too() -> None:
    """The watch does not bring it, so the operator, just started, only meets it where it would create one."""
    world = Scaled(SCALED, was=FIXED)
    body = desired.build(world.app, parse_spec(FIXED))[0].body or {}
    fields = {"f:metadata": {}, "f:spec": {**world.fields, "f:replicas": {}}}
    entry = {"manager": names.MANAGER, "operation": "Apply", "fieldsV1": fields}
    stored = {**body["metadata"], "uid": "uid-child", "resourceVersion": "60", "managedFields": [entry], "labels": {}}
    world.kube.there = {"MyApp": {"metadata": {"uid": "uid-1"}}, "Deployment": {**body, "metadata": stored}}
    world.store.drop_child(KEY, DEPLOYMENT, 999)
    world.kube.fails["create Deployment"] = CONFLICT
    await world.reconcile()
    await world.reconcile()
    assert world.kube.requests[:2] == ["hold Deployment", "apply Deployment"]
    assert world.kube.held == (10, False)


async def test_an_autoscaled_app_as_wanted_costs_nothing_whatever_its_number() -> None:
    world = Scaled(SCALED, was=SCALED)
    await world.reconcile()
    world.watch_brings_status()
    world.deployment_is(13, scaled=True)
    await world.reconcile()
    assert [each for each in world.kube.requests if each != "status"] == []


def targeting_the_myapp(name: str, api_version: str = "apps.example.com/v1") -> dict[str, Any]:
    ref = {"apiVersion": api_version, "kind": "MyApp", "name": "myapp"}
    return {**THEIRS, "metadata": {**THEIRS["metadata"], "name": name}, "spec": {"scaleTargetRef": ref}}


async def test_an_autoscaler_on_the_myapp_beside_its_own_one_is_looked_for_once_a_minute_and_told() -> None:
    world = Scaled(SCALED, was=SCALED)
    world.store.put_app(replace(world.app, scaled=True))
    world.kube.listed[names.HPA.kind] = [
        THEIRS,
        targeting_the_myapp("another", "example.org/v1"),
        targeting_the_myapp("theirs\x1b[2J"),
    ]
    again = await world.reconcile()
    assert world.kube.requests == ["list HorizontalPodAutoscaler", "status"]
    told = "targets the MyApp itself and does nothing while autoscaling is set"
    assert told in world.kube.status["message"]
    assert "\x1b" not in world.kube.status["message"]
    assert "another" not in world.kube.status["message"]
    assert again is not None
    assert again <= 60
    world.watch_brings_status()
    await world.reconcile()
    assert "list HorizontalPodAutoscaler" not in world.kube.requests


async def test_where_none_is_on_the_myapp_none_is_looked_for_until_it_changes(clock: Clock) -> None:
    """As after `kubectl scale myapp`, whose mark stays for ever."""
    world = Scaled(SCALED, was=SCALED)
    world.app = replace(world.app, scaled=True)
    world.store.put_app(world.app)
    await world.reconcile()
    assert world.kube.requests == ["list HorizontalPodAutoscaler", "status"]
    world.watch_brings_status()
    clock.passes(3600)
    assert await world.reconcile() is None
    assert world.kube.requests == []
    world.app = replace(world.app, generation=2, resource_version=world.app.resource_version + 1)
    world.store.put_app(world.app)
    await world.reconcile()
    assert world.kube.requests[0] == "list HorizontalPodAutoscaler"


async def test_without_the_right_to_list_autoscalers_those_on_the_myapp_are_not_told_and_all_else_goes_on() -> None:
    world = Scaled(SCALED, was=FIXED)
    world.store.put_app(replace(world.app, scaled=True))
    world.kube.fails["list HorizontalPodAutoscaler"] = FORBIDDEN
    await world.reconcile()
    assert world.kube.requests[:2] == ["list HorizontalPodAutoscaler", "hold Deployment"]


async def test_somebodys_autoscaler_is_looked_for_once_a_minute_and_not_fought() -> None:
    world = Scaled(FIXED, was=FIXED)
    world.kube.listed[names.HPA.kind] = [THEIRS]
    world.deployment_is(13, ours=False, scaled=True)
    again = await world.reconcile()
    assert world.kube.requests[:2] == ["list HorizontalPodAutoscaler", "apply Deployment"]
    assert "replicas" not in world.kube.applied["Deployment"]["spec"]
    assert again is not None
    assert again <= 60
    released = world.store.children(KEY)[DEPLOYMENT].applied
    world.deployment_is(13, ours=False, scaled=True, applied=released)
    world.watch_brings_status()
    await world.reconcile()
    assert "list HorizontalPodAutoscaler" not in world.kube.requests
    assert 'HorizontalPodAutoscaler "theirs" scales the Deployment' in world.kube.status["message"]
    assert world.kube.status["ready"] == "13/13"


async def test_where_nobody_has_an_autoscaler_the_number_is_put_back() -> None:
    world = Scaled(FIXED, was=FIXED)
    world.deployment_is(13, ours=False, scaled=True)
    await world.reconcile()
    assert world.kube.requests[0] == "list HorizontalPodAutoscaler"
    assert world.kube.applied["Deployment"]["spec"]["replicas"] == 10
    world.deployment_is(ours=True)
    await world.reconcile()
    assert "list HorizontalPodAutoscaler" not in world.kube.requests
    assert SERVICE in world.store.children(KEY)


async def test_an_adopted_deployment_keeps_the_number_that_its_autoscaler_has_set() -> None:
    world = Scaled(FIXED, was=FIXED)
    world.kube.listed[names.HPA.kind] = [THEIRS]
    entry = {"manager": "hpa", "operation": "Update", "subresource": "scale", "apiVersion": "apps/v1"}
    meta = {
        "uid": "uid-x",
        "resourceVersion": str(world.kube.next_version()),
        "annotations": {names.ADOPT: "true"},
        "managedFields": [{**entry, "fieldsV1": {"f:spec": {"f:replicas": {}}}}],
    }
    theirs = {"metadata": meta, "spec": {"replicas": 13, "selector": {"matchLabels": {"app": "myapp"}}}}
    world.kube.there = {"Deployment": theirs, "MyApp": {"metadata": {"uid": "uid-1"}}}
    world.store.put_child(KEY, DEPLOYMENT, Child.from_json(theirs))
    await world.reconcile()
    assert world.kube.applied["Deployment"]["spec"]["replicas"] == 13
    applied_hash = world.kube.applied["Deployment"]["metadata"]["annotations"][names.APPLIED]
    world.deployment_is(13, ours=True, scaled=True, applied=applied_hash, owner=owner(), offered=False)
    await world.reconcile()
    assert world.kube.requests[:2] == ["hold Deployment", "apply Deployment"]
    assert world.kube.held == (13, False)
