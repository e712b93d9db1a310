"""When an object is taken over, when not yet, and what its owner reads if it never will be."""

from pathlib import Path
from typing import Any

import pytest

from tests.api.conftest import Kubectl
from tests.api.hand_made import ADOPT, LABEL, NAMES, hand_made
from tests.harness import Api, OperatorProcess, myapp, never, wait_for

Json = dict[str, Any]


def is_ours(api: Api, plural: str, app: Json) -> bool:
    owners = (api.get(plural, NAMES[plural]) or {})["metadata"].get("ownerReferences", [])
    return [each["uid"] for each in owners] == [app["metadata"]["uid"]]


def test_an_annotation_that_comes_later_is_noticed_within_a_minute_and_the_service_after_the_pods(
    api: Api, kubectl: Kubectl, operator: OperatorProcess
) -> None:
    for plural in NAMES:
        api.create(plural, hand_made(plural))
    app = api.create("myapps", myapp(rollout={"minReadySeconds": 0}))
    both = "deployment/myapp-deployment service/myapp-service"
    command = f"kubectl -n {api.namespace} annotate {both} apps.example.com/adopt=true"
    wait_for("the command", lambda: api.message().endswith(command))
    assert api.message().startswith('Deployment "myapp-deployment" and Service "myapp-service" exist and are')
    kubectl(*command.split()[1:], check=True)
    for plural in NAMES:
        wait_for("ours", lambda plural=plural: is_ours(api, plural, app))
    wait_for("Ready", api.is_ready)
    told = wait_for("both are told", lambda: (found := api.events("Adopted"))[1:] and found)
    assert {each["message"] for each in told} == {
        'took over Deployment "myapp-deployment": it now lives and dies with this MyApp',
        'took over Service "myapp-service": it now lives and dies with this MyApp',
    }


def test_a_labelled_object_is_adopted_at_once(api: Api, operator: OperatorProcess) -> None:
    api.create("deployments", hand_made("deployments", labels=LABEL))
    app = api.create("myapps", myapp(rollout={"minReadySeconds": 0}))
    wait_for("NotOwned", lambda: api.reason() == "NotOwned")
    api.patch("deployments", "myapp-deployment", {"metadata": {"annotations": ADOPT}})
    wait_for("ours", lambda: is_ours(api, "deployments", app))
    wait_for("Ready", api.is_ready)


@pytest.mark.parametrize("plural", NAMES)
def test_what_another_controller_owns_is_not_adopted_nor_offered(
    api: Api, operator: OperatorProcess, plural: str
) -> None:
    owner = api.create("configmaps", {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "release"}})
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "release", "controller": True}
    body = hand_made(plural, annotations=ADOPT, labels=LABEL)
    body["metadata"]["ownerReferences"] = [reference | {"uid": owner["metadata"]["uid"]}]
    stored = api.create(plural, body)
    api.create("myapps", myapp())
    wait_for("NotOwned", lambda: api.reason() == "NotOwned")
    assert api.message() == (
        f'{body["kind"]} "{NAMES[plural]}" is controlled by ConfigMap "release": '
        "delete it, or give the MyApp another name"
    )
    assert (api.get(plural, NAMES[plural]) or {})["spec"] == stored["spec"]


def test_a_service_keeps_its_selector_until_our_deployment_has_a_pod(api: Api, operator: OperatorProcess) -> None:
    api.create("services", hand_made("services", annotations=ADOPT))
    api.create("resourcequotas", {"metadata": {"name": "tight"}, "spec": {"hard": {"pods": "0"}}})
    wait_for("the quota counts", lambda: (api.get("resourcequotas", "tight") or {})["status"].get("hard"))
    app = api.create("myapps", myapp(rollout={"minReadySeconds": 0}))
    wait_for("the refusal of pods is told, not what waits for them", lambda: api.reason() == "QuotaExceeded")
    never("ours", lambda: is_ours(api, "services", app), seconds=3)
    api.delete("resourcequotas", "tight")
    wait_for("Ready", api.is_ready)
    assert is_ours(api, "services", app)


def test_a_service_of_an_app_without_pods_is_adopted(api: Api, operator: OperatorProcess) -> None:
    api.create("services", hand_made("services", annotations=ADOPT))
    api.create("myapps", myapp(replicas=0))
    wait_for("ScaledToZero", lambda: api.reason() == "ScaledToZero")


@pytest.mark.parametrize(
    "labels", [{"app": "theirs"}, {"app": "myapp", "tier": "web"}], ids=["other labels", "our label and more"]
)
def test_a_deployment_of_another_selector_is_told_left_alone_and_replaced_as_the_message_says(
    api: Api, kubectl: Kubectl, operator: OperatorProcess, labels: Json
) -> None:
    """Its pods serve on until their owner ends them."""
    pod = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "x", "image": "theirs:1"}]}}
    spec = {"selector": {"matchLabels": labels}, "template": pod, "paused": False}
    stored = api.create("deployments", hand_made("deployments", annotations=ADOPT, **spec))
    wait_for("their pods", lambda: len(api.list("pods")) == 3)
    pods = {pod["metadata"]["uid"] for pod in api.list("pods")}
    api.create("myapps", myapp(rollout={"minReadySeconds": 0}))
    wait_for("NotOwned", lambda: api.reason() == "NotOwned" and "do not carry that" in api.message())
    now = api.get("deployments", "myapp-deployment") or {}
    assert (now["spec"], now["metadata"]["uid"]) == (stored["spec"], stored["metadata"]["uid"])
    command = f"kubectl -n {api.namespace} delete deployment myapp-deployment --cascade=orphan"
    assert command in api.message()
    kubectl(*command.split()[1:], check=True)
    wait_for("Ready", api.is_ready)
    assert pods < {pod["metadata"]["uid"] for pod in api.list("pods")}


def test_a_headless_service_is_told_and_left_alone(api: Api, operator: OperatorProcess) -> None:
    spec = {"clusterIP": "None", "ports": [{"port": 5000}], "selector": {"app": "theirs"}}
    api.create("services", {**hand_made("services", annotations=ADOPT), "spec": spec})
    api.create("myapps", myapp(rollout={"minReadySeconds": 0}))
    wait_for("NotOwned", lambda: api.reason() == "NotOwned" and "headless" in api.message())
    assert (api.get("services", "myapp-service") or {})["spec"]["clusterIP"] == "None"
    api.delete("services", "myapp-service")
    wait_for("Ready", api.is_ready)


REACHED_OTHERWISE: dict[str, tuple[Json, str]] = {
    "by a name outside": ({"type": "ExternalName", "externalName": "example.com"}, "it stands for example.com"),
    "by a load balancer": ({"type": "LoadBalancer", "ports": [{"port": 443}]}, "set spec.service.type: LoadBalancer"),
    "by addresses outside": ({"externalIPs": ["192.0.2.1"], "ports": [{"port": 80}]}, "Take them out of it"),
}


@pytest.mark.parametrize(("spec", "words"), REACHED_OTHERWISE.values(), ids=REACHED_OTHERWISE)
def test_a_service_that_others_reach_otherwise_is_left_alone_until_its_owner_has_ended_that(
    api: Api, operator: OperatorProcess, spec: Json, words: str
) -> None:
    stored = api.create("services", {**hand_made("services", annotations=ADOPT), "spec": spec})
    app = api.create("myapps", myapp(rollout={"minReadySeconds": 0}))
    wait_for("NotOwned", lambda: api.reason() == "NotOwned" and words in api.message())
    assert (api.get("services", "myapp-service") or {})["spec"] == stored["spec"]
    usual = {"type": "ClusterIP", "externalName": None, "externalIPs": None, "ports": [{"port": 80}]}
    api.patch("services", "myapp-service", {"spec": usual})
    wait_for("ours", lambda: is_ours(api, "services", app))
    wait_for("Ready", api.is_ready)


def test_a_service_keeps_the_node_port_that_the_myapp_asks_for(
    api: Api, account: Path, namespace: str, tmp_path: Path
) -> None:
    lenient = OperatorProcess(account, tmp_path, "--namespace", namespace, "--allow-service-type", "NodePort")
    lenient.start()
    ports = [{"name": "http", "port": 80, "targetPort": 5000}]
    stored = api.create("services", hand_made("services", annotations=ADOPT, type="NodePort", ports=ports))
    app = api.create("myapps", myapp(service={"type": "NodePort"}, rollout={"minReadySeconds": 0}))
    wait_for("ours", lambda: is_ours(api, "services", app))
    (port,) = (api.get("services", "myapp-service") or {})["spec"]["ports"]
    assert port["nodePort"] == stored["spec"]["ports"][0]["nodePort"]
    lenient.stop()
