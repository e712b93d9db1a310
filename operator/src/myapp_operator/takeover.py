"""Taking back the spec of a child of ours, where applying over somebody's edit is not enough. Pure.

Some edits cannot be applied over: a renumbered port leaves two ports of one name, a value that became a valueFrom
leaves both. The API server refuses that, because the editor owns what they added. So the editor's part of the spec is
first moved into our own entry of managedFields; what we then do not apply is removed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from myapp_operator.grammar import Json
from myapp_operator.names import APPLIED, MANAGER

_SPEC = "f:spec"


def patch(metadata: Json) -> list[Json] | None:
    """The JSON patch that makes all of the spec ours, for an object with this metadata; None if it is already.

    It also removes the hash annotation: if nothing more were done after this patch, that would show as drift.
    """
    entries: list[Json] = metadata.get("managedFields") or []
    ours = [entry for entry in entries if _is_ours(entry)]
    foreign = [entry for entry in entries if not _is_ours(entry) and not entry.get("subresource")]
    claimed: Json = {}
    kept = []
    for entry in foreign:
        taken, left = _split(entry.get("fieldsV1") or {})
        claimed = _union(claimed, taken)
        if left:
            kept.append({**entry, "fieldsV1": left})
    if not claimed or not ours:
        return None
    mine = {**ours[0], "fieldsV1": _union(ours[0]["fieldsV1"], {_SPEC: claimed})}
    subresources = [entry for entry in entries if entry.get("subresource")]
    annotations = {key: value for key, value in (metadata.get("annotations") or {}).items() if key != APPLIED}
    return [
        {"op": "test", "path": "/metadata/resourceVersion", "value": metadata["resourceVersion"]},
        {"op": "add", "path": "/metadata/managedFields", "value": [mine, *kept, *subresources]},
        {"op": "add", "path": "/metadata/annotations", "value": annotations},
    ]


def _is_ours(entry: Json) -> bool:
    return entry.get("manager") == MANAGER and entry.get("operation") == "Apply" and not entry.get("subresource")


def _split(fields: Json) -> tuple[Json, Json]:
    """What is to be taken of the spec, and what stays theirs: all else, and marks on pods such as of a restart."""
    spec = fields.get(_SPEC) or {}
    rest = {key: value for key, value in fields.items() if key != _SPEC}
    template = spec.get("f:template") or {}
    marks = template.get("f:metadata")
    taken = {key: value for key, value in spec.items() if key != "f:template"}
    if pods := {key: value for key, value in template.items() if key != "f:metadata"}:
        taken["f:template"] = pods
    if marks:
        rest[_SPEC] = {"f:template": {"f:metadata": marks}}
    return taken, rest


def _union(one: Mapping[str, Any], other: Mapping[str, Any]) -> Json:
    return {
        key: _union(one.get(key, {}), other.get(key, {})) for key in [*one, *(key for key in other if key not in one)]
    }
