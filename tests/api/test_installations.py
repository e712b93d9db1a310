"""Two installations over one namespace: what they write is bounded, and one of them says so and stays away."""

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from dev.cluster import Cluster
from tests.api.conftest import control_plane, kubectl_of, prepare
from tests.harness import Api, Audit, OperatorProcess, hasty, kubeconfig_of, never, service_account, wait_for

ANOTHER = "another myapp-operator"
ROOT = Path(__file__).parents[2]
ENDED = 60
"""Seconds after which the Lease of one that was killed counts no more, and the other one has looked."""


def test_two_releases_that_do_not_know_of_one_another_do_not_write_in_turn_for_ever(
    api: Api, operator: OperatorProcess, account: Path, tmp_path: Path, audit: Audit
) -> None:
    (tmp_path / "other").mkdir()
    arguments = ("--namespace", api.namespace)
    other = OperatorProcess(account, tmp_path / "other", *arguments, module="tests.harness.divergent")
    other.start()
    api.create("myapps", hasty())

    def told(words: str) -> bool:
        return any(words in each["message"] for each in api.events("Reverted"))

    wait_for("the other one is noticed", lambda: told(f"(changed by {ANOTHER})"))
    wait_for("it is a fight", lambda: told(f"the Deployment is applied again and again by {ANOTHER}"))
    wait_for("over the status too", lambda: told("the status is replaced again and again by another writer"))
    audit.restart()
    never("they go on", lambda: len(audit.writes()) > 30, seconds=20)
    other.stop()


@dataclass(frozen=True)
class Installation:
    """An installation, and what it writes."""

    operator: OperatorProcess
    audit: Callable[[str], Audit]
    """Its writes in a namespace, from now on."""


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A control plane of its own, with our CRD: an operator of a whole cluster would look after other tests' MyApps."""
    with control_plane("myapp-two", tmp_path_factory.mktemp("installs")) as cluster:
        for namespace in ("first", "second", "shop", "other", "evil"):
            kubectl_of(cluster)("create", "namespace", namespace, check=True)
        yield prepare(cluster)


Install = Callable[..., Installation]


@pytest.fixture
def install(plane: Cluster, tmp_path: Path) -> Iterator[Install]:
    """Makes installations, each in a namespace: for the whole cluster, or with `namespaced` for its own one."""
    made: list[OperatorProcess] = []

    def make(home: str, *, namespaced: bool = False) -> Installation:
        folder = tmp_path / home
        folder.mkdir(exist_ok=True)
        arguments = ["--lease-namespace", home, *(["--namespace", home] if namespaced else [])]
        if namespaced:
            account = service_account(plane.kubectl, plane.kubeconfig, home, folder)
        else:
            account = cluster_account(plane, home, folder)
        made.append(OperatorProcess(account, folder, *arguments))
        user = f"system:serviceaccount:{home}:myapp-operator"
        return Installation(made[-1], lambda namespace: Audit(plane.audit_log, user, namespace))

    yield make
    for each in made:
        if each.running:
            each.stop()
    for namespace in ("shop", "other"):
        kubectl_of(plane)("-n", namespace, "delete", "myapps", "--all", check=True)
    kubectl_of(plane)("delete", "leases", "-A", "--field-selector=metadata.name=myapp-operator", check=True)


def cluster_account(cluster: Cluster, home: str, folder: Path) -> Path:
    """Makes account and rights of deploy/ in a namespace of another name; a second one needs bindings of its own."""
    kustomize = [str(cluster.kubectl), "kustomize", str(ROOT / "deploy")]
    manifests = subprocess.run(kustomize, check=True, capture_output=True, text=True).stdout
    kinds = ("ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding")
    objects = [each for each in yaml.safe_load_all(manifests) if each["kind"] in kinds]
    for each in objects:
        if each["kind"] == "ClusterRoleBinding":
            each["metadata"]["name"] += f"-{home}"
        elif each["kind"] != "ClusterRole":
            each["metadata"]["namespace"] = home
        for subject in each.get("subjects", ()):
            subject["namespace"] = home
    kubectl_of(cluster)("apply", "-f", "-", stdin=yaml.safe_dump_all(objects), check=True)
    return kubeconfig_of("myapp-operator", cluster.kubectl, cluster.kubeconfig, home, folder)


@pytest.fixture
def shop(plane: Cluster) -> Api:
    return Api(plane.kubeconfig, "shop")


def test_of_two_for_the_whole_cluster_the_second_one_stays_away_and_takes_over(install: Install, shop: Api) -> None:
    first, second = install("first"), install("second")
    first.operator.start()
    second.operator.start(wait=False)
    words = "the myapp-operator of namespace first looks after the same namespaces"
    wait_for("it stays away", lambda: words in second.operator.answer("/readyz")[1])
    written = second.audit("shop")
    shop.create("myapps", hasty())
    wait_for("Ready", shop.is_ready)
    shop.patch("deployments", "myapp-deployment", {"spec": {"replicas": 5}})
    wait_for("taken back", lambda: (shop.get("deployments", "myapp-deployment") or {})["spec"]["replicas"] == 2)
    assert written.writes() == []
    assert second.operator.output().count("staying away from all namespaces") == 1

    first.operator.kill()
    shop.edit("myapp", replicas=1)
    wait_for("it takes over", lambda: second.operator.probe("/readyz") == 200, seconds=ENDED)
    wait_for("Ready", shop.is_ready, seconds=ENDED)
    first.operator.start()
    wait_for("it hands back to the older Lease", lambda: words in second.operator.answer("/readyz")[1])
    shop.edit("myapp", replicas=2)
    wait_for("Ready", shop.is_ready)


def test_one_for_the_whole_cluster_leaves_a_namespace_to_the_installation_in_it(
    install: Install, plane: Cluster, shop: Api
) -> None:
    cluster_wide, of_shop = install("first"), install("shop", namespaced=True)
    cluster_wide.operator.start()
    of_shop.operator.start()
    wait_for("it stays away", lambda: "staying away from namespace shop" in cluster_wide.operator.output())
    written = cluster_wide.audit("shop")
    shop.create("myapps", hasty())
    wait_for("Ready", shop.is_ready)
    assert written.writes() == []
    other = Api(plane.kubeconfig, "other")
    other.create("myapps", hasty())
    wait_for("the other namespaces are looked after", other.is_ready)
    assert cluster_wide.operator.probe("/readyz") == 200
    of_shop.operator.stop()
    shop.edit("myapp", replicas=1)
    wait_for("it looks after this one too", shop.is_ready, seconds=ENDED)


def test_a_lease_that_a_tenant_makes_stops_nobody(install: Install, plane: Cluster, shop: Api) -> None:
    covers = {"apps.example.com/namespaces": "*"}
    metadata = {"name": "myapp-operator", "annotations": covers}
    evil = Api(plane.kubeconfig, "evil")
    evil.create("leases", {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata})

    def renew(count: int) -> None:
        claims = ("*", "shop,other")[count % 2]
        patch = {"metadata": {"annotations": {"apps.example.com/namespaces": claims}}}
        evil.patch("leases", "myapp-operator", patch | {"spec": {"holderIdentity": "evil", "leaseTransitions": count}})

    renew(0)
    installation = install("first")
    installation.operator.start()
    shop.create("myapps", hasty())
    wait_for("Ready", shop.is_ready)
    for count in range(1, 3):
        renew(count)
        never("it stays away", lambda: "staying away" in installation.operator.output(), seconds=11)
    shop.edit("myapp", replicas=1)
    wait_for("Ready", shop.is_ready)
