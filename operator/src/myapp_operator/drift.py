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
_Names = tuple[str, ...]
_MOST_KEYS = 5
"""Keys by which one item of a list is named, and kinds of such keys in one list; Kubernetes has two of each. Anybody
may write others into managedFields, and each kind would cost an index: what has more is not found."""
_UNOWNED = ("apiVersion", "kind")
_UNOWNED_METADATA = ("name", "namespace", "uid", "resourceVersion")


class Items:
    """The list items that a fieldsV1 names by their keys or values. Lists may have ten thousand: most are found as the
    API server writes them, and all are parsed only where one is not."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self._fields = fields
        first = next((key for key in fields if key[:2] == "k:"), "k:{}")
        self._first_names = tuple(orjson.loads(first[2:]))
        self._shapes: dict[tuple[_Names, _Names], dict[bytes, Mapping[str, Any]]] = {}

    def of(self, item: Any) -> Mapping[str, Any] | None:
        """What is held of this item; None where it is not named. A key that it leaves out was filled by a default."""
        if not isinstance(item, dict):
            return self._values.get(_identity(item))
        if all(name in item for name in self._first_names):
            keys = orjson.dumps({name: item[name] for name in self._first_names}, option=orjson.OPT_SORT_KEYS)
            found: Mapping[str, Any] | None = self._fields.get(f"k:{keys.decode()}")
            if found is not None:
                return found
        shapes = [(names, tuple(name for name in names if name in item)) for names in self._key_names]
        for names, shape in sorted(shapes, key=lambda each: each[0] != each[1]):  # those that name it wholly first
            found = self._of_shape(names, shape).get(_identity({name: item[name] for name in shape}))
            if found is not None:
                return found
        return None

    def _of_shape(self, names: _Names, shape: _Names) -> Mapping[bytes, Mapping[str, Any]]:
        """What is held of items that are named by these keys, found by some of them."""
        if (names, shape) not in self._shapes:
            self._shapes[names, shape] = {
                _identity({name: keys[name] for name in shape}): below
                for keys, below in reversed(self._all)
                if isinstance(keys, dict) and tuple(sorted(keys)) == names
            }
        return self._shapes[names, shape]

    @cached_property
    def _all(self) -> list[tuple[Any, Mapping[str, Any]]]:
        return [(orjson.loads(key[2:]), below) for key, below in self._fields.items() if key[:2] in ("k:", "v:")]

    @cached_property
    def _values(self) -> dict[bytes, Mapping[str, Any]]:
        return {_identity(keys): below for keys, below in reversed(self._all)}

    @cached_property
    def _key_names(self) -> list[_Names]:
        found = dict.fromkeys(tuple(sorted(keys)) for keys, _ in self._all if isinstance(keys, dict))
        return [*islice(filter(_may_be_keys, found), _MOST_KEYS)]


def _may_be_keys(names: _Names) -> bool:
    return len(names) <= _MOST_KEYS


def _identity(keys: Any) -> bytes:
    """The same text for the same keys, whatever their order."""
    return orjson.dumps(keys, option=orjson.OPT_SORT_KEYS)


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
    found = (path for path, _ in Surplus(body, ours).among(orjson.loads(child.others)))
    return tuple(islice(found, _MOST_TAKEN))


class Surplus:
    """What others hold and must not be there when `body` is applied. `ours` is what our own entry of managedFields
    holds. Others may be a thousand: what is wanted is indexed once for all of them."""

    def __init__(self, body: Json, ours: Json) -> None:
        carried = {"annotations": {**dict.fromkeys(CARRIED, ""), **body["metadata"].get("annotations", {})}}
        self._wanted = {**body, "metadata": {**body["metadata"], **carried}}
        self._tree = {"spec": offered.of_spec(body.get("kind", ""))}
        self._ours = ours
        self._lists: dict[int, _Wanted] = {}
        """By the identity of the list, which is part of what is wanted and so stays."""

    def of(self, entry: Json) -> Mapping[str, Json]:
        """That of one foreign entry of managedFields, each path with its fields."""
        return dict(self.among(managed_fields.relevant(entry, self._ours)))

    def among(self, theirs: Json) -> Iterator[tuple[str, Json]]:
        """Each path with its fields. Which labels and annotations are looked at was chosen by
        `managed_fields.relevant`."""
        metadata, spec = theirs.get("f:metadata") or {}, theirs.get("f:spec") or {}
        template = spec.get("f:template") or {}
        of_pods = template.get("f:metadata")
        marks = {"f:metadata": metadata, **({"f:spec": {"f:template": {"f:metadata": of_pods}}} if of_pods else {})}
        pods = {key: below for key, below in template.items() if key != "f:metadata"}
        rest = {key: below for key, below in {**spec, "f:template": pods}.items() if key != "f:template" or below}
        seen = set()
        for fields, tree in (
            (marks, offered.ALL),
            ({"f:spec": rest}, self._tree),
            (managed_fields.shared({"f:spec": rest}, self._ours), offered.ALL),
        ):
            for path, found in self._beyond(self._wanted, fields, tree, ""):
                if path not in seen:
                    seen.add(path)
                    yield path, found

    def _beyond(self, wanted: Any, held: Json, tree: offered.Tree, path: str) -> Iterator[tuple[str, Json]]:
        """Walks what others hold along what is wanted: the fields that lie in the tree and that are not wanted."""
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
                there, place = self._item(wanted, keys), path + _label(keys)
                inner = {
                    each: part for each, part in below.items() if not (isinstance(keys, dict) and each[2:] in keys)
                }
            else:
                there, place, inner = (wanted.get(name) if isinstance(wanted, dict) else None), join(path, name), below
            if there is None:
                yield place, {key: below}
            else:
                for found, fields in self._beyond(there, inner, subtree, place):
                    yield found, {key: fields}

    def _item(self, wanted: Any, keys: Any) -> Any:
        if not isinstance(wanted, list):
            return None
        if id(wanted) not in self._lists:
            self._lists[id(wanted)] = _Wanted(wanted)
        return self._lists[id(wanted)].of(keys)


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
        self._shapes: dict[_Names, dict[_Names, dict[bytes, Any]]] = {}

    def of(self, keys: Any) -> Any:
        """The item of these keys; None where none is wanted. A key that it leaves out is filled by a default."""
        if not isinstance(keys, dict):
            return self._values.get(_identity(keys))
        for shape, items in self._by_shape(tuple(sorted(keys))).items():
            found = items.get(_identity({name: keys[name] for name in shape}))
            if found is not None:
                return found
        return None

    def _by_shape(self, names: _Names) -> Mapping[_Names, Mapping[bytes, Any]]:
        """The items by those of these keys that they have, the ones that have most of them first. None for keys of too
        many kinds, which no list of Kubernetes has: each kind is an index of its own."""
        if names not in self._shapes:
            if not names or not _may_be_keys(names) or len(self._shapes) >= _MOST_KEYS:
                return {}
            found: dict[_Names, dict[bytes, Any]] = {}
            for item in reversed(self._items):
                if isinstance(item, dict):
                    shape = tuple(name for name in names if name in item)
                    found.setdefault(shape, {})[_identity({name: item[name] for name in shape})] = item
            self._shapes[names] = dict(sorted(found.items(), key=lambda each: -len(each[0])))
        return self._shapes[names]

    @cached_property
    def _values(self) -> Mapping[bytes, Any]:
        return {_identity(item): item for item in reversed(self._items)}


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
