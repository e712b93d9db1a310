"""Objects as hostile as a tenant can make them who may create MyApps and nothing else: no other app notices."""

import json
import subprocess
from pathlib import Path

import pytest

from dev import hostile
from dev.cluster import Cluster
from dev.hostile import Hostile
from tests.api.conftest import author_of
from tests.harness import Api, OperatorProcess, hasty, myapp, wait_for

HARMLESS = ("cluttered annotations", "the operator's own marks", "1,000 variables", "a finalizer")
"""What is no obstacle: these apps are served as any other."""


@pytest.fixture
def tenant(cluster: Cluster, namespace: str, tmp_path: Path) -> Path:
    """A kubeconfig of a user who may create MyApps in the namespace, and do nothing else."""
    return author_of(cluster, namespace, tmp_path / "tenant")


def post(kubectl: Path, kubeconfig: Path, each: Hostile) -> None:
    """Sends the text as it is: no library of ours could write it."""
    command = [kubectl, "--kubeconfig", kubeconfig, "create", "--raw", each.path, "-f", "-"]
    subprocess.run(command, input=each.body, text=True, check=True, capture_output=True)


def test_a_tenants_objects_are_its_own_trouble(
    api: Api, tenant: Path, cluster: Cluster, operator: OperatorProcess
) -> None:
    """A healthy app is made, changed and mended beside them, also by an operator that starts when they are there."""
    made = list(hostile.myapps(api.namespace, len(hostile.MYAPPS)))
    for each in made:
        post(cluster.kubectl, tenant, each)
    api.create("myapps", hasty("first"))
    wait_for("a new app is served", lambda: api.is_ready("first"))
    served = [each.name for each in made if each.kind in HARMLESS]
    wait_for("harmless ones are served", lambda: all(api.reason(name) == "ScaledToZero" for name in served))
    operator.stop()
    operator.start()
    api.create("myapps", hasty("second"))
    wait_for("a new app is served after a restart", lambda: api.is_ready("second"))
    api.edit("first", replicas=3)
    wait_for("a change is followed", lambda: len(api.list("pods", "app=first")) == 3)
    api.delete("services", "first-service")
    wait_for("a child is mended", lambda: api.get("services", "first-service"))
    assert operator.running
    assert operator.probe("/readyz") == 200
    assert "Traceback" not in operator.output()


def test_objects_of_others_in_the_operators_name_are_their_own_trouble(
    api: Api, cluster: Cluster, operator: OperatorProcess
) -> None:
    for each in hostile.others(api.namespace, len(hostile.OTHERS)):
        post(cluster.kubectl, cluster.kubeconfig, each)
    operator.stop()
    operator.start()
    api.create("myapps", hasty())
    wait_for("a new app is served", api.is_ready)
    assert "Traceback" not in operator.output()
    assert operator.running


def test_a_body_beyond_what_the_api_server_reads_is_refused(api: Api, tenant: Path, cluster: Cluster) -> None:
    """Three megabytes: so all that reaches the operator is smaller."""
    path = f"/apis/apps.example.com/v1/namespaces/{api.namespace}/myapps"
    large = json.dumps(myapp("large", args=["x" * 3_200_000]))
    with pytest.raises(subprocess.CalledProcessError) as error:
        post(cluster.kubectl, tenant, Hostile("3 MB", "large", path, large))
    assert "limit is 3145728" in error.value.stderr
