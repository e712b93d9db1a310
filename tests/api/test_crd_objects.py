"""What the CRD makes of a MyApp that is stored, and what `kubectl` shows of it."""

import json
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from myapp_operator import crd
from myapp_operator.model import Spec
from tests.api.conftest import Kubectl, established
from tests.harness import wait_for

Json = dict[str, Any]


def done(answer: subprocess.CompletedProcess[str]) -> str:
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


def myapp(name: str, group: str = "apps.example.com", **spec: Any) -> str:
    fields = {"image": "myapp:latest", **spec}
    return json.dumps({"apiVersion": f"{group}/v1", "kind": "MyApp", "metadata": {"name": name}, "spec": fields})


@pytest.fixture
def here(kubectl: Kubectl, namespace: str) -> Callable[..., str]:
    """Run kubectl in the test's namespace, expecting it to succeed, and return what it prints."""
    return lambda *arguments, **options: done(kubectl("--namespace", namespace, *arguments, **options))


def test_the_server_accepts_the_whole_crd(kubectl: Kubectl) -> None:
    stored = json.loads(done(kubectl("get", "crd", "myapps.apps.example.com", "-o", "json")))
    conditions = {each["type"]: each["status"] for each in stored["status"]["conditions"]}
    assert conditions == {"NamesAccepted": "True", "Established": "True"}  # and no NonStructuralSchema


def test_a_new_myapp_gets_every_default_and_the_status_of_one_never_looked_at(here: Callable[..., str]) -> None:
    stored = json.loads(here("create", "-o", "json", "-f", "-", stdin=myapp("x")))
    assert stored["spec"] == Spec(image="myapp:latest").model_dump(by_alias=True, exclude_none=True)
    assert stored["status"] == {"observedGeneration": -1}


def test_a_part_written_in_part_gets_the_other_defaults(here: Callable[..., str]) -> None:
    text = myapp("x", rollout={"maxSurge": 1}, service={}, securityContext=None)
    stored = json.loads(here("create", "-o", "json", "-f", "-", stdin=text))["spec"]
    assert stored["rollout"]["maxSurge"] == 1
    assert stored["rollout"]["progressDeadlineSeconds"] == 600
    assert stored["service"] == {"port": 80, "type": "ClusterIP"}
    assert stored["securityContext"]["runAsUser"] == 65532


@pytest.fixture
def columns(here: Callable[..., str]) -> Callable[..., str]:
    """Store an app with a full status, and list it."""
    here("create", "-f", "-", stdin=myapp("shown"))
    ready: Json = {"type": "Ready", "status": "False", "reason": "RollingOut", "message": "Not yet."}
    ready |= {"lastTransitionTime": "2026-01-01T00:00:00Z", "observedGeneration": 1}
    status: Json = {"ready": "1/2", "url": "http://u", "image": "i:1", "message": "Not yet.", "conditions": [ready]}
    status |= {"replicas": 2, "selector": "app=shown"}
    here("patch", "myapp", "shown", "--subresource=status", "--type=merge", "-p", json.dumps({"status": status}))
    return lambda *options: here("get", "myapps", "shown", *options)


def test_columns(columns: Callable[..., str]) -> None:
    header, row = columns().splitlines()
    assert header.split() == ["NAME", "READY", "STATUS", "URL", "IMAGE", "AGE"]
    assert row.split()[:5] == ["shown", "1/2", "RollingOut", "http://u", "i:1"]


def test_columns_of_wide_output_add_the_message(columns: Callable[..., str]) -> None:
    header, row = columns("-o", "wide").splitlines()
    assert header.split() == ["NAME", "READY", "STATUS", "URL", "IMAGE", "AGE", "MESSAGE"]
    assert row.endswith("Not yet.")


@pytest.mark.parametrize("word", ["myapp", "myapps", "ma", "myapps.apps.example.com", "all"])
def test_every_name_of_the_kind_finds_it(columns: Callable[..., str], here: Callable[..., str], word: str) -> None:
    assert "myapp.apps.example.com/shown" in here("get", word, "-o", "name").split()


def test_scale_changes_replicas_and_tells_autoscalers_the_selector(
    columns: Callable[..., str], here: Callable[..., str], namespace: str
) -> None:
    here("scale", "myapp", "shown", "--replicas=5")
    assert json.loads(here("get", "myapp", "shown", "-o", "json"))["spec"]["replicas"] == 5
    path = f"/apis/apps.example.com/v1/namespaces/{namespace}/myapps/shown/scale"
    scale = json.loads(here("get", "--raw", path))
    assert scale["spec"] == {"replicas": 5}
    assert scale["status"] == {"replicas": 2, "selector": "app=shown"}


def test_scale_keeps_to_the_bounds(kubectl: Kubectl, namespace: str, here: Callable[..., str]) -> None:
    here("create", "-f", "-", stdin=myapp("x"))
    answer = kubectl("scale", "--namespace", namespace, "myapp", "x", "--replicas=1001")
    assert "spec.replicas in body should be less than or equal to 1000" in answer.stderr


def test_two_appliers_share_a_list_by_its_merge_key(here: Callable[..., str]) -> None:
    for manager, name in (("one", "A"), ("two", "B")):
        text = myapp("x", env=[{"name": name, "value": manager}])
        here("apply", "--server-side", f"--field-manager={manager}", "-f", "-", stdin=text)
    env = json.loads(here("get", "myapp", "x", "-o", "json"))["spec"]["env"]
    assert [each["name"] for each in env] == ["A", "B"]


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("replicas", "Number of pods. 0 is legal: it keeps everything but the pods."),
        ("replicas", "Ignored while `autoscaling` is set. Default: 2."),
        ("env", "Environment variables, as in a Pod."),
        ("env.valueFrom", "Source for the environment variable's value."),
        ("rollout.maxSurge", "Default: 25%."),
        ("probes.readiness.httpGet", "HTTPGet specifies the http request to perform."),
    ],
)
def test_explain(kubectl: Kubectl, field: str, words: str) -> None:
    shown = done(kubectl("explain", f"myapp.spec.{field}"))
    assert words in " ".join(shown.split())


@pytest.fixture
def earlier(kubectl: Kubectl, namespace: str) -> Iterator[Json]:
    """The CRD of today, in a group of its own in which one stands that came before all rules and bounds."""
    manifest = crd.manifest()
    group = f"{namespace}.example.com"
    manifest["metadata"]["name"] = f"myapps.{group}"
    manifest["spec"]["group"] = group
    manifest["spec"]["names"]["shortNames"] = []
    manifest["spec"]["names"]["categories"] = []
    done(kubectl("create", "-f", "-", stdin=json.dumps(lenient(manifest))))
    established(kubectl, f"myapps.{group}")
    yield manifest
    done(kubectl("delete", "crd", f"myapps.{group}", "--wait=false"))


def lenient(node: Any) -> Any:
    """The same without rules, bounds and choices."""
    if isinstance(node, list):
        return [lenient(each) for each in node]
    if not isinstance(node, dict):
        return node
    rules = ("x-kubernetes-validations", "enum", "minLength", "minItems", "minimum")
    return {key: lenient(value) for key, value in node.items() if key not in rules}


def test_an_app_stored_with_a_bad_name_can_still_be_changed(
    kubectl: Kubectl, here: Callable[..., str], earlier: Json
) -> None:
    group = earlier["spec"]["group"]
    here("create", "-f", "-", stdin=myapp("1.old", group))
    done(kubectl("replace", "-f", "-", stdin=json.dumps(refreshed(kubectl, earlier))))
    wait_until_refused(kubectl, myapp("2.new", group))
    target = f"myapps.{group}/1.old"
    here("patch", target, "--type=merge", "-p", '{"spec":{"replicas":3}}')
    here("patch", target, "--subresource=status", "--type=merge", "-p", '{"status":{"message":"Seen."}}')
    here("label", target, "a=b")
    here("scale", target, "--replicas=4")


BROKEN: Json = {
    "env": [
        {"name": "a=b", "valueFrom": {"configMapKeyRef": {"name": "A_B", "key": "k k"}}},
        {"name": "B", "valueFrom": {"fieldRef": {"fieldPath": "metadata.nope"}}},
        {"name": "C", "valueFrom": {"resourceFieldRef": {"resource": "limits.gpu", "divisor": "1k"}}},
    ],
    "envFrom": [{"prefix": "a=", "configMapRef": {"name": ""}}],
    "probes": {
        "liveness": {"httpGet": {"port": 80, "scheme": "X", "httpHeaders": [{"name": "a b", "value": ""}]}},
        "readiness": {"exec": {"command": []}, "terminationGracePeriodSeconds": 5},
        "startup": {"tcpSocket": {"port": 80}, "successThreshold": 2},
    },
    "volumes": [
        {"name": "a", "secret": {"secretName": "", "items": [{"key": "", "path": "../x"}]}},
        {"name": "b", "downwardAPI": {"items": [{"path": "/a", "resourceFieldRef": {"resource": "limits.cpu"}}]}},
        {"name": "c", "ephemeral": {"volumeClaimTemplate": {"spec": {"accessModes": ["RWO"]}}}},
    ],
    "scheduling": {
        "tolerations": [{"operator": "Is", "effect": "Never", "value": "x y", "tolerationSeconds": 5}],
        "topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "", "whenUnsatisfiable": "X", "minDomains": 2}],
        "affinity": {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": ""}]}},
    },
    "sidecars": [{"name": "a", "image": "a", "env": [{"name": ""}], "probes": {"liveness": {"successThreshold": 2}}}],
    "autoscaling": {
        "maxReplicas": 2,
        "metrics": [{"type": "Resource", "resource": {"name": "", "target": {"type": "Value"}}}],
        "behavior": {"scaleUp": {"selectPolicy": "Any", "policies": [{"type": "X", "value": 1, "periodSeconds": 1}]}},
    },
}


def test_an_app_stored_with_what_is_refused_today_can_still_be_changed_elsewhere(
    kubectl: Kubectl, here: Callable[..., str], earlier: Json
) -> None:
    """Of a change the server judges only what it touches (ratcheting)."""
    group = earlier["spec"]["group"]
    here("create", "-f", "-", stdin=myapp("old", group, **BROKEN))
    done(kubectl("replace", "-f", "-", stdin=json.dumps(refreshed(kubectl, earlier))))
    wait_until_refused(kubectl, myapp("2.new", group))
    target = f"myapps.{group}/old"
    here("patch", target, "--subresource=status", "--type=merge", "-p", '{"status":{"message":"Seen."}}')
    here("scale", target, "--replicas=4")
    here("patch", target, "--type=merge", "-p", '{"spec":{"image":"myapp:2"}}')
    here("patch", target, "--type=json", "-p", '[{"op":"add","path":"/spec/env/-","value":{"name":"NEW"}}]')


def refreshed(kubectl: Kubectl, manifest: Json) -> Json:
    """Return the manifest with the version of the stored one, which a replacement needs."""
    stored = json.loads(done(kubectl("get", "crd", manifest["metadata"]["name"], "-o", "json")))
    metadata = {**manifest["metadata"], "resourceVersion": stored["metadata"]["resourceVersion"]}
    return {**manifest, "metadata": metadata}


def wait_until_refused(kubectl: Kubectl, text: str) -> None:
    """Wait until the server asks the rule on names: it takes a moment to take up a changed CRD."""
    attempt = ("create", "--dry-run=server", "--namespace", "default", "-f", "-")
    words = "the name must have at most 55 characters"
    wait_for("the rule on names is in force", lambda: words in kubectl(*attempt, stdin=text).stderr)
