"""The operator of a usual kopf tutorial: handlers for creation and update, the synchronous client, kopf's own settings.

It is measured beside ours, so it is written as most people would: nothing is slow on purpose, nothing is tuned.
"""

from typing import Any

import kopf
import kubernetes


@kopf.on.startup()
def connect(**_: Any) -> None:
    """Reads the kubeconfig, as kopf itself does."""
    kubernetes.config.load_kube_config()  # type: ignore[no-untyped-call]


@kopf.on.create("apps.example.com", "v1", "myapps")
def create(spec: kopf.Spec, meta: kopf.Meta, name: str, namespace: str | None, patch: kopf.Patch, **_: Any) -> None:
    """Makes the Deployment and the Service of a new app."""
    children = deployment(name, spec), service(name)
    kopf.adopt(children)
    apps: Any = kubernetes.client.AppsV1Api()
    core: Any = kubernetes.client.CoreV1Api()
    apps.create_namespaced_deployment(namespace, children[0])
    core.create_namespaced_service(namespace, children[1])
    patch.status["observedGeneration"] = meta["generation"]
    patch.status["message"] = "created"


@kopf.on.update("apps.example.com", "v1", "myapps")
def update(spec: kopf.Spec, meta: kopf.Meta, name: str, namespace: str | None, patch: kopf.Patch, **_: Any) -> None:
    """Brings the Deployment of a changed app up to date."""
    apps: Any = kubernetes.client.AppsV1Api()
    apps.patch_namespaced_deployment(f"{name}-deployment", namespace, deployment(name, spec))
    patch.status["observedGeneration"] = meta["generation"]
    patch.status["message"] = "updated"


def deployment(name: str, spec: kopf.Spec) -> dict[str, Any]:
    """The Deployment of an app."""
    container = {"name": name, "image": spec["image"], "ports": [{"containerPort": spec.get("port", 5000)}]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": f"{name}-deployment"},
        "spec": {
            "replicas": spec.get("replicas", 2),
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [container], "terminationGracePeriodSeconds": 1},
            },
        },
    }


def service(name: str) -> dict[str, Any]:
    """The Service of an app."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": f"{name}-service"},
        "spec": {"selector": {"app": name}, "ports": [{"port": 80, "targetPort": 5000}]},
    }
