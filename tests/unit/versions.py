"""Earlier versions of an app, as their ReplicaSets have them."""

from typing import Any

from myapp_operator import names
from myapp_operator.grammar import Json

OLD: Json = {
    "metadata": {"labels": {"app": "myapp"}},
    "spec": {
        "containers": [
            {"name": "beside", "image": "side:1", "ports": [{"containerPort": 9000}]},
            {"name": "myapp", "image": "myapp:1", "ports": [{"containerPort": 5000}, {"containerPort": 6000}]},
        ]
    },
}

NEW: Json = {**OLD, "spec": {"containers": [{"name": "myapp", "image": "myapp:2", "ports": [{"containerPort": 8080}]}]}}


def replica_set(template_hash: str = "h1", revision: int = 1, of: str = "uid-child", template: Json = OLD) -> Json:
    """As the API server has it, of a Deployment with this uid."""
    labels = {**template["metadata"]["labels"], names.TEMPLATE_HASH: template_hash}
    metadata: dict[str, Any] = {
        "name": f"myapp-deployment-{template_hash}",
        "uid": f"uid-{template_hash}",
        "labels": labels,
        "annotations": {"deployment.kubernetes.io/revision": str(revision)},
        "ownerReferences": [{"kind": "Deployment", "uid": of, "controller": True}],
    }
    stored = {**template, "metadata": {"creationTimestamp": None, **template["metadata"], "labels": labels}}
    spec = {"replicas": 2, "selector": {"matchLabels": labels}, "template": stored}
    return {"metadata": metadata, "spec": spec}
