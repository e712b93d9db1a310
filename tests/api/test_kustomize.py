"""What kustomize does to a MyApp that deploy/kustomize has taught it, and that an API server takes the outcome."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.api.conftest import Kubectl
from tests.api.test_corpus import schema

Json = dict[str, Any]

COMPONENT = Path(__file__).parents[2] / "deploy/kustomize"
CONFIGURATION = yaml.safe_load((COMPONENT / "configuration.yaml").read_text(encoding="utf-8"))
IMAGE = "registry.example.com/shop"
NAMED = {"config": "ConfigMap", "password": "Secret", "account": "ServiceAccount", "data": "PersistentVolumeClaim"}
NAMING = re.compile(
    r"/(configMapKeyRef|secretKeyRef|configMapRef|secretRef|configMap|secret)/name$|/imagePullSecrets/name$"
    r"|/(secretName|claimName|serviceAccountName|priorityClassName)$"
)
CONTAINER = {
    "image": f"{IMAGE}:1.0",
    "env": [
        {"name": "A", "valueFrom": {"configMapKeyRef": {"name": "config", "key": "a"}}},
        {"name": "B", "valueFrom": {"secretKeyRef": {"name": "password", "key": "b"}}},
    ],
    "envFrom": [{"configMapRef": {"name": "config"}}, {"secretRef": {"name": "password"}}],
}
SOURCES = [{"configMap": {"name": "config"}}, {"secret": {"name": "password"}}]
SPEC = {
    **CONTAINER,
    "sidecars": [{"name": "one", **CONTAINER}],
    "initContainers": [{"name": "two", **CONTAINER}],
    "volumes": [
        {"name": "a", "configMap": {"name": "config"}},
        {"name": "b", "secret": {"secretName": "password"}},
        {"name": "c", "projected": {"sources": SOURCES}},
        {"name": "d", "persistentVolumeClaim": {"claimName": "data"}},
    ],
    "imagePullSecrets": [{"name": "password"}],
    "serviceAccountName": "account",
    "ingress": {"host": "shop.example.com", "tls": {"secretName": "password"}},
}
CLAIM = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
TARGET = {"apiVersion": "apps.example.com/v1", "kind": "MyApp", "name": "shop"}
OBJECTS: list[Json] = [
    {"apiVersion": "apps.example.com/v1", "kind": "MyApp", "metadata": {"name": "shop"}, "spec": SPEC},
    {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "account"}},
    {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"}, "spec": CLAIM},
    {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "shop"},
        "spec": {"scaleTargetRef": TARGET, "maxReplicas": 3},
    },
]
KUSTOMIZATION: Json = {
    "resources": ["objects.yaml"],
    "components": ["component"],
    "images": [{"name": IMAGE, "newName": "mirror.example.com/shop", "newTag": "2.0"}],
    "replicas": [{"name": "shop", "count": 5}],
    "namePrefix": "test-",
    "nameSuffix": "-eu",
    "configMapGenerator": [{"name": "config", "literals": ["a=1"]}],
    "secretGenerator": [{"name": "password", "literals": ["b=1"]}],
}


@pytest.fixture
def built(kubectl: Kubectl, tmp_path: Path) -> dict[str, Json]:
    """What kustomize makes of the objects, by kind."""
    shutil.copytree(COMPONENT, tmp_path / "component")
    (tmp_path / "objects.yaml").write_text(yaml.safe_dump_all(OBJECTS))
    (tmp_path / "kustomization.yaml").write_text(yaml.safe_dump(KUSTOMIZATION))
    answer = kubectl("kustomize", str(tmp_path))
    assert answer.returncode == 0, answer.stderr
    return {each["kind"]: each for each in yaml.safe_load_all(answer.stdout)}


def test_images_replicas_and_names_are_followed(built: dict[str, Json], kubectl: Kubectl) -> None:
    app = built["MyApp"]
    spec = app["spec"]
    assert (app["metadata"]["name"], spec["replicas"]) == ("test-shop-eu", 5)
    assert {each["image"] for each in (spec, *spec["sidecars"], *spec["initContainers"])} == {
        "mirror.example.com/shop:2.0"
    }
    new = {old: built[kind]["metadata"]["name"] for old, kind in NAMED.items()}
    assert spec == renamed(SPEC, new) | {each: spec[each] for each in ("image", "replicas")}
    assert built["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]["name"] == "test-shop-eu"
    answer = kubectl("create", "--dry-run=server", "--namespace", "default", "-f", "-", stdin=json.dumps(app))
    assert answer.returncode == 0, answer.stderr


def renamed(node: Any, new: dict[str, str]) -> Any:
    """The same with other names, and the new image."""
    if isinstance(node, dict):
        return {key: renamed(value, new) for key, value in node.items()}
    if isinstance(node, list):
        return [renamed(each, new) for each in node]
    return "mirror.example.com/shop:2.0" if node == CONTAINER["image"] else new.get(node, node)


def test_every_field_that_names_an_object_is_known() -> None:
    """The fields are found in the CRD: where a ConfigMap, a Secret, a claim or an account is named."""
    known = {each["path"] for kind in CONFIGURATION["nameReference"] for each in kind["fieldSpecs"]}
    assert {path for path in fields(schema()["properties"]["spec"], "spec") if NAMING.search(path)} <= known


def fields(node: Json, path: str) -> Iterator[str]:
    """The paths of all fields, lists left out, as kustomize writes them."""
    yield path
    for name, child in node.get("properties", {}).items():
        yield from fields(child, f"{path}/{name}")
    if "items" in node:
        yield from fields(node["items"], path)
