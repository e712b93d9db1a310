"""What an entry of managedFields holds, as fieldsV1: sets of fields, and what of a foreign entry concerns us. Pure.

The format: https://github.com/kubernetes-sigs/structured-merge-diff/blob/master/fieldpath/serialize.go
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from myapp_operator.grammar import Json
from myapp_operator.names import APPLIED, GROUP, RESTARTED_AT

_METADATA = ("f:labels", "f:annotations")


def relevant(entry: Json, ours: Json) -> Json:
    """The fields of a foreign entry that an apply of ours may have to remove; empty for nearly all entries.

    That is the spec, without the number of pods (see `replicas`) and without labels and annotations. Of these only what
    our own entry holds as well, and what is under our own prefix in the pod template; all of them where the writer put
    another value over our hash: it wrote an older version of the object as a whole, as `kubectl rollout undo` does.
    """
    fields = entry.get("fieldsV1") or {}
    if entry.get("subresource") or not fields:
        return {}
    spec = {key: below for key, below in (fields.get("f:spec") or {}).items() if key != "f:replicas"}
    template = spec.pop("f:template", None) or {}
    metadata, our_metadata = fields.get("f:metadata") or {}, ours.get("f:metadata") or {}
    applied = f"f:{APPLIED}"
    whole = applied in (metadata.get("f:annotations") or {}) and applied not in (
        our_metadata.get("f:annotations") or {}
    )
    pods = {key: below for key, below in template.items() if key != "f:metadata"}
    our_template = (ours.get("f:spec") or {}).get("f:template") or {}
    marks = _marks(template.get("f:metadata") or {}, our_template.get("f:metadata") or {}, whole=whole, prefix=True)
    if marks:
        pods["f:metadata"] = marks
    if pods:
        spec["f:template"] = pods
    found = {"f:spec": spec, "f:metadata": _marks(metadata, our_metadata, whole=whole, prefix=False)}
    return {key: below for key, below in found.items() if below}


def _marks(theirs: Json, ours: Json, *, whole: bool, prefix: bool) -> Json:
    """Labels and annotations that are not left to others."""
    found = {}
    for part in _METADATA:
        held, shared = theirs.get(part) or {}, ours.get(part) or {}
        kept = {
            key: below
            for key, below in held.items()
            if key not in (".", f"f:{RESTARTED_AT}")
            and (whole or key in shared or (prefix and key.startswith(f"f:{GROUP}/")))
        }
        if kept:
            found[part] = kept
    return found


def union(*sets: Mapping[str, Any]) -> Json:
    """All of these sets of fields, in work that grows with their size alone: there may be a thousand.

    Nothing under a field means: this field itself; "." says that beside what is under it.
    """
    joined: Json = {}
    for each in sets:
        _merge(joined, each)
    return joined


def _merge(joined: Json, other: Mapping[str, Any]) -> Json:
    for key, theirs in other.items():
        ours = joined.get(key)
        if ours is None:
            joined[key] = _merge({}, theirs)  # never the dict of somebody else, since it may grow here
        elif ours or theirs:
            alike = bool(ours) == bool(theirs)
            _merge(ours, theirs)
            if not alike:
                ours.setdefault(".", {})
    return joined


def shared(one: Mapping[str, Any], other: Mapping[str, Any]) -> Json:
    """What is in both sets of fields."""
    return {key: shared(one[key], other[key]) for key in one if key in other}


def without(fields: Mapping[str, Any], part: Mapping[str, Any]) -> Json:
    """The fields without a part of them; a field of which nothing is left goes too."""
    left = {}
    for key, below in fields.items():
        if key not in part:
            left[key] = below
        elif below != part[key] and (rest := without(below, part[key])):
            left[key] = rest
    return left
