"""What was seen of the cluster, cut down to what decisions need.

A whole Deployment costs 25 KB as a Python dict; thousands of them would fill the operator's memory. So the raw JSON is
projected here, at the border, and dropped.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime

import orjson

from myapp_operator import managed_fields
from myapp_operator.grammar import Json
from myapp_operator.json_items import DEEPEST
from myapp_operator.moments import moment
from myapp_operator.names import (
    ADOPT,
    APPLIED,
    CONFIGURATION,
    DEPLOYMENT,
    LAST_APPLIED,
    LAST_READY,
    MANAGER,
    NUDGE,
    ROLLED_BACK,
    ROLLOUT,
    TEMPLATE,
    Key,
    selector,
)

_LARGEST_NOTE = 4096
"""Characters of a note of a rollout that are kept; ours have a quarter of it."""
_MOST_FINALIZERS = 3
_LONGEST_FINALIZER = 150
_LONGEST_NOTE = 64
"""Characters that are kept of an annotation that should hold a hash; a longer one is none of ours, and like no hash."""
_LONGEST_ROLLED_BACK = 2**15
"""Characters of the annotation of a rollback that are read; the status it repeats is shorter."""
_LONGEST_OF_OWNER = 253
"""Characters that are kept of each word of an owner. Names have no more; the API server takes a megabyte of each."""
_LONGEST_WHY = 512
_WITHOUT_METRICS = re.compile(r"FailedGet\w{1,40}Metric|FailedComputeMetricsReplicas|InvalidMetricSourceType")
_LONGEST_STAMP = 40
_LONGEST_SELECTOR = 1024
"""Characters of a selector that are kept and told. Anybody may make a Deployment with a longer one."""
NO_LABELS = "{}"
"""Stands for a selector that does not consist of labels alone, or of too many."""


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
        key = Key(_text(meta, "namespace"), _text(meta, "name"))
        spec = mapping(raw).get("spec") or {}
        return cls(
            key=key,
            uid=_text(meta, "uid"),
            resource_version=version,
            generation=generation if type(generation) is int else 1,
            deleting="deletionTimestamp" in meta,
            spec=mapping(spec),
            status=mapping(mapping(raw).get("status")),
            problem="" if isinstance(spec, dict) else f"spec: it is not an object: apply {key.name} anew",
            sets_replicas="autoscaling" in mapping(spec) and _sets_replicas(meta),
            deleted_at=_stamp(meta.get("deletionTimestamp")),
            finalizers=_finalizers(meta) if "deletionTimestamp" in meta else (),
            scaled=_is_scaled(meta),
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


def _sets_replicas(meta: Json) -> bool:
    """A creation owns all defaults as well; so what counts is who applied the number, or changed it alone, or what
    kubectl has noted of the file."""
    for entry in mappings(meta.get("managedFields")):
        fields = _below(entry.get("fieldsV1"), "f:spec")
        alone = entry.get("operation") == "Apply" or "f:image" not in fields
        if "f:replicas" in fields and alone:
            return True
    return "replicas" in mapping(_last_applied(meta).get("spec"))


def _last_applied(meta: Json) -> Json:
    text = _annotations(meta).get(LAST_APPLIED, "")
    try:
        return mapping(orjson.loads(text)) if '"replicas"' in text else {}
    except ValueError:
        return {}


def mapping(value: object) -> Json:
    """The value itself if it is a JSON object, else an empty one: what cannot be read is absent."""
    return value if isinstance(value, dict) else {}


def metadata_of(raw: object) -> Json:
    """The metadata of any JSON that should be an object of the API server; empty where there is none."""
    return mapping(mapping(raw).get("metadata"))


def mappings(value: object) -> Iterator[Json]:
    """The JSON objects of a list; what is none of them is absent."""
    return (each for each in value if isinstance(each, dict)) if isinstance(value, list) else iter(())


def condition(status: Json, kind: str) -> Json:
    """The condition of this type; empty where the status has none."""
    return next((each for each in mappings(status.get("conditions")) if each.get("type") == kind), {})


def read_version(meta: Json) -> int:
    """The resourceVersion of an object or a list.

    Raises:
        ValueError: it has none that can be compared.
    """
    text = meta.get("resourceVersion")
    if not isinstance(text, str) or not text.isdecimal() or len(text) > _LONGEST_VERSION:
        raise ValueError("metadata.resourceVersion is no number")
    return int(text)


def counted_version(meta: Json) -> int:
    """The same, for sorting: 0 where there is none."""
    try:
        return read_version(meta)
    except ValueError:
        return 0


def _text(meta: Json, field: str) -> str:
    text = meta.get(field)
    if not isinstance(text, str) or not text:
        raise ValueError(f"metadata.{field} is missing")
    return text


_MOST_UNOWNED = 2**14
"""Bytes of our entry of managedFields that are kept of an object that has no controller."""
_LONGEST_VERSION = 20
"""Digits of a number of 64 bits."""


@dataclass(frozen=True, slots=True)
class Owner:
    """The controller ownerReference of a child."""

    api_version: str
    kind: str
    name: str
    uid: str

    def __str__(self) -> str:
        """As in messages."""
        return f'{self.kind} "{self.name}"'


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of a Deployment."""

    status: bool
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Rollout:
    """How a Deployment is doing, by its own account."""

    observed_generation: int
    wanted: int
    replicas: int
    ready: int
    available: int
    updated: int
    conditions: Mapping[str, Condition]
    terminating: int = 0
    """Pods that are on their way out; Kubernetes tells from 1.35 on."""
    configuration: Mapping[str, str] = field(default_factory=dict)
    """The annotations of its pod template that stand for the configuration (`names.CONFIGURATION`)."""
    selector: str = ""
    """The labels by which it selects its pods as JSON text; empty for those of a new Deployment (`names.selector`)."""
    containers: str = ""
    """Hash of what runs in its pods (see `containers_of`)."""

    @classmethod
    def from_json(cls, raw: Mapping[str, Json]) -> Rollout:
        """Projects a whole Deployment."""
        spec, status = raw["spec"], raw.get("status") or {}
        return cls(
            observed_generation=status.get("observedGeneration", 0),
            wanted=spec.get("replicas", 1),
            replicas=status.get("replicas", 0),
            ready=status.get("readyReplicas", 0),
            available=status.get("availableReplicas", 0),
            updated=status.get("updatedReplicas", 0),
            conditions={
                each["type"]: Condition(each["status"] == "True", each.get("reason", ""), each.get("message", ""))
                for each in status.get("conditions") or ()
            },
            terminating=status.get("terminatingReplicas") or 0,
            configuration=_configuration(spec),
            selector=_selector(raw),
            containers=containers_of(spec.get("template") or {}),
        )


@dataclass(frozen=True, slots=True)
class Unmeasured:
    """Why an autoscaler does nothing: it gets no metrics."""

    since: datetime
    why: str
    """In its own words, cut."""

    @classmethod
    def from_json(cls, raw: Mapping[str, Json]) -> Unmeasured | None:
        """What an autoscaler that was seen whole says of itself; None where it says no such thing, or is none."""
        found = condition(mapping(raw.get("status")), "ScalingActive")
        reason, since = found.get("reason"), moment(found.get("lastTransitionTime"))
        if found.get("status") != "False" or since is None or not isinstance(reason, str):
            return None
        named = _WITHOUT_METRICS.fullmatch(reason)
        return cls(since, str(found.get("message", ""))[:_LONGEST_WHY]) if named else None


@dataclass(frozen=True, slots=True)
class RolledBack:
    """Why a Deployment runs an earlier version than its MyApp asks for, as it stands in its annotation."""

    generation: int
    """The generation of the MyApp that failed."""
    reason: str
    message: str
    time: str
    version: str = ""
    """Hash of the version of the pods that failed; empty in a note of an earlier release."""
    configuration: Mapping[str, str] = field(default_factory=dict)
    """What stood for its configuration (see `Rollout.configuration`)."""

    @classmethod
    def from_text(cls, text: str) -> RolledBack | None:
        """The inverse of `text`; None for anything else."""
        if len(text) > _LONGEST_ROLLED_BACK:
            return None
        try:
            facts = cls(**json.loads(text))
        except (ValueError, TypeError, RecursionError):
            return None
        if type(facts.generation) is not int or not isinstance(facts.configuration, dict):
            return None
        words = (facts.reason, facts.message, facts.time, facts.version, *facts.configuration.values())
        return facts if all(isinstance(each, str) for each in words) else None

    @property
    def text(self) -> str:
        """As the annotation says it."""
        return json.dumps(asdict(self))

    @property
    def cause(self) -> str:
        """As in messages."""
        return f"{self.reason}: {self.message}"

    def is_of(self, generation: int, version: str, configuration: Mapping[str, str]) -> bool:
        """Whether this version of the pods, which that generation of the MyApp asks for, is the one that failed.

        It is no other one because the MyApp has changed elsewhere; one with another configuration is. For an earlier
        release any generation was another version.
        """
        if not self.version:
            return self.generation == generation
        return (self.version, self.configuration) == (version, configuration)


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
        annotations, owner = _annotations(meta), controller(meta)
        ours = our_entry(meta)
        notes = _notes(annotations, ours)
        return cls(
            uid=_text(meta, "uid"),
            resource_version=read_version(meta),
            generation=meta.get("generation", 0),
            deleting="deletionTimestamp" in meta,
            owner=owner,
            applied=annotations.get(APPLIED, "")[:_LONGEST_NOTE],
            nudge=counted(annotations.get(NUDGE, "")),
            fields=_our_fields(ours, owned=owner is not None),
            others=_held_by_others(meta, ours) if owner is not None else "",
            rollout=Rollout.from_json(raw) if "replicas" in raw.get("spec", {}) else None,
            unmeasured=Unmeasured.from_json(raw),
            offered=annotations.get(ADOPT) == "true",
            scaled=_is_scaled(meta),
            last_ready=notes.get(LAST_READY, "")[:_LONGEST_NOTE],
            rolled_back=RolledBack.from_text(notes.get(ROLLED_BACK, "")),
            template=notes.get(TEMPLATE, "")[:_LONGEST_NOTE],
            noted=_bounded(notes.get(ROLLOUT, "")),
            finalizers=_finalizers(meta) if "deletionTimestamp" in meta else (),
        )

    @classmethod
    def unreadable(cls, raw: Mapping[str, Json]) -> Child:
        """An object of which nothing else can be read: nobody's child, and in the way.

        Raises:
            ValueError: nothing tells which object it is.
        """
        meta = mapping(raw.get("metadata"))
        return cls(_text(meta, "uid"), read_version(meta), 0, False, None, "", 0, "", problem=True)

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


def containers_of(template: Json) -> str:
    """A hash of what runs in the pods of this template: image, command, arguments and ports of each container."""
    pod = template.get("spec") or {}
    facts = [
        (
            each.get("name"),
            each.get("image"),
            each.get("command") or (),
            each.get("args") or (),
            [(port.get("containerPort"), port.get("protocol") or "TCP") for port in each.get("ports") or ()],
        )
        for each in (*(pod.get("initContainers") or ()), *(pod.get("containers") or ()))
    ]
    return hashlib.blake2b(orjson.dumps(facts), digest_size=16).hexdigest()


def counted(text: str) -> int:
    """The count that an annotation holds; 0 where it is none, or longer than any that is written in earnest: anybody
    may edit it."""
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _annotations(meta: Json) -> dict[str, str]:
    """Those that are text, as the API server sees to."""
    found = mapping(meta.get("annotations"))
    return found if all(isinstance(each, str) for each in found.values()) else {}


def is_our_entry(entry: Json) -> bool:
    """Whether an entry of managedFields holds what we applied."""
    return entry.get("manager") == MANAGER and entry.get("operation") == "Apply" and not entry.get("subresource")


def _finalizers(meta: Json) -> tuple[str, ...]:
    found = meta.get("finalizers")
    return tuple(str(each)[:_LONGEST_FINALIZER] for each in found[:_MOST_FINALIZERS]) if isinstance(found, list) else ()


def _stamp(value: object) -> str:
    """A time as the API server writes it; empty for anything else."""
    return value if isinstance(value, str) and len(value) <= _LONGEST_STAMP and moment(value) else ""


def _configuration(spec: Json) -> Mapping[str, str]:
    annotations = spec.get("template", {}).get("metadata", {}).get("annotations") or {}
    found = {key: annotations[key] for key in CONFIGURATION.values() if key in annotations}
    return {key: value for key, value in found.items() if len(value) <= _LONGEST_NOTE}


def _selector(raw: Mapping[str, Json]) -> str:
    given = raw["spec"].get("selector") or {}
    labels = given.get("matchLabels") or {}
    app = DEPLOYMENT.app_of(raw["metadata"].get("name", "")) if given else None
    if not given or (app and given == {"matchLabels": selector(app)}):
        return ""
    if given.get("matchExpressions") or sum(map(len, [*labels, *labels.values()])) > _LONGEST_SELECTOR:
        return NO_LABELS
    return orjson.dumps(labels, option=orjson.OPT_SORT_KEYS).decode()


def controller(meta: Json) -> Owner | None:
    """The controller of an object with this metadata."""
    for each in mappings(meta.get("ownerReferences")):
        if each.get("controller"):
            return Owner(
                *(str(each.get(field, ""))[:_LONGEST_OF_OWNER] for field in ("apiVersion", "kind", "name", "uid"))
            )
    return None


def _is_scaled(meta: Json) -> bool:
    return any(_scales(entry) for entry in mappings(meta.get("managedFields")))


def _scales(entry: Json) -> bool:
    return entry.get("subresource") == "scale" and "f:replicas" in _below(entry.get("fieldsV1"), "f:spec")


def _our_fields(fields: Json | None, *, owned: bool) -> str:
    """Anybody may write a megabyte under our name; it is kept only where our next apply makes it small."""
    if fields is None:
        return ""
    try:
        text = orjson.dumps(fields).decode()
    except TypeError:  # nested too deep, or text that is none
        text = json.dumps(_maps_only(fields))
    return text if owned or len(text) <= _MOST_UNOWNED else ""


def _held_by_others(meta: Json, fields: Json | None) -> str:
    entries = mappings(meta.get("managedFields"))
    others = [each for each in entries if not each.get("subresource") and not is_our_entry(each)]
    if not others:
        return ""
    ours = _maps_only(fields)
    read = ({**each, "fieldsV1": _maps_only(each.get("fieldsV1"))} for each in others)
    held = managed_fields.union(*(managed_fields.relevant(each, ours) for each in read))
    return orjson.dumps(held).decode() if held else ""


def our_entry(meta: Json) -> Json | None:
    """The fields that our own entry of managedFields holds; None where there is no such entry."""
    for entry in mappings(meta.get("managedFields")):
        if is_our_entry(entry):
            return mapping(entry.get("fieldsV1"))
    return None


def readable(raw: Json) -> Json:
    """A whole object whose managedFields can be walked: any JSON may stand there, and any depth of it."""
    meta = mapping(raw.get("metadata"))
    entries = [
        {**entry, "fieldsV1": _maps_only(entry.get("fieldsV1"))} if "fieldsV1" in entry else entry
        for entry in mappings(meta.get("managedFields"))
    ]
    return {**raw, "metadata": {**meta, "managedFields": entries}} if entries else raw


def _maps_only(fields: object, levels: int = DEEPEST) -> Json:
    return {key: _maps_only(each, levels - 1) for key, each in mapping(fields).items()} if levels else {}


def _below(fields: object, *path: str) -> Json:
    """What of a fieldsV1 stands below a path. The API server takes any JSON for one."""
    for step in path:
        fields = mapping(fields).get(step)
    return mapping(fields)


def _notes(annotations: Mapping[str, str], ours: Json | None) -> Mapping[str, str]:
    """The annotations that are ours still: `kubectl rollout undo` puts older values over ours."""
    held = _below(ours, "f:metadata", "f:annotations")
    return {key: value for key, value in annotations.items() if f"f:{key}" in held}


def _bounded(text: str) -> str:
    return text if len(text) <= _LARGEST_NOTE else ""
