"""Objects as hostile as the API server takes them: too deep, too large, held, owned and labelled by others.

Each is the text of a request, since some are nested deeper than a JSON library writes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import cycle, islice
from types import MappingProxyType
from typing import Any

from myapp_operator import names

Json = dict[str, Any]

_DEEP = "DEEP"
"""Stands for the nested fields until the text is made."""
_LEVELS = (300, 1_100, 5_000)
"""Levels of nesting: orjson writes 254 and reads 1,024, json reads some 990."""
_VARIABLES, _LONGEST_VALUE = 12, 100_000
"""Together just below what etcd takes as one object (1.5 MB)."""


@dataclass(frozen=True)
class Hostile:
    """One object, and where it is posted."""

    kind: str
    """What is hostile about it."""
    name: str
    path: str
    body: str


def myapps(namespace: str, count: int) -> Iterator[Hostile]:
    """MyApps by an author who may create MyApps in this namespace and do nothing else, each kind in turn."""
    path = f"/apis/{names.API_VERSION}/namespaces/{namespace}/{names.PLURAL}"
    for number, (kind, make) in enumerate(islice(cycle(MYAPPS.items()), count)):
        yield Hostile(kind, f"hostile-{number}", path, make(f"hostile-{number}"))


def others(namespace: str, count: int) -> Iterator[Hostile]:
    """Objects by a tenant who may also write pods, Services and ConfigMaps of this namespace, each kind in turn."""
    for number, (kind, make) in enumerate(islice(cycle(OTHERS.items()), count)):
        plural, body = make(f"other-{number}")
        yield Hostile(kind, f"other-{number}", f"/api/v1/namespaces/{namespace}/{plural}", body)


def _myapp(name: str, metadata: Json | None = None, **spec: Any) -> Json:
    return {
        "apiVersion": names.API_VERSION,
        "kind": names.KIND,
        "metadata": {"name": name, **(metadata or {})},
        "spec": {"image": "myapp:1", "replicas": 0, **spec},
    }


def _text(body: Json, levels: int = 0) -> str:
    nested = '{"f:x":' * levels + "{}" + "}" * levels
    return json.dumps(body).replace(f'"{_DEEP}"', nested)


def _fields(api_version: str, manager: str = "somebody") -> Json:
    """managedFields as they come back from a server, with fields of any depth."""
    entry = {"manager": manager, "operation": "Apply", "apiVersion": api_version, "fieldsType": "FieldsV1"}
    return {"managedFields": [{**entry, "fieldsV1": _DEEP}]}


def _deep(levels: int) -> Callable[[str], str]:
    return lambda name: _text(_myapp(name, _fields(names.API_VERSION)), levels)


def _heavy(name: str) -> str:
    env = [{"name": f"V{number}", "value": "x" * _LONGEST_VALUE} for number in range(_VARIABLES)]
    return _text(_myapp(name, env=env))


def _many_variables(name: str) -> str:
    return _text(_myapp(name, env=[{"name": f"V{number}", "value": f"secret-{number}-" * 9} for number in range(1000)]))


def _cluttered(name: str) -> str:
    """Annotations at their limit, full of what steers a terminal and forges a line of a log."""
    annotations = {"example.com/note": '\x1b[2J\n{"level":"info"}\r' * 10_000}
    return _text(_myapp(name, {"annotations": annotations, "labels": {f"l{number}": "x" for number in range(1000)}}))


def _held(finalizer: str) -> Callable[[str], str]:
    return lambda name: _text(_myapp(name, {"finalizers": [finalizer]}))


def _owned(name: str) -> str:
    """By an object that is not there: the garbage collector deletes it at once."""
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "nothing", "uid": "0", "controller": True}
    return _text(_myapp(name, {"ownerReferences": [owner]}))


def _forged(name: str) -> str:
    """With all that the operator itself writes on children."""
    marks = {f"{names.GROUP}/{word}": "garbage" for word in ("applied", "template", "adopt", "nudge", "last-ready")}
    return _text(_myapp(name, {"annotations": marks, "labels": names.labels("another")}))


MYAPPS: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        **{f"managedFields of {levels} levels": _deep(levels) for levels in _LEVELS},
        "1.2 MB": _heavy,
        "1,000 variables": _many_variables,
        "cluttered annotations": _cluttered,
        "the finalizer of kopf": _held("kopf.zalando.org/KopfFinalizerMarker"),
        "a finalizer": _held("hostile.example.com/held"),
        "an owner that is not there": _owned,
        "the operator's own marks": _forged,
    }
)
"""Each makes the text of a MyApp of this name."""


def _service(name: str) -> tuple[str, str]:
    """In the operator's name, as if it were a child."""
    metadata = {"name": f"{name}-service", "labels": names.labels(name), **_fields("v1", names.MANAGER)}
    return "services", _text({"metadata": metadata, "spec": {"ports": [{"port": 80}]}}, _LEVELS[0])


def _config_map(name: str) -> tuple[str, str]:
    return "configmaps", _text({"metadata": {"name": name, **_fields("v1")}, "data": {"a": "b"}}, _LEVELS[1])


def _large_config_map(name: str) -> tuple[str, str]:
    return "configmaps", _text({"metadata": {"name": name}, "data": {"a": "x" * 1_000_000}})


def _pod(name: str) -> tuple[str, str]:
    """A pod that every selector of an app finds."""
    metadata = {"name": name, "labels": names.labels("hostile-0")}
    return "pods", _text({"metadata": metadata, "spec": {"containers": [{"name": "a", "image": "a"}]}})


OTHERS: Mapping[str, Callable[[str], tuple[str, str]]] = MappingProxyType(
    {
        "a Service in the operator's name": _service,
        "a deep ConfigMap": _config_map,
        "a ConfigMap of 1 MB": _large_config_map,
        "a pod with the labels of an app": _pod,
    }
)
"""Each makes the plural and the text of an object."""
