"""Starting and stopping: one clear sentence, and an exit code that the README explains."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev.cluster import Cluster
from tests.api.conftest import Kubectl, control_plane, established, may
from tests.harness import Api, Door, OperatorProcess, myapp, wait_for


def ended_by_itself(operator: OperatorProcess) -> None:
    """Sends SIGTERM. What waits for anything at the end is left behind after four seconds, and never says `stopped`."""
    assert operator.stop() == 0
    assert '"message": "stopped"' in operator.output()
    assert "Traceback" not in operator.output()


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Cluster]:
    """A control plane without our CRD."""
    with control_plane("myapp-bare", tmp_path) as cluster:
        yield cluster


def test_without_the_crd_it_says_how_to_install_it_at_the_start_and_later(
    bare: Cluster, kubectl: Kubectl, tmp_path: Path
) -> None:
    sentence = (
        "myapp-operator: the API server does not know myapps.apps.example.com: "
        "install the CRD first, with: kubectl apply -k crds"
    )
    operator = OperatorProcess(bare.kubeconfig, tmp_path)
    operator.start(wait=False)
    assert operator.wait() == 3
    assert operator.output().strip().endswith(sentence)
    assert "Traceback" not in operator.output()

    admin = ("--kubeconfig", str(bare.kubeconfig))
    kubectl(*admin, "apply", "-k", "crds", check=True)
    established(kubectl, "myapps.apps.example.com", *admin)
    operator.start()
    kubectl(*admin, "delete", "crd", "myapps.apps.example.com", check=True)
    assert operator.wait() == 3
    assert operator.output().strip().endswith(sentence)
    assert "Traceback" not in operator.output()


def test_without_rights_it_says_which_are_missing(
    kubectl: Kubectl, account: Path, namespace: str, tmp_path: Path
) -> None:
    kubectl("-n", namespace, "delete", "rolebinding", "myapp-operator", check=True)
    wait_for("the rights are gone", lambda: not may(kubectl, namespace, "list", "myapps"))
    operator = OperatorProcess(account, tmp_path, "--namespace", namespace)
    operator.start(wait=False)
    assert operator.wait() == 5
    assert 'cannot list resource "myapps"' in operator.output()
    assert "deploy/operator/role.yaml" in operator.output()
    assert "Traceback" not in operator.output()


def test_without_an_api_server_it_gives_up_after_a_minute(door: Door, tmp_path: Path) -> None:
    door.shut()
    operator = OperatorProcess(door.kubeconfig, tmp_path)
    operator.start(wait=False)
    assert operator.wait() == 4
    assert "cannot be reached: check the address and that it runs" in operator.output()


def test_sigterm_ends_it_at_once(operator: OperatorProcess) -> None:
    ended_by_itself(operator)


def test_sigterm_ends_it_also_while_somebody_holds_a_connection_to_the_probes(operator: OperatorProcess) -> None:
    with contextlib.closing(operator.hold_probe()):
        ended_by_itself(operator)


def test_sigterm_ends_it_also_while_it_waits_for_the_api_server(door: Door, tmp_path: Path) -> None:
    door.shut()
    operator = OperatorProcess(door.kubeconfig, tmp_path)
    operator.start(wait=False)
    wait_for("a line that says so", lambda: "no answer from the API server" in operator.output())
    ended_by_itself(operator)


def test_sigterm_ends_it_also_while_the_api_server_does_not_answer(
    operator_behind_door: tuple[OperatorProcess, Door],
) -> None:
    operator, door = operator_behind_door
    door.block()
    ended_by_itself(operator)


def test_the_log_is_json_that_names_the_object(api: Api, operator: OperatorProcess) -> None:
    api.create("myapps", myapp())
    wait_for("Ready", api.is_ready)
    lines = [json.loads(line) for line in operator.output().splitlines()]
    (created,) = [line for line in lines if line.get("object") == "myapp-deployment"]
    assert created["message"] == f"create Deployment {api.namespace}/myapp-deployment"
    assert (created["level"], created["app"], created["kind"]) == ("INFO", f"{api.namespace}/myapp", "Deployment")


def test_several_namespaces_are_looked_after_and_no_other(
    cluster: Cluster, kubectl: Kubectl, namespace: str, tmp_path: Path
) -> None:
    others = [f"{namespace}-b", f"{namespace}-c"]
    for each in others:
        kubectl("create", "namespace", each, check=True)
    try:
        apis = [Api(cluster.kubeconfig, each) for each in (namespace, *others)]
        operator = OperatorProcess(cluster.kubeconfig, tmp_path, "--namespace", namespace, "--namespace", others[0])
        operator.start()
        for api in apis:
            api.create("myapps", myapp())
        wait_for("Ready", lambda: apis[0].is_ready() and apis[1].is_ready())
        assert apis[2].list("deployments") == []
        assert operator.stop() == 0
    finally:
        for each in others:
            kubectl("delete", "namespace", each, "--wait=false")
