"""What the API server answers to a MyApp that is wrong: each row is what a user reads after `kubectl apply`."""

import json
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

Kubectl = Callable[..., subprocess.CompletedProcess[str]]

SPACES = (
    "spec.image: Invalid value: image must be a name such as registry.example.com/myapp:1.0, in ASCII and without "
    "white space: remove what does not belong to the name"
)
QUANTITY = 'this must be a quantity of 0 or more: write cpu as 2, 500m or "0.5", memory and storage as 512Mi or 2G'
NAME = (
    "metadata: Invalid value: the name must have at most 55 characters, start with a letter and hold only a-z, 0-9 "
    "and -, because the Service is named after it: choose another name"
)

REFUSED = [
    ({"replicas": -1}, "spec.replicas: Invalid value: -1: spec.replicas in body should be greater than or equal to 0"),
    (
        {"replicas": 1001},
        "spec.replicas: Invalid value: 1001: spec.replicas in body should be less than or equal to 1000",
    ),
    ({"replicas": "two"}, 'spec.replicas: Invalid value: "string": spec.replicas in body must be of type integer'),
    ({"port": 0}, "spec.port: Invalid value: 0: spec.port in body should be greater than or equal to 1"),
    ({"port": 70000}, "spec.port: Invalid value: 70000: spec.port in body should be less than or equal to 65535"),
    ({"image": None}, "spec.image: Required value"),
    ({"image": ""}, 'spec.image: Invalid value: "": spec.image in body should be at least 1 chars long'),
    ({"image": "my app"}, SPACES),
    ({"image": "myapp\n"}, SPACES),
    (
        {"drainSeconds": 30},
        "spec.terminationGracePeriodSeconds: Invalid value: terminationGracePeriodSeconds must be above drainSeconds, "
        "so that the app has time to end after the drain: raise it, or lower drainSeconds",
    ),
    (
        {"rollout": {"minReadySeconds": 600}},
        "spec.rollout.minReadySeconds: Invalid value: minReadySeconds must be below progressDeadlineSeconds: "
        "lower it, or raise progressDeadlineSeconds",
    ),
    (
        {"rollout": {"maxSurge": 0, "maxUnavailable": "0%"}},
        "spec.rollout.maxUnavailable: Invalid value: maxSurge and maxUnavailable must not both be 0, since a rollout "
        "could never take its first step: raise one of them",
    ),
    (
        {"rollout": {"maxSurge": "101%"}},
        "spec.rollout.maxSurge: Invalid value: maxSurge must be a number such as 1, or a percentage from 0% to 100%: "
        "write one of them",
    ),
    (
        {"resources": {"requests": {"cpu": 2}, "limits": {"cpu": "1900m"}}},
        "spec.resources.requests.cpu: Invalid value: requests.cpu must not be above limits.cpu: "
        "lower the request or raise the limit",
    ),
    (
        {"resources": {"requests": {"memory": "2Gi"}, "limits": {"memory": "2G"}}},
        "spec.resources.requests.memory: Invalid value: requests.memory must not be above limits.memory: "
        "lower the request or raise the limit",
    ),
    (
        {"resources": {"requests": {"ephemeral-storage": "1025Mi"}, "limits": {"ephemeral-storage": "1Gi"}}},
        "spec.resources.requests.ephemeral-storage: Invalid value: requests.ephemeral-storage must not be above "
        "limits.ephemeral-storage: lower the request or raise the limit",
    ),
    ({"resources": {"limits": {"memory": "2GB"}}}, f'spec.resources.limits.memory: Invalid value: "2GB": {QUANTITY}'),
    ({"resources": {"limits": {"cpu": -1}}}, f"spec.resources.limits.cpu: Invalid value: -1: {QUANTITY}"),
    ({"resources": {"limits": {"cpu": 0.5}}}, "spec.resources.limits.cpu in body must be of type integer,string"),
    (
        {"probes": {"startup": {"httpGet": {"port": "web"}}}},
        'spec.probes.startup.httpGet.port: Invalid value: "web": the port of a probe must be a number, or http for the '
        "port of the app: write one of them",
    ),
    ({"env": [{"name": "A", "value": "1"}, {"name": "A"}]}, 'spec.env[1]: Duplicate value: {"name":"A"}'),
    (
        {"env": [{"name": "A", "value": "1", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]},
        "a variable must not have both value and valueFrom: remove one of them",
    ),
    (
        {"env": [{"name": "A", "valueFrom": {}}]},
        "valueFrom must have exactly one of configMapKeyRef, secretKeyRef, fieldRef and resourceFieldRef: choose one",
    ),
    ({"envFrom": [{}]}, "an item of envFrom must have exactly one of configMapRef and secretRef: choose one"),
    (
        {"probes": {"liveness": {"exec": {"command": ["true"]}, "grpc": {"port": 1}}}},
        "a probe must have exactly one of httpGet, tcpSocket, exec and grpc: choose one",
    ),
    ({"env": [{"value": "1"}]}, "spec.env[0].name: Required value"),
    ({"imagePullSecrets": [{"name": "a"}, {"name": "a"}]}, 'spec.imagePullSecrets[1]: Duplicate value: {"name":"a"}'),
]

UNKNOWN = [
    ({"nope": 1}, "spec.nope"),
    ({"rollout": {"nope": 1}}, "spec.rollout.nope"),
    ({"probes": {"readiness": {"httpGet": {"port": 80, "host": "a"}}}}, "spec.probes.readiness.httpGet.host"),
    ({"probes": {"liveness": {"tcpSocket": {"port": 80, "host": "a"}}}}, "spec.probes.liveness.tcpSocket.host"),
    ({"resources": {"claims": [{"name": "a"}]}}, "spec.resources.claims"),
    ({"resources": {"limits": {"example.com/gpu": 1}}}, "spec.resources.limits.example.com/gpu"),
]

ACCEPTED: list[dict[str, Any]] = [
    {"replicas": 0},
    {"drainSeconds": 29},
    {"rollout": {"minReadySeconds": 599}},
    {"rollout": {"maxSurge": 0, "maxUnavailable": 1}},
    {"rollout": {"maxSurge": "100%", "maxUnavailable": "0%"}},
    {"resources": {"requests": {"cpu": "2"}, "limits": {"cpu": 2}}},
    {"resources": {"requests": {"cpu": "0.5", "memory": "512Mi"}}},
    {"probes": {"readiness": {"httpGet": {"port": "http"}}, "liveness": {"tcpSocket": {"port": 81}}}},
    {
        "sidecars": [{"name": "a", "image": "a"}, {"name": "x-1", "image": "a"}],
        "initContainers": [{"name": "b", "image": "a"}],
    },
    {
        "sidecars": [
            {"name": "a", "image": "a", "ports": [{"containerPort": 53}, {"containerPort": 53, "protocol": "UDP"}]}
        ]
    },
    {
        "initContainers": [
            {"name": "a", "image": "a", "restartPolicy": "Always", "probes": {"startup": {"grpc": {"port": 1}}}}
        ]
    },
    {
        "volumes": [{"name": "a", "emptyDir": {}}],
        "volumeMounts": [{"name": "a", "mountPath": "/a", "subPath": "..a/b.."}],
    },
    {
        "serviceAccountName": "a.b",
        "volumes": [{"name": "a", "projected": {"sources": [{"serviceAccountToken": {"path": "a"}}]}}],
    },
    {"service": {"type": "NodePort", "extraPorts": [{"name": "dns", "port": 80, "protocol": "UDP"}]}},
    {"ingress": {"host": "*.example.com", "path": "/a.b/..c/%20~"}},
    {"ingress": {"host": "1.example.com", "annotations": {"example.com/snippet": "a"}}},
    {"route": {"gateway": {"name": "a", "namespace": "b"}, "hostnames": ["a.example.com", "*.b"]}},
    {"autoscaling": {"minReplicas": 2, "maxReplicas": 2, "cpu": 80}, "resources": {"limits": {"cpu": 1}}},
    {
        "autoscaling": {"maxReplicas": 1, "memory": 80},
        "resources": {"requests": {"memory": 1}},
        "initContainers": [{"name": "a", "image": "a"}],
    },
    {"disruptionBudget": {"minAvailable": 0}},
    {"networkPolicy": {"allowSameNamespace": False}},
    {"scheduling": {"priorityClassName": "systemic", "nodeSelector": {"kubernetes.io/os": "linux", "empty": ""}}},
    {
        "podMetadata": {
            "labels": {"application": "a", "notkubernetes.io/a": "a" * 63},
            "annotations": {"k8s.v1.cni.cncf.io/a": "a b"},
        }
    },
]


def myapp(spec: dict[str, Any], name: str = "x") -> str:
    """Return the smallest MyApp with these fields, None leaving one out."""
    fields = {key: value for key, value in {"image": "myapp:latest", **spec}.items() if value is not None}
    metadata = {"name": name}
    return json.dumps({"apiVersion": "apps.example.com/v1", "kind": "MyApp", "metadata": metadata, "spec": fields})


@pytest.fixture
def apply(kubectl: Kubectl) -> Callable[[str], subprocess.CompletedProcess[str]]:
    """Apply an object as far as the API server's checks, without storing it."""
    return lambda text: kubectl("apply", "--dry-run=server", "--namespace", "default", "-f", "-", stdin=text)


@pytest.mark.parametrize(("spec", "sentence"), REFUSED, ids=lambda value: json.dumps(value)[:60])
def test_a_wrong_value_is_refused_with_its_field_and_rule(apply: Any, spec: dict[str, Any], sentence: str) -> None:
    answer = apply(myapp(spec))
    assert answer.returncode != 0
    assert answer.stderr.startswith('The MyApp "x" is invalid: ')
    assert sentence in answer.stderr


@pytest.mark.parametrize("spec", ACCEPTED, ids=json.dumps)
def test_values_next_to_the_refused_ones_work(apply: Any, spec: dict[str, Any]) -> None:
    answer = apply(myapp(spec))
    assert answer.returncode == 0, answer.stderr


@pytest.mark.parametrize(("spec", "field"), UNKNOWN, ids=lambda value: json.dumps(value)[:60])
def test_kubectl_refuses_what_the_api_does_not_offer(apply: Any, spec: dict[str, Any], field: str) -> None:
    answer = apply(myapp(spec))
    assert answer.returncode != 0
    assert f'strict decoding error: unknown field "{field}"' in answer.stderr


def test_what_the_api_does_not_offer_is_dropped_from_other_clients(kubectl: Kubectl) -> None:
    body = {"nope": 1, "probes": {"readiness": {"httpGet": {"port": 80, "host": "a"}}}}
    path = "/apis/apps.example.com/v1/namespaces/default/myapps?dryRun=All"
    answer = kubectl("create", "--raw", path, "-f", "-", stdin=myapp(body))
    assert answer.returncode == 0, answer.stderr
    spec = json.loads(answer.stdout)["spec"]
    assert "nope" not in spec
    assert spec["probes"] == {"readiness": {"httpGet": {"port": 80}}}


@pytest.mark.parametrize("name", ["a", "a" * 55, "my-app-2"])
def test_a_name_that_makes_a_good_service_name(apply: Any, name: str) -> None:
    answer = apply(myapp({}, name))
    assert answer.returncode == 0, answer.stderr


@pytest.mark.parametrize("name", ["a" * 56, "my.app", "1app"])
def test_a_name_that_no_service_could_have(apply: Any, name: str) -> None:
    answer = apply(myapp({}, name))
    assert answer.returncode != 0
    assert answer.stderr == f'The MyApp "{name}" is invalid: {NAME}\n'
