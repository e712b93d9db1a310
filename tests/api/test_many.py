"""A thousand apps, on a control plane of their own: others would wait for it to be cleaned up."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dev.cluster import Cluster
from tests.api.conftest import control_plane, prepare
from tests.harness import Api, Audit, OperatorProcess, myapp, never, service_account, wait_for

MANY = 1000


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with control_plane("myapp-many", tmp_path) as cluster:
        yield prepare(cluster)


@pytest.mark.timeout(1500)
def test_a_restart_with_a_thousand_unchanged_apps_writes_nothing(cluster: Cluster, tmp_path: Path) -> None:
    account = service_account(cluster.kubectl, cluster.kubeconfig, "default", tmp_path)
    operator = OperatorProcess(account, tmp_path, "--namespace", "default")
    audit = Audit(cluster.audit_log, "system:serviceaccount:default:myapp-operator", "default")
    operator.start()
    api = Api(cluster.kubeconfig, "default")
    with ThreadPoolExecutor(8) as pool:
        bodies = (myapp(f"app-{number}", replicas=number % 2, rollout={"minReadySeconds": 0}) for number in range(MANY))
        list(pool.map(lambda body: api.create("myapps", body), bodies))
    wait_for("all are Ready", lambda: ready(api) == MANY, seconds=900, every=5)
    operator.stop()
    audit.restart()
    operator.start()
    never("a write", audit.attempts, seconds=12)  # longer than numbers of pods wait to be told
    assert {each.verb for each in audit.requests()} == {"list"}
    assert not {each.resource for each in audit.requests()} & {"pods", "replicasets", "events"}, "no app needs a look"
    assert operator.stop() == 0


def ready(api: Api) -> int:
    return sum(Api.condition(app, "Ready").get("status") == "True" for app in api.list("myapps"))
