"""Judges a MyApp as the API server would, without one: by the CRD's own schema and its rules. Pure.

All that is known of the API comes from the schema: a rule that is added to it is judged by from then on. Only what
holds for the metadata of any object stands here. Not imported by the running operator, which is not to carry CEL.
"""

from __future__ import annotations

from typing import Any

from myapp_operator.grammar import Json
from myapp_operator.judging import defaults, metadata, rules, structure
from myapp_operator.judging.mistakes import Mistake, is_within

__all__ = ["Mistake", "as_stored", "mistakes"]

_LONGEST_BASE = 58
"""Characters that are kept of `generateName`."""
_GENERATED = "xxxxx"
"""In place of the five letters and digits that nobody knows before."""


def as_stored(body: Json, schema: Json) -> Json:
    """A MyApp with what the API server adds: a name where one is to be made, and all defaults. Its status is gone."""
    meta = body.get("metadata")
    base = meta.get("generateName") if isinstance(meta, dict) and not meta.get("name") else None
    if isinstance(meta, dict) and isinstance(base, str) and base:
        body = {**body, "metadata": {**meta, "name": base[:_LONGEST_BASE] + _GENERATED}}
    stored: Json = defaults.filled({key: value for key, value in body.items() if key != "status"}, _whole(schema))
    return stored


def mistakes(body: Json, schema: Json) -> list[Mistake]:
    """Everything for which the API server would refuse a MyApp; nothing where it would take it.

    `schema` is the openAPIV3Schema of the CRD.
    """
    found = _all(body, schema)
    return [_advised(each, body, schema) for each in found] if any(map(_is_fraction, found)) else found


def _all(body: Json, schema: Json) -> list[Mistake]:
    stored, whole = as_stored(body, schema), _whole(schema)
    found = [*structure.mistakes(stored, whole)]
    sound = not found
    if isinstance(stored.get("metadata"), dict):
        found += metadata.mistakes(stored["metadata"])
    if any(each.words.startswith(structure.TOO_MANY) for each in found):
        return [*dict.fromkeys(found)]  # rules look at each item beside each other one: they may count on the bounds
    for each in rules.mistakes(_for_rules(stored), whole, sound=sound):
        # A field that is wrong in itself is said to be wrong once, in the words that say most.
        if not any(is_within(other.path, each.path) for other in found):
            found.append(each)
    return [*dict.fromkeys(found)]


def _whole(schema: Json) -> Json:
    properties = {**schema["properties"], "metadata": metadata.SCHEMA}
    properties.pop("status", None)  # what a file says of it is not stored
    required = sorted({*schema.get("required", ()), "metadata"})
    return {**schema, "properties": properties, "required": required}


def _for_rules(stored: Json) -> Json:
    """Of metadata, rules see the name alone."""
    meta = stored.get("metadata")
    seen = {key: meta[key] for key in ("name", "generateName") if key in meta} if isinstance(meta, dict) else {}
    return {**stored, "metadata": seen}


def _is_fraction(mistake: Mistake) -> bool:
    return mistake.words.startswith(structure.NUMBER_OR_TEXT_WANTED)


def _advised(mistake: Mistake, body: Json, schema: Json) -> Mistake:
    """The same mistake, with other advice where the number would be refused in quotes as well."""
    if not _is_fraction(mistake):
        return mistake
    in_quotes = {each.path: each.words for each in _all(_quoted(body), schema)}
    return Mistake(mistake.path, in_quotes.get(mistake.path, mistake.words))


def _quoted(value: Any) -> Any:
    """The same with every fraction as text."""
    if isinstance(value, dict):
        return {key: _quoted(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_quoted(each) for each in value]
    return str(value) if isinstance(value, float) else value
