"""What admission made of our own write: the difference between what was applied and what the answer holds. Pure.

An admission policy or webhook may change an object after managedFields were written, so a changed field still counts as
ours, and an added one as nobody's: no drift ever shows it. Only the object itself tells. What the API server changes by
itself is no difference: zero values that it leaves out, quantities in other words, keys that it fills in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from myapp_operator import offered, quantities
from myapp_operator.drift import join, label
from myapp_operator.grammar import Json

WORDS: Final = "an admission policy or webhook"
"""Stands in each sentence about it; an operator that starts finds it in the written status (see `is_told`)."""
PRIVATE = frozenset({"envFrom", "command", "args", "httpHeaders"})
"""Of these nothing but the name is told: passwords stand there."""
PRIVATE_PARTS = frozenset({"env", "annotations"})
"""Of each part of these nothing but its name is told."""
_ABSENT: Final = object()
_METADATA = ("labels", "annotations")
"""Of the metadata only these are compared, and of these only what was applied: others may add their own."""
_DEFAULTS = {"internalTrafficPolicy": "Cluster", "externalTrafficPolicy": "Cluster"}
"""What the API server fills in where `offered` lists a field."""
_DECISIVE = frozenset({"replicas", "image", "command", "args", "ports", "selector", "type"})
"""The fields without which it is not the MyApp that runs."""
_CONTAINERS = (("containers",), ("initContainers",))
_TRIAL = "-trial"
_KEYS = ("name", "mountPath", "containerPort", "port")
"""The fields by which an item of a list is known, the first that all of its items have."""
_QUANTITIES = quantities.FIELDS | {"target"}
"""The fields at or below which strings are quantities."""


@dataclass(frozen=True, slots=True)
class Mutation:
    """One field that is not as it was applied."""

    path: str
    sent: Any
    stored: Any
    decisive: bool
    """Whether what runs is not what the MyApp says."""
    pointer: tuple[str | int, ...] = ()
    """Where the field stands in the object."""

    @property
    def added(self) -> bool:
        """Whether nothing was applied there."""
        return self.sent is _ABSENT

    @property
    def outlives_apply(self) -> bool:
        """Whether an apply does not put it back: nobody owns what was added, and a list item with another key stays
        beside ours."""
        return self.added or (self.pointer[-1] in _KEYS and len(self.pointer) > 1 and isinstance(self.pointer[-2], int))

    @property
    def private(self) -> bool:
        """Whether its values may not be told."""
        return not (PRIVATE | PRIVATE_PARTS).isdisjoint(self.pointer)

    @property
    def removed(self) -> bool:
        """Whether nothing stands there."""
        return self.stored is _ABSENT


def mutations(sent: Json, stored: Json) -> tuple[Mutation, ...]:
    """What was changed of `sent` in `stored`, which the API server has answered."""
    return tuple(_of(sent, stored))


def _of(sent: Json, stored: Json) -> Iterator[Mutation]:
    metadata = stored.get("metadata") or {}
    for part in _METADATA:
        yield from _changed(
            sent["metadata"].get(part) or {}, metadata.get(part) or {}, None, f"metadata.{part}", ("metadata", part)
        )
    tree = offered.of_spec(sent.get("kind", ""))
    yield from _changed(sent.get("spec") or {}, stored.get("spec") or {}, tree, "spec", ("spec",))


def _changed(
    sent: Any, stored: Any, tree: offered.Tree | None, path: str, pointer: tuple[str | int, ...]
) -> Iterator[Mutation]:
    if isinstance(sent, dict) and isinstance(stored, dict):
        yield from _changed_map(sent, stored, tree, path, pointer)
    elif (
        isinstance(sent, list) and isinstance(stored, list) and all(isinstance(each, dict) for each in (*sent, *stored))
    ):
        yield from _changed_list(sent, stored, tree, path, pointer)
    elif not _alike(sent, stored, pointer):
        yield Mutation(path, sent, stored, _is_decisive(pointer), pointer)


def _changed_map(
    sent: Json, stored: Json, tree: offered.Tree | None, path: str, pointer: tuple[str | int, ...]
) -> Iterator[Mutation]:
    for key, value in sent.items():
        present = stored.get(key, _ABSENT)
        if value is not None and value != present:  # what is equal is not walked: most of it is
            yield from _changed(value, present, tree and offered.below(tree, key), join(path, key), (*pointer, key))
    if not tree:  # nothing is listed below, or all, of which the server fills in a part
        return
    for key, present in stored.items():
        if key not in sent and present and present != _DEFAULTS.get(key) and offered.below(tree, key) is not None:
            where = (*pointer, key)
            yield Mutation(join(path, key), _ABSENT, present, _is_decisive(where), where)


def _changed_list(
    sent: list[Json], stored: list[Json], tree: offered.Tree | None, path: str, pointer: tuple[str | int, ...]
) -> Iterator[Mutation]:
    name = next((key for key in _KEYS if _tells_apart(sent, key) and _tells_apart(stored, key)), "")
    if not name:
        if len(sent) != len(stored):
            yield Mutation(path, sent, stored, _is_decisive(pointer), pointer)
            return
        for index, (one, other) in enumerate(zip(sent, stored, strict=True)):
            yield from _changed(one, other, None, path + label(one), (*pointer, index))
        return
    inner = tree and offered.below(tree, offered.EVERY)
    places = {_identity(each, name): (index, each) for index, each in enumerate(stored)}
    for each in sent:
        index, present = places.pop(_identity(each, name), (0, _ABSENT))
        if present is _ABSENT:
            yield Mutation(
                path + label(each),
                each,
                _ABSENT,
                _is_decisive(pointer) or pointer[3:] in _CONTAINERS,
                (*pointer, index),
            )
        elif each != present:
            yield from _changed(each, present, inner, path + label(each), (*pointer, index))
    if not tree:
        return
    for index, each in places.values():
        yield Mutation(path + label(each), _ABSENT, each, _is_decisive(pointer), (*pointer, index))


def _tells_apart(items: list[Json], name: str) -> bool:
    """Whether each item has this field, and no two are alike in it."""
    return all(name in each for each in items) and len({_identity(each, name) for each in items}) == len(items)


def _identity(item: Json, name: str) -> tuple[Any, Any]:
    """What tells an item of a list from the others: two ports of one number differ by protocol."""
    return item[name], item.get("protocol") or "TCP"


def _alike(sent: Any, stored: Any, pointer: Sequence[str | int]) -> bool:
    """Whether the API server stores one as the other."""
    if sent == stored or (stored is _ABSENT and not sent):
        return True
    return not _QUANTITIES.isdisjoint(pointer) and quantities.amount(sent) == quantities.amount(stored) is not None


def _is_decisive(pointer: Sequence[str | int]) -> bool:
    """Whether a field decides what runs, or how it is reached: of a container, the number of pods, the Service."""
    if pointer[:3] != ("spec", "template", "spec"):
        return not _DECISIVE.isdisjoint(pointer[:2])
    return pointer[3:4] in _CONTAINERS and not _DECISIVE.isdisjoint(pointer[5:6])


@dataclass(frozen=True, slots=True)
class Admitted:
    """What is remembered of a child that admission has changed."""

    applied: str
    """Hash of what was applied."""
    words: str
    """What to tell of it."""
    decisive: bool
    """Whether what runs is not what the MyApp says."""


def under_another_name(body: Json) -> Json:
    """The same object under a name of the same length: to try what admission makes of a new one. The guard
    (`deploy/components/guard`) passes a dry run of such a name."""
    metadata = body["metadata"]
    return {**body, "metadata": {**metadata, "name": f"{metadata['name'][: -len(_TRIAL)]}{_TRIAL}"}}


def restoring(version: str, found: Sequence[Mutation]) -> list[Json]:
    """The JSON patch that puts back what was changed in just this version of an object, where an apply would not do.
    The last item of a list is removed first."""
    added = sorted(
        (each for each in found if each.added), key=lambda each: [str(part).zfill(6) for part in each.pointer]
    )
    changed = [each for each in found if not each.added]
    operations = [
        *({"op": "add", "path": _path(each.pointer), "value": each.sent} for each in changed),
        *({"op": "remove", "path": _path(each.pointer)} for each in reversed(added)),
    ]
    test = {"op": "test", "path": "/metadata/resourceVersion", "value": version}
    return [test, *operations]


def _path(pointer: Sequence[str | int]) -> str:
    return "".join(f"/{_escaped(part)}" for part in pointer)


def _escaped(part: str | int) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")


def is_told(status: Json) -> bool:
    """Whether the written status says that admission changes something."""
    return WORDS in str(status.get("message", ""))
