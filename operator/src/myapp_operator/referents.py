"""What the operator knows of the objects that apps refer to, and which app refers to which.

Of every ConfigMap, Secret, claim and ServiceAccount it keeps a resourceVersion; of those that apps use also hashes of
their values, read once for each version. No value is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from myapp_operator.gaps import Version
from myapp_operator.names import Key, Kind
from myapp_operator.preflight import Known
from myapp_operator.references import Referent, Target


@dataclass
class _App:
    """What is kept of one app."""

    targets: frozenset[Target] = field(default_factory=frozenset)
    held_since: float | None = None


class Referents:
    """Knowledge of all objects that may be referred to, by kind, namespace and name. Used from one event loop only."""

    def __init__(self) -> None:
        self._there: dict[Target, Referent] = {}
        self._seen: set[tuple[Kind, str | None]] = set()
        self._apps: dict[Key, _App] = {}
        self._users: dict[Target, set[Key]] = {}

    # What the watches bring.

    def replace(self, kind: Kind, scope: str | None, listed: Mapping[Target, Referent], version: int) -> set[Target]:
        """Takes over a whole list, answered at this resourceVersion; returns what has changed.

        The first list is news of what is missing as well: before it nobody could know.
        """
        first = set() if (kind, scope) in self._seen else self._used(kind, scope)
        self._seen.add((kind, scope))
        gone = {
            target
            for target, known in self._there.items()
            if _is_within(target, kind, scope) and target not in listed and known.resource_version <= version
        }
        for target in gone:
            del self._there[target]
        return first | gone | {target for target, found in listed.items() if self.put(target, found)}

    def put(self, target: Target, found: Referent) -> bool:
        """Takes over what was found, unless it is older than what is known; returns whether it is news."""
        known = self._there.get(target)
        if known is not None and known.resource_version > found.resource_version:
            return False
        if known is not None and known.resource_version == found.resource_version:
            found = replace(found, digests=known.digests if found.digests is None else found.digests)
        self._there[target] = found
        return known != found

    def drop(self, target: Target, version: int) -> bool:
        """Forgets an object that was gone at this resourceVersion; returns whether it is news."""
        known = self._there.get(target)
        if known is None or known.resource_version > version:
            return False
        del self._there[target]
        return True

    def lose_sight(self, kind: Kind, scope: str | None) -> set[Target]:
        """Forgets all of a kind that may not be watched; returns what apps use of it, if it was watched before."""
        lost = self._used(kind, scope) if (kind, scope) in self._seen else set()
        self._seen.discard((kind, scope))
        for target in [target for target in self._there if _is_within(target, kind, scope)]:
            del self._there[target]
        return lost

    # Which app refers to what.

    def use(self, app: Key, targets: Iterable[Target]) -> None:
        """Remembers all that an app refers to."""
        wanted, known = frozenset(targets), self._apps.get(app, _App())
        for target in known.targets - wanted:
            self._users[target].discard(app)
            if not self._users[target]:
                del self._users[target]
                self._forget_contents(target)
        for target in wanted - known.targets:
            self._users.setdefault(target, set()).add(app)
        if wanted:
            self._apps[app] = replace(known, targets=wanted)
        else:
            self._apps.pop(app, None)

    def use_also(self, app: Key, targets: Iterable[Target]) -> None:
        """Remembers more that an app refers to, until `use` says anew what that is."""
        self.use(app, {*self._apps.get(app, _App()).targets, *targets})

    def _used(self, kind: Kind, scope: str | None) -> set[Target]:
        return {target for target in self._users if _is_within(target, kind, scope)}

    def _forget_contents(self, target: Target) -> None:
        if there := self._there.get(target):
            self._there[target] = replace(there, digests=None)

    def users(self, target: Target) -> frozenset[Key]:
        """The apps that refer to an object."""
        return frozenset(self._users.get(target, ()))

    def held_for(self, app: Key, held: bool, now: float) -> float:
        """Seconds for which every look at an app, this one included, has found something missing."""
        record = self._apps.get(app)
        if record is None or not held:
            if record:
                record.held_since = None
            return 0.0
        if record.held_since is None:
            record.held_since = now
        return now - record.held_since

    def versions(self, kind: Kind, scope: str | None) -> dict[Key, Version]:
        """Every object of a kind that is there; none where no app refers to any."""
        if (kind, scope) not in self._seen or not self._used(kind, scope):
            return {}
        there = ((Key(*target[1:]), each) for target, each in self._there.items() if _is_within(target, kind, scope))
        return {key: Version(key, each.resource_version) for key, each in there}

    # What the recipe reads.

    def sees(self, kind: Kind, namespace: str) -> bool:
        """Whether the objects of a kind are watched in a namespace."""
        return (kind, None) in self._seen or (kind, namespace) in self._seen

    def get(self, target: Target) -> Referent | None:
        """What is known of an object; None if there is no such object."""
        return self._there.get(target)

    def known(self, targets: Iterable[Target]) -> Known:
        """What is known of the objects that one app refers to."""
        found = [*targets]
        seen = frozenset(each.kind for each in found if self.sees(each.kind, each.namespace))
        there = {(each.kind, each.name): self._there[each] for each in found if each in self._there}
        return Known(seen, there)


def _is_within(target: Target, kind: Kind, scope: str | None) -> bool:
    return target.kind == kind and scope in (None, target.namespace)
