"""The guard (deploy/components/guard): what an attacker can write with the operator's token, whatever RBAC grants.

All other tests of this folder run under the guard as well: what the operator needs it lets through.
"""

import copy
import json
import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from dev.cluster import Cluster
from myapp_operator import desired, names
from myapp_operator.model import parse_spec
from myapp_operator.observed import App
from tests.api.conftest import Kubectl
from tests.harness import Api, OperatorProcess, Refused, hasty, myapp, service_account, wait_for

Json = dict[str, Any]
Change = Callable[[Json], None]

ROOT = Path(__file__).resolve().parents[2]
OFFERED = {names.ADOPT: "true"}
RICH: Json = {
    "replicas": 3,
    "resources": {"requests": {"cpu": "100m"}},
    "ingress": {"host": "shop.example.com"},
    "autoscaling": {"minReplicas": 2, "maxReplicas": 5, "cpu": 80},
    "disruptionBudget": {"maxUnavailable": 1},
    "networkPolicy": {"allowSameNamespace": True},
    "volumes": [{"name": "data", "emptyDir": {}}],
    "serviceAccountName": "shop",
}
CHILDREN = {kind.plural: kind for kind in desired.BUILDERS if kind is not names.ROUTE}


class Attacker:
    """Writes with the operator's token; `children` are those that the operator would make of a MyApp that is there."""

    def __init__(self, api: Api, admin: Api) -> None:
        self.api = api
        self.admin = admin
        self.myapp = admin.create("myapps", myapp(**RICH))
        wanted = desired.build(App.from_json(self.myapp), parse_spec(self.myapp["spec"]))
        self.children = {each.kind.plural: each.body for each in wanted if each.body}

    def child(self, plural: str, change: Change | None = None) -> Json:
        """A child as the operator would make it, but for a change."""
        body: Json = copy.deepcopy(self.children[plural])
        if change:
            change(body)
        return body

    def post(self, plural: str, body: Json, *, namespace: str = "") -> Json:
        """Tries to create an object; nothing stays."""
        path = self.api.path(plural)
        if namespace:
            path = path.replace(f"/{self.api.namespace}/", f"/{namespace}/")
            body = {**body, "metadata": {**body["metadata"], "namespace": namespace}}
        return self.api.request("POST", f"{path}?dryRun=All", body)

    def patch(self, plural: str, name: str, patch: Json) -> Json:
        """Tries to change an object; nothing stays."""
        path = f"{self.api.path(plural, name)}?dryRun=All"
        return self.api.request("PATCH", path, patch, "application/merge-patch+json")


@pytest.fixture(scope="module")
def attacker(cluster: Cluster, kubectl: Kubectl, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attacker]:
    """In a namespace of its own with a MyApp whose children are not there yet."""
    namespace = f"t-{uuid.uuid4().hex[:8]}"
    kubectl("create", "namespace", namespace, check=True)
    token = service_account(cluster.kubectl, cluster.kubeconfig, namespace, tmp_path_factory.mktemp("attacker"))
    account = f"--serviceaccount={namespace}:myapp-operator"
    kubectl("create", "clusterrolebinding", namespace, "--clusterrole=cluster-admin", account, check=True)
    may = ("auth", "can-i", "*", "*", "-A", f"--as=system:serviceaccount:{namespace}:myapp-operator")
    wait_for("the API server knows of the grant", lambda: kubectl(*may).returncode == 0)
    yield Attacker(Api(token, namespace), Api(cluster.kubeconfig, namespace))
    kubectl("delete", "clusterrolebinding", namespace)
    kubectl("delete", "namespace", namespace, "--wait=false")


def refused(words: str, action: Callable[..., object], *arguments: Any, **options: Any) -> None:
    """The guard refuses it, in one sentence that says this."""
    with pytest.raises(Refused) as error:
        action(*arguments, **options)
    assert error.value.code == 403
    _, guard, sentence = error.value.message.partition(" denied request: ")
    assert guard
    assert words in sentence
    assert sentence.endswith(".")
    assert "resulted in error" not in sentence


def pod(**fields: Any) -> Change:
    """Changes the pods of a Deployment."""
    return lambda body: body["spec"]["template"]["spec"].update(fields)


def pod_security(**fields: Any) -> Change:
    return lambda body: body["spec"]["template"]["spec"]["securityContext"].update(fields)


def container(**fields: Any) -> Change:
    """Changes the container of a Deployment."""
    return lambda body: body["spec"]["template"]["spec"]["containers"][0].update(fields)


def security(**fields: Any) -> Change:
    return lambda body: body["spec"]["template"]["spec"]["containers"][0]["securityContext"].update(fields)


def spec(**fields: Any) -> Change:
    return lambda body: body["spec"].update(fields)


def metadata(**fields: Any) -> Change:
    return lambda body: body["metadata"].update(fields)


def owned(**fields: Any) -> Change:
    return lambda body: body["metadata"]["ownerReferences"][0].update(fields)


def open_proc(body: Json) -> None:
    """Valid only in a user namespace."""
    pod(hostUsers=False)(body)
    security(procMount="Unmasked")(body)


def app_armor(body: Json) -> None:
    key = "container.apparmor.security.beta.kubernetes.io/myapp"
    body["spec"]["template"]["metadata"]["annotations"] = {key: "unconfined"}


TOKEN = {"sources": [{"serviceAccountToken": {"path": "token"}}]}
OTHER_HOST = {"httpGet": {"port": 80, "host": "10.0.0.1"}}
BACKEND = {"service": {"name": "other-service", "port": {"number": 80}}}
CHILD = "only children of a MyApp"
LABELS = {"app": "other", "app.kubernetes.io/instance": "myapp", "app.kubernetes.io/managed-by": "myapp-operator"}

TOO_MUCH: dict[str, tuple[str, Change, str]] = {
    "no owner": ("deployments", metadata(ownerReferences=[]), CHILD),
    "an owner that is no controller": ("deployments", owned(controller=False), CHILD),
    "an owner of another kind": ("deployments", owned(kind="ConfigMap", apiVersion="v1"), CHILD),
    "an owner of another group": ("deployments", owned(apiVersion="other.example.com/v1"), CHILD),
    "another app's name": ("deployments", metadata(name="other-deployment"), CHILD),
    "another kind's suffix": ("deployments", metadata(name="myapp-service"), CHILD),
    "no label": ("services", metadata(labels={}), CHILD),
    "a finalizer": ("services", metadata(finalizers=["test.example.com/stay"]), "no finalizer"),
    "the node's network": ("deployments", pod(hostNetwork=True), "namespace of the node"),
    "the node's processes": ("deployments", pod(hostPID=True), "namespace of the node"),
    "the node's IPC": ("deployments", pod(hostIPC=True), "namespace of the node"),
    "a node by name": ("deployments", pod(nodeName="simulated-0"), "choose the node"),
    "a class of the system": ("deployments", pod(priorityClassName="system-node-critical"), "priority class"),
    "the operator's account": ("deployments", pod(serviceAccountName="myapp-operator"), "nor of its own"),
    "the token of default": (
        "deployments",
        pod(serviceAccountName="default", automountServiceAccountToken=True),
        "no token of the ServiceAccount default",
    ),
    "the token of default by default": (
        "deployments",
        pod(serviceAccountName="", automountServiceAccountToken=None),
        "no token",
    ),
    "a projected token": (
        "deployments",
        pod(
            serviceAccountName="default",
            automountServiceAccountToken=False,
            volumes=[{"name": "t", "projected": TOKEN}],
        ),
        "project no token",
    ),
    "a folder of the node": ("deployments", pod(volumes=[{"name": "r", "hostPath": {"path": "/"}}]), "kinds configMap"),
    "a share": ("deployments", pod(volumes=[{"name": "r", "nfs": {"server": "s", "path": "/"}}]), "kinds configMap"),
    "a driver's volume": ("deployments", pod(volumes=[{"name": "r", "csi": {"driver": "d"}}]), "kinds configMap"),
    "an image as a volume": (
        "deployments",
        pod(volumes=[{"name": "r", "image": {"reference": "x"}}]),
        "kinds configMap",
    ),
    "root by the pod": ("deployments", pod_security(runAsUser=0), "pod security restricted"),
    "no fence": ("deployments", pod(securityContext={}), "pod security restricted"),
    "no seccomp": ("deployments", pod_security(seccompProfile={"type": "Unconfined"}), "pod security restricted"),
    "kernel settings": (
        "deployments",
        pod_security(sysctls=[{"name": "a.b", "value": "1"}]),
        "pod security restricted",
    ),
    "SELinux options": ("deployments", pod_security(seLinuxOptions={"type": "spc_t"}), "pod security restricted"),
    "no AppArmor": ("deployments", pod_security(appArmorProfile={"type": "Unconfined"}), "pod security restricted"),
    "no AppArmor by annotation": ("deployments", app_armor, "unconfined AppArmor"),
    "privileged": ("deployments", security(privileged=True, allowPrivilegeEscalation=True), "not privileged"),
    "escalation": ("deployments", security(allowPrivilegeEscalation=True), "cannot gain privileges"),
    "a capability": ("deployments", security(capabilities={"drop": ["ALL"], "add": ["NET_ADMIN"]}), "add none"),
    "capabilities kept": ("deployments", security(capabilities={}), "drop ALL"),
    "no fence around a container": ("deployments", container(securityContext=None), "not privileged"),
    "root by a container": ("deployments", security(runAsUser=0), "not as root"),
    "root by another word": ("deployments", security(runAsNonRoot=False), "not as root"),
    "no seccomp of a container": ("deployments", security(seccompProfile={"type": "Unconfined"}), "under a seccomp"),
    "an open /proc": ("deployments", open_proc, "masked /proc"),
    "a privileged init container": (
        "deployments",
        pod(initContainers=[{"name": "i", "image": "i", "securityContext": {"privileged": True}}]),
        "not privileged",
    ),
    "a port of the node": (
        "deployments",
        container(ports=[{"containerPort": 80, "hostPort": 80}]),
        "no port of a node",
    ),
    "a probe of another host": ("deployments", container(livenessProbe=OTHER_HOST), "no other host"),
    "a hook to another host": ("deployments", container(lifecycle={"preStop": OTHER_HOST}), "no other host"),
    "addresses": ("services", spec(externalIPs=["192.0.2.1"]), "externalIPs"),
    "a name outside": ("services", spec(type="ExternalName", externalName="example.com"), "of type ExternalName: use"),
    "a load balancer": ("services", spec(type="LoadBalancer"), "add the type to serviceTypes"),
    "pods of others": ("services", spec(selector=LABELS), "select the pods of their own MyApp"),
    "all pods": ("services", spec(selector=None), "select the pods of their own MyApp"),
    "another's Service": (
        "ingresses",
        spec(rules=[{"http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": BACKEND}]}}]),
        "leads to the Service of its own MyApp",
    ),
    "another's Service by default": ("ingresses", spec(defaultBackend=BACKEND), "leads to the Service of its own"),
    "another's Deployment": (
        "horizontalpodautoscalers",
        spec(scaleTargetRef={"apiVersion": "apps/v1", "kind": "Deployment", "name": "other"}),
        "scales the Deployment of its own",
    ),
    "a budget for all pods": ("poddisruptionbudgets", spec(selector={}), "only for the pods of its own MyApp"),
    "a network policy for all pods": ("networkpolicies", spec(podSelector={}), "only for the pods of its own MyApp"),
    "a network policy for others": (
        "networkpolicies",
        spec(podSelector={"matchLabels": LABELS}),
        "only for the pods of",
    ),
}


@pytest.mark.parametrize("plural", CHILDREN)
def test_a_child_is_let_through(attacker: Attacker, plural: str) -> None:
    assert attacker.post(plural, attacker.child(plural))["metadata"]["name"] == CHILDREN[plural].name_for("myapp")


@pytest.mark.parametrize(("plural", "change", "words"), TOO_MUCH.values(), ids=TOO_MUCH)
def test_what_is_no_child_or_reaches_past_one_is_refused(
    attacker: Attacker, plural: str, change: Change, words: str
) -> None:
    refused(words, attacker.post, plural, attacker.child(plural, change))


@pytest.mark.parametrize("plural", CHILDREN)
def test_no_child_is_written_where_kubernetes_itself_lives(attacker: Attacker, plural: str) -> None:
    refused("reserved for Kubernetes", attacker.post, plural, attacker.child(plural), namespace="kube-system")


NEWER_EVENTS = "/apis/events.k8s.io/v1/namespaces/default/events?dryRun=All"
NEWER_EVENT: Json = {
    "metadata": {"name": "tried"},
    "eventTime": "2026-01-01T00:00:00.000000Z",
    "type": "Normal",
    "reason": "Tried",
    "action": "Try",
    "reportingController": "example.com/kubelet",
    "reportingInstance": "me",
    "regarding": {"kind": "Pod", "name": "shop", "namespace": "default"},
}
OTHER_KINDS: dict[str, tuple[str, str, Json]] = {
    "a pod": ("POST", "/api/v1/namespaces/{}/pods", {"spec": {"containers": [{"name": "a", "image": "a"}]}}),
    "a Secret": ("POST", "/api/v1/namespaces/{}/secrets", {}),
    "a token": ("POST", "/api/v1/namespaces/{}/serviceaccounts/default/token", {"spec": {"audiences": []}}),
    "a right": (
        "POST",
        "/apis/rbac.authorization.k8s.io/v1/namespaces/{}/roles",
        {"rules": [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}]},
    ),
    "a namespace": ("DELETE", "/api/v1/namespaces/{}", {}),
    "all ConfigMaps": ("DELETE", "/api/v1/namespaces/{}/configmaps", {}),
    "a MyApp": ("DELETE", "/apis/apps.example.com/v1/namespaces/{}/myapps/myapp", {}),
    "the scale of a MyApp": (
        "PUT",
        "/apis/apps.example.com/v1/namespaces/{}/myapps/myapp/scale",
        {"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {"name": "myapp"}, "spec": {"replicas": 9}},
    ),
}


@pytest.mark.parametrize(("method", "path", "body"), OTHER_KINDS.values(), ids=OTHER_KINDS)
def test_nothing_else_is_written_whatever_rights_the_account_has(
    attacker: Attacker, method: str, path: str, body: Json
) -> None:
    if method == "POST" and "metadata" not in body and not path.endswith("/token"):
        body = {**body, "metadata": {"name": "tried"}}
    request = (method, path.format(attacker.api.namespace) + "?dryRun=All", body)
    refused("nothing else", attacker.api.request, *request)


def test_of_a_myapp_only_the_status_is_written(attacker: Attacker) -> None:
    for change in ({"spec": {"image": "evil:1"}}, {"metadata": {"finalizers": ["test.example.com/stay"]}}):
        refused("nothing else", attacker.patch, "myapps", "myapp", change)
    attacker.api.patch("myapps", "myapp", {"status": {"message": "hello"}}, subresource="status")
    assert attacker.admin.message() == "hello"


def test_one_lease_is_written(attacker: Attacker) -> None:
    lease: Json = {"metadata": {"name": "myapp-operator"}, "spec": {"holderIdentity": "me"}}
    attacker.post("leases", lease)
    refused("one Lease", attacker.post, "leases", lease, namespace="default")
    refused("one Lease", attacker.post, "leases", {**lease, "metadata": {"name": "other"}})
    refused("one Lease", attacker.post, "leases", {**lease, "metadata": {"generateName": "myapp-operator"}})


def test_events_are_told_about_myapps_alone(attacker: Attacker) -> None:
    about = {"apiVersion": "apps.example.com/v1", "kind": "MyApp", "namespace": attacker.api.namespace, "name": "myapp"}
    event: Json = {"metadata": {"name": "told"}, "involvedObject": about, "reportingComponent": "myapp-operator"}
    attacker.post("events", event)
    of_a_pod = {**event, "involvedObject": {**about, "kind": "Pod", "apiVersion": "v1"}}
    refused("about MyApps only", attacker.post, "events", of_a_pod)
    refused("in its own name", attacker.post, "events", {**event, "reportingComponent": "kubelet"})
    refused("The operator may", attacker.api.request, "POST", NEWER_EVENTS, NEWER_EVENT)
    attacker.admin.create("events", {**of_a_pod, "reportingComponent": "kubelet"})
    refused("about MyApps only", attacker.patch, "events", "told", {"involvedObject": about, "count": 9})


def test_what_is_no_child_is_neither_changed_nor_deleted(attacker: Attacker) -> None:
    theirs: Json = {"metadata": {"name": "theirs-service"}, "spec": {"selector": {"app": "x"}, "ports": [{"port": 80}]}}
    attacker.admin.create("services", theirs)
    refused("change and delete only children", attacker.patch, "services", "theirs-service", {"spec": {"selector": {}}})
    refused("change and delete only children", attacker.api.delete, "services", "theirs-service")
    path = attacker.api.path("services")
    refused("change and delete only children", attacker.api.request, "DELETE", path)


def test_an_offered_object_is_taken_over_or_left_as_it_is(attacker: Attacker) -> None:
    offered = attacker.child("services", metadata(ownerReferences=[], annotations=OFFERED, labels={}))
    stored = attacker.admin.create("services", offered)
    name, owner = offered["metadata"]["name"], attacker.children["services"]["metadata"]["ownerReferences"]
    labels = attacker.children["services"]["metadata"]["labels"]
    try:
        attacker.patch("services", name, {"metadata": {"managedFields": [{}]}})
        attacker.patch("services", name, {"metadata": {"ownerReferences": owner, "labels": labels}})
        for change in (
            {"spec": {"sessionAffinity": "ClientIP"}},
            {"metadata": {"labels": {"a": "b"}}},
            {"metadata": {"ownerReferences": [{**owner[0], "name": "other"}], "labels": labels}},
        ):
            refused("only to take it over", attacker.patch, "services", name, change)
        refused("change and delete only children", attacker.api.delete, "services", name)
        other = attacker.admin.create("configmaps", {"metadata": {"name": "release"}})["metadata"]
        controlled = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "name": "release",
            "uid": other["uid"],
            "controller": True,
        }
        attacker.admin.patch("services", name, {"metadata": {"ownerReferences": [controlled]}})
        take = {"metadata": {"ownerReferences": owner, "labels": labels}}
        refused("change and delete only children", attacker.patch, "services", name, take)
    finally:
        attacker.admin.delete("services", stored["metadata"]["name"])


def test_a_child_stays_the_child_of_its_myapp_and_gets_no_privilege_later(attacker: Attacker) -> None:
    attacker.admin.create("deployments", attacker.child("deployments"))
    name, owner = "myapp-deployment", attacker.children["deployments"]["metadata"]["ownerReferences"][0]
    template: Json = attacker.children["deployments"]["spec"]["template"]
    evil = {"name": "evil", "image": "evil", "securityContext": {"privileged": True}}
    both = [*template["spec"]["containers"], evil]
    try:
        attacker.patch("deployments", name, {"spec": {"replicas": 7}})
        refused("give a child away", attacker.patch, "deployments", name, {"metadata": {"ownerReferences": None}})
        stolen = {"metadata": {"ownerReferences": [{**owner, "uid": "another"}]}}
        refused("give a child away", attacker.patch, "deployments", name, stolen)
        with_evil = {"spec": {"template": {"spec": {"containers": both}}}}
        refused("not privileged", attacker.patch, "deployments", name, with_evil)
        attacker.admin.patch("deployments", name, with_evil)
        # What somebody else has put there keeps the operator from nothing.
        newer = [{**both[0], "image": "newer"}, evil]
        attacker.patch("deployments", name, {"spec": {"template": {"spec": {"containers": newer}}}})
    finally:
        attacker.admin.delete("deployments", name)


def test_a_child_is_deleted(attacker: Attacker) -> None:
    attacker.admin.create("poddisruptionbudgets", attacker.child("poddisruptionbudgets"))
    attacker.api.delete("poddisruptionbudgets", "myapp-pdb")


def test_a_namespace_of_the_operator_alone_has_no_apps_and_the_app_says_so(
    api: Api, operator: OperatorProcess, kubectl: Kubectl
) -> None:
    label = ("label", "namespace", api.namespace)
    kubectl(*label, "app.kubernetes.io/part-of=myapp-operator", check=True)
    api.create("myapps", hasty())
    wait_for("Forbidden", lambda: api.reason() == "Forbidden")
    assert "create the MyApp in another namespace" in api.message()
    kubectl(*label, "app.kubernetes.io/part-of-", check=True)
    wait_for("Ready", api.is_ready, seconds=75)


def test_the_type_checker_finds_nothing_in_its_policies(kubectl: Kubectl) -> None:
    """The API server checks each expression against the kinds that it is about, some time after it was stored."""

    def checked() -> dict[str, Json]:
        found = json.loads(kubectl("get", "validatingadmissionpolicies", "-o", "json", check=True).stdout)["items"]
        guard = [each for each in found if each["metadata"]["name"].startswith("myapp-operator-")]
        current = [each for each in guard if each.get("status", {}).get("observedGeneration") == _generation(each)]
        return {each["metadata"]["name"]: each["status"].get("typeChecking") for each in current}

    wait_for("all are checked", lambda: len(checked()) == 6)
    assert {name: warnings for name, warnings in checked().items() if warnings} == {}


def _generation(policy: Json) -> int:
    return int(policy["metadata"]["generation"])


@pytest.mark.parametrize("installation", ["deploy", "deploy/overlays/namespaced"])
def test_it_is_one_line_of_any_installation(
    cluster: Cluster, kubectl: Kubectl, tmp_path: Path, installation: str
) -> None:
    """Also of one under another namespace: the policies belong to the cluster and name no namespace."""
    folder = Path(os.path.relpath(ROOT, tmp_path))
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "namespace": "elsewhere",
        "resources": [str(folder / installation)],
        "components": [str(folder / "deploy/components/guard")],
    }
    (tmp_path / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
    built = [*yaml.safe_load_all(kubectl("kustomize", str(tmp_path), check=True).stdout)]
    guard = [each for each in built if each["kind"].startswith("ValidatingAdmissionPolicy")]
    assert len(guard) == 12
    (account,) = [each["metadata"] for each in built if each["kind"] == "ServiceAccount"]
    assert (account["namespace"], account["name"]) == ("elsewhere", "myapp-operator")
    # kubectl's kustomize gives them a namespace, as it does not know them; the API server takes it away.
    apply = ("apply", "--dry-run=server", "-o", "json", "-f", "-")
    stored = json.loads(kubectl(*apply, stdin=yaml.safe_dump_all(guard), check=True).stdout)["items"]
    assert not any("namespace" in each["metadata"] for each in stored)
    conditions = [each["spec"]["matchConditions"] for each in stored if "matchConditions" in each["spec"]]
    assert [":myapp-operator$" in account["expression"] for account, *_ in conditions] == [True] * 6
