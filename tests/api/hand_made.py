"""Objects that somebody has made in the places of children, as far from what the operator makes as they can be."""

from typing import Any

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
            "selector": {"app": "myapp", "tier": "web"},
            "ports": [{"name": "web", "port": 80, "targetPort": 8080}, {"name": "admin", "port": 9}],
            "sessionAffinity": "ClientIP",
            "internalTrafficPolicy": "Local",
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
