"""What `kubectl apply` would send for a MyApp that exists. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from myapp_operator.grammar import Json

_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
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


def _patch(file: Any, last: Any) -> Any:
    if not isinstance(file, Mapping) or not isinstance(last, Mapping):
        return file
    gone = {key: None for key in last if key not in file}
    return {**gone, **{key: _patch(value, last.get(key)) for key, value in file.items()}}


def _last_applied(stored: Json) -> Json:
    """What kubectl noted down of the last file; nothing where the MyApp was made in another way."""
    text = (stored["metadata"].get("annotations") or {}).get(_LAST_APPLIED, "")
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
