"""What is not ours is never written nor deleted, and the user reads what stands in the way."""

import json
from typing import Any

import pytest

from tests.harness import Api, Kubectl, hasty, wait_for

KIND = {"deployments": "Deployment", "services": "Service"}
HAND_MADE = {
    "deployments": ("create", "deployment", "myapp-deployment", "--image=theirs:1", "--replicas=0"),
    "services": ("create", "service", "clusterip", "myapp-service", "--tcp=80:5000"),
}
WAY_OUT = "delete it, give the MyApp another name, or let the MyApp take it over"

IN_THE_WAY = {
    "deployments": "cannot be taken over: it selects its pods by app=myapp-deployment for ever",
    "services": f"exists and is not controlled by this MyApp: {WAY_OUT}",
}


def settled(api: Api, plural: str, name: str) -> dict[str, Any]:
    """The object, once its own controller has nothing more to write."""

    def look() -> dict[str, Any] | None:
        found = api.get(plural, name)
        rollout = Api.condition(found or {}, "Progressing").get("reason")
        return found if plural == "services" or rollout == "NewReplicaSetAvailable" else None

    found = wait_for(f"{name} is settled", look)
    assert found
    return found


@pytest.mark.parametrize("plural", HAND_MADE)
def test_a_hand_made_object_is_left_alone_and_the_app_heals_once_it_is_gone(
    api: Api, kubectl: Kubectl, plural: str
) -> None:
    kubectl(*HAND_MADE[plural])
    name = HAND_MADE[plural][-2] if plural == "services" else HAND_MADE[plural][2]
    before = settled(api, plural, name)
    api.create("myapps", hasty())
    wait_for("NotOwned", lambda: api.reason() == "NotOwned")
    assert api.message().startswith(f'{KIND[plural]} "{name}" {IN_THE_WAY[plural]}')
    assert kubectl("get", "myapps", "--no-headers").split()[2] == "NotOwned"
    kubectl("scale", "myapp", "myapp", "--replicas=1")
    wait_for("seen", lambda: api.reason() == "NotOwned")
    after = api.get(plural, name) or {}
    assert after["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"]
    assert after["spec"] == before["spec"]
    kubectl("delete", KIND[plural].lower(), name)
    wait_for("healed", api.is_ready)


def test_the_message_names_another_controller(api: Api, kubectl: Kubectl) -> None:
    kubectl("create", "configmap", "release")
    uid = kubectl("get", "configmap", "release", "-o", "jsonpath={.metadata.uid}")
    kubectl(*HAND_MADE["services"])
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "release", "uid": uid, "controller": True}
    kubectl("patch", "service", "myapp-service", "-p", json.dumps({"metadata": {"ownerReferences": [owner]}}))
    api.create("myapps", hasty())
    wait_for("NotOwned", lambda: api.reason() == "NotOwned")
    assert api.message() == (
        'Service "myapp-service" is controlled by ConfigMap "release": delete it, or give the MyApp another name'
    )


def test_children_that_were_orphaned_on_purpose_keep_running_and_are_in_the_way_of_a_new_app(
    api: Api, kubectl: Kubectl
) -> None:
    api.create("myapps", hasty())
    wait_for("Ready", api.is_ready)
    pods = {pod["metadata"]["uid"] for pod in api.list("pods")}
    kubectl("delete", "myapp", "myapp", "--cascade=orphan")
    for plural in KIND:
        (child,) = api.list(plural)
        assert "ownerReferences" not in child["metadata"]
    api.create("myapps", hasty())
    wait_for("NotOwned", lambda: api.reason() == "NotOwned")
    assert api.message().startswith(
        'Deployment "myapp-deployment" and Service "myapp-service" exist and are not controlled by this MyApp: '
        "delete them, give the MyApp another name, or let the MyApp take them over"
    )
    assert {pod["metadata"]["uid"] for pod in api.list("pods")} == pods
    assert [child["metadata"].get("ownerReferences") for plural in KIND for child in api.list(plural)] == [None, None]
