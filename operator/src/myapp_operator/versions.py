"""Versions of the pods: what tells one from another, and how one is found again in what the API server stores. Pure.

The server stores more than was applied (defaults, fields of others) and writes it in its own words. So a version has a
hash that does not depend on these, the Deployment carries it as a note, and a template that was found is the one of
that note if, and only if, it has that hash.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from myapp_operator import names, quantities
from myapp_operator.digests import hash_of
from myapp_operator.drift import Items
from myapp_operator.grammar import Json

_MARKS = frozenset({*names.CONFIGURATION.values(), names.RESTARTED_AT})
"""Annotations on a pod template that restart the pods of one version."""
_DEFAULTS: Mapping[str, object] = {"apiVersion": "v1", "expirationSeconds": 3600}
"""What the server fills in where we own the object around it as a whole, as in a `fieldRef`."""
_LIST_KEYS = ("mountPath", "containerPort", "topologyKey", "name")
"""By which of these the items of a list are told apart: the first one that an item has."""
_ABSENT: Final = object()


def version(template: Json) -> str:
    """Hash of a version of the pods: the same for the template as it was applied and as the server stores it.

    Empty values and zeros count as absent, since the server leaves them out. Marks that restart the pods do not count.
    """
    metadata: Json = template["metadata"]
    marks = metadata.get("annotations") or {}
    annotations = {key: value for key, value in marks.items() if key not in _MARKS}
    return hash_of(_canonical({**template, "metadata": {**metadata, "annotations": annotations}}))


def applied_part(template: Json, ours: Mapping[str, Any] | None, standing: Json | None = None) -> Json:
    """The part of a stored pod template that we applied: `ours` is our fieldsV1 of the Deployment's template, None
    where there is none.

    `standing` is the Deployment's template where `template` is that of a ReplicaSet. What of it differs from that was
    changed by others since, so that we own it no longer.
    """
    if ours is None:
        return {}
    found: Json = _part(template, ours, template if standing is None else standing)
    return found


def _canonical(value: Any, *, quantity: bool = False) -> Any:
    if isinstance(value, dict):
        each = {key: _canonical(item, quantity=quantity or key in quantities.FIELDS) for key, item in value.items()}
        return {key: item for key, item in each.items() if item and item != _DEFAULTS.get(key)}
    if isinstance(value, list):
        return [_canonical(item) for item in value]
    return _amount(str(value)) if quantity else value


def _amount(text: str) -> str:
    """A quantity in one spelling; anything else as it is, and nothing at all as an empty text."""
    amount = quantities.amount(text)
    if amount is None:
        return text
    return str(amount) if amount else ""


def _part(value: Any, ours: Mapping[str, Any] | None, standing: Any) -> Any:
    """What of a value is ours or was taken from us; `ours` is None where nothing in it is, empty where all of it is."""
    if ours is not None and not ours:
        return value
    if standing is _ABSENT:
        return value
    if isinstance(value, dict) and isinstance(standing, dict):
        fields = ours or {}
        each = {key: _part(item, fields.get(f"f:{key}"), standing.get(key, _ABSENT)) for key, item in value.items()}
        found = {key: item for key, item in each.items() if item is not _ABSENT}
        return found if found or ours is not None else _ABSENT
    if isinstance(value, list) and isinstance(standing, list) and (ours or _are_told_apart(value)):
        items = Items(ours or {})
        each_item = [_part(item, items.of(item), _same(item, standing)) for item in value]
        kept = [item for item in each_item if item is not _ABSENT]
        return kept if kept or ours is not None else _ABSENT
    return value if value != standing else _ABSENT


def _are_told_apart(items: Sequence[Any]) -> bool:
    return all(isinstance(item, dict) and any(key in item for key in _LIST_KEYS) for item in items)


def _same(item: Any, standing: Sequence[Any]) -> Any:
    """The item of the same key in another list."""
    key = next((key for key in _LIST_KEYS if isinstance(item, dict) and key in item), None)
    alike = (each for each in standing if isinstance(each, dict) and each.get(key) == item[key]) if key else ()
    return next(iter(alike), _ABSENT)
