"""Has anyone changed what we applied? Told from metadata alone, without reading the object.

Server-side apply records who owns which field. When somebody else changes a field of ours, it leaves our entry of
managedFields. So there is no drift as long as (1) the hash that we left on the object is the hash of what is wanted now
and (2) our entry still owns every field of what is wanted and (3) nobody else holds a field that must not be there: one
that we owned and that is not wanted any more, or one that the MyApp decides (see `offered`). Whatever else others add
is theirs and none of our business; what an admission policy made of our own write, which nobody owns, is no drift.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import islice
from typing import Any

import orjson

from myapp_operator import managed_fields, offered
from myapp_operator.digests import hash_of, is_hash
from myapp_operator.grammar import Json
from myapp_operator.names import APPLIED, CARRIED, MANAGER
from myapp_operator.observed import Child

EVERYTHING = "every field"
"""The path that stands for all, where our entry of managedFields is gone."""

_MOST_TAKEN = 100
"""Paths that are named and remembered: one edit may take thousands."""
ANOTHER_OPERATOR = f"another {MANAGER}"
"""The writer of what our field manager holds and this process has not written."""
REPLACED = "every field of the last apply"
"""The path that stands for all, where another apply of our own field manager has replaced ours."""
_UNOWNED = ("apiVersion", "kind")
_UNOWNED_METADATA = ("name", "namespace", "uid", "resourceVersion")


class Items:
    """The list items that a fieldsV1 names by their keys or values. Lists may have ten thousand: most are found as the
    API server writes them, and all are parsed only where one is not."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self._fields = fields
        first = next((key for key in fields if key[:2] == "k:"), "k:{}")
        self._first_names = tuple(orjson.loads(first[2:]))

    def of(self, item: Any) -> Mapping[str, Any] | None:
        """What is held of this item; None where it is not named. A key that it leaves out was filled by a default."""
        if not isinstance(item, dict):
            return self._by_keys.get(_identity(item))
        if all(name in item for name in self._first_names):
            keys = orjson.dumps({name: item[name] for name in self._first_names}, option=orjson.OPT_SORT_KEYS)
            found: Mapping[str, Any] | None = self._fields.get(f"k:{keys.decode()}")
            if found is not None:
                return found
        if all(key in item for keys in self._key_names for key in keys):
            keyed = (self._by_keys.get(_identity({key: item[key] for key in keys})) for keys in self._key_names)
            return next((below for below in keyed if below is not None), None)
        return next((below for keys, below in self._all if _matches(item, keys)), None)

    @cached_property
    def _all(self) -> list[tuple[Any, Mapping[str, Any]]]:
        return [(orjson.loads(key[2:]), below) for key, below in self._fields.items() if key[:2] in ("k:", "v:")]

    @cached_property
    def _by_keys(self) -> dict[bytes, Mapping[str, Any]]:
        return {_identity(keys): below for keys, below in reversed(self._all)}

    @cached_property
    def _key_names(self) -> set[tuple[str, ...]]:
        return {tuple(sorted(keys)) for keys, _ in self._all if isinstance(keys, dict)}


def _identity(keys: Any) -> bytes:
    """The same text for the same keys, whatever their order."""
    return orjson.dumps(keys, option=orjson.OPT_SORT_KEYS)


def _matches(item: Json, keys: Any) -> bool:
    return isinstance(keys, dict) and all(item.get(key, value) == value for key, value in keys.items())


def fingerprint(body: Json) -> str:
    """Hash of what is about to be applied. Owner references are left out: `render` does not know the uid."""
    metadata = {key: value for key, value in body["metadata"].items() if key != "ownerReferences"}
    return hash_of({**body, "metadata": metadata})


def drifted(body: Json, applied: str, child: Child) -> bool:
    """Whether the child differs from what is wanted: `body`, which carries the hash `applied`."""
    if not is_hash(child.applied, applied):
        return True
    return not child.intact and (next(lost(body, child), None) is not None or bool(surplus(body, child)))


def taken(body: Json, applied: str, child: Child) -> tuple[str, ...]:
    """The first paths that others took from us or added; none where nobody did, and where the MyApp itself changed.

    Another hash on the child means that the MyApp changed, unless others wrote the annotation: it is not ours then.
    """
    paths = tuple(islice(lost(body, child), _MOST_TAKEN))
    annotation = join(join("metadata", "annotations"), APPLIED)
    touched = any(path == EVERYTHING or annotation.startswith(path) for path in paths)
    return (*paths, *surplus(body, child)) if touched or is_hash(child.applied, applied) else ()


def surplus(body: Json, child: Child) -> tuple[str, ...]:
    """The first paths that others hold and that must not be there: they would survive an apply of `body`."""
    if not child.others:
        return ()
    ours = orjson.loads(child.fields) if child.fields else {}
    found = (path for path, _ in _surplus(body, orjson.loads(child.others), ours))
    return tuple(islice(found, _MOST_TAKEN))


def surplus_of(body: Json, entry: Json, ours: Json) -> Mapping[str, Json]:
    """The same of one foreign entry of managedFields, each path with its fields. `ours` is what our own entry holds."""
    return dict(_surplus(body, managed_fields.relevant(entry, ours), ours))


def _surplus(body: Json, theirs: Json, ours: Json) -> Iterator[tuple[str, Json]]:
    """Each path with its fields. Which labels and annotations are looked at was chosen by `managed_fields.relevant`."""
    metadata, spec = theirs.get("f:metadata") or {}, theirs.get("f:spec") or {}
    template = spec.get("f:template") or {}
    of_pods = template.get("f:metadata")
    marks = {"f:metadata": metadata, **({"f:spec": {"f:template": {"f:metadata": of_pods}}} if of_pods else {})}
    carried = {"annotations": {**dict.fromkeys(CARRIED, ""), **body["metadata"].get("annotations", {})}}
    marked = {**body, "metadata": {**body["metadata"], **carried}}
    pods = {key: below for key, below in template.items() if key != "f:metadata"}
    rest = {key: below for key, below in {**spec, "f:template": pods}.items() if key != "f:template" or below}
    seen = set()
    for fields, tree in (
        (marks, offered.ALL),
        ({"f:spec": rest}, {"spec": offered.of_spec(body.get("kind", ""))}),
        (managed_fields.shared({"f:spec": rest}, ours), offered.ALL),
    ):
        for path, found in _beyond(marked, fields, tree, ""):
            if path not in seen:
                seen.add(path)
                yield path, found


def _beyond(wanted: Any, held: Json, tree: offered.Tree, path: str) -> Iterator[tuple[str, Json]]:
    """Walks what others hold along what is wanted: the fields that lie in the tree and that are not wanted."""
    items = _Wanted(wanted) if isinstance(wanted, list) else None
    for key, below in held.items():
        if key == ".":
            continue
        name = key[2:] if key[:2] == "f:" else offered.EVERY
        subtree = offered.below(tree, name)
        if subtree is None:
            continue
        if name is offered.EVERY:
            keys = _parsed(key)
            if keys is None:
                continue
            there, place = (items.of(keys) if items else None), path + _label(keys)
            inner = {each: part for each, part in below.items() if not (isinstance(keys, dict) and each[2:] in keys)}
        else:
            there, place, inner = (wanted.get(name) if isinstance(wanted, dict) else None), join(path, name), below
        if there is None:
            yield place, {key: below}
        else:
            for found, fields in _beyond(there, inner, subtree, place):
                yield found, {key: fields}


def _parsed(key: str) -> Any:
    """The keys or the value by which a fieldsV1 names a list item; None for anything else, which anybody may write."""
    try:
        return orjson.loads(key[2:])
    except ValueError:
        return None


class _Wanted:
    """The wanted items of a list, found by the keys or values of a fieldsV1; parsed once for all lookups."""

    def __init__(self, items: list[Any]) -> None:
        self._items = items
        self._known: dict[tuple[str, ...], dict[bytes, Any]] = {}

    def of(self, keys: Any) -> Any:
        """The item of these keys; None where none is wanted. A key that it leaves out is filled by a default."""
        names = tuple(sorted(keys)) if isinstance(keys, dict) else ()
        if names not in self._known:
            self._known[names] = {_identity(self._keys(item, names)): item for item in reversed(self._items)}
        found = self._known[names].get(_identity(keys))
        if found is not None or not isinstance(keys, dict):
            return found
        partly = (each for each in self._items if isinstance(each, dict) and not all(name in each for name in names))
        return next((each for each in partly if _matches(each, keys)), None)

    @staticmethod
    def _keys(item: Any, names: tuple[str, ...]) -> Any:
        return {name: item.get(name) for name in names} if names and isinstance(item, dict) else item


def _label(keys: Any) -> str:
    """How a list item is called in a path, by the keys that its owner is recorded with."""
    if not isinstance(keys, dict):
        return f"[{keys}]"
    return f"[{keys['name']}]" if "name" in keys else f"[{'/'.join(str(keys[key]) for key in sorted(keys))}]"


def lost(body: Json, child: Child) -> Iterator[str]:
    """The paths of `body` that our entry of managedFields no longer owns, such as `spec.replicas`."""
    if not child.fields:
        yield EVERYTHING
        return
    ours = orjson.loads(child.fields)
    body = {key: value for key, value in body.items() if key not in _UNOWNED}
    body["metadata"] = {key: value for key, value in body["metadata"].items() if key not in _UNOWNED_METADATA}
    annotations = body["metadata"].get("annotations", {})
    body["metadata"]["annotations"] = {key: value for key, value in annotations.items() if key not in CARRIED}
    yield from _lost(body, ours, "")


def _lost(wanted: Any, ours: Mapping[str, Any], path: str) -> Iterator[str]:
    """Walks a wanted value along our fieldsV1; an empty map there means: owned as a whole."""
    if not ours or not isinstance(ours, dict):
        return
    if isinstance(wanted, dict):
        for key, value in wanted.items():
            below = ours.get(f"f:{key}")
            if below != {}:  # most are, and a path is dear
                yield from _step(value, below, join(path, key))
    elif isinstance(wanted, list):
        items = Items(ours)
        for item in wanted:
            yield from _step(item, items.of(item), path + label(item))


def _step(wanted: Any, ours: Mapping[str, Any] | None, path: str) -> Iterator[str]:
    if ours is None:
        yield path
    else:
        yield from _lost(wanted, ours, path)


def join(path: str, key: str) -> str:
    """The path one step further; a key that has dots of its own stands in brackets."""
    if "." in key or "/" in key:
        return f"{path}[{key}]"
    return f"{path}.{key}" if path else key


def label(item: Any) -> str:
    """How a list item is called in a path."""
    if not isinstance(item, dict):
        return f"[{item}]"
    return f"[{item['name']}]" if "name" in item else "[]"
