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

RELEASES = Path(__file__).parent / "releases"

Run = Callable[..., OperatorProcess]


def unpacked(name: str, folder: Path) -> Release:
    """An earlier release, and the proof that it is not the working copy that runs under its name."""
    release = Release.unpack(RELEASES / f"{name}.tar.xz", folder / name)
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


SELECTING = ("services", "poddisruptionbudgets", "networkpolicies")
USUAL = ("app", "app.kubernetes.io/instance", "app.kubernetes.io/managed-by")
BESIDE = {
    "guarded": {"disruptionBudget": {"maxUnavailable": 1}, "networkPolicy": {}},
    "scaled": {"replicas": 1},
    "exposed": {"ingress": {"host": "shop.example.com"}, "networkPolicy": {}},
}


def children(api: Api) -> dict[str, Any]:
    """What an upgrade must leave as it is; a Deployment's status is its controller's to write."""
    old = {kind: api.list(kind, "app!=later") for kind in ("deployments", "replicasets", "pods", *SELECTING)}
    return {
        "deployments": {each["metadata"]["name"]: each["spec"] for each in old["deployments"]},
        "generations": {each["metadata"]["name"]: each["metadata"]["generation"] for each in old["deployments"]},
        "replicasets": {each["metadata"]["uid"] for each in old["replicasets"]},
        "pods": {each["metadata"]["uid"] for each in old["pods"]},
        "others": {
            each["metadata"]["name"]: without_selector(each["spec"]) for kind in SELECTING for each in old[kind]
        },
    }


def without_selector(spec: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in spec.items() if key not in ("selector", "podSelector")}


def selectors(api: Api) -> dict[str, dict[str, str]]:
    """By which labels the children of the old apps select pods."""
    found = {}
    for kind in SELECTING:
        for each in api.list(kind, "app!=later"):
            given = each["spec"].get("selector") or each["spec"].get("podSelector")
            found[each["metadata"]["name"]] = given.get("matchLabels", given)
    return found


@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", ["first", "one-label"])
def test_an_upgrade_restarts_no_pod_and_writes_once_to_what_selects_pods_and_to_nothing_else(
    name: str, run: Run, api: Api, audit: Audit, tmp_path: Path
) -> None:
    release = unpacked(name, tmp_path)
    before = run(release)
    specs: dict[str, Any] = BESIDE
    if name == "first":
        specs = {each.name.partition(".")[0]: yaml.safe_load(each.read_text())["spec"] for each in release.examples}
        assert {"smallest", "everything"} <= specs.keys()
    for each, spec in specs.items():
        api.create("myapps", myapp(each, **spec))
    wait_for("all are Ready", lambda: all(api.is_ready(each) for each in specs), seconds=180)
    before.stop()
    made, selected = children(api), selectors(api)
    assert all(labels.keys() == {"app"} for labels in selected.values())

    audit.restart()
    run()
    # It comes after all those that were there when the operator started.
    api.create("myapps", myapp("later"))
    wait_for("a new app is Ready", lambda: api.is_ready("later"))
    wait_for("all select by three labels", lambda: all({*USUAL} == labels.keys() for labels in selectors(api).values()))

    def written() -> list[str]:
        others = [each for each in audit.writes() if not each.name.startswith("later")]
        return sorted(each.name for each in others if each.resource != "myapps/status")

    never("a second write", lambda: written() != sorted(selected), seconds=5)
    assert children(api) == made
    edited = next(iter(specs))
    api.edit(edited, replicas=3)
    wait_for("it is looked after", lambda: api.is_ready(edited))
    assert made["pods"] <= children(api)["pods"]
    assert (api.get("myapps", edited) or {})["status"]["selector"] == f"app={edited}", "that of its Deployment"
