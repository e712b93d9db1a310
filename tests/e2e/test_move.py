"""An app of any name moves to a MyApp while its users keep asking, step by step as docs/ownership.md says."""

import json
from typing import Any

import pytest

from myapp_operator import names
from tests.harness import Api, Kubectl, Visitor, myapp, wait_for

Json = dict[str, Any]

LABELS = {"app": "shop"}
HELLO = "Hello from the tutorial!"


def shop(image: str) -> list[Json]:
    """A Deployment and a Service, both called plainly like the app, which no MyApp would find in its way.

    The app serves on after SIGTERM until it is killed, as in test_adoption.py.
    """
    container = {"name": "flask", "image": image, "imagePullPolicy": "IfNotPresent", "ports": [{"containerPort": 5000}]}
    template = {"metadata": {"labels": LABELS}, "spec": {"containers": [container]}}
    return [
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "shop"},
            "spec": {"replicas": 2, "selector": {"matchLabels": LABELS}, "template": template},
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "shop"},
            "spec": {"selector": LABELS, "ports": [{"port": 80, "targetPort": 5000}]},
        },
    ]


def all_listen(kubectl: Kubectl, api: Api) -> bool:
    """Without a probe a pod counts as ready before it listens; what is lost by that is not ours."""
    pods = [pod["metadata"]["name"] for pod in api.list("pods", "app=shop")]
    return len(pods) == 2 and all("Running on" in kubectl("logs", pod) for pod in pods)


def behind_the_service(kubectl: Kubectl) -> set[str]:
    """The pods to which the Service leads, by name."""
    of_shop = ("endpointslices", "--selector", "kubernetes.io/service-name=shop")
    slices = json.loads(kubectl("get", *of_shop, "-o", "json"))["items"]
    return {each["targetRef"]["name"] for found in slices for each in found.get("endpoints") or ()}


@pytest.mark.timeout(480, func_only=True)
def test_an_app_of_any_name_moves_to_a_myapp_without_a_lost_request(
    api: Api, kubectl: Kubectl, visitor: Visitor, tutorial_image: str
) -> None:
    made = {"apiVersion": "v1", "kind": "List", "items": shop(tutorial_image)}
    kubectl("apply", "-f", "-", stdin=json.dumps(made))
    kubectl("rollout", "status", "deployment/shop", "--timeout=120s")
    wait_for("both pods listen", lambda: all_listen(kubectl, api))
    address = kubectl("get", "service", "shop", "-o", "jsonpath={.spec.clusterIP}")
    visitor.start(f"http://shop.{api.namespace}.svc")

    api.create("myapps", myapp("store", image=tutorial_image))
    wait_for("Ready beside it", lambda: api.is_ready("store"))
    assert all(pod.startswith("shop-") for pod in behind_the_service(kubectl)), "the old pods serve alone until now"

    over = [
        {"op": "replace", "path": "/spec/selector", "value": names.selector("store")},
        {"op": "replace", "path": "/spec/ports/0/targetPort", "value": 5000},
    ]
    kubectl("patch", "service", "shop", "--type=json", "-p", json.dumps(over))
    new = {pod["metadata"]["name"] for pod in api.list("pods", names.selector_text(names.selector("store")))}
    wait_for("the Service leads to the new pods alone", lambda: behind_the_service(kubectl) == new)

    kubectl("delete", "deployment", "shop")
    wait_for("the old pods are gone", lambda: not api.list("pods", "app=shop"))
    assert set(visitor.finish()) == {HELLO}, visitor.failures
    assert kubectl("get", "service", "shop", "-o", "jsonpath={.spec.clusterIP}") == address
