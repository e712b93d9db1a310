"""A new release of CRD and operator over apps that an earlier one made: their pods go on as if nothing had happened."""

import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from dev.cluster import Cluster
from tests.api.conftest import control_plane, established, kubectl_of
from tests.harness import Api, Audit, OperatorProcess, Release, myapp, never, wait_for

# The last state of the first release: from here on no pod may be restarted by an upgrade.
FIRST = Path(__file__).parent / "releases" / "first.tar.xz"

Run = Callable[..., OperatorProcess]


@pytest.fixture
def first(tmp_path: Path) -> Release:
    """The first release, and the proof that it is not the working copy that runs under its name."""
    release = Release.unpack(FIRST, tmp_path / "first")
    which = [sys.executable, "-c", "import myapp_operator; print(myapp_operator.__file__)"]
    found = subprocess.run(which, env=release.environment, capture_output=True, text=True, check=True).stdout
    assert found.startswith(str(release.folder))
    return release


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """A control plane of the test's own: the CRD of another release would be in every test's way."""
    with control_plane("myapp-upgrade", tmp_path) as cluster:
        yield cluster


@pytest.fixture
def namespace(cluster: Cluster) -> str:
    """A namespace of the test's own, which goes with its control plane."""
    name = f"t-{uuid.uuid4().hex[:8]}"
    kubectl_of(cluster)("create", "namespace", name, check=True)
    return name


@pytest.fixture
def run(cluster: Cluster, account: Path, namespace: str, tmp_path: Path) -> Iterator[Run]:
    """Installs the CRD and starts the operator that goes with it: those of a release, or of the working copy."""
    kubectl = kubectl_of(cluster)
    started = []

    def begin(release: Release | None = None) -> OperatorProcess:
        kubectl("apply", "-k", str(release.crds if release else "crds"), check=True)
        established(kubectl, "myapps.apps.example.com")
        operator = OperatorProcess(account, tmp_path, "--namespace", namespace, release=release)
        started.append(operator)
        operator.start()
        return operator

    yield begin
    for each in started:
        each.stop()


def children(api: Api) -> dict[str, Any]:
    """What an upgrade must leave as it is; a Deployment's status is its controller's to write."""
    old = {kind: api.list(kind, "app!=later") for kind in ("deployments", "services", "replicasets", "pods")}
    return {
        "templates": {each["metadata"]["name"]: each["spec"]["template"] for each in old["deployments"]},
        "deployments": {each["metadata"]["name"]: each["metadata"]["generation"] for each in old["deployments"]},
        "services": {each["metadata"]["name"]: each["metadata"]["resourceVersion"] for each in old["services"]},
        "replicasets": {each["metadata"]["uid"] for each in old["replicasets"]},
        "pods": {each["metadata"]["uid"] for each in old["pods"]},
    }


@pytest.mark.timeout(600)
def test_an_upgrade_from_the_first_release_restarts_no_pod_and_writes_to_no_child(
    first: Release, run: Run, api: Api, audit: Audit
) -> None:
    before = run(first)
    specs = {file.name.partition(".")[0]: yaml.safe_load(file.read_text())["spec"] for file in first.examples}
    assert {"smallest", "everything"} <= specs.keys()
    for name, spec in specs.items():
        api.create("myapps", myapp(name, **spec))
    wait_for("all are Ready", lambda: all(api.is_ready(name) for name in specs), seconds=180)
    before.stop()
    made = children(api)

    audit.restart()
    run()
    # It comes after all those that were there when the operator started.
    api.create("myapps", myapp("later"))
    wait_for("a new app is Ready", lambda: api.is_ready("later"))

    def written() -> list[str]:
        others = [each for each in audit.writes() if not each.name.startswith("later")]
        return [str(each) for each in others if each.resource != "myapps/status"]

    never("a write to a child that was there", written, seconds=5)
    assert children(api) == made
    api.edit("smallest", replicas=3)
    wait_for("it is looked after", lambda: api.is_ready("smallest"))
    assert children(api)["templates"] == made["templates"]
    assert made["pods"] < children(api)["pods"]
