"""A value against a structural schema: types, bounds, required and unknown fields, items that stand there twice. Pure.

It decides as the API server does for `kubectl --validate=strict`; the words are plainer.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from myapp_operator.grammar import Json
from myapp_operator.judging.mistakes import Mistake, below

_KINDS: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
}
_NAMES = {
    "object": "a map",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
}
_RANGES = {"int32": 2**31, "int64": 2**63}
_DOLLAR = re.compile(r"(\\.|\[(?:\\.|[^\]])*\])|\$")
_FEW = 12
"""Names that are worth telling."""
TEXT_WANTED = "must be text"
"""How the complaint about a number begins where only text is taken."""
NUMBER_OR_TEXT_WANTED = "must be a whole number or text"
"""The same where a whole number is taken as well."""


TOO_MANY = "must have at most"
"""How the complaint about what is too long begins."""


def mistakes(value: Any, schema: Json, path: str = "") -> Iterator[Mistake]:
    """Everything that is wrong with a value."""
    if schema.get("x-kubernetes-int-or-string"):
        yield from _int_or_string(value, schema, path)
        return
    kind = schema.get("type")
    if value is None and schema.get("nullable"):
        return
    if kind is not None and not _is(value, kind):
        yield Mistake(path, _wrong_type(value, kind))
        return
    yield from _bounds(value, schema, path)
    if isinstance(value, dict):
        yield from _object(value, schema, path)
    elif isinstance(value, list):
        yield from _list(value, schema, path)


def _is(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, _KINDS[kind])


def _wrong_type(value: Any, kind: str) -> str:
    words = f"must be {_NAMES[kind]}, not {_named(value)}"
    if kind == "string" and isinstance(value, bool | int | float):
        return f"{TEXT_WANTED}, not {_named(value)}: put it in quotes"
    return words


def _named(value: Any) -> str:
    """A value in words."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return "a map" if isinstance(value, dict) else "a list"
    return f"the number {json.dumps(value)}" if isinstance(value, int | float) else "text"


def _int_or_string(value: Any, schema: Json, path: str) -> Iterator[Mistake]:
    if isinstance(value, bool) or not isinstance(value, int | str):
        quoted = ": put it in quotes" if isinstance(value, float) else ""
        yield Mistake(path, f"{NUMBER_OR_TEXT_WANTED}, not {_named(value)}{quoted}")
        return
    yield from _bounds(value, schema, path)


def _bounds(value: Any, schema: Json, path: str) -> Iterator[Mistake]:
    """What is wrong with the value itself, whatever is in it."""
    if "enum" in schema and value not in schema["enum"]:
        allowed = ", ".join(str(each) for each in schema["enum"])
        yield Mistake(path, f"must be one of {allowed}{_meant(str(value), schema['enum'])}")
    if isinstance(value, str):
        yield from _text(value, schema, path)
    elif isinstance(value, list):
        yield from _size(len(value), schema, "Items", "items", path)
    elif isinstance(value, dict):
        yield from _size(len(value), schema, "Properties", "entries", path)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield from _number(value, schema, path)


def _text(value: str, schema: Json, path: str) -> Iterator[Mistake]:
    yield from _size(len(value), schema, "Length", "characters", path)
    if "pattern" in schema and not re.search(_anchored(schema["pattern"]), value):
        yield Mistake(path, f"must match {schema['pattern']}")
    if schema.get("format") == "date-time" and not _is_time(value):
        yield Mistake(path, "must be a time such as 2030-01-31T12:00:00Z")


def _anchored(pattern: str) -> str:
    """A pattern in which $ is the end of the text alone; in Python it is also the end before a last line break."""
    return _DOLLAR.sub(lambda found: found[1] or r"\Z", pattern)


def _is_time(value: str) -> bool:
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def _size(size: int, schema: Json, what: str, unit: str, path: str) -> Iterator[Mistake]:
    least, most = schema.get(f"min{what}"), schema.get(f"max{what}")
    if least is not None and size < least:
        words = "must not be empty" if least == 1 else f"must have at least {least} {unit}, not {size}"
        yield Mistake(path, words)
    if most is not None and size > most:
        yield Mistake(path, f"{TOO_MANY} {most} {unit}, not {size}")


def _number(value: float, schema: Json, path: str) -> Iterator[Mistake]:
    least, most = schema.get("minimum"), schema.get("maximum")
    bound = _RANGES.get(schema.get("format", ""))
    if least is not None and (value < least or (value == least and schema.get("exclusiveMinimum"))):
        yield Mistake(path, f"must be {'above' if schema.get('exclusiveMinimum') else 'at least'} {least}, not {value}")
    elif most is not None and (value > most or (value == most and schema.get("exclusiveMaximum"))):
        yield Mistake(path, f"must be {'below' if schema.get('exclusiveMaximum') else 'at most'} {most}, not {value}")
    elif bound is not None and not -bound <= value < bound:
        yield Mistake(path, f"must be from {-bound} to {bound - 1}, not {value}")
    if (step := schema.get("multipleOf")) and value % step:
        yield Mistake(path, f"must be a multiple of {step}, not {value}")


def _object(value: Json, schema: Json, path: str) -> Iterator[Mistake]:
    for key in schema.get("required", ()):
        if key not in value:
            yield Mistake(below(path, key), "must be given")
    properties, others = schema.get("properties", {}), schema.get("additionalProperties")
    for key, each in value.items():
        if key in properties:
            yield from mistakes(each, properties[key], below(path, key))
        elif isinstance(others, dict):
            yield from mistakes(each, others, below(path, key))
        elif not others and not schema.get("x-kubernetes-preserve-unknown-fields") and _closed(schema):
            yield Mistake(below(path, key), _unknown(key, [*properties], path))


def _closed(schema: Json) -> bool:
    """Whether the fields are all listed. `metadata` of a CRD is a map without any: others say what it may hold."""
    return "properties" in schema or schema.get("type") == "object"


def _unknown(key: str, known: Sequence[str], path: str) -> str:
    inside = f" in {path}" if path else ""
    if meant := _meant(key, known):
        return f"there is no such field{inside}{meant}"
    if 0 < len(known) <= _FEW:
        return f"there is no such field{inside}: there are {', '.join(known)}"
    return f"there is no such field{inside}: remove it"


def _meant(text: str, known: Sequence[Any]) -> str:
    names = {str(each).lower(): str(each) for each in known}
    found = difflib.get_close_matches(text.lower()[:100], [*names], n=1, cutoff=0.75)
    return f": did you mean {names[found[0]]}?" if found else ""


def _list(value: Sequence[Any], schema: Json, path: str) -> Iterator[Mistake]:
    inner = schema.get("items", {})
    for place, each in enumerate(value):
        yield from mistakes(each, inner, below(path, place))
    kind = schema.get("x-kubernetes-list-type")
    if kind == "map":
        keys = schema.get("x-kubernetes-list-map-keys", ())
        yield from _twice([_identity(each, keys) for each in value], ", ".join(keys), path)
    elif kind == "set":
        yield from _twice([json.dumps(each, sort_keys=True) for each in value], "", path)


def _identity(item: Any, keys: Sequence[str]) -> str | None:
    """What tells an item from others; None for one that is wrong in itself."""
    if not isinstance(item, dict):
        return None
    return json.dumps([item.get(key) for key in keys])


def _twice(identities: Sequence[str | None], keys: str, path: str) -> Iterator[Mistake]:
    first: dict[str, int] = {}
    for place, identity in enumerate(identities):
        if identity is None:
            continue
        if (before := first.setdefault(identity, place)) != place:
            same = f"has the same {keys} as" if keys else "is the same as"
            yield Mistake(below(path, place), f"{same} {below(path, before)}: remove one of them, or change it")
