"""The storage of the API server is restored from a backup: what was written since is gone, and the operator follows."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from dev.cluster import Cluster, teardown, up
from dev.cluster.layout import Layout
from tests.api.conftest import control_plane, kubectl_of, prepare
from tests.harness import Api, Audit, OperatorProcess, hasty, version, wait_for

NAME = "myapp-restored"
NAMESPACE = "shop"
SAID = "the API server has gone back to an earlier state"


class Restorable:
    """A control plane whose storage can be put back to an earlier state, as from a copy of etcd's disk."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self.cluster = cluster
        self._where = {"name": NAME, "state": folder / NAME, "kubeconfig": folder / f"{NAME}.kubeconfig"}
        self._layout = Layout.of("simulated", **self._where)  # type: ignore[arg-type]
        self._data = self._layout.control_plane_cluster / "etcd"
        self._copy = folder / "backup"

    def back_up(self) -> None:
        """Copies the storage."""
        teardown.stop(self._layout)
        shutil.copytree(self._data, self._copy)
        self._start()

    def restore(self) -> None:
        """Puts the copy in the place of the storage."""
        teardown.stop(self._layout)
        shutil.rmtree(self._data)
        shutil.copytree(self._copy, self._data)
        self._start()

    def _start(self) -> None:
        up("simulated", **self._where)  # type: ignore[arg-type]
        # kwok waits until those of its predecessor run out, and lets no pod run before that
        kubectl_of(self.cluster)("-n", "kube-node-lease", "delete", "leases", "--all", check=True)


@pytest.fixture(scope="module")
def restorable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Restorable]:
    """A control plane of its own, with our CRD."""
    folder = tmp_path_factory.mktemp("restore")
    with control_plane(NAME, folder) as cluster:
        prepare(cluster)
        kubectl_of(cluster)("create", "namespace", NAMESPACE, check=True)
        yield Restorable(cluster, folder)


@pytest.fixture
def operator(restorable: Restorable, tmp_path: Path) -> Iterator[OperatorProcess]:
    """An operator of the whole cluster, not started yet."""
    process = OperatorProcess(restorable.cluster.kubeconfig, tmp_path)
    yield process
    if process.running:
        process.stop()


@pytest.fixture
def shop(restorable: Restorable) -> Api:
    """A namespace on it, as the administrator sees it."""
    return Api(restorable.cluster.kubeconfig, NAMESPACE)


def uids(api: Api, *apps: str) -> Sequence[str]:
    """Of the ReplicaSets and pods of these apps."""
    found = [each for app in apps for plural in ("replicasets", "pods") for each in api.list(plural, f"app={app}")]
    return sorted(each["metadata"]["uid"] for each in found)


def deployment(api: Api, name: str) -> dict[str, Any]:
    return api.get("deployments", f"{name}-deployment") or {}


def image(api: Api, name: str) -> str:
    return str(deployment(api, name)["spec"]["template"]["spec"]["containers"][0]["image"])


def test_after_a_restore_status_and_children_follow_the_restored_spec_and_no_survivor_is_restarted(
    restorable: Restorable, shop: Api, operator: OperatorProcess
) -> None:
    operator.start()
    for name in ("kept", "edited", "deleted"):
        shop.create("myapps", hasty(name))
        wait_for("Ready", lambda name=name: shop.is_ready(name))  # type: ignore[misc]
    before = uids(shop, "kept", "edited", "deleted")
    operator.stop()
    restorable.back_up()
    operator.start()
    assert SAID not in operator.output(), "an API server that starts again has no other history"

    lost = {"image": "lost:1", "replicas": 3, "service": {"port": 81}, "ingress": {"host": "lost.example.com"}}
    shop.edit("edited", **lost)
    shop.create("myapps", hasty("made"))
    shop.delete("myapps", "deleted")
    wait_for("the edit is served", lambda: shop.is_ready("edited") and image(shop, "edited") == "lost:1")
    wait_for("the new one is Ready", lambda: shop.is_ready("made"))
    wait_for("the other one is gone", lambda: not deployment(shop, "deleted"))
    newest = version(shop.get("myapps", "edited") or {})

    restorable.restore()
    assert version(shop.get("myapps", "edited") or {}) < newest
    audit = Audit(restorable.cluster.audit_log, "kubernetes-admin", NAMESPACE)
    wait_for("it has noticed", lambda: SAID in operator.output())
    wait_for("it is ready", lambda: operator.probe("/readyz") == 200)
    for name in ("kept", "edited", "deleted"):
        assert wait_for("Ready", lambda name=name: shop.is_ready(name))  # type: ignore[misc]
        assert (shop.get("myapps", name) or {})["status"]["image"] == image(shop, name) == "myapp:latest"
    assert shop.get("ingresses", "edited-ingress") is None
    assert shop.get("services", "made-service") is None
    assert uids(shop, "kept", "edited", "deleted") == before
    assert [each for each in audit.writes() if each.resource != "myapps"] == [], "survivors are as they were"

    for name in ("kept", "edited", "deleted"):
        shop.edit(name, replicas=1, service={"port": 82})
        wait_for("it is followed", lambda name=name: shop.is_ready(name))  # type: ignore[misc]
        assert deployment(shop, name)["spec"]["replicas"] == 1
    assert operator.output().count(SAID) == 1
    assert "Traceback" not in operator.output()
