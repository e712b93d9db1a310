"""The real cluster with the operator running in it as `deploy/` installs it, and one namespace for each test."""

import fcntl
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dev import prepare
from dev.cluster import Cluster, ClusterError, add_metrics, up
from dev.images import Destination, Image, build, load
from dev.steps import StepError
from tests.harness import Api, Audit, Kubectl, OperatorPod, Visitor

IMAGES = Path(__file__).parent / "images"
OPERATOR = f"system:serviceaccount:{prepare.NAMESPACE}:myapp-operator"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that need to be alone come last."""
    items.sort(key=_needs_to_be_alone)


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder that all processes of this run of pytest share, and no other run."""
    own = tmp_path_factory.getbasetemp()
    return own if worker_id == "master" else own.parent


@pytest.fixture(scope="session")
def cluster(shared_folder: Path) -> Cluster:
    """The real cluster; one process of this run prepares it, the others find it prepared."""
    prepared = shared_folder / "prepared"
    with _locked(shared_folder / "prepare.lock"):
        try:
            cluster = up("real") if prepared.exists() else prepare.real()
        except (StepError, ClusterError) as error:
            pytest.fail(str(error), pytrace=False)
        prepared.touch()
        return cluster


@pytest.fixture(scope="session")
def metrics(cluster: Cluster) -> None:
    """metrics-server in the real cluster: `kubectl top` has figures, and autoscalers have something to go by."""
    try:
        add_metrics(cluster)
    except ClusterError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture(scope="session")
def tutorial_image(cluster: Cluster) -> str:
    """The name of an image as the usual tutorial builds it, without USER."""
    return _loaded(cluster, "tutorial")


@pytest.fixture(scope="session")
def broken_image(cluster: Cluster) -> str:
    """The name of an image whose app fails while gunicorn imports it."""
    return _loaded(cluster, "broken")


@pytest.fixture
def namespace(cluster: Cluster) -> Iterator[str]:
    """A namespace of the test's own, as `kubectl create namespace` makes it."""
    with new_namespace(cluster) as name:
        yield name


@pytest.fixture
def restricted(kubectl: Kubectl) -> None:
    """The test's namespace admits only pods that keep to pod security `restricted`."""
    kubectl("label", "namespace", kubectl.namespace, "pod-security.kubernetes.io/enforce=restricted")


@pytest.fixture
def api(cluster: Cluster, namespace: str) -> Api:
    """The test's namespace, as an administrator sees it."""
    return Api(cluster.kubeconfig, namespace)


@pytest.fixture
def kubectl(cluster: Cluster, namespace: str) -> Kubectl:
    """kubectl in the test's namespace."""
    return Kubectl(cluster.kubectl, cluster.kubeconfig, namespace)


@pytest.fixture
def visitor(kubectl: Kubectl) -> Visitor:
    """Somebody who uses the app all along."""
    return Visitor(kubectl)


@pytest.fixture(autouse=True)
def turn(request: pytest.FixtureRequest, shared_folder: Path) -> Iterator[None]:
    """Tests that hurt the operator or the nodes run while no other test does; all others run side by side.

    Whoever waits for the door keeps it shut for those who come later, so that everybody's turn comes.
    """
    alone = _needs_to_be_alone(request.node)
    with (shared_folder / "room.lock").open("w") as room:
        with _locked(shared_folder / "door.lock"):
            fcntl.flock(room, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        yield


@pytest.fixture
def system(cluster: Cluster) -> Kubectl:
    """kubectl in the operator's own namespace."""
    return Kubectl(cluster.kubectl, cluster.kubeconfig, prepare.NAMESPACE)


@pytest.fixture
def operator(system: Kubectl) -> OperatorPod:
    """The operator's pod that leads, to look at."""
    operator = OperatorPod(system)
    operator.wait_ready()
    return operator


@pytest.fixture
def operator_alone(operator: OperatorPod) -> Iterator[OperatorPod]:
    """The same, to hurt: no other test runs meanwhile, and the next one finds a pod that never restarted."""
    yield operator
    operator.delete_at_once()
    operator.wait_ready()


@pytest.fixture
def cluster_alone(kubectl: Kubectl) -> Kubectl:
    """kubectl, to change what all tests share: no other test runs meanwhile."""
    return kubectl


@pytest.fixture
def audit(cluster: Cluster, namespace: str) -> Audit:
    """What the operator does in the test's namespace."""
    return Audit(cluster.audit_log, OPERATOR, namespace)


@contextmanager
def new_namespace(cluster: Cluster) -> Iterator[str]:
    """A namespace that goes away afterwards; nobody waits for that."""
    name = f"e-{uuid.uuid4().hex[:8]}"
    kubectl = Kubectl(cluster.kubectl, cluster.kubeconfig, name)
    kubectl("create", "namespace", name)
    yield name
    kubectl("delete", "namespace", name, "--wait=false", "--ignore-not-found")


def _needs_to_be_alone(test: pytest.Item) -> bool:
    return not {"operator_alone", "cluster_alone"}.isdisjoint(getattr(test, "fixturenames", ()))


def _loaded(cluster: Cluster, name: str) -> str:
    return load(Destination("local", cluster=cluster), build(Image(f"myapp-test-{name}", IMAGES / name)))


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
