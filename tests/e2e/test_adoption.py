"""An app that was made by hand, as the usual tutorial does, comes under a MyApp while its users keep asking."""

import json
from typing import Any

import pytest

from myapp_operator import names
from tests.harness import Api, Kubectl, Visitor, myapp, wait_for

Json = dict[str, Any]

LABELS = {"app": "myapp"}
HELLO = "Hello from the tutorial!"


def tutorial(image: str) -> list[Json]:
    """The Deployment and the Service of the usual tutorial: no probe, no user, a container of another name.

    An app under way must live on for some seconds after SIGTERM, until no Service sends it requests any more. This one
    does without a preStop: `python app.py` is process 1 of its container, for which the kernel ignores a signal without
    a handler, so it serves until the kubelet kills it after 30 s.
    """
    container = {"name": "flask", "image": image, "imagePullPolicy": "IfNotPresent", "ports": [{"containerPort": 5000}]}
    template = {"metadata": {"labels": LABELS}, "spec": {"containers": [container]}}
    return [
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "myapp-deployment", "labels": LABELS},
            "spec": {"replicas": 2, "selector": {"matchLabels": LABELS}, "template": template},
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "myapp-service"},
            "spec": {"selector": LABELS, "ports": [{"port": 80, "targetPort": 5000}]},
        },
    ]


def all_listen(kubectl: Kubectl, api: Api) -> bool:
    """Without a probe a pod counts as ready before it listens; what is lost by that is not ours."""
    pods = [pod["metadata"]["name"] for pod in api.list("pods")]
    return len(pods) == 2 and all("Running on" in kubectl("logs", pod) for pod in pods)


def selector(api: Api) -> Json:
    found: Json = (api.get("services", "myapp-service") or {})["spec"]["selector"]
    return found


@pytest.mark.timeout(480, func_only=True)
def test_the_tutorials_app_comes_under_a_myapp_by_one_rolling_update_without_a_lost_request(
    api: Api, kubectl: Kubectl, visitor: Visitor, tutorial_image: str
) -> None:
    kubectl(
        "apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": tutorial(tutorial_image)})
    )
    kubectl("rollout", "status", "deployment/myapp-deployment", "--timeout=120s")
    wait_for("both pods listen", lambda: all_listen(kubectl, api))
    address = kubectl("get", "service", "myapp-service", "-o", "jsonpath={.spec.clusterIP}")
    before = {each["metadata"]["uid"] for each in api.list("replicasets")}
    visitor.start(f"http://myapp-service.{api.namespace}.svc")
    api.create("myapps", myapp(image=tutorial_image))
    wait_for("NotOwned", lambda: api.reason() == "NotOwned")
    both = "deployment/myapp-deployment service/myapp-service"
    command = f"kubectl -n {api.namespace} annotate {both} apps.example.com/adopt=true"
    wait_for("the command", lambda: api.message().endswith(command))
    kubectl(*command.split()[1:])
    wait_for("Ready", api.is_ready)
    wait_for("the pods made by hand are gone", lambda: len(api.list("pods", "app=myapp")) == 2)
    wait_for("the Service selects by three labels", lambda: selector(api) == names.selector("myapp"))
    assert set(visitor.finish()) == {HELLO}, visitor.failures
    (deployment,) = api.list("deployments")
    assert deployment["spec"]["selector"] == {"matchLabels": LABELS}, "which can never change"
    assert (api.get("myapps", "myapp") or {})["status"]["selector"] == "app=myapp"
    after = {each["metadata"]["uid"] for each in api.list("replicasets")}
    assert before < after
    assert len(after) == 2
    service = api.get("services", "myapp-service") or {}
    assert (service["spec"]["clusterIP"], service["spec"]["type"]) == (address, "ClusterIP")
    for plural in ("deployments", "services"):
        (child,) = api.list(plural)
        assert child["metadata"]["ownerReferences"][0]["kind"] == "MyApp"
        assert list(child["metadata"]["annotations"]).count("apps.example.com/adopt") == 0
