"""Every bound in the CRD, tried on a real server: the last value that fits, and the first that does not.

The values are derived from the CRD itself, so that a new field is tried without a new test.
"""

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from myapp_operator import crd

Kubectl = Callable[..., subprocess.CompletedProcess[str]]
Json = dict[str, Any]

SPEC: Json = crd.manifest()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]

LONG = "a" * 63

# What leaves every other field free to take its first and last value without breaking a rule.
ROOM: Json = {
    "image": "a",
    "drainSeconds": 0,
    "terminationGracePeriodSeconds": 86400,
    "rollout": {"progressDeadlineSeconds": 86400},
    "resources": {"requests": {"cpu": 0, "memory": 0}},
    "serviceAccountName": "a",
    "volumes": [{"name": "a0", "emptyDir": {}}, {"name": LONG, "emptyDir": {}}],
}

# What excludes each other: where none is tried, the first by name is there.
ONE_OF = (
    {"exec", "grpc", "httpGet", "tcpSocket"},
    {"configMapRef", "secretRef"},
    {"configMapKeyRef", "fieldRef", "resourceFieldRef", "secretKeyRef"},
    {"configMap", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"},
    {"configMap", "downwardAPI", "secret", "serviceAccountToken"},
    {"fieldRef", "resourceFieldRef", "path"},
    {"maxUnavailable", "minAvailable"},
)

# What the rules ask for beside a field, by fields that tell which part it is.
METRIC = {"type": "Resource", "resource": {"name": "a", "target": {"type": "AverageValue", "averageValue": 1}}}
BESIDE: tuple[tuple[set[str], Json], ...] = (
    ({"mountPath"}, {"name": "a0"}),
    ({"restartPolicy"}, {"restartPolicy": "Always"}),
    ({"minReplicas"}, {"maxReplicas": 1000, "metrics": [METRIC]}),
    ({"volumeClaimTemplate"}, {"volumeClaimTemplate": {"spec": {}}}),
    ({"accessModes"}, {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1"}}}),
    ({"labels", "namespace"}, {"namespace": "a"}),
    ({"fieldPath"}, {"fieldPath": "metadata.name"}),
    ({"tolerationSeconds"}, {"key": "a", "effect": "NoExecute"}),
    ({"resource", "containerName"}, {"containerName": "a"}),
    ({"operator", "values"}, {"operator": "In", "values": ["a"]}),
    ({"topologyKey", "matchLabelKeys", "maxSkew"}, {"labelSelector": {}, "whenUnsatisfiable": "DoNotSchedule"}),
    ({"averageUtilization"}, {"averageValue": 1}),
)

# Fields that a rule holds closer than their bounds.
CLOSER = re.compile(
    r"metrics\[\]\.type|volumeClaimTemplate\.spec\.(accessModes|resources\.requests)$"
    r"|\.(fieldPath|divisor|operator|target\.averageUtilization|target\.value)$|tolerations\[\]\.key$"
    r"|(liveness|startup)\.successThreshold$|readiness\.terminationGracePeriodSeconds$"
)


def variants(node: Json, path: str) -> Iterator[tuple[str, Any, bool]]:
    """Yield what to write, values at and just beyond every bound below `node`, and whether they fit."""
    if "properties" in node:
        for name, child in node["properties"].items():
            for label, value, fits in variants(child, f"{path}.{name}"):
                yield label, merged(needed(node, beside=name), {name: value}), fits
    if "additionalProperties" in node:
        values = node["additionalProperties"]
        yield from counted(
            node["maxProperties"], path, lambda count: {f"a{each}": sample(values) for each in range(count)}
        )
        yield from ((label, {"a0": value}, fits) for label, value, fits in variants(values, f"{path}{{}}"))
    if "items" in node:
        items = node["items"]
        yield from counted(node["maxItems"], path, lambda count: [sample(items, each) for each in range(count)])
        yield from ((label, [value], fits) for label, value, fits in variants(items, f"{path}[]"))
    if not CLOSER.search(path):
        yield from ((f"{path}={str(value)[:20]}", value, fits) for value, fits in at_bounds(node, path))


def counted(most: int, path: str, make: Callable[[int], Any]) -> Iterator[tuple[str, Any, bool]]:
    """Yield as many as fit, and one more."""
    if not CLOSER.search(path):
        yield from ((f"{count} of {path}", make(count), count == most) for count in (most, most + 1))


def at_bounds(node: Json, path: str) -> Iterator[tuple[Any, bool]]:
    """Yield the values at and just beyond the bounds of one plain value."""
    if "minimum" in node:
        yield from ((node["minimum"], True), (node["minimum"] - 1, False))
        yield from ((node["maximum"], True), (node["maximum"] + 1, False))
    if "maxLength" in node and "maximum" not in node:  # with both, the text is a rule's: a percentage, a name
        # A quantity where any number or string may stand, else a name; the path of a URL begins with a slash.
        letter = "1" if "x-kubernetes-int-or-string" in node else "a"
        first = "/" if re.search(r"(httpGet|ingress|route)\.path$", path) else letter
        yield from ((first + letter * (node["maxLength"] + more - 1), not more) for more in (0, 1))
    if "minLength" in node:
        yield from (("a" * node["minLength"], True), ("a" * (node["minLength"] - 1), False))
    if "enum" in node:
        yield from ((node["enum"][0], True), (node["enum"][-1], True), ("other", False))


def sample(node: Json, index: int = 0) -> Any:
    """Return a value that fits, a different one for each index."""
    if "properties" in node:
        return needed(node, index)
    if "items" in node:
        return [sample(node["items"], each) for each in range(node.get("minItems", 0))]
    if "additionalProperties" in node:
        return {}
    if "enum" in node:
        return node["enum"][0]
    if "x-kubernetes-int-or-string" in node:
        return 1
    return min(node["minimum"] + index, node["maximum"]) if "minimum" in node else f"a{index}"


def needed(node: Json, index: int = 0, beside: str = "") -> Json:
    """Return what an object needs to fit, if the field `beside` is there as well."""
    fields = node["properties"]
    offered = [choice for choice in ONE_OF if choice <= fields.keys()]
    choice = max(offered, key=len, default=set[str]()) - {"path"}
    chosen = [min(choice)] if choice and beside not in choice else []
    found = {name: sample(fields[name], index) for name in [*node.get("required", ()), *chosen] if name != beside}
    for tell, more in BESIDE:
        if tell <= fields.keys():
            found |= {name: value for name, value in more.items() if name != beside or isinstance(value, dict)}
    if "containerResource" in fields:
        found |= METRIC if beside in ("", "resource") else {"type": beside[0].upper() + beside[1:]}
    return found


def merged(base: Json, over: Json) -> Json:
    """Return `base` with the fields of `over`, objects field by field."""
    both = {**base, **over}
    return {
        key: merged(base[key], value) if isinstance(base.get(key), dict) and isinstance(value, dict) else value
        for key, value in both.items()
    }


FIELDS = {name: [*variants(node, f"spec.{name}")] for name, node in SPEC["properties"].items()}
BOUNDED = {name: tried for name, tried in FIELDS.items() if tried}


@pytest.mark.parametrize("field", BOUNDED)
def test_every_bound_holds_and_no_less_is_allowed(kubectl: Kubectl, field: str) -> None:
    tried = {f"x{index}": each for index, each in enumerate(BOUNDED[field])}
    items = [
        {
            "apiVersion": "apps.example.com/v1",
            "kind": "MyApp",
            "metadata": {"name": name},
            "spec": merged(ROOM, {field: value}),
        }
        for name, (_, value, _) in tried.items()
    ]
    bundle = json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
    answer = kubectl("create", "--dry-run=server", "--namespace", "default", "-o", "name", "-f", "-", stdin=bundle)
    accepted = {line.rpartition("/")[2] for line in answer.stdout.splitlines()}
    refused = set(re.findall(r'MyApp(?:\.apps\.example\.com)? "(x\d+)" is invalid: ', answer.stderr))
    assert accepted | refused == tried.keys(), answer.stderr[-2000:]
    assert [label for name, (label, _, fits) in tried.items() if fits and name in refused] == []
    assert [label for name, (label, _, fits) in tried.items() if not fits and name in accepted] == []


def test_only_what_has_no_bounds_is_not_tried() -> None:
    assert FIELDS.keys() - BOUNDED.keys() == {"suspend"}
    assert sum(map(len, BOUNDED.values())) > 1000
