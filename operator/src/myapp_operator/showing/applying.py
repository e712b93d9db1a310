"""What is sent to see what would become of an object that exists. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from myapp_operator import drift, names
from myapp_operator.grammar import Json

_USERS_METADATA = ("labels", "annotations")


def merge_patch(file: Json, stored: Json) -> Json:
    """The merge patch that makes the stored MyApp what the file says.

    A field that was applied once and is gone from the file goes; one that somebody else set, such as the replicas of
    `kubectl scale`, stays unless the file names it.
    """
    metadata = {key: file["metadata"][key] for key in _USERS_METADATA if key in file["metadata"]}
    rest = {key: value for key, value in file.items() if key not in ("metadata", "status", "spec")}
    last = _last_applied(stored)
    return {**rest, "metadata": metadata, "spec": _patch(file.get("spec"), last.get("spec"))}


def replacing(wanted: Json, stored: Json) -> Json:
    """The spec to put in the place of the stored one of a child: the wanted one, which leaves a mark of a restart."""
    marks = ((stored.get("template") or {}).get("metadata") or {}).get("annotations") or {}
    if names.RESTARTED_AT not in marks or "template" not in wanted:
        return wanted
    template = wanted["template"]
    metadata = template["metadata"]
    annotations = {**metadata.get("annotations", {}), names.RESTARTED_AT: marks[names.RESTARTED_AT]}
    return {**wanted, "template": {**template, "metadata": {**metadata, "annotations": annotations}}}


def removing(fields: Mapping[str, Any], present: Any) -> Any:
    """What is left of an object without these fields, which are in the words of managedFields."""
    if isinstance(present, dict):
        below = {key: fields.get(f"f:{key}") for key in present}
        return {
            key: removing(below[key] or {}, value) for key, value in present.items() if not _is_whole(below[key], value)
        }
    if isinstance(present, list) and fields:
        items = drift.Items(fields)
        found = [(each, items.of(each)) for each in present]
        return [removing(below or {}, each) for each, below in found if not _is_whole(below, each)]
    return present


def _is_whole(fields: Mapping[str, Any] | None, value: Any) -> bool:
    """Whether these are all fields of a value: nothing is left of it without them."""
    return fields is not None and (not fields or "." in fields or removing(fields, value) in ({}, []))


def _patch(file: Any, last: Any) -> Any:
    if not isinstance(file, Mapping) or not isinstance(last, Mapping):
        return file
    gone = {key: None for key in last if key not in file}
    return {**gone, **{key: _patch(value, last.get(key)) for key, value in file.items()}}


def _last_applied(stored: Json) -> Json:
    """What kubectl noted down of the last file; nothing where the MyApp was made in another way."""
    text = (stored["metadata"].get("annotations") or {}).get(names.LAST_APPLIED, "")
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
