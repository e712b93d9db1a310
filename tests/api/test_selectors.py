"""Pods of others that have a label in common with an app have nothing in common with it else."""

import json
import re
from typing import Any

import pytest

from dev.cluster import Cluster
from myapp_operator import names
from tests.api.conftest import Kubectl
from tests.api.hand_made import ADOPT, hand_made
from tests.harness import Api, OperatorProcess, hasty, kubectl_myapp, myapp, wait_for

Json = dict[str, Any]


def pod(name: str, labels: Json) -> Json:
    """A pod of nobody's."""
    container = {"name": "report", "image": "theirs:1", "ports": [{"containerPort": 5000}]}
    return {"metadata": {"name": name, "labels": labels}, "spec": {"containers": [container], "nodeName": ""}}


def endpoints(api: Api, service: str = "myapp-service") -> set[str]:
    """The pods to which a Service leads."""
    path = f"/apis/discovery.k8s.io/v1/namespaces/{api.namespace}/endpointslices"
    slices = api.request("GET", f"{path}?labelSelector=kubernetes.io/service-name={service}")["items"]
    found = [each for part in slices for each in part["endpoints"] or () if each["conditions"]["ready"]]
    return {each["targetRef"]["name"] for each in found}


def own_pods(api: Api) -> set[str]:
    of_app = api.list("pods", "app.kubernetes.io/instance=myapp")
    return {each["metadata"]["name"] for each in of_app if "deletionTimestamp" not in each["metadata"]}


def is_running(api: Api, name: str) -> bool:
    return ((api.get("pods", name) or {}).get("status") or {}).get("phase") == "Running"


def test_a_pod_of_others_with_the_label_of_an_app_gets_none_of_its_requests_and_is_no_pod_of_its_budget_or_policy(
    api: Api, operator: OperatorProcess
) -> None:
    api.create("pods", pod("nightly", {"app": "myapp", "role": "nightly"}))
    api.create("myapps", hasty(disruptionBudget={"maxUnavailable": 1}, networkPolicy={}))
    wait_for("Ready", api.is_ready)
    wait_for("their pod runs", lambda: is_running(api, "nightly"))
    wait_for("both pods serve", lambda: len(endpoints(api)) == 2)
    assert endpoints(api) == own_pods(api)
    usual = names.selector("myapp")
    deployment = api.get("deployments", "myapp-deployment") or {}
    assert deployment["spec"]["selector"] == {"matchLabels": usual}
    assert (api.get("poddisruptionbudgets", "myapp-pdb") or {})["spec"]["selector"] == {"matchLabels": usual}
    assert (api.get("networkpolicies", "myapp-networkpolicy") or {})["spec"]["podSelector"] == {"matchLabels": usual}
    app = api.get("myapps", "myapp") or {}
    assert app["status"]["selector"] == names.selector_text(usual)


def test_explain_names_the_pods_of_others(cluster: Cluster, api: Api, operator: OperatorProcess) -> None:
    theirs = hand_made("deployments", paused=False, replicas=1)
    api.create("deployments", {**theirs, "metadata": {**theirs["metadata"], "name": "a"}})
    for number in range(12):
        api.create("pods", pod(f"by-hand-{number:02}", names.labels("myapp")))
    api.create("myapps", hasty())
    wait_for("Ready", api.is_ready)
    wait_for("theirs has its pod", lambda: api.list("pods", "tier=web"))
    done = kubectl_myapp(cluster.kubeconfig, "explain", "-n", api.namespace, "myapp")
    shown = done.stdout.split("Pods of others with the label app=myapp\n")[1].split("\n\n")[0].splitlines()
    assert re.fullmatch(r"a-\w+-\w+ \(ReplicaSet \"a-\w+\"\)", shown[0].strip())
    assert [line.strip() for line in shown[1:]] == [f"by-hand-{n:02} (no controller)" for n in range(12)]
    data = json.loads(kubectl_myapp(cluster.kubeconfig, "explain", "-n", api.namespace, "myapp", "-o", "json").stdout)
    assert len(data["pods"]) == 2
    assert len(data["strangers"]) == 13


def test_the_label_on_foreign_pods_is_told_while_the_app_is_not_ready(api: Api, operator: OperatorProcess) -> None:
    api.create("pods", pod("nightly", {"app": "myapp"}))
    api.create("resourcequotas", {"metadata": {"name": "tight"}, "spec": {"hard": {"pods": "2"}}})
    wait_for("the quota counts", lambda: (api.get("resourcequotas", "tight") or {})["status"].get("hard"))
    api.create("myapps", hasty(replicas=2))
    words = "pods of others carry the label app=myapp too: kubectl myapp explain myapp names them"
    wait_for("told", lambda: api.reason() == "QuotaExceeded" and api.message().endswith(words), seconds=60)
    api.delete("pods", "nightly")
    wait_for("Ready", api.is_ready, seconds=120)
    assert words not in api.message()


def test_an_app_by_hand_beside_a_myapp_of_its_label_keeps_its_pods_to_itself(
    api: Api, operator: OperatorProcess
) -> None:
    theirs = hand_made("deployments")
    api.create(
        "deployments",
        {**theirs, "metadata": {**theirs["metadata"], "name": "myapp"}} | {"spec": {**theirs["spec"], "paused": False}},
    )
    wait_for("their pods", lambda: len(api.list("pods")) == 3)
    api.create("myapps", hasty())
    wait_for("Ready", api.is_ready)
    wait_for("both pods serve", lambda: len(endpoints(api)) == 2)
    assert endpoints(api) == own_pods(api)
    assert len(api.list("pods")) == 5


@pytest.mark.parametrize("labels", [{"app": "myapp"}, {"app": "myapp", "tier": "web"}, {"tier": "web"}], ids=str)
def test_a_deployment_is_adopted_with_its_selector_and_no_pod_leaves_its_service_before_a_new_one_serves(
    api: Api, kubectl: Kubectl, operator: OperatorProcess, labels: Json
) -> None:
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "x", "image": "theirs:1"}]}}
    spec = {"selector": {"matchLabels": labels}, "template": template, "paused": False, "strategy": None, "replicas": 4}
    api.create("deployments", hand_made("deployments", annotations=ADOPT, **spec))
    ports = [{"name": "http", "port": 80, "targetPort": 5000}]
    api.create("services", hand_made("services", annotations=ADOPT, selector=labels, ports=ports))
    wait_for("four pods serve", lambda: len(endpoints(api)) == 4)
    before = endpoints(api)
    rollout = {"minReadySeconds": 3, "maxUnavailable": 0}
    api.create("myapps", myapp(replicas=4, podMetadata={"labels": {"tier": "web"}}, rollout=rollout))
    serving: list[int] = []

    def is_ready() -> bool:
        serving.append(len(endpoints(api)))
        return api.is_ready()

    wait_for("Ready", is_ready, every=0.05)
    # With maxUnavailable 0 four pods are always there; a Service that narrows too early loses them.
    assert min(serving) >= 4
    usual = names.selector("myapp")
    wait_for("it selects ours", lambda: (api.get("services", "myapp-service") or {})["spec"]["selector"] == usual)
    wait_for("four serve", lambda: len(endpoints(api)) == 4)
    assert endpoints(api) == own_pods(api)
    assert not before & endpoints(api)
    deployment = api.get("deployments", "myapp-deployment") or {}
    assert deployment["spec"]["selector"] == {"matchLabels": labels}
    status = (api.get("myapps", "myapp") or {})["status"]
    assert status["selector"] == ",".join(f"{key}={value}" for key, value in labels.items())


def test_pods_that_lose_a_label_of_an_adopted_selector_are_refused_and_nothing_is_lost(
    api: Api, operator: OperatorProcess
) -> None:
    labels = {"app": "myapp", "tier": "web"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "x", "image": "theirs:1"}]}}
    spec = {"selector": {"matchLabels": labels}, "template": template, "paused": False, "strategy": None}
    api.create("deployments", hand_made("deployments", annotations=ADOPT, **spec))
    api.create("myapps", hasty(podMetadata={"labels": {"tier": "web"}}))
    wait_for("Ready", api.is_ready, seconds=60)
    pods = own_pods(api)
    api.edit("myapp", podMetadata=None, service={"port": 81})
    wait_for("Rejected", lambda: api.reason() == "Rejected")
    assert "it selects its pods for ever by tier=web" in api.message()
    assert own_pods(api) == pods
    service = api.get("services", "myapp-service") or {}
    assert service["spec"]["ports"][0]["port"] == 81, "what can be done is done"
    api.edit("myapp", podMetadata={"labels": {"tier": "web"}})
    wait_for("Ready", api.is_ready, seconds=60)


LABELLED = {"labels": {"team": "blue", "app.kubernetes.io/part-of": "shop"}}
EVERY_KIND: Json = {
    "disruptionBudget": {"maxUnavailable": 1},
    "networkPolicy": {},
    "ingress": {"host": "shop.example.com"},
}


def test_labels_of_the_myapp_stand_on_every_child_and_change_without_a_restart(
    api: Api, operator: OperatorProcess
) -> None:
    api.create("myapps", hasty(**EVERY_KIND, **LABELLED))
    wait_for("Ready", api.is_ready)
    pods = own_pods(api)
    kinds = ("deployments", "services", "poddisruptionbudgets", "networkpolicies", "ingresses")

    def labels() -> list[Json]:
        return [each["metadata"]["labels"] for kind in kinds for each in api.list(kind)]

    assert labels() == [names.labels("myapp") | LABELLED["labels"]] * 5
    assert all("team" not in each["metadata"]["labels"] for each in api.list("pods"))
    api.edit("myapp", labels={"team": "green", "app.kubernetes.io/part-of": None})
    wait_for("all are changed", lambda: labels() == [names.labels("myapp") | {"team": "green"}] * 5)
    api.edit("myapp", labels=None)
    wait_for("all are gone", lambda: labels() == [names.labels("myapp")] * 5)
    wait_for("Ready", api.is_ready)
    assert own_pods(api) == pods


def test_a_policy_that_asks_for_a_label_on_deployments_is_satisfied_by_the_labels_of_the_myapp(
    api: Api, kubectl: Kubectl, operator: OperatorProcess
) -> None:
    rules = {"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["deployments"]}
    here = {"matchLabels": {"kubernetes.io/metadata.name": api.namespace}}
    asks = {"expression": "'team' in object.metadata.labels", "message": "every Deployment needs the label team"}
    constraints = {"namespaceSelector": here, "resourceRules": [rules]}
    policy = {"kind": "ValidatingAdmissionPolicy", "spec": {"matchConstraints": constraints, "validations": [asks]}}
    binding = {
        "kind": "ValidatingAdmissionPolicyBinding",
        "spec": {"policyName": api.namespace, "validationActions": ["Deny"]},
    }
    named = {"apiVersion": "admissionregistration.k8s.io/v1", "metadata": {"name": api.namespace}}
    kinds = {"apiVersion": "v1", "kind": "List", "items": [policy | named, binding | named]}
    try:
        kubectl("apply", "-f", "-", stdin=json.dumps(kinds), check=True)
        probe = json.dumps({**hand_made("deployments"), "metadata": {"name": "probe", "labels": {"a": "b"}}})
        command = ("-n", api.namespace, "create", "--dry-run=server", "-f", "-")
        wait_for("the policy counts", lambda: "needs the label team" in kubectl(*command, stdin=probe).stderr)
        api.create("myapps", hasty())
        wait_for("it refuses", lambda: api.reason() == "Forbidden" and "needs the label team" in api.message())
        api.edit("myapp", labels={"team": "blue"})
        wait_for("Ready", api.is_ready, seconds=60)
    finally:
        for kind in ("validatingadmissionpolicybinding", "validatingadmissionpolicy"):
            kubectl("delete", kind, api.namespace, "--ignore-not-found")
