"""What the API server fills in before it judges, and the nulls that it leaves out. Pure."""

from __future__ import annotations

import copy
from typing import Any

from myapp_operator.grammar import Json


def filled(value: Any, schema: Json) -> Any:
    """The value as it would be stored: nulls are as good as absent, and what is absent gets its default."""
    if isinstance(value, dict):
        return _object(value, schema)
    if isinstance(value, list) and "items" in schema:
        return [filled(each, schema["items"]) for each in value]
    return value


def _object(value: Json, schema: Json) -> Json:
    properties, others = schema.get("properties", {}), schema.get("additionalProperties")
    found: Json = {}
    for key, each in value.items():
        inner = properties.get(key, others if isinstance(others, dict) else {})
        if each is None and inner and not inner.get("nullable"):
            continue
        found[key] = filled(each, inner)
    for key, inner in properties.items():
        if key not in found and "default" in inner:
            found[key] = filled(copy.deepcopy(inner["default"]), inner)
    return found
