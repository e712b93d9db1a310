"""Nobody waits for others: not for the many apps of another namespace, nor for those that fail again and again."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from math import log2
from pathlib import Path

import pytest

from dev.cluster import Cluster
from tests.api.conftest import Kubectl, control_plane, kubectl_of, may, prepare
from tests.api.test_refusals import quota
from tests.harness import Api, Audit, OperatorProcess, Request, hasty, kubeconfig_of, service_account, wait_for

CROWD, MANY = 300, 5000
OVERTAKEN = 100
"""More writes for the crowd than this are never seen before the single app's turn comes; it has 1,200 to wait for."""
PATIENCE = 2.0
"""Seconds within which an app is followed on a machine of its own, whatever else there is to do."""
POISON = 20
SYSTEM = "myapp-system"


@dataclass
class Scene:
    """One operator that looks after a single app here and a crowd there."""

    operator: OperatorProcess
    here: Api
    crowd: Api
    audit_here: Audit
    audit_crowd: Audit

    def begin(self, count: int) -> None:
        """Makes the crowd while the operator is away: when it comes back, all of them wait."""
        self.here.create("myapps", hasty("single"))
        wait_for("the single app is Ready", lambda: self.here.is_ready("single"))
        self.operator.stop()
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda name: self.crowd.create("myapps", hasty(name, replicas=0)), names(count)))
        self.operator.start(wait=False)
        wait_for("it knows them all", lambda: self.operator.probe("/readyz") == 200, seconds=600)

    def follow(self, number: int) -> tuple[float, int]:
        """Edits the single app; returns the seconds until its Service is written, and how many writes for the crowd
        come before that."""
        self.audit_here.restart()
        self.audit_crowd.restart()
        asked = datetime.now(UTC)
        self.here.edit("single", service={"annotations": {"prometheus.io/port": str(number)}})
        done = wait_for(f"edit {number} is followed", self._service_writes, every=0.5)[0]
        before = [each for each in self.audit_crowd.writes() if each.at < done.at]
        return (datetime.fromisoformat(done.at) - asked).total_seconds(), len(before)

    def waiting(self, count: int) -> bool:
        """Whether some of the crowd have no child yet."""
        return len(self.crowd.list("services")) < count

    def _service_writes(self) -> list[Request]:
        return [each for each in self.audit_here.writes() if each.resource == "services"]


def names(count: int) -> list[str]:
    return [f"app-{number}" for number in range(count)]


@contextmanager
def changing(api: Api, count: int) -> Iterator[None]:
    """Edits all apps of a namespace, one after another, again and again."""
    ended = threading.Event()

    def edit_all() -> None:
        while True:
            for name in names(count):
                if ended.is_set():
                    return
                api.edit(name, service={"annotations": {"prometheus.io/path": str(time.monotonic())}})

    with ThreadPoolExecutor(2) as editors:
        running = [editors.submit(edit_all) for _ in range(50)]
        try:
            yield
        finally:
            ended.set()
        for each in running:
            each.result()


@pytest.fixture
def crowd(cluster: Cluster, kubectl: Kubectl, namespace: str, tmp_path: Path) -> Iterator[Api]:
    """Another namespace, in which the operator's account has the same rights."""
    name = f"{namespace}-crowd"
    kubectl("create", "namespace", name, check=True)
    (tmp_path / "crowd").mkdir()
    service_account(cluster.kubectl, cluster.kubeconfig, name, tmp_path / "crowd")
    guest = f"--serviceaccount={namespace}:myapp-operator"
    kubectl("create", "rolebinding", "guest", "-n", name, "--role=myapp-operator", guest, check=True)
    wait_for("the rights count", lambda: may(kubectl, name, "list", "myapps", of=namespace))
    yield Api(cluster.kubeconfig, name)
    kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture
def operator(account: Path, namespace: str, crowd: Api, tmp_path: Path) -> Iterator[OperatorProcess]:
    """It looks after both namespaces."""
    operator = OperatorProcess(account, tmp_path, "--namespace", namespace, "--namespace", crowd.namespace)
    operator.start()
    yield operator
    operator.stop()


@pytest.fixture
def scene(cluster: Cluster, operator: OperatorProcess, api: Api, crowd: Api, audit: Audit) -> Scene:
    user = f"system:serviceaccount:{api.namespace}:myapp-operator"
    return Scene(operator, api, crowd, audit, Audit(cluster.audit_log, user, crowd.namespace))


class TestBesideACrowd:
    """On a control plane of its own: hundreds of Services make every other creation slow."""

    @pytest.fixture
    def cluster(self, tmp_path: Path) -> Iterator[Cluster]:
        with control_plane("myapp-crowd", tmp_path) as cluster:
            yield prepare(cluster)

    @pytest.fixture
    def kubectl(self, cluster: Cluster) -> Kubectl:
        return kubectl_of(cluster)

    def test_a_single_app_does_not_wait_for_the_many_of_another_namespace(self, scene: Scene) -> None:
        scene.begin(CROWD)
        with changing(scene.crowd, CROWD):
            edits = 0
            while edits < 5 and scene.waiting(CROWD):
                seconds, before = scene.follow(edits)
                print(f"edit {edits} is followed after {seconds:.2f} s, {before} writes for the crowd before it")
                assert before < OVERTAKEN
                edits += 1
            assert edits, "nothing was proved: the crowd was done before"


def test_apps_that_fail_again_and_again_back_off_alone(scene: Scene) -> None:
    crowd = scene.crowd
    crowd.create("myapps", hasty("healthy", replicas=0))
    wait_for("the healthy one is judged", lambda: crowd.reason("healthy") == "ScaledToZero")
    crowd.create("resourcequotas", quota(**{"count/services": "1"}))
    wait_for("the quota counts", lambda: (crowd.get("resourcequotas", "tight") or {})["status"].get("hard"))
    scene.audit_crowd.restart()
    began = time.monotonic()
    for name in names(POISON):
        crowd.create("myapps", hasty(name, replicas=0))
    for number in range(10):
        crowd.edit("healthy", service={"annotations": {"prometheus.io/port": str(number)}})
        wait_for(f"edit {number} is followed", lambda number=number: annotated(crowd, str(number)))
    wait_for("each has failed four times", lambda: len(failures(scene)) == POISON and min(failures(scene).values()) > 3)
    tries = failures(scene)
    assert max(tries.values()) <= 2 + log2(1 + time.monotonic() - began), f"the pauses do not double: {tries}"


def annotated(crowd: Api, number: str) -> bool:
    service = crowd.get("services", "healthy-service") or {}
    return bool(service["metadata"].get("annotations", {}).get("prometheus.io/port") == number)


def failures(scene: Scene) -> Counter[str]:
    """How often the Service of each app was refused."""
    tries = scene.audit_crowd.attempts()
    return Counter(each.name for each in tries if each.resource == "services" and each.code == 403)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_a_single_app_waits_two_seconds_at_most_for_five_thousand_of_another_namespace(tmp_path: Path) -> None:
    with control_plane("myapp-fairness", tmp_path) as cluster, alone(prepare(cluster), tmp_path) as scene:
        scene.begin(MANY)
        with changing(scene.crowd, MANY):
            for number in range(50):
                seconds, before = scene.follow(number)
                print(f"edit {number} is followed after {seconds:.2f} s, {before} writes for the crowd before it")
                assert seconds < PATIENCE
            assert scene.waiting(MANY), "nothing was proved: the crowd was done before"


@contextmanager
def alone(cluster: Cluster, folder: Path) -> Iterator[Scene]:
    """One operator for a whole cluster of its own."""
    kubectl = kubectl_of(cluster)
    kubectl("apply", "-k", "deploy", check=True)
    kubectl("delete", "-n", SYSTEM, "deployment/myapp-operator", check=True)
    for name in ("here", "crowd"):
        kubectl("create", "namespace", name, check=True)
    operator = OperatorProcess(
        kubeconfig_of("myapp-operator", cluster.kubectl, cluster.kubeconfig, SYSTEM, folder), folder
    )
    operator.start()
    user = f"system:serviceaccount:{SYSTEM}:myapp-operator"
    here, crowd = (Api(cluster.kubeconfig, name) for name in ("here", "crowd"))
    audits = (Audit(cluster.audit_log, user, name) for name in ("here", "crowd"))
    try:
        yield Scene(operator, here, crowd, *audits)
    finally:
        operator.stop()
