"""What was seen of the cluster, cut down to what decisions need.

A whole Deployment costs 25 KB as a Python dict; thousands of them would fill the operator's memory. So the raw JSON is
projected here, at the border, and dropped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from myapp_operator.autoscaler_status import Unmeasured
from myapp_operator.deployment_status import LONGEST_NOTE, Rollout
from myapp_operator.field_managers import below, held_by_others, is_scaled, our_entry, our_fields, sets_replicas
from myapp_operator.grammar import Json
from myapp_operator.json_objects import (
    annotations_of,
    counted,
    finalizers_of,
    mapping,
    metadata_of,
    read_version,
    required_text,
)
from myapp_operator.moments import moment
from myapp_operator.names import (
    ADOPT,
    APPLIED,
    FAILED_VERSION,
    KIND,
    LAST_READY,
    NUDGE,
    ROLLED_BACK,
    ROLLOUT,
    TEMPLATE,
    Key,
)
from myapp_operator.owners import Owner, controller
from myapp_operator.rollback_note import RolledBack

_LARGEST_NOTE = 4096
"""Characters of a note of a rollout that are kept; ours have a quarter of it."""
_LONGEST_STAMP = 40


@dataclass(frozen=True, slots=True)
class App:
    """A MyApp as it was stored: identity, raw spec and raw status."""

    key: Key
    uid: str
    resource_version: int
    generation: int
    deleting: bool
    spec: Json = field(default_factory=dict)
    status: Json = field(default_factory=dict)
    problem: str = ""
    """Why the MyApp cannot be taken as it is, in one sentence; its spec is empty then."""
    sets_replicas: bool = False
    """Whether somebody has set its number of pods beside `autoscaling`; a default is nobody's."""
    deleted_at: str = ""
    """When its deletion was asked for; empty where it was not, or where that cannot be read."""
    finalizers: tuple[str, ...] = ()
    """What keeps it while it is being deleted; the first few, cut."""
    scaled: bool = False
    """Whether others have set `spec.replicas` by the subresource for that, as autoscalers do."""

    @classmethod
    def from_json(cls, raw: object) -> App:
        """Projects a MyApp as the API server sends it; for a metadata-only one spec and status are empty.

        Raises:
            ValueError: nothing tells which MyApp it is.
        """
        meta = metadata_of(raw)
        version, generation = read_version(meta), meta.get("generation", 1)
        key = Key(required_text(meta, "namespace"), required_text(meta, "name"))
        spec = mapping(raw).get("spec") or {}
        return cls(
            key=key,
            uid=required_text(meta, "uid"),
            resource_version=version,
            generation=generation if type(generation) is int else 1,
            deleting="deletionTimestamp" in meta,
            spec=mapping(spec),
            status=mapping(mapping(raw).get("status")),
            problem="" if isinstance(spec, dict) else f"spec: it is not an object: apply {key.name} anew",
            sets_replicas="autoscaling" in mapping(spec) and sets_replicas(meta),
            deleted_at=_stamp(meta.get("deletionTimestamp")),
            finalizers=finalizers_of(meta) if "deletionTimestamp" in meta else (),
            scaled=is_scaled(meta),
        )

    @property
    def never_judged(self) -> bool:
        """Whether no status was ever written: the schema's default says -1."""
        return self.judged_generation < 0

    @property
    def judged_generation(self) -> int:
        """The generation that the status is about; -1 where it does not say so."""
        found = self.status.get("observedGeneration", -1)
        return found if type(found) is int else -1


@dataclass(frozen=True, slots=True)
class Child:
    """An object in the place of a child, ours or not."""

    uid: str
    resource_version: int
    generation: int
    deleting: bool
    owner: Owner | None
    applied: str
    """The annotation with the hash of what was applied last; empty where it is missing."""
    nudge: int
    fields: str
    """Our own entry of managedFields as JSON text (a third of its size as a dict); empty where we have none."""
    others: str = ""
    """What others hold that an apply of ours may have to remove (see `managed_fields`), as JSON text; mostly empty."""
    rollout: Rollout | None = None
    """Only for a Deployment that was seen whole."""
    awaited: bool = False
    """Known from the answer to our own write; the watch has not brought it yet."""
    looked_up: bool = False
    """Known from a GET only: the watch may never bring it, since it may not have our label."""
    offered: bool = False
    """Whether its owner lets us take it over, by the annotation for that."""
    scaled: bool = False
    """Whether others hold its number of pods by the subresource for that, as autoscalers do."""
    unmeasured: Unmeasured | None = None
    """Only for an autoscaler that was seen whole."""
    last_ready: str = ""
    """The pod-template-hash of the last version that was Ready; empty where we have written none."""
    rolled_back: RolledBack | None = None
    template: str = ""
    """Hash of the version of the pods that was let through last; empty where we have noted none."""
    noted: str = ""
    """What is noted of its last rollout (see `rollouts`), as JSON text; empty where we have noted nothing."""
    problem: bool = False
    """Whether nothing can be read of it but which object it is."""
    finalizers: tuple[str, ...] = ()
    """What keeps an object that is being deleted; the first few, cut."""
    intact: bool = False
    """Whether `fields` was found to hold all that `applied` stands for, and need not be walked again."""

    @classmethod
    def from_json(cls, raw: Mapping[str, Json]) -> Child:
        """Projects an owned object, whole or metadata only.

        Raises:
            ValueError, TypeError, LookupError, AttributeError: it is not what the API server makes of such an object.
        """
        meta = mapping(raw.get("metadata"))
        annotations, owner = annotations_of(meta), controller(meta)
        ours = our_entry(meta)
        owned = owner is not None and _stands_for(owner, meta)
        notes = _notes(annotations, ours)
        return cls(
            uid=required_text(meta, "uid"),
            resource_version=read_version(meta),
            generation=meta.get("generation", 0),
            deleting="deletionTimestamp" in meta,
            owner=owner,
            applied=annotations.get(APPLIED, "")[:LONGEST_NOTE],
            nudge=counted(annotations.get(NUDGE, "")),
            fields=our_fields(ours, owned=owned),
            others=held_by_others(meta, ours) if owned else "",
            rollout=Rollout.from_json(raw) if "replicas" in raw.get("spec", {}) else None,
            unmeasured=Unmeasured.from_json(raw),
            offered=annotations.get(ADOPT) == "true",
            scaled=is_scaled(meta),
            last_ready=notes.get(LAST_READY, "")[:LONGEST_NOTE],
            rolled_back=RolledBack.from_text(notes.get(ROLLED_BACK, ""), notes.get(FAILED_VERSION, "")),
            template=notes.get(TEMPLATE, "")[:LONGEST_NOTE],
            noted=_bounded(notes.get(ROLLOUT, "")),
            finalizers=finalizers_of(meta) if "deletionTimestamp" in meta else (),
        )

    @classmethod
    def unreadable(cls, raw: Mapping[str, Json]) -> Child:
        """An object of which nothing else can be read: nobody's child, and in the way.

        Raises:
            ValueError: nothing tells which object it is.
        """
        meta = mapping(raw.get("metadata"))
        return cls(required_text(meta, "uid"), read_version(meta), 0, False, None, "", 0, "", problem=True)

    def answered(self, answer: Child) -> Child:
        """This child after the answer to one of our writes: new metadata, the last known rollout."""
        newer = answer.resource_version > self.resource_version or answer.uid != self.uid
        return replace(answer, rollout=self.rollout if answer.uid == self.uid else None, awaited=newer or self.awaited)

    def after(self, known: Child | None) -> Child:
        """This child, newly seen, with what is known of it from before and still holds."""
        if known is None or known.uid != self.uid:
            return replace(self, intact=False) if self.intact else self
        rollout = self.rollout or known.rollout  # metadata alone does not take away what is known
        same = (known.applied, known.fields, known.others) == (self.applied, self.fields, self.others)
        intact = known.intact and same
        if rollout is self.rollout and intact == self.intact:
            return self
        return replace(self, rollout=rollout, intact=intact)

    def is_controlled_by(self, app: App) -> bool:
        """Whether the child is ours: its controller is this MyApp, by uid. Names prove nothing."""
        return self.owner is not None and self.owner.uid == app.uid

    @property
    def may_be_adopted(self) -> bool:
        """Whether we may take it over: its owner says so, and no controller would fight for it."""
        return self.offered and self.owner is None and not self.deleting

    @property
    def settled(self) -> bool:
        """Whether the Deployment's own status is about what was last written to it."""
        return not self.awaited and self.rollout is not None and self.rollout.observed_generation >= self.generation

    @property
    def lacks_replica_set(self) -> bool:
        """Whether the Deployment's controller was refused the ReplicaSet of what was last written."""
        progressing = self.rollout and self.rollout.conditions.get("Progressing")
        return bool(progressing and progressing.reason == "ReplicaSetCreateError" and not self.settled)


def is_of_later_history(known: App | Child, listed: App | Child, version: int) -> bool:
    """Whether a list of this version should have had the known version of the same object, and has an older one."""
    return known.uid == listed.uid and listed.resource_version < known.resource_version <= version


def _stamp(value: object) -> str:
    """A time as the API server writes it; empty for anything else."""
    return value if isinstance(value, str) and len(value) <= _LONGEST_STAMP and moment(value) else ""


def _stands_for(owner: Owner, meta: Json) -> bool:
    """Whether an object may be the child of this owner. Of any other one no bytes are kept that nothing makes small."""
    return owner.kind == KIND and str(meta.get("name", "")).startswith(f"{owner.name}-")


def _notes(annotations: Mapping[str, str], ours: Json | None) -> Mapping[str, str]:
    """The annotations that are ours still: `kubectl rollout undo` puts older values over ours."""
    held = below(ours, "f:metadata", "f:annotations")
    return {key: value for key, value in annotations.items() if f"f:{key}" in held}


def _bounded(text: str) -> str:
    return text if len(text) <= _LARGEST_NOTE else ""
