"""Schemas of Kubernetes' own types, as a CRD may carry them.

The API server publishes its types in OpenAPI v3, with references, unions and defaults that the structural schema of a
CRD does not allow, and without bounds, which CEL needs to estimate what a rule may cost. Here they become structural
and bounded. What that means: "Specifying a structural schema" in
https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files

from myapp_operator.crd import bounds, rules, typerules
from myapp_operator.grammar import Json, KubeType

EXTRACT = "kubernetes-1.31.json"
"""The definitions in use, from the oldest Kubernetes that is supported. Remade by dev/kubernetes_schemas.py."""

INT_OR_STRING: Json = {"x-kubernetes-int-or-string": True}
"""The one union that a structural schema may hold. The usual `anyOf` beside it says the same once more, and the server
would answer another value with three sentences instead of one."""

_WORDS = 120
"""Characters of a description beyond which only its first sentence is kept."""

_SENTENCE = re.compile(r".+?[.](?= [A-Z\"])", re.DOTALL)

_KEPT = (
    "type",
    "required",
    "x-kubernetes-list-type",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-map-type",
)


def resolve(mark: KubeType, *, described: bool = True) -> Json:
    """Return the schema of the marked type: no references, every list, map and string bounded.

    Descriptions are kept for the type's own fields, if it is to be described, and left out below. With all of them the
    CRD would soon outgrow the annotation in which `kubectl apply` stores it.
    """
    definition = definition_of(mark, _definitions())
    schema = _referenced(definition, mark)
    if mark.keys:
        schema["required"] = sorted({*schema.get("required", ()), *mark.keys})
    for name in schema["properties"] if described else ():
        words = _definitions()[definition]["properties"][name]["description"]
        schema["properties"][name] = {"description": in_short(words)} | schema["properties"][name]
    return schema


def in_short(words: str) -> str:
    """Return a description of Kubernetes, or its first sentence where it is long: what follows are details and links,
    and `kubectl explain deployment.spec.template.spec` shows all of them."""
    words = words.partition(" More info:")[0]
    if len(words) <= _WORDS:
        return words
    first = _SENTENCE.match(words)
    return first[0] if first else words


def referred(reference: str) -> str:
    """Return the name of the definition that a `$ref` points to."""
    return reference.rpartition("/")[2]


def offered(definition: str, properties: Json, mark: KubeType) -> Json:
    """Return those properties of a definition that the marked field offers."""
    kind = definition.rpartition(".")[2]
    kept = mark.only if kind == mark.type and mark.only else bounds.OFFERED.get(kind, tuple(properties))
    return {name: properties[name] for name in kept if name not in mark.without}


def definition_of(mark: KubeType, definitions: Json) -> str:
    """Return the full name of the marked type.

    Raises:
        KeyError: there is no such type among `definitions`.
    """
    for name in definitions:
        if name.endswith(f".{mark.api}.{mark.type}"):
            return name
    raise KeyError(f"{EXTRACT} has no {mark.type}: run `make kubernetes-schemas`")


def _structural(node: Json, mark: KubeType, name: str = "") -> Json:
    """Return `node`, which describes the field `name`, without what a structural schema does not allow."""
    for reference in [*node.get("allOf", ()), node]:
        if "$ref" in reference:
            return _referenced(referred(reference["$ref"]), mark, name)
    schema = {key: node[key] for key in _KEPT if key in node}
    if node.get("default"):  # the others are Go's zero values: nobody chose them, and they would be stored
        schema["default"] = node["default"]
    match node["type"]:
        case "object":
            schema |= _object(node, mark)
        case "array":
            schema |= bounds.of_list(name) | {"items": _structural(node["items"], mark, name)}
        case "string":
            schema |= bounds.of_string(name)
        case "integer":
            schema |= bounds.of_integer(name)
    return schema


def _referenced(definition: str, mark: KubeType, name: str = "") -> Json:
    kind = definition.rpartition(".")[2]
    if kind == "Quantity":
        return INT_OR_STRING | bounds.of_quantity(name)
    if kind == "IntOrString":  # in what is offered so far: the port of a probe
        return INT_OR_STRING | bounds.of_port(mark.port) if mark.port else {"type": "integer", **bounds.PORT}
    node = dict(_definitions()[definition])
    if "properties" in node:
        node["properties"] = offered(definition, node["properties"], mark)
    schema = _structural(node, mark, name) | rules.listed(typerules.RULES.get(kind, ()))
    if kind in bounds.REQUIRED:
        schema["required"] = sorted({*schema.get("required", ()), *bounds.REQUIRED[kind]})
    for field, more in bounds.OF_TYPES.get(kind, {}).items():
        if field in schema["properties"]:
            schema["properties"][field] |= more
    for field, choices in bounds.CHOICES.get(kind, {}).items():
        if field in schema["properties"]:
            schema["properties"][field] = _one_of(schema["properties"][field], choices)
    return schema


def _one_of(field: Json, choices: tuple[str, ...]) -> Json:
    """Return the schema of a field that takes these words only, in a list where it is one."""
    if field["type"] == "array":
        return field | {"items": _one_of(field["items"], choices)}
    return {key: value for key, value in field.items() if key != "maxLength"} | {"enum": [*choices]}


def _object(node: Json, mark: KubeType) -> Json:
    if "properties" in node:
        return {"properties": {name: _structural(field, mark, name) for name, field in node["properties"].items()}}
    values = _structural(node["additionalProperties"], mark)
    if mark.entries:
        return {"properties": dict.fromkeys(mark.entries, values)}
    return {"maxProperties": bounds.MAX_PROPERTIES, "additionalProperties": values}


@cache
def _definitions() -> Json:
    definitions: Json = json.loads(files(__package__).joinpath(EXTRACT).read_text(encoding="utf-8"))["definitions"]
    return definitions
