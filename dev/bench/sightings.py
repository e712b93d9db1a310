"""What was seen of each app and its children, and since when. Pure; the time comes in as an argument, in seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dev.bench.arms.arm import Arm
from myapp_operator import names
from myapp_operator.grammar import Json

NEVER = float("inf")


@dataclass(slots=True)
class Child:
    """One child as it was seen last."""

    name: str
    uid: str
    generation: int
    since: float
    """When this uid was seen first."""
    changed: float
    """When this generation was seen first."""


@dataclass(slots=True)
class Sight:
    """One app as it was seen last."""

    present: bool = False
    generation: int = 0
    children: dict[str, Child] = field(default_factory=dict)
    """By plural."""
    written_for: int = 0
    """The generation that the status tells of."""
    written: float = NEVER
    """Since when it does."""
    ready: float = NEVER
    """Since when the status says that the app is ready; never while it does not."""
    full: float = NEVER
    """Since when the Deployment says that all its pods are the right ones and available; never while it does not."""

    @property
    def is_written(self) -> bool:
        """Whether the status tells of the present generation."""
        return self.written_for == self.generation > 0

    @property
    def children_since(self) -> float:
        """When the last of its children appeared."""
        return max((each.since for each in self.children.values()), default=NEVER)


class Sightings:
    """All apps of one arm."""

    def __init__(self, arm: Arm) -> None:
        self._arm = arm
        self.apps: dict[str, Sight] = {}

    def app(self, name: str) -> Sight:
        """What is known of an app; of one that was never seen, nothing."""
        return self.apps.setdefault(name, Sight())

    def is_complete(self, name: str) -> bool:
        """Whether all its children exist and its status is written."""
        sight = self.app(name)
        return sight.is_written and len(sight.children) == len(self._arm.children)

    def is_gone(self, name: str) -> bool:
        """Whether nothing is left of an app."""
        sight = self.app(name)
        return not sight.present and not sight.children

    def note(self, plural: str, event: str, seen: Json, now: float) -> str | None:
        """Take in one event of a watch; return the name of the app that it is about, None where it is about none."""
        if plural == self._arm.kind.plural:
            self._note_app(event, seen, now)
            return str(seen["metadata"]["name"])
        name = self._owner(seen["metadata"])
        if name is not None:
            self._note_child(self.app(name), plural, event, seen, now)
        return name

    def _owner(self, metadata: Json) -> str | None:
        for each in metadata.get("ownerReferences") or ():
            if each.get("controller") and each["kind"] == self._arm.kind.kind:
                return str(each["name"])
        return None

    def _note_app(self, event: str, seen: Json, now: float) -> None:
        sight = self.app(seen["metadata"]["name"])
        sight.present = event != "DELETED"
        sight.generation = seen["metadata"].get("generation", 1)
        if self._arm.is_written(seen) and sight.written_for != sight.generation:
            sight.written_for, sight.written = sight.generation, now
        is_ready = self._arm.is_ready is not None and self._arm.is_ready(seen)
        sight.ready = min(sight.ready, now) if is_ready else NEVER

    def _note_child(self, sight: Sight, plural: str, event: str, seen: Json, now: float) -> None:
        name, uid = seen["metadata"]["name"], seen["metadata"]["uid"]
        generation = seen["metadata"].get("generation", 0)
        known = sight.children.get(plural)
        if event == "DELETED":
            if known is not None and known.uid == uid:
                del sight.children[plural]
        elif known is None or known.uid != uid:
            sight.children[plural] = Child(name, uid, generation, now, now)
        elif known.generation != generation:
            known.generation, known.changed = generation, now
        if plural == names.DEPLOYMENT.plural:
            sight.full = min(sight.full, now) if event != "DELETED" and is_full(seen) else NEVER


def is_full(deployment: Mapping[str, Json]) -> bool:
    """Whether a Deployment says that it has all pods of its present version available, and no other ones."""
    meta, spec, status = deployment["metadata"], deployment["spec"], deployment.get("status") or {}
    wanted = spec.get("replicas", 1)
    counts = ("replicas", "updatedReplicas", "availableReplicas")
    return status.get("observedGeneration", 0) >= meta["generation"] and all(
        status.get(each, 0) == wanted for each in counts
    )
