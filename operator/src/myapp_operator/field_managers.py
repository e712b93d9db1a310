"""Who holds which fields of an object, by the entries of its managedFields. Pure.

Anybody may write any JSON there, of any depth.
"""

from __future__ import annotations

import json

import orjson

from myapp_operator import managed_fields
from myapp_operator.grammar import Json
from myapp_operator.json_items import DEEPEST
from myapp_operator.json_objects import annotations_of, mapping, mappings
from myapp_operator.names import LAST_APPLIED, MANAGER

_MOST_UNOWNED = 2**14
"""Bytes of our entry of managedFields that are kept of an object that has no controller."""


def is_our_entry(entry: Json) -> bool:
    """Whether an entry of managedFields holds what we applied."""
    return entry.get("manager") == MANAGER and entry.get("operation") == "Apply" and not entry.get("subresource")


def our_entry(meta: Json) -> Json | None:
    """The fields that our own entry of managedFields holds; None where there is no such entry."""
    for entry in mappings(meta.get("managedFields")):
        if is_our_entry(entry):
            return mapping(entry.get("fieldsV1"))
    return None


def our_fields(fields: Json | None, *, owned: bool) -> str:
    """What is kept of our own entry, as JSON text; empty where we have none.

    Anybody may write a megabyte under our name; it is kept only where our next apply makes it small.
    """
    if fields is None:
        return ""
    try:
        text = orjson.dumps(fields).decode()
    except TypeError:  # nested too deep, or text that is none
        text = json.dumps(_maps_only(fields))
    return text if owned or len(text) <= _MOST_UNOWNED else ""


def held_by_others(meta: Json, fields: Json | None) -> str:
    """What others hold that an apply of ours may have to remove (see `managed_fields`), as JSON text; mostly empty.

    `fields` are those of our own entry.
    """
    entries = mappings(meta.get("managedFields"))
    others = [each for each in entries if not each.get("subresource") and not is_our_entry(each)]
    if not others:
        return ""
    ours = _maps_only(fields)
    read = ({**each, "fieldsV1": _maps_only(each.get("fieldsV1"))} for each in others)
    held = managed_fields.union(*(managed_fields.relevant(each, ours) for each in read))
    return orjson.dumps(held).decode() if held else ""


def readable(raw: Json) -> Json:
    """A whole object whose managedFields can be walked: any JSON may stand there, and any depth of it."""
    meta = mapping(raw.get("metadata"))
    entries = [
        {**entry, "fieldsV1": _maps_only(entry.get("fieldsV1"))} if "fieldsV1" in entry else entry
        for entry in mappings(meta.get("managedFields"))
    ]
    return {**raw, "metadata": {**meta, "managedFields": entries}} if entries else raw


def below(fields: object, *path: str) -> Json:
    """What of a fieldsV1 stands below a path. The API server takes any JSON for one."""
    for step in path:
        fields = mapping(fields).get(step)
    return mapping(fields)


def _maps_only(fields: object, levels: int = DEEPEST) -> Json:
    return {key: _maps_only(each, levels - 1) for key, each in mapping(fields).items()} if levels else {}


def sets_replicas(meta: Json) -> bool:
    """Whether somebody has set the number of pods of a MyApp that has one; a default is nobody's.

    A creation owns all defaults as well; so what counts is who applied the number, or changed it alone, or what
    kubectl has noted of the file.
    """
    for entry in mappings(meta.get("managedFields")):
        fields = below(entry.get("fieldsV1"), "f:spec")
        alone = entry.get("operation") == "Apply" or "f:image" not in fields
        if "f:replicas" in fields and alone:
            return True
    return "replicas" in mapping(_last_applied(meta).get("spec"))


def _last_applied(meta: Json) -> Json:
    text = annotations_of(meta).get(LAST_APPLIED, "")
    try:
        return mapping(orjson.loads(text)) if '"replicas"' in text else {}
    except ValueError:
        return {}


def is_scaled(meta: Json) -> bool:
    """Whether others hold the number of pods by the subresource for that, as autoscalers do."""
    return any(_scales(entry) for entry in mappings(meta.get("managedFields")))


def _scales(entry: Json) -> bool:
    return entry.get("subresource") == "scale" and "f:replicas" in below(entry.get("fieldsV1"), "f:spec")
