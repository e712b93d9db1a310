"""Every bound in the CRD, tried on a real server: the last value that fits, and the first that does not.

The values are derived from the CRD itself, so that a new field is tried without a new test.
"""

import json
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

from myapp_operator import crd

Kubectl = Callable[..., subprocess.CompletedProcess[str]]
Json = dict[str, Any]

SPEC: Json = crd.manifest()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]

# What leaves every other field free to take its first and last value without breaking a rule.
ROOM: Json = {
    "image": "a",
    "drainSeconds": 0,
    "terminationGracePeriodSeconds": 86400,
    "rollout": {"progressDeadlineSeconds": 86400},
}

# What excludes each other: where none is tried, the first by name is there.
ONE_OF = (
    {"exec", "grpc", "httpGet", "tcpSocket"},
    {"configMapRef", "secretRef"},
    {"configMapKeyRef", "fieldRef", "resourceFieldRef", "secretKeyRef"},
)


def variants(node: Json, path: str) -> Iterator[tuple[str, Any, bool]]:
    """Yield what to write, values at and just beyond every bound below `node`, and whether they fit."""
    if "properties" in node:
        for name, child in node["properties"].items():
            for label, value, fits in variants(child, f"{path}.{name}"):
                yield label, {**needed(node, beside=name), name: value}, fits
    if "items" in node:
        for count, fits in ((node["maxItems"], True), (node["maxItems"] + 1, False)):
            yield f"{count} of {path}", [sample(node["items"], index) for index in range(count)], fits
        for label, value, fits in variants(node["items"], f"{path}[]"):
            yield label, [value], fits
    yield from ((f"{path}={str(value)[:20]}", value, fits) for value, fits in at_bounds(node))


def at_bounds(node: Json) -> Iterator[tuple[Any, bool]]:
    """Yield the values at and just beyond the bounds of one plain value."""
    if "minimum" in node:
        yield from ((node["minimum"], True), (node["minimum"] - 1, False))
        yield from ((node["maximum"], True), (node["maximum"] + 1, False))
    if "maxLength" in node and "pattern" not in node:
        # Digits also make a quantity, which a rule asks for where any number or string may stand.
        yield from (("1" * node["maxLength"], True), ("1" * (node["maxLength"] + 1), False))
    if "minLength" in node:
        yield from (("a" * node["minLength"], True), ("a" * (node["minLength"] - 1), False))
    if "enum" in node:
        yield from ((node["enum"][0], True), (node["enum"][-1], True), ("other", False))


def sample(node: Json, index: int = 0) -> Any:
    """Return a value that fits, a different one for each index."""
    if "properties" in node:
        return needed(node, index)
    return node["minimum"] + index if "minimum" in node else f"a{index}"


def needed(node: Json, index: int = 0, beside: str = "") -> Json:
    """Return what an object needs to fit, if the field `beside` is there as well."""
    offered = [choice for choice in ONE_OF if choice <= node["properties"].keys() and beside not in choice]
    names = [*node.get("required", ()), *map(min, offered)]
    return {name: sample(node["properties"][name], index) for name in names}


def merged(base: Json, over: Json) -> Json:
    """Return `base` with the fields of `over`, objects field by field."""
    both = {**base, **over}
    return {
        key: merged(base[key], value) if key in base and isinstance(value, dict) else value
        for key, value in both.items()
    }


def test_every_bound_holds_and_no_less_is_allowed(kubectl: Kubectl) -> None:
    tried = {f"x{index}": each for index, each in enumerate(variants(SPEC, "spec"))}
    items = [
        {
            "apiVersion": "apps.example.com/v1",
            "kind": "MyApp",
            "metadata": {"name": name},
            "spec": merged(ROOM, value),
        }
        for name, (_, value, _) in tried.items()
    ]
    bundle = json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
    answer = kubectl("create", "--dry-run=server", "--namespace", "default", "-o", "name", "-f", "-", stdin=bundle)
    accepted = {line.rpartition("/")[2] for line in answer.stdout.splitlines()}
    refused = {name for name in tried if f'MyApp.apps.example.com "{name}" is invalid: ' in answer.stderr}
    assert accepted | refused == tried.keys(), answer.stderr[-2000:]
    assert [label for name, (label, _, fits) in tried.items() if fits and name in refused] == []
    assert [label for name, (label, _, fits) in tried.items() if not fits and name in accepted] == []
    assert len(accepted) > 50
    assert len(refused) > 50
