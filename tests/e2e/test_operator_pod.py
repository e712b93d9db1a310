"""The operator's own pod: what it may do, how it ends, and that nothing is lost however it does."""

import signal
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.harness import Api, Kubectl, OperatorPod, hasty, wait_for

NAMES = [f"app-{number}" for number in range(20)]


def probe(operator: OperatorPod, path: str) -> int:
    """What the kubelet gets to see."""
    with urllib.request.urlopen(f"http://{operator.pod['status']['podIP']}:8080{path}", timeout=30) as answer:
        return int(answer.status)


def create_all(api: Api) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda name: api.create("myapps", hasty(name, replicas=0)), NAMES))


def whole(api: Api) -> bool:
    """Whether every app has all its children, and its status says so."""
    owners = {app["metadata"]["name"]: app["metadata"]["uid"] for app in api.list("myapps")}
    for plural, suffix in (("deployments", "-deployment"), ("services", "-service")):
        children = {
            each["metadata"]["name"]: each["metadata"]["ownerReferences"][0]["uid"] for each in api.list(plural)
        }
        if children != {f"{name}{suffix}": uid for name, uid in owners.items()}:
            return False
    return all(api.reason(name) == "ScaledToZero" for name in owners)


def test_it_keeps_to_pod_security_restricted_and_cannot_write_to_its_root(
    operator: OperatorPod, system: Kubectl
) -> None:
    level = (
        "get",
        "namespace",
        "myapp-system",
        "-o",
        r"jsonpath={.metadata.labels.pod-security\.kubernetes\.io/enforce}",
    )
    assert system(*level) == "restricted"
    assert operator.container["ready"]
    writing = "open('/opt/probe', 'w')"
    assert "Read-only file system" in system.fails("exec", "deployment/myapp-operator", "--", "python3", "-c", writing)
    assert (
        system("exec", "deployment/myapp-operator", "--", "python3", "-c", "import os; print(os.getuid())") == "65532\n"
    )


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_it_answers_the_probes(operator: OperatorPod, path: str) -> None:
    assert probe(operator, path) == 200


def test_sigterm_ends_it_by_itself_in_mid_work(api: Api, operator_alone: OperatorPod) -> None:
    with ThreadPoolExecutor(1) as background:
        work = background.submit(create_all, api)
        wait_for("work has begun", lambda: api.list("deployments"), every=0.01)
        process = operator_alone.signal(signal.SIGTERM)
        wait_for("it has ended", lambda: not Path(f"/proc/{process}").exists())
        work.result()
    wait_for("its end was seen", lambda: operator_alone.container["lastState"])
    assert operator_alone.container["lastState"]["terminated"]["exitCode"] == 0
    assert "stopped" in operator_alone.last_words()  # what waits for anything is left behind before it says so
    operator_alone.wait_ready()
    wait_for("everything is done", lambda: whole(api), every=0.5)


KILLS: dict[str, Callable[[OperatorPod], object]] = {
    "kill -9": lambda operator: operator.signal(signal.SIGKILL),
    "kubectl delete --force": OperatorPod.delete_at_once,
}


@pytest.mark.parametrize("kill", KILLS.values(), ids=KILLS)
def test_killed_in_mid_work_it_finishes_what_was_begun(
    api: Api, operator_alone: OperatorPod, kill: Callable[[OperatorPod], object]
) -> None:
    before = operator_alone.container["containerID"]
    with ThreadPoolExecutor(1) as background:
        work = background.submit(create_all, api)
        wait_for("work has begun", lambda: api.list("deployments"), every=0.01)
        kill(operator_alone)
        work.result()
    wait_for("everything is done", lambda: whole(api), every=0.5)
    operator_alone.wait_ready()
    assert operator_alone.container["containerID"] != before


def test_a_release_rolled_out_while_it_was_killed_arrives(
    api: Api, kubectl: Kubectl, operator_alone: OperatorPod
) -> None:
    api.create("myapps", hasty())
    wait_for("Ready", api.is_ready)
    operator_alone.signal(signal.SIGKILL)
    api.edit("myapp", env=[{"name": "VERSION", "value": "2"}])
    kubectl("delete", "service", "myapp-service")
    wait_for("Ready", api.is_ready)
    template = (api.get("deployments", "myapp-deployment") or {})["spec"]["template"]
    assert {"name": "VERSION", "value": "2"} in template["spec"]["containers"][0]["env"]
    assert api.get("services", "myapp-service")
