"""A real API server with simulated nodes, and one namespace with its own operator for each test."""

import fcntl
import signal
import subprocess
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dev.cluster import Cluster, binary, down, locks, up
from tests.harness import (
    Api,
    Audit,
    Door,
    Kstatus,
    OperatorProcess,
    Relay,
    Replica,
    Witness,
    kubeconfig_of,
    service_account,
    wait_for,
)

Kubectl = Callable[..., subprocess.CompletedProcess[str]]
NewReplica = Callable[..., Replica]


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Cluster:
    """The simulated cluster with our CRD; started if it does not run, and left running for the next time."""
    with (tmp_path_factory.getbasetemp().parent / "cluster.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return prepare(up("simulated"))


def prepare(cluster: Cluster) -> Cluster:
    """Installs our CRD, and the guard, under which every operator of these tests runs."""
    kubectl = kubectl_of(cluster)
    for each in ("crds", "tests/api/guard"):
        kubectl("apply", "-k", each, check=True)
    established(kubectl, "myapps.apps.example.com")
    wait_for("the guard is up", lambda: "ValidatingAdmissionPolicy" in kubectl(*TRESPASS).stderr)
    return cluster


TRESPASS = (
    *("create", "configmap", "trespass", "--dry-run=server", "--as-group=system:masters"),
    "--as=system:serviceaccount:default:myapp-operator",
)
"""A write that nothing but the guard refuses."""


def may(kubectl: Kubectl, namespace: str, *what: str, of: str = "") -> bool:
    """Whether the operator's account may do this, such as `list`, `myapps`; `of` is its namespace, if another one.

    Rights that are granted or taken away count a moment later.
    """
    account = f"--as=system:serviceaccount:{of or namespace}:myapp-operator"
    return kubectl("auth", "can-i", *what, "--namespace", namespace, account).stdout.strip() == "yes"


def established(kubectl: Kubectl, name: str, *options: str) -> None:
    """Waits until the API server serves a CRD. Asked anew, as `kubectl wait` fails on one that has no status yet."""
    ask = (*options, "wait", "--for=condition=Established", "--timeout=10s", "crd", name)
    wait_for(f"{name} is served", lambda: kubectl(*ask).returncode == 0)


@contextmanager
def control_plane(name: str, folder: Path) -> Iterator[Cluster]:
    """A control plane of a test's own, without our CRD; its name decides its ports.

    Another process of pytest that wants one of this name waits until this one is gone.
    """
    where = {"name": name, "state": folder / name, "kubeconfig": folder / f"{name}.kubeconfig"}
    with locks.held(f"test-{name}", f"another test on the control plane {name}"):
        try:
            yield up("simulated", **where)  # type: ignore[arg-type]
        finally:
            down("simulated", **where)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def kubectl(cluster: Cluster) -> Kubectl:
    """kubectl as the administrator; `stdin` is its input. Does not fail by itself unless `check` is given."""
    return kubectl_of(cluster)


@pytest.fixture(scope="session")
def kstatus() -> Kstatus:
    """The judge of what Flux and Helm conclude; built if it is not there yet."""
    return Kstatus(binary("kstatus"))


@pytest.fixture
def namespace(kubectl: Kubectl) -> Iterator[str]:
    """A namespace of the test's own."""
    name = f"t-{uuid.uuid4().hex[:8]}"
    kubectl("create", "namespace", name, check=True)
    yield name
    kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture
def api(cluster: Cluster, namespace: str) -> Api:
    """The test's namespace, as an administrator sees it."""
    return Api(cluster.kubeconfig, namespace)


@pytest.fixture
def account(cluster: Cluster, namespace: str, tmp_path: Path) -> Path:
    """Kubeconfig of the operator's ServiceAccount in the test's namespace."""
    return service_account(cluster.kubectl, cluster.kubeconfig, namespace, tmp_path)


@pytest.fixture
def operator(account: Path, namespace: str, tmp_path: Path) -> Iterator[OperatorProcess]:
    """The operator of the test's namespace, running."""
    process = OperatorProcess(account, tmp_path, "--namespace", namespace)
    process.start()
    yield process
    if process.running:
        process.stop()


@pytest.fixture
def new_replica(cluster: Cluster, api: Api, account: Path, tmp_path: Path) -> Iterator[NewReplica]:
    """Makes operators of the test's namespace, each with a token of its own; `account` has made their rights."""
    made: list[Replica] = []

    def make(*, behind: Callable[[Path], Door] | None = None, environment: dict[str, str] | None = None) -> Replica:
        folder = tmp_path / f"replica-{len(made)}"
        token = kubeconfig_of("myapp-operator", cluster.kubectl, cluster.kubeconfig, api.namespace, folder)
        way = behind(token).kubeconfig if behind else token
        made.append(Replica(api, cluster.audit_log, way, folder, environment))
        return made[-1]

    yield make
    for each in made:
        if each.running:
            each.signal(signal.SIGCONT)
            each.kill()


@pytest.fixture
def door(account: Path) -> Iterator[Door]:
    """A way to the API server that the test can shut; it begins open."""
    door = Door(account)
    door.open()
    yield door
    door.shut()


@pytest.fixture
def operator_behind_door(door: Door, namespace: str, tmp_path: Path) -> Iterator[tuple[OperatorProcess, Door]]:
    """The operator of the test's namespace, and the door through which it reaches the API server."""
    process = OperatorProcess(door.kubeconfig, tmp_path, "--namespace", namespace)
    process.start()
    yield process, door
    process.stop()


@pytest.fixture
def relay(account: Path) -> Iterator[Relay]:
    """A way to the API server that understands what it passes on, and can change it."""
    with Relay(account) as relay:
        yield relay


@pytest.fixture
def impatient_operator(relay: Relay, namespace: str, tmp_path: Path) -> Iterator[OperatorProcess]:
    """The operator of the test's namespace behind the relay, with little patience."""
    process = OperatorProcess(relay.kubeconfig, tmp_path, "--namespace", namespace, module="tests.harness.impatient")
    process.start()
    yield process
    process.stop()


@pytest.fixture
def audit(cluster: Cluster, namespace: str) -> Audit:
    """What the operator does in the test's namespace."""
    return Audit(cluster.audit_log, f"system:serviceaccount:{namespace}:myapp-operator", namespace)


@pytest.fixture
def witness(api: Api) -> Iterator[Witness]:
    """Sees every version of the MyApps in the test's namespace."""
    witness = Witness(api, "myapps")
    yield witness
    witness.close()


def author_of(cluster: Cluster, namespace: str, folder: Path) -> Path:
    """A kubeconfig of a user who may create MyApps in the namespace, and do nothing else."""
    kubectl, here = kubectl_of(cluster), ("--namespace", namespace)
    kubectl(*here, "create", "serviceaccount", "author", check=True)
    kubectl(*here, "create", "role", "author", "--verb=create", "--resource=myapps.apps.example.com", check=True)
    grant = ("--role=author", f"--serviceaccount={namespace}:author")
    kubectl(*here, "create", "rolebinding", "author", *grant, check=True)
    asked = (*here, "auth", "can-i", "create", "myapps", f"--as=system:serviceaccount:{namespace}:author")
    wait_for("the API server knows of the grant", lambda: kubectl(*asked).returncode == 0)
    return kubeconfig_of("author", cluster.kubectl, cluster.kubeconfig, namespace, folder)


@pytest.fixture
def leases(api: Api) -> Iterator[Witness]:
    """Sees every version of the Leases in the test's namespace."""
    witness = Witness(api, "leases")
    yield witness
    witness.close()


def kubectl_of(cluster: Cluster) -> Kubectl:
    """kubectl as the administrator of a cluster."""

    def run(*arguments: str, stdin: str | None = None, check: bool = False) -> subprocess.CompletedProcess[str]:
        command = [str(cluster.kubectl), "--kubeconfig", str(cluster.kubeconfig), *arguments]
        return subprocess.run(command, input=stdin, capture_output=True, text=True, check=check)

    return run
