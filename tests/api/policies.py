"""Admission policies that change what is written, each bound to the namespace of one test."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.api.conftest import Kubectl
from tests.harness import Api, wait_for

Json = dict[str, Any]


def _objects(name: str, namespace: str, plural: str, patch: str, operations: list[str]) -> list[Json]:
    """The policy and its binding. `patch` is a CEL list of JSON patches."""
    kind = "MutatingAdmissionPolicy"
    group = "apps" if plural == "deployments" else ""
    rule = {"apiGroups": [group], "apiVersions": ["v1"], "operations": operations, "resources": [plural]}
    selector = {"matchLabels": {"kubernetes.io/metadata.name": namespace}}
    ours = {"name": "ours", "expression": "object.metadata.name.startsWith('myapp')"}
    spec = {
        "matchConstraints": {"namespaceSelector": selector, "resourceRules": [rule]},
        "matchConditions": [ours],
        "reinvocationPolicy": "Never",
        "mutations": [{"patchType": "JSONPatch", "jsonPatch": {"expression": patch}}],
    }
    api = {"apiVersion": "admissionregistration.k8s.io/v1", "metadata": {"name": name}}
    return [{**api, "kind": kind, "spec": spec}, {**api, "kind": f"{kind}Binding", "spec": {"policyName": name}}]


@contextmanager
def policy(
    kubectl: Kubectl, api: Api, patch: str, *, plural: str = "deployments", operations: list[str] | None = None
) -> Iterator[Callable[[], None]]:
    """Has a policy in force within; calling what it gives ends it before."""
    name, probe = f"{api.namespace}-{plural}", _probe(plural)
    objects = _objects(name, api.namespace, plural, patch, operations or ["CREATE", "UPDATE"])

    def made() -> Json:
        command = ("-n", api.namespace, "create", "--dry-run=server", "-o", "json", "-f", "-")
        answer = kubectl(*command, stdin=json.dumps(probe))
        found: Json = json.loads(answer.stdout) if answer.returncode == 0 else {}
        return {key: found.get(key, {}).get(part) for key, part in (("spec", None), ("metadata", "labels")) if part} | {
            "spec": {key: value for key, value in found.get("spec", {}).items() if not key.startswith("clusterIP")},
            "annotations": found.get("metadata", {}).get("annotations"),
        }

    def end() -> None:
        for kind in ("mutatingadmissionpolicybinding", "mutatingadmissionpolicy"):
            kubectl("delete", kind, name, "--ignore-not-found")
        wait_for("the policy is out of force", lambda: made() == before)

    before = made()
    try:
        kubectl(
            "apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}), check=True
        )
        wait_for("the policy is in force", lambda: made() != before)
        yield end
    finally:
        end()


def _probe(plural: str) -> Json:
    """Something that the policies change, to see whether they are in force."""
    if plural == "services":
        ports = [{"name": "http", "port": 80, "targetPort": 5000}]
        return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "myapp-probe"}, "spec": {"ports": ports}}
    labels = {"probe": "yes"}
    container = {
        "name": "a",
        "image": "a",
        "command": ["a"],
        "ports": [{"containerPort": 5000}],
        "resources": {"limits": {"memory": "1Gi"}},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "myapp-probe", "labels": labels},
        "spec": {
            "replicas": 7,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }
