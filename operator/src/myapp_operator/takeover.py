"""Making the fields of others ours, so that what we do not apply is removed with the next apply. Pure.

Server-side apply removes only what its manager owned. So the fields that somebody else wrote are first moved into our
own entry of managedFields. Of a child of ours that is what must not be there (see `drift`); all of the spec where an
edit cannot be applied over and the API server refuses that. Of an object that is adopted it is everything.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from myapp_operator import drift, names, selectors
from myapp_operator.adoption import selects_otherwise
from myapp_operator.allowance import ALWAYS_ALLOWED, EXPOSING
from myapp_operator.field_managers import is_our_entry, our_entry
from myapp_operator.grammar import Json
from myapp_operator.managed_fields import union, without
from myapp_operator.names import APPLIED, MANAGER, Kind

_SPEC = "f:spec"
_LEFT_TO_OTHERS = (
    ("f:metadata", "f:finalizers"),
    ("f:spec", "f:template", "f:metadata", "f:annotations", f"f:{names.RESTARTED_AT}"),
)
"""Finalizers, with which their owners clean up; the mark of a restart of the pods."""


def patch(metadata: Json, select: Callable[[Json], Json]) -> list[Json] | None:
    """The JSON patch that makes fields of others ours, for an object with this metadata; None if there are none.

    `select` chooses them: it gets an entry of somebody else and returns a part of its fields. The patch also removes
    the hash annotation: if nothing more were done after it, that would show as drift.
    """
    entries: list[Json] = metadata.get("managedFields") or []
    ours = [entry for entry in entries if is_our_entry(entry)]
    claims, kept = [], []
    for entry in entries:
        if is_our_entry(entry):
            continue
        taken = {} if entry.get("subresource") else select(entry)
        claims.append(taken)
        left = without(entry["fieldsV1"], taken) if taken else {}
        if left or not taken:
            kept.append({**entry, "fieldsV1": left} if taken else entry)
    if not any(claims) or not ours:
        return None
    mine = {**ours[0], "fieldsV1": union(ours[0]["fieldsV1"], *claims)}
    annotations = {key: value for key, value in (metadata.get("annotations") or {}).items() if key != APPLIED}
    return [
        *_replace_entries(metadata, [mine, *kept]),
        {"op": "add", "path": "/metadata/annotations", "value": annotations},
    ]


def surplus_of(body: Json, metadata: Json) -> Callable[[Json], Json]:
    """For `patch`: what others hold of an object with this metadata and must not be there when `body` is applied."""
    found = drift.Surplus(body, our_entry(metadata) or {})
    return lambda entry: union(*found.of(entry).values())


def surplus(body: Json, metadata: Json) -> Json:
    """The same of all others together, as fieldsV1."""
    foreign = (entry for entry in metadata.get("managedFields") or () if not is_our_entry(entry))
    return union(*map(surplus_of(body, metadata), foreign))


def whole_spec(entry: Json) -> Json:
    """All of the spec that an entry holds, but for labels and annotations of pods, such as the mark of a restart."""
    spec = {**((entry.get("fieldsV1") or {}).get(_SPEC) or {})}
    template = spec.pop("f:template", None) or {}
    if pods := {key: value for key, value in template.items() if key != "f:metadata"}:
        spec["f:template"] = pods
    return {_SPEC: spec} if spec else {}


def identity(body: Json) -> Json:
    """What names the object of `body` and nothing more: applied, it makes the server list all fields as somebody's."""
    metadata = {key: body["metadata"][key] for key in ("name", "namespace")}
    return {"apiVersion": body["apiVersion"], "kind": body["kind"], "metadata": metadata}


def adoption(metadata: Json, api_version: str) -> list[Json]:
    """The JSON patch that makes all of an object ours, for one with this metadata; the object itself stays as it is.

    Left to others is what belongs to a subresource such as the status, what is recorded in the words of another version
    of the API, and a few fields (see `_LEFT_TO_OTHERS`).
    """
    claims, kept = [], []
    for entry in metadata.get("managedFields") or []:
        if entry.get("subresource") or entry["apiVersion"] != api_version:
            kept.append(entry)
            continue
        fields, _ = _cut(entry.get("fieldsV1") or {}, ("f:status",))
        left: Json = {}
        for path in _LEFT_TO_OTHERS:
            fields, found = _cut(fields, path)
            left = union(left, found)
        claims.append(fields)
        if left:
            kept.append({**entry, "fieldsV1": left})
    mine = {
        "manager": MANAGER,
        "operation": "Apply",
        "apiVersion": api_version,
        "fieldsType": "FieldsV1",
        "fieldsV1": union(*claims),
    }
    return _replace_entries(metadata, [mine, *kept])


def hindrance(kind: Kind, spec: Json, wanted: Json) -> str | None:
    """Why an object with this spec can never become as `wanted`, and what to do: a sentence. None: nothing is known."""
    name = wanted["metadata"]["name"]
    if kind == names.DEPLOYMENT and spec["selector"] != wanted["spec"]["selector"]:
        return selects_otherwise(wanted["metadata"]["namespace"], name, _spelled(spec["selector"]))
    return _hindrance_of_service(f'{kind} "{name}"', spec, wanted["spec"]) if kind == names.SERVICE else None


def foreseen(kind: Kind, spec: Json, wanted: Json) -> str | None:
    """The same of an object that its owner has not offered yet: of a Deployment the selector is kept once it is, if the
    pods would carry those labels (see `selectors`)."""
    selector = spec["selector"] if kind == names.DEPLOYMENT else {}
    labels = {} if selector.get("matchExpressions") else selector.get("matchLabels") or {}
    return None if labels and not selectors.missing(labels, wanted) else hindrance(kind, spec, wanted)


def _hindrance_of_service(what: str, spec: Json, wanted: Json) -> str | None:
    """The same for a Service: what it cannot become, and who would be cut off if it did."""
    kind, asked = spec.get("type", ALWAYS_ALLOWED), wanted["type"]
    if spec.get("clusterIP") == "None":
        why, way_out = "it is headless for ever (clusterIP: None)", f"Delete it, and the {names.KIND} makes its own"
    elif kind == "ExternalName":
        why = f"it stands for {spec.get('externalName')}, and who uses it would be led elsewhere"
        way_out = f"Delete it, and the {names.KIND} makes its own"
    elif kind in EXPOSING and kind != asked:
        why = f"it is a {kind}, the {names.KIND} asks for {asked}, and who reaches it from outside would be cut off"
        way_out = (
            f"Change its type yourself, or set spec.service.type: {kind}, which the operator's administrator must allow"
        )
    elif spec.get("externalIPs"):
        why, way_out = "who reaches it by its externalIPs would be cut off", "Take them out of it yourself"
    else:
        return None
    return f"{what} cannot be taken over: {why}. {way_out}; or give the {names.KIND} another name"


def _replace_entries(metadata: Json, entries: list[Json]) -> list[Json]:
    """The operations that put these into managedFields of just this version of the object."""
    return [
        {"op": "test", "path": "/metadata/resourceVersion", "value": metadata["resourceVersion"]},
        {"op": "add", "path": "/metadata/managedFields", "value": entries},
    ]


def _cut(fields: Json, path: Sequence[str]) -> tuple[Json, Json]:
    """The fields without those under a path, and these alone; none where nothing is."""
    head, *rest = path
    if head not in fields:
        return fields, {}
    inner, found = _cut(fields[head], rest) if rest else ({}, fields[head])
    if rest and not found:
        return fields, {}
    others = {key: value for key, value in fields.items() if key != head}
    return ({**others, head: inner} if inner else others), {head: found}


def _spelled(selector: Json) -> str:
    """A label selector in the words of kubectl, as far as it has them."""
    labels = selectors.told(selector.get("matchLabels") or {})
    return " and ".join(filter(None, (labels, "expressions" if selector.get("matchExpressions") else "")))
