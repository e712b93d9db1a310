"""An object that stood there before becomes a child once its owner says so, equal to one made by the operator."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.api.conftest import Kubectl
from tests.harness import Api, OperatorProcess, myapp, wait_for

Json = dict[str, Any]

ADOPT = {"apps.example.com/adopt": "true"}
LABEL = {"app.kubernetes.io/managed-by": "myapp-operator"}
NAMES = {"deployments": "myapp-deployment", "services": "myapp-service"}
HTTP = {"httpGet": {"path": "/", "port": 5000}}
CONTAINERS = [
    {
        "name": "myapp",  # as the operator's own, with the other member of each union
        "image": "theirs:1",
        "command": ["sh"],
        "env": [{"name": "PORT", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}, {"name": "EXTRA"}],
        "ports": [{"name": "http", "containerPort": 8080}, {"name": "admin", "containerPort": 9}],
        "readinessProbe": HTTP,
        "livenessProbe": HTTP,
        "lifecycle": {"preStop": {"exec": {"command": ["sleep", "5"]}}},
        "resources": {"limits": {"cpu": "1"}},
        "securityContext": {"capabilities": {"add": ["NET_ADMIN"]}},
        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
    },
    {"name": "sidecar", "image": "sidecar:1"},
]
HAND_MADE: dict[str, Json] = {
    "deployments": {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"labels": {"team": "blue"}, "annotations": {"note": "theirs"}},
        "spec": {
            "replicas": 3,
            "paused": True,
            "strategy": {"type": "Recreate"},
            "selector": {"matchLabels": {"app": "myapp"}},
            "template": {
                "metadata": {"labels": {"app": "myapp", "tier": "web"}, "annotations": {"scrape": "true"}},
                "spec": {
                    "containers": CONTAINERS,
                    "volumes": [{"name": "data", "emptyDir": {"sizeLimit": "1Mi"}}],
                    "hostNetwork": True,
                    "nodeSelector": {"kubernetes.io/os": "linux"},
                    "terminationGracePeriodSeconds": 1,
                },
            },
        },
    },
    "services": {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"labels": {"team": "blue"}, "annotations": {"note": "theirs"}},
        "spec": {
            "type": "NodePort",
            "selector": {"app": "myapp", "tier": "web"},
            "ports": [{"name": "web", "port": 80, "targetPort": 8080}, {"name": "admin", "port": 9}],
            "sessionAffinity": "ClientIP",
            "externalTrafficPolicy": "Local",
        },
    },
}


def hand_made(plural: str, *, annotations: Json | None = None, labels: Json | None = None, **spec: Any) -> Json:
    """An object of somebody's, in the place of a child."""
    body = HAND_MADE[plural]
    metadata = {
        "name": NAMES[plural],
        "labels": body["metadata"]["labels"] | (labels or {}),
        "annotations": body["metadata"]["annotations"] | (annotations or {}),
    }
    return {**body, "metadata": metadata, "spec": {**body["spec"], **spec}}


def essence(stored: Json) -> Json:
    """What an object is, less what the server and the controllers fill in anew for each."""
    metadata, spec = stored["metadata"], dict(stored["spec"])
    for filled_in in ("clusterIP", "clusterIPs"):
        spec.pop(filled_in, None)
    annotations = {key: value for key, value in metadata["annotations"].items() if "deployment.kubernetes" not in key}
    entries = [
        {key: value for key, value in entry.items() if key != "time"}
        for entry in metadata["managedFields"]
        if "subresource" not in entry
    ]
    kept = {key: metadata.get(key) for key in ("labels", "ownerReferences", "finalizers")}
    return {**kept, "annotations": annotations, "spec": spec, "managedFields": entries}


def is_ours(api: Api, plural: str, app: Json) -> bool:
    owners = (api.get(plural, NAMES[plural]) or {})["metadata"].get("ownerReferences", [])
    return [each["uid"] for each in owners] == [app["metadata"]["uid"]]


def serving(api: Api) -> Json:
    """A MyApp with nothing in its way, Ready: what adopts a Service must have pods."""
    app = api.create("myapps", myapp(rollout={"minReadySeconds": 0}))
    wait_for("Ready", api.is_ready, seconds=60)
    return app


def by_create(api: Api, kubectl: Kubectl, body: Json) -> None:
    api.create(_plural(body), body)


def by_client_side_apply(api: Api, kubectl: Kubectl, body: Json) -> None:
    kubectl("apply", "--namespace", api.namespace, "-f", "-", stdin=json.dumps(body), check=True)


def by_server_side_apply(api: Api, kubectl: Kubectl, body: Json) -> None:
    kubectl("apply", "--server-side", "--namespace", api.namespace, "-f", "-", stdin=json.dumps(body), check=True)


def by_replace(api: Api, kubectl: Kubectl, body: Json) -> None:
    api.create(
        _plural(body), {**body, "spec": {**body["spec"], "sessionAffinity": "None"}} if "type" in body["spec"] else body
    )
    kubectl(
        "replace", "--field-manager=theirs", "--namespace", api.namespace, "-f", "-", stdin=json.dumps(body), check=True
    )


def by_one_who_clears_managed_fields(api: Api, kubectl: Kubectl, body: Json) -> None:
    api.create(_plural(body), body)
    patch = json.dumps([{"op": "replace", "path": "/metadata/managedFields", "value": [{}]}])
    kubectl(
        "patch",
        body["kind"],
        body["metadata"]["name"],
        "--namespace",
        api.namespace,
        "--type=json",
        "-p",
        patch,
        check=True,
    )


def _plural(body: Json) -> str:
    return f"{body['kind'].lower()}s"


WRITERS = [by_create, by_client_side_apply, by_server_side_apply, by_replace, by_one_who_clears_managed_fields]


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("plural", NAMES)
def test_an_adopted_object_equals_one_made_by_the_operator(
    api: Api, kubectl: Kubectl, operator: OperatorProcess, plural: str, write: Callable[[Api, Kubectl, Json], None]
) -> None:
    write(api, kubectl, hand_made(plural, annotations=ADOPT))
    uid = (api.get(plural, NAMES[plural]) or {})["metadata"]["uid"]
    api.create("myapps", myapp(rollout={"minReadySeconds": 0}))
    wait_for("Ready", api.is_ready, seconds=60)
    adopted = api.get(plural, NAMES[plural]) or {}
    assert adopted["metadata"]["uid"] == uid
    api.delete(plural, NAMES[plural])
    wait_for("one made by the operator", lambda: (api.get(plural, NAMES[plural]) or adopted)["metadata"]["uid"] != uid)
    wait_for("Ready", api.is_ready, seconds=60)
    assert essence(adopted) == essence(api.get(plural, NAMES[plural]) or {})
