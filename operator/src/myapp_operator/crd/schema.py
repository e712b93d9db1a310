"""The model's classes as structural schemas: types and bounds, defaults, descriptions, rules.

pydantic says what a plain field looks like; what it cannot know stands here: Kubernetes' own types, CEL, and that a
description has to repeat the default, because `kubectl explain` shows nothing else.
"""

from __future__ import annotations

import types
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter

from myapp_operator.crd import kubetypes, rules
from myapp_operator.grammar import Json, KubeType, Part


@dataclass(frozen=True)
class Property:
    """One field of a part, taken apart for those who describe it: this module and the reference in docs/."""

    name: str
    """As the user writes it."""
    meaning: str
    required: bool
    default: Any
    """What the server fills in; None where it fills in nothing."""
    inner: KubeType | type[Part] | None
    """What the field, or each item of a list, consists of; None for plain values."""
    schema: Json


def of_part(part: type[Part], *, deep: bool = False) -> Json:
    """Return the schema of `part` with all its fields and rules.

    `deep` says that it stands in a list, too deep for the words of Kubernetes about its own types.
    """
    properties = of_fields(part, deep=deep)
    schema: Json = {"type": "object", "properties": {each.name: each.schema for each in properties}}
    required = [each.name for each in properties if each.required]
    if required:
        schema["required"] = required
    return schema | rules.listed(part.rules)


def of_fields(part: type[Part], *, deep: bool = False) -> list[Property]:
    """Return the fields of `part`, in the model's order; `deep` as above."""
    hints = get_type_hints(part, include_extras=True)
    return [_property(part, name, hints[name], deep=deep) for name in part.model_fields]


def kube_types(part: type[Part]) -> Iterator[KubeType]:
    """Yield the Kubernetes types in `part`, at any depth."""
    for hint in get_type_hints(part, include_extras=True).values():
        inner = _inner(hint)
        if isinstance(inner, KubeType):
            yield inner
        elif inner is not None:
            yield from kube_types(inner)


def filled_in(part: Part) -> Json:
    """Return the default of a field that holds `part`.

    Every value is spelled out, although the server would also fill an empty default field by field: it checks the rules
    against the default as it stands, and a rule that reads a missing field makes it refuse the whole CRD.
    """
    return part.model_dump(by_alias=True, exclude_none=True)


def in_words(default: Any) -> str:
    """Return a default as a user would write it."""
    if isinstance(default, dict):
        return "the defaults of its fields"
    return str(default).lower() if isinstance(default, bool) else str(default)


def _property(part: type[Part], name: str, hint: Any, *, deep: bool) -> Property:
    field = part.model_fields[name]
    inner = _inner(hint)
    meaning = field.description or ""
    default = None if field.is_required() else field.default
    described: Json = {"description": meaning} | _schema(hint, inner, deep=deep)
    if default is not None:
        default = filled_in(default) if isinstance(default, Part) else default
        described |= {"description": f"{meaning} Default: {in_words(default)}.", "default": default}
    return Property(field.alias or name, meaning, field.is_required(), default, inner, described)


def _schema(hint: Any, inner: KubeType | type[Part] | None, *, deep: bool) -> Json:
    plain = _plain(hint)
    if inner is None:
        return plain
    if isinstance(inner, KubeType):
        schema = kubetypes.resolve(inner, described=not deep)
        keys = list(inner.keys)
    else:
        schema, keys = of_part(inner, deep=deep or plain.get("type") == "array"), []
    if plain.get("type") != "array":
        return schema
    if keys:
        plain |= {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": keys}
    return plain | {"items": schema}


def _plain(hint: Any) -> Json:
    """Return what pydantic knows of a field, its bounds, with unions as Kubernetes writes them."""
    schema = TypeAdapter(_without_none(hint)).json_schema()
    schema.pop("$defs", None)
    if "const" in schema:  # pydantic's way to allow a single value, which a structural schema does not know
        schema["enum"] = [schema.pop("const")]
    union: list[Json] = schema.pop("anyOf", [])
    for member in union:
        schema |= {key: value for key, value in member.items() if key != "type"}
    return kubetypes.INT_OR_STRING | schema if union else schema


def _inner(hint: Any) -> KubeType | type[Part] | None:
    """Return what a field of this type, or the items of this list, consist of."""
    hint = _without_none(hint)
    if isinstance(hint, type) and issubclass(hint, Part):
        return hint
    if get_origin(hint) is Annotated:
        marks = [each for each in hint.__metadata__ if isinstance(each, KubeType)]
        return marks[0] if marks else _inner(hint.__origin__)
    return _inner(get_args(hint)[0]) if get_origin(hint) is list else None


def _without_none(hint: Any) -> Any:
    if get_origin(hint) not in (Union, types.UnionType):
        return hint
    return Union[tuple(each for each in get_args(hint) if each is not types.NoneType)]  # noqa: UP007 - built at run time
