"""What the API server asks of the metadata of any object: no part of a CRD. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from myapp_operator.grammar import Json
from myapp_operator.judging.mistakes import Mistake, below

_TEXT: Json = {"type": "string"}
_WORD: Json = {"type": "string", "minLength": 1}
_TEXTS: Json = {"type": "object", "additionalProperties": _TEXT}
_TIME: Json = {"type": "string", "format": "date-time", "nullable": True}
_NUMBER: Json = {"type": "integer", "format": "int64"}
_SWITCH: Json = {"type": "boolean"}

SCHEMA: Json = {
    "type": "object",
    "properties": {
        "name": _TEXT,
        "generateName": _TEXT,
        "namespace": _TEXT,
        "labels": _TEXTS,
        "annotations": _TEXTS,
        "finalizers": {"type": "array", "items": _TEXT},
        "ownerReferences": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["apiVersion", "kind", "name", "uid"],
                "properties": {
                    **dict.fromkeys(("apiVersion", "kind", "name", "uid"), _WORD),
                    "controller": _SWITCH,
                    "blockOwnerDeletion": _SWITCH,
                },
            },
        },
        "managedFields": {
            "type": "array",
            "items": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        },
        **dict.fromkeys(("uid", "resourceVersion", "selfLink"), _TEXT),
        **dict.fromkeys(("creationTimestamp", "deletionTimestamp"), _TIME),
        **dict.fromkeys(("generation", "deletionGracePeriodSeconds"), _NUMBER),
    },
}
"""The fields, in the words of a structural schema."""

_LABEL = re.compile("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_PREFIX = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
_NAME = "[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
_KEY = re.compile(rf"((?=[^/]{{1,253}}/){_PREFIX}/)?{_NAME}")
_VALUE = re.compile(rf"({_NAME})?")
_MOST_BYTES = 256 * 1024
"""Of all annotations together, keys and values."""


def mistakes(metadata: Json) -> Iterator[Mistake]:
    """What is wrong with the values of a metadata whose types are right; what is not is passed over."""
    path = "metadata"
    if not metadata.get("name") and not metadata.get("generateName"):
        yield Mistake(f"{path}.name", "must be given")
    namespace = metadata.get("namespace")
    if isinstance(namespace, str) and namespace and not _LABEL.fullmatch(namespace):
        yield Mistake(f"{path}.namespace", "must be at most 63 of a-z, 0-9 and -, which is not at an end")
    for key, value in _texts(metadata.get("labels")):
        yield from _key(f"{path}.labels", key)
        if not _VALUE.fullmatch(value):
            words = "must be at most 63 letters, digits, -, _ and ., and begin and end with a letter or digit"
            yield Mistake(below(f"{path}.labels", key), words)
    annotations = [*_texts(metadata.get("annotations"))]
    for key, _ in annotations:
        yield from _key(f"{path}.annotations", key.lower())
    if sum(len(key.encode()) + len(value.encode(errors="replace")) for key, value in annotations) > _MOST_BYTES:
        yield Mistake(f"{path}.annotations", f"must have at most {_MOST_BYTES} bytes together")
    for place, each in enumerate(metadata.get("finalizers") or ()):
        if isinstance(each, str) and not _KEY.fullmatch(each):
            yield Mistake(f"{path}.finalizers[{place}]", "must be a name such as example.com/finalizer")
    yield from _owners(metadata.get("ownerReferences"), f"{path}.ownerReferences")


def _texts(value: Any) -> Iterator[tuple[str, str]]:
    for key, each in value.items() if isinstance(value, dict) else ():
        if isinstance(each, str):
            yield key, each


def _key(path: str, key: str) -> Iterator[Mistake]:
    if not _KEY.fullmatch(key):
        yield Mistake(below(path, key), "the key must be a name such as team or example.com/team")


def _owners(value: Any, path: str) -> Iterator[Mistake]:
    owners = [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
    for place, each in enumerate(owners):
        if (each.get("apiVersion"), each.get("kind")) == ("v1", "Event"):
            yield Mistake(f"{path}[{place}]", "an Event must not be an owner")
        if str(each.get("apiVersion", "")).count("/") > 1:
            yield Mistake(f"{path}[{place}].apiVersion", "must be a version such as v1 or apps/v1")
    if sum(each.get("controller") is True for each in owners) > 1:
        yield Mistake(path, "only one owner may be the controller")
