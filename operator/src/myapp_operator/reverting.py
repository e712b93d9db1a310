"""What is taken back when a child was changed behind our back: field, values and culprit. Pure.

The metadata tells which fields of ours others took; the object itself, read once, tells what stands there now; and the
entry of managedFields that now holds a field tells who wrote it. A field that was removed is held by nobody.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import orjson

from myapp_operator import admission, drift, origins
from myapp_operator.admission import PRIVATE, PRIVATE_PARTS, Mutation
from myapp_operator.field_managers import is_our_entry, our_entry
from myapp_operator.grammar import Json
from myapp_operator.masking import NO_VALUES, Values, mask
from myapp_operator.names import KIND, Kind
from myapp_operator.printable import cut, printable

_MOST_NAMED = 3
_LONGEST_SHOWN = 1200
"""Characters of one change, values included."""
_LONGEST_VALUE = 60
_LARGEST = 512 * 1024
"""Bytes of an object that is compared; of a larger one nothing but the names of the fields is told."""
_ABSENT = object()
_MOST_MANAGERS = 50
"""Field managers that are told apart; all beyond are one (`OTHERS`). Anybody may make thousands of them."""
_MOST_TRACED = 100
"""Changes of which is told who made them."""
OTHERS = "others"
"""Stands for the managers that are not named."""


@dataclass(frozen=True)
class Change:
    """One field that is taken back."""

    text: str
    """The field, and what was made of it: `spec.replicas 5 → 2`."""
    by: tuple[str, ...] = ()
    """The field managers that hold it now."""


@dataclass(frozen=True)
class _Place:
    """One place of the tree: what is wanted there, what stands there, and who else holds it."""

    path: str
    key: str
    wanted: Any
    present: Any
    holders: Callable[[], Mapping[str, Json]]
    """Looks up `held`: dear where there are many managers, and asked only for what is told."""
    private: bool = False

    @cached_property
    def held(self) -> Mapping[str, Json]:
        """What each other manager holds here."""
        return self.holders()

    @cached_property
    def held_items(self) -> Mapping[str, drift.Items]:
        """The same by items of this list, for those who do not hold it as a whole."""
        return {by: drift.Items(fields) for by, fields in self.held.items() if fields}

    @property
    def differs(self) -> bool:
        """Whether another value stands there; a zero value that is not stored is no other one."""
        if self.present is _ABSENT:
            return bool(self.wanted)
        return bool(self.present != self.wanted)


def changes(body: Json, paths: Sequence[str], present: Json | None, secrets: Values = NO_VALUES) -> list[Change]:
    """What others made of the fields at `paths`, which are those of `drift.taken`.

    `present` is the whole object as they left it; without it, or where it is too large, there is no more to tell than
    the names of the fields.
    `secrets` are hidden in values (see `masking.values_of`).
    """
    if drift.REPLACED in paths:
        return [Change(drift.REPLACED, (drift.ANOTHER_OPERATOR,))]
    if drift.EVERYTHING in paths:
        return [Change(f"{drift.EVERYTHING}, since metadata.managedFields was cleared")]
    if present is None or not _is_small(present):
        return [Change(path) for path in paths]
    beside = _held_beside(body, present)
    lost = [path for path in paths if path not in beside]
    found: list[Change] = []
    root = _Place("", "", body, present, lambda: _held_by_others(present))
    for place in _at(sorted(lost), root) if lost else ():
        before = len(found)
        for each in _differences(place):
            found.append(_change(each, secrets) if len(found) < _MOST_NAMED else _unnamed(each, len(found)))
        if len(found) == before:
            found.append(_unnamed(place, before))
    added = [path for path in paths if path in beside and not any(path.startswith(each) for each in lost)]
    return [*found, *(Change(f"{path} (added)", tuple(beside[path])) for path in added)]


def _is_small(present: Json) -> bool:
    try:
        return len(orjson.dumps(present)) <= _LARGEST
    except TypeError:  # nested too deeply for orjson
        return False


def sentence(kind: Kind, found: Sequence[Change], app: str) -> str:
    """What is told of a revert, and what to do instead: `Deployment: reverted spec.replicas 5 → 2 (changed by
    kubectl-edit): change the MyApp instead: spec.replicas`. What is noted in annotations for internal use is left out.
    """
    told = [change for change in found if not origins.is_internal(change.text)]
    named = (
        ", ".join(_in_words(change.text) for change in told[:_MOST_NAMED]) or "what the operator notes down for itself"
    )
    more = f" and {len(told) - _MOST_NAMED} more" if len(told) > _MOST_NAMED else ""
    by = culprits(found)
    fields = dict.fromkeys(filter(None, (origins.of(kind, change.text, app) for change in told)))
    instead = f": change the {KIND} instead: {', '.join([*fields][:_MOST_NAMED])}" if fields else ""
    return f"{kind}: reverted {named}{more}" + (f" (changed by {by})" if by else "") + instead


def _in_words(text: str) -> str:
    """Names in paths are the words of others, of any length."""
    return cut(printable(text[:_LONGEST_SHOWN]), _LONGEST_SHOWN)


def admitted(kind: Kind, found: Sequence[Mutation], secrets: Values = NO_VALUES) -> str:
    """What is told of a child that admission has changed, and what to do; what decides what runs comes first."""
    found = [each for each in found if not origins.is_internal(each.path)] or found
    texts = [_mutation(each, secrets) for each in sorted(found, key=lambda each: not each.decisive)[:_MOST_NAMED]]
    more = f" and {len(found) - _MOST_NAMED} more" if len(found) > _MOST_NAMED else ""
    return f"the {kind} is changed by {admission.WORDS}: {', '.join(texts)}{more}: change the policy or the {KIND}"


def _mutation(each: Mutation, secrets: Values) -> str:
    if each.added or each.removed:
        return f"{each.path} ({'added' if each.added else 'removed'})"
    if each.private or not (_is_plain(each.sent) and _is_plain(each.stored)):
        return each.path
    return f"{each.path} {_shown(each.sent, secrets)} → {_shown(each.stored, secrets)}"


def culprits(found: Sequence[Change]) -> str:
    """Who made these changes, the first few by name; empty where nobody can be named."""
    everybody = {name for change in found for name in change.by}
    named = sorted(everybody - {OTHERS})
    return " and ".join(named[:_MOST_NAMED] + [OTHERS] * (len(everybody) > len(named[:_MOST_NAMED])))


def _held_beside(body: Json, present: Json) -> dict[str, list[str]]:
    """What others hold that must not be there: by whom each path is held."""
    metadata = present["metadata"]
    surplus, managers = drift.Surplus(body, our_entry(metadata) or {}), dict[str, list[str]]()
    for manager, entry in _of_others(metadata):
        for path in surplus.of(entry):
            holders = managers.setdefault(path, [])
            if manager not in holders:
                holders.append(manager)
    return managers


def _of_others(metadata: Json) -> Iterator[tuple[str, Json]]:
    """The entries of managedFields but ours, each with the name of its manager, of which there are a bounded number."""
    known: set[str] = set()
    for entry in metadata.get("managedFields") or ():
        if not is_our_entry(entry):
            manager = str(entry.get("manager", ""))
            if len(known) < _MOST_MANAGERS:
                known.add(manager)
            yield manager if manager in known else OTHERS, entry


def _held_by_others(present: Json) -> dict[str, Json]:
    """What each manager but us holds; two entries of one manager, such as for a subresource, are one."""
    held: dict[str, Json] = {}
    for manager, entry in _of_others(present["metadata"]):
        if fields := entry.get("fieldsV1"):
            held[manager] = _join(held.get(manager, {}), fields)
    return held


def _join(held: Json, other: Json) -> Json:
    """Adds fields to those that are held; what one of them holds as a whole is held as a whole."""
    for key, theirs in other.items():
        ours = held.get(key)
        held[key] = _join({} if ours is None else ours, theirs) if theirs and ours != {} else {}
    return held


def _at(paths: Sequence[str], place: _Place) -> Iterator[_Place]:
    """The places of these paths, which are sorted; for what lies below a private place, that one."""
    at = bisect_left(paths, place.path)
    first = paths[at] if at < len(paths) else ""
    if first == place.path or (place.private and first.startswith(place.path)):
        yield place
    else:
        for part in _parts(place):
            yield from _at(paths, part)


def _differences(place: _Place) -> Iterator[_Place]:
    """The smallest places at or below this one where something else stands."""
    parts = [*_parts(place)]
    below = [each for part in parts for each in _differences(part)]
    if parts and not place.private:
        yield from below
    elif below or (not parts and place.differs):
        yield place


def _parts(place: _Place) -> Iterator[_Place]:
    """The fields of a map, the items of a list of maps; none of anything else, or where nothing stands."""
    private = place.key in PRIVATE_PARTS
    if isinstance(place.wanted, dict) and isinstance(place.present, dict):
        for key, wanted in place.wanted.items():
            path, present = drift.join(place.path, key), place.present.get(key, _ABSENT)
            yield _Place(path, key, wanted, present, partial(_held_of_key, key, place), private or key in PRIVATE)
    elif isinstance(place.wanted, list) and isinstance(place.present, list):
        named = _by_name(place.present)
        for item in place.wanted:
            if isinstance(item, dict):
                present = _counterpart(item, place.present, named)
                holders = partial(_held_of_item, item if present is _ABSENT else present, place)
                yield _Place(place.path + drift.label(item), "", item, present, holders, private)


def _by_name(items: Sequence[Any]) -> dict[str, Json]:
    """The list items that have a name; of two the first."""
    return {each["name"]: each for each in reversed(items) if isinstance(each, dict) and "name" in each}


def _counterpart(item: Json, present: list[Any], named: Mapping[str, Json]) -> Any:
    """What has become of a list item: the one of its name, or of its very value."""
    if "name" in item:
        return named.get(item["name"], _ABSENT)
    return item if item in present else _ABSENT


def _held_of_key(key: str, place: _Place) -> dict[str, Json]:
    """What each manager holds below one key of a map; an empty map of fields means: held as a whole."""
    name = f"f:{key}"
    return {by: fields and fields[name] for by, fields in place.held.items() if not fields or name in fields}


def _held_of_item(item: Json, place: _Place) -> dict[str, Json]:
    """What each manager holds of one item of a list."""
    wholly = {by: fields for by, fields in place.held.items() if not fields}
    found = {by: items.of(item) for by, items in place.held_items.items()}
    return wholly | {by: dict(below) for by, below in found.items() if below is not None}


def _unnamed(place: _Place, told: int = 0) -> Change:
    """A field without its values; beyond so many that are told, also without who made it."""
    return Change(place.path, tuple(place.held) if told < _MOST_TRACED else ())


def _change(place: _Place, secrets: Values) -> Change:
    by = tuple(place.held)
    if place.present is _ABSENT:
        return Change(f"{place.path} (removed)", by)
    if place.private or not (_is_plain(place.present) and _is_plain(place.wanted)):
        return _unnamed(place)
    return Change(f"{place.path} {_shown(place.present, secrets)} → {_shown(place.wanted, secrets)}", by)


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | int | float)


def _shown(value: Any, secrets: Values) -> str:
    text = mask(" ".join(value.split()), secrets) if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"
