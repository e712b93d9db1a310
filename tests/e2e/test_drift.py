"""Whatever somebody does to the children with kubectl, they come back as described; what others add stays."""

from collections.abc import Iterator
from typing import Any

import pytest

from dev.cluster import Cluster
from tests.e2e.conftest import new_namespace
from tests.harness import Api, Kubectl, hasty, wait_for

Json = dict[str, Any]

DEPLOYMENT, SERVICE = "deployment/myapp-deployment", "service/myapp-service"
EDITOR = "sed -i -e s/progressDeadlineSeconds:.*/progressDeadlineSeconds:\\ 7/ -e s/targetPort:.*/targetPort:\\ 1/"
NOTHING_DONE = ("no change", "not labeled", "cancelled", "unchanged")
TAMPERING = (
    ("scale", DEPLOYMENT, "--replicas=5"),
    ("set", "image", DEPLOYMENT, "myapp=other:1"),
    ("set", "env", DEPLOYMENT, "PORT=1"),
    ("edit", DEPLOYMENT),
    ("edit", SERVICE),
    ("label", DEPLOYMENT, "app.kubernetes.io/managed-by=other", "--overwrite"),
    ("label", SERVICE, "app-"),
    ("patch", DEPLOYMENT, "--patch", '{"spec": {"minReadySeconds": 7}}'),
    ("patch", SERVICE, "--patch", '{"spec": {"selector": {"app": "other"}}}'),
    ("rollout", "pause", DEPLOYMENT),
    ("delete", DEPLOYMENT, "--wait=false"),
    ("delete", SERVICE, "--wait=false"),
)


@pytest.fixture(scope="module")
def namespace(cluster: Cluster) -> Iterator[str]:
    """One namespace, and one app in it, for all tests of this file (for each process that pytest runs in parallel)."""
    with new_namespace(cluster) as name:
        yield name


@pytest.fixture(scope="module")
def api(cluster: Cluster, namespace: str) -> Api:
    return Api(cluster.kubeconfig, namespace)


@pytest.fixture(scope="module", autouse=True)
def app(api: Api) -> Json:
    """The app that everybody tampers with."""
    app = api.create("myapps", hasty())
    wait_for("Ready", api.is_ready)
    return app


def essence(api: Api, app: Json) -> list[Json]:
    """What is described of the children, less what the server fills in anew for a new object."""
    found = []
    for plural, name in (("deployments", "myapp-deployment"), ("services", "myapp-service")):
        child = api.get(plural, name)
        if child is None or child["metadata"]["ownerReferences"][0]["uid"] != app["metadata"]["uid"]:
            return []
        spec = {key: child["spec"][key] for key in child["spec"] if key not in ("clusterIP", "clusterIPs")}
        found.append({"labels": child["metadata"]["labels"], "spec": spec})
    return found


@pytest.mark.parametrize("command", TAMPERING, ids=" ".join)
def test_what_somebody_changed_with_kubectl_comes_back(
    api: Api, kubectl: Kubectl, app: Json, command: tuple[str, ...]
) -> None:
    wait_for("Ready", api.is_ready)
    before = essence(api, app)
    assert before
    said = kubectl(*command, environment={"KUBE_EDITOR": EDITOR})
    assert not [word for word in NOTHING_DONE if word in said]
    wait_for("as it was", lambda: essence(api, app) == before)
    wait_for("Ready", api.is_ready)


def test_what_others_add_stays(api: Api, kubectl: Kubectl) -> None:
    for child in (DEPLOYMENT, SERVICE):
        kubectl("annotate", child, "team.example.com/note=mine")
        kubectl("label", child, "team.example.com/colour=blue")
    kubectl("scale", "myapp", "myapp", "--replicas=1")
    wait_for("Ready", api.is_ready)
    kubectl("label", SERVICE, "app=other", "--overwrite")
    wait_for("repaired", lambda: (api.get("services", "myapp-service") or {})["metadata"]["labels"]["app"] == "myapp")
    for plural, name in (("deployments", "myapp-deployment"), ("services", "myapp-service")):
        metadata = (api.get(plural, name) or {})["metadata"]
        assert metadata["annotations"]["team.example.com/note"] == "mine"
        assert metadata["labels"]["team.example.com/colour"] == "blue"
