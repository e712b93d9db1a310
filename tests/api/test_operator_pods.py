"""The operator's own pods on simulated nodes: they do not stand and fall together."""

from collections.abc import Iterator

import pytest

from dev.cluster import Cluster
from tests.api.conftest import Kubectl, control_plane, kubectl_of
from tests.harness import Api, Refused, wait_for

SYSTEM = "myapp-system"
EMPTY, FULL, OTHER = "simulated-0", "simulated-1", "simulated-2"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Its nodes are drained and filled here."""
    with control_plane("myapp-pods", tmp_path_factory.mktemp("pods")) as cluster:
        yield cluster


@pytest.fixture
def system(cluster: Cluster) -> Api:
    """The operator's namespace with two operators, on two nodes that may be used, of which one is nearly full."""
    kubectl = kubectl_of(cluster)
    kubectl("cordon", OTHER, check=True)
    kubectl("create", "namespace", "filler", check=True)
    there = Api(cluster.kubeconfig, "filler")
    wait_for("pods may be made", lambda: there.get("serviceaccounts", "default"))
    there.create("pods", filler(FULL))
    kubectl("apply", "-k", "deploy", check=True)
    kubectl("scale", "-n", SYSTEM, "deployment/myapp-operator", "--replicas=2", check=True)
    return Api(cluster.kubeconfig, SYSTEM)


def filler(node: str) -> dict[str, object]:
    """A pod that leaves five hundredths of a node to others."""
    requests = {"cpu": "3800", "memory": "15.2Ti"}
    container = {"name": "filler", "image": "filler", "resources": {"requests": requests}}
    return {"metadata": {"name": "filler"}, "spec": {"nodeName": node, "containers": [container]}}


def running(system: Api) -> dict[str, str]:
    """The operators that are Ready, and the node of each."""
    pods = system.list("pods", "app.kubernetes.io/name=myapp-operator")
    return {
        pod["metadata"]["name"]: pod["spec"]["nodeName"]
        for pod in pods
        if Api.condition(pod, "Ready").get("status") == "True" and "deletionTimestamp" not in pod["metadata"]
    }


def evict(system: Api, pod: str) -> None:
    """As `kubectl drain` does."""
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod}}
    system.request("POST", system.path("pods", pod, "eviction"), body)


def may_be_disturbed(system: Api) -> int:
    """How many pods the budget lets go now, once it has counted two."""
    status = (system.get("poddisruptionbudgets", "myapp-operator") or {}).get("status", {})
    return status.get("disruptionsAllowed", 0) if status.get("currentHealthy") == 2 else 0


def test_they_are_on_two_nodes_and_one_stays_while_both_are_drained(system: Api, cluster: Cluster) -> None:
    kubectl: Kubectl = kubectl_of(cluster)
    wait_for("two operators run", lambda: len(running(system)) == 2)
    assert set(running(system).values()) == {EMPTY, FULL}, "though one node has much more room"
    wait_for("the budget has counted them", lambda: may_be_disturbed(system) == 1)
    first, second = running(system)
    kubectl("cordon", EMPTY, FULL, check=True)  # so that no other one comes meanwhile
    evict(system, first)
    with pytest.raises(Refused, match="disruption budget"):
        evict(system, second)
    kubectl("uncordon", EMPTY, FULL, check=True)
    wait_for("another one runs and the budget has counted it", lambda: may_be_disturbed(system) == 1)
    evict(system, second)
