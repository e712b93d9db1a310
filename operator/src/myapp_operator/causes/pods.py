"""Pods and ReplicaSets, cut down to what a judgement needs, and the choice of those that count."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import accumulate, islice

import orjson

from myapp_operator import names
from myapp_operator.grammar import Json
from myapp_operator.json_objects import counted
from myapp_operator.moments import moment

_MOST_JUDGED = 300
"""Pods of one app that are judged at most, beside those that are gone."""
_MOST_CONTAINERS = 40
"""Containers of one pod that are judged; a MyApp may ask for 33."""
_LARGEST = 1024**2
"""Characters of the pods that are judged: an author of pods may make each as large as etcd takes it."""
_CONTAINER = 512
"""Characters that a container counts for at least: to judge one takes some time however small it is."""
_MOST_PULL_SECRETS = 8
_MOST_CLAIMS = 4
"""Claims of one pod that are looked after: each may cost a request."""
_NEEDED = ("name", "image", "resources", "ports", "livenessProbe", "readinessProbe", "startupProbe", "restartPolicy")
"""What is kept of the spec of a container."""
_TOLD = ("reason", "message", "exitCode", "startedAt", "finishedAt")
"""What is kept of the state of a container."""
_JUDGED_BY = frozenset({"Ready", "PodScheduled", "DisruptionTarget", "PodReadyToStartContainers"})
"""The conditions of a pod that are kept."""
_ON_ITS_WAY = frozenset({None, "ContainerCreating", "PodInitializing"})
"""Why a container waits of which nothing is known to be wrong."""
_REFUSED = frozenset({"NodeAffinity", "UnexpectedAdmissionError"})
_REFUSED_BEGIN = ("OutOf", "Pod was rejected")
"""How the kubelet says that it does not take a pod which was given to it."""
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_LOST = frozenset({"ContainerStatusUnknown", "Unknown"})
"""How the kubelet says that it does not know how a container ended, for instance after its node started anew."""


@dataclass(frozen=True)
class Condition:
    """One condition of a pod."""

    holds: bool
    since: datetime
    message: str


@dataclass(frozen=True)
class Claim:
    """A claim for storage that a pod asks for."""

    name: str
    title: str
    """As in messages; the name of one that was made for this pod alone is random."""


@dataclass(frozen=True)
class Container:
    """One container of a pod: what it should be and how it is."""

    spec: Json
    state: Json
    last_state: Json
    ready: bool
    started: bool
    init: bool
    """Whether it must end before the others start (a sidecar among the init containers need not)."""

    @property
    def title(self) -> str:
        """Its bare name."""
        return str(self.spec["name"])

    @property
    def name(self) -> str:
        """As in messages."""
        return f'{"init " if self.init else ""}container "{self.title}"'

    @property
    def waiting(self) -> Json:
        """Why it does not run; empty if it does, or if it has ended."""
        return self.state.get("waiting") or {}

    @property
    def running_since(self) -> datetime | None:
        """When it started, if it runs."""
        running = self.state.get("running")
        return _time(running.get("startedAt")) if running is not None else None

    @property
    def end(self) -> Json | None:
        """How it ended last, if it ever did and if that is known."""
        end = self.state.get("terminated") or self.last_state.get("terminated")
        return None if end is None or end.get("reason") in _LOST else end


@dataclass(frozen=True)
class Pod:
    """One pod."""

    uid: str
    created: datetime
    name: str
    phase: str
    reason: str
    message: str
    conditions: Mapping[str, Condition]
    containers: Sequence[Container]
    """Init containers first."""
    claims: Sequence[Claim]
    """The first few."""
    pull_secrets: Sequence[str]
    """Names of the first few Secrets with which images are pulled."""
    size: int
    """Characters of it that are kept, and `_CONTAINER` for the work of each container."""

    @classmethod
    def from_json(cls, raw: Json) -> Pod:
        """Projects a pod as the API server sends it."""
        meta, status = raw["metadata"], raw.get("status") or {}
        conditions = [each for each in status.get("conditions") or () if each["type"] in _JUDGED_BY]
        containers = [*_containers(raw, "initContainers"), *_containers(raw, "containers")]
        return cls(
            uid=meta["uid"],
            created=_time(meta.get("creationTimestamp")),
            name=meta["name"],
            phase=status.get("phase", ""),
            reason=status.get("reason", ""),
            message=status.get("message", ""),
            conditions={each["type"]: _condition(each) for each in conditions},
            containers=containers,
            claims=[*islice(_claims(raw), _MOST_CLAIMS)],
            pull_secrets=[str(each.get("name")) for each in _pull_secrets(raw)],
            size=sum(map(_size, containers)) + len(status.get("message") or ""),
        )

    @property
    def ended(self) -> bool:
        """Whether it will never run again."""
        return self.phase in ("Failed", "Succeeded")

    @property
    def evicted(self) -> bool:
        """Whether its node, or somebody else, made it go."""
        target = self.conditions.get("DisruptionTarget")
        return (self.phase == "Failed" and self.reason == "Evicted") or (target is not None and target.holds)

    @property
    def refused(self) -> bool:
        """Whether its node did not take it."""
        said = (self.reason, self.message)
        told = self.reason in _REFUSED or any(each.startswith(_REFUSED_BEGIN) for each in said)
        return self.phase == "Failed" and not self.evicted and told

    @property
    def ended_untold(self) -> bool:
        """Whether it has ended and says nothing of why: so ends one that is evicted and whose app ends in order."""
        return self.ended and not self.evicted and not self.refused

    @property
    def gone(self) -> bool:
        """Whether it must be replaced."""
        return self.ended or self.evicted

    @property
    def prepared_for(self) -> datetime | None:
        """Since when its node prepares it: mounts volumes, makes its network. None: it does not, or has done so."""
        scheduled, prepared = self.conditions.get("PodScheduled"), self.conditions.get("PodReadyToStartContainers")
        if scheduled is None or not scheduled.holds or (prepared is not None and prepared.holds):
            return None
        begun = any(each.state.keys() - {"waiting"} or each.last_state for each in self.containers)
        waits = all(each.waiting.get("reason") in _ON_ITS_WAY for each in self.containers)
        return scheduled.since if self.phase == "Pending" and waits and not begun else None

    @property
    def ready(self) -> Condition:
        """Whether it gets requests."""
        return self.conditions.get("Ready") or Condition(holds=False, since=self.created, message="")

    @property
    def ended_at(self) -> datetime:
        """When its last container ended, as far as that is known, or it was told to go; else when it was created."""
        ends = (each.state.get("terminated") or {} for each in self.containers)
        target = self.conditions.get("DisruptionTarget")
        told = [target.since] if target is not None and target.holds else []
        return max([self.created, *told, *(_time(end.get("finishedAt")) for end in ends)])


def newest_replica_set(deployment_uid: str, replica_sets: Sequence[Json]) -> Json | None:
    """The ReplicaSet of the newest version of a Deployment; None before there is one."""
    return next(iter(by_revision(deployment_uid, replica_sets)), None)


def by_revision(deployment_uid: str, replica_sets: Sequence[Json]) -> list[Json]:
    """The ReplicaSets of a Deployment, that of the newest version first."""
    return sorted((each for each in replica_sets if _controlled(each, deployment_uid)), key=_revision, reverse=True)


@dataclass(frozen=True)
class Sample:
    """The pods by which a ReplicaSet is judged: the last one each that was evicted, was refused by its node, or ended
    for a reason that it does not tell, and of those that may run the ones in trouble first, as far as number and bytes
    allow. There may be thousands, most of them gone or well."""

    pods: Sequence[Pod] = ()
    left_out: int = 0
    """How many more may run."""

    def with_page(self, page: Sequence[Json], replica_set_uid: str) -> Sample:
        """The sample of these and further pods. One pod is kept however large it is."""
        staying = [*self.pods, *(Pod.from_json(each) for each in page if _stays(each, replica_set_uid))]
        evicted, refused = (pod for pod in staying if pod.evicted), (pod for pod in staying if pod.refused)
        last = [*_last(evicted), *_last(refused), *_last(pod for pod in staying if pod.ended_untold)]
        others = sorted((pod for pod in staying if not pod.gone), key=_trouble_order)
        fitting = sum(size <= _LARGEST for size in accumulate(pod.size for pod in others))
        kept = others[: min(_MOST_JUDGED, max(1, fitting))]
        return Sample([*last, *kept], self.left_out + len(others) - len(kept))


def _last(pods: Iterator[Pod]) -> list[Pod]:
    """The one that ended last, if there is one."""
    last = max(pods, key=lambda pod: (pod.ended_at, pod.name), default=None)
    return [] if last is None else [last]


def _pull_secrets(raw: Json) -> Sequence[Json]:
    return (raw["spec"].get("imagePullSecrets") or ())[:_MOST_PULL_SECRETS]


def _claims(raw: Json) -> Iterator[Claim]:
    for volume in raw["spec"].get("volumes") or ():
        if claim := volume.get("persistentVolumeClaim"):
            yield Claim(str(claim["claimName"]), f'claim "{claim["claimName"]}"')
        elif volume.get("ephemeral"):
            title = f'the claim of the ephemeral volume "{volume["name"]}"'
            yield Claim(f"{raw['metadata']['name']}-{volume['name']}", title)


def _containers(raw: Json, field: str) -> Iterator[Container]:
    said = {each["name"]: each for each in (raw.get("status") or {}).get(f"{field[:-1]}Statuses") or ()}
    for spec in (raw["spec"].get(field) or ())[:_MOST_CONTAINERS]:
        status = said.get(spec["name"]) or {}
        yield Container(
            spec={key: spec[key] for key in _NEEDED if key in spec},
            state=_state(status.get("state")),
            last_state=_state(status.get("lastState")),
            ready=bool(status.get("ready")),
            started=bool(status.get("started")),
            init=field == "initContainers" and spec.get("restartPolicy") != "Always",
        )


def _state(raw: Json | None) -> Json:
    """The state of a container, less what no judgement needs."""
    states = ((name, state) for name, state in (raw or {}).items() if state is not None)
    return {name: {key: state[key] for key in _TOLD if key in state} for name, state in states}


def _size(container: Container) -> int:
    states = [*container.state.values(), *container.last_state.values()]
    words = sum(len(each) for state in states for each in state.values() if isinstance(each, str))
    return len(orjson.dumps(container.spec)) + words + _CONTAINER


def _condition(raw: Json) -> Condition:
    return Condition(raw["status"] == "True", _time(raw.get("lastTransitionTime")), raw.get("message") or "")


def _controlled(raw: Json, uid: str) -> bool:
    return any(each.get("controller") and each["uid"] == uid for each in raw["metadata"].get("ownerReferences") or ())


def _stays(raw: Json, replica_set_uid: str) -> bool:
    return _controlled(raw, replica_set_uid) and "deletionTimestamp" not in raw["metadata"]


def _trouble_order(pod: Pod) -> tuple[bool, float, str]:
    """Unready ones first, then those that became ready last."""
    return pod.ready.holds, -pod.ready.since.timestamp(), pod.name


def _revision(raw: Json) -> tuple[int, str, str]:
    meta = raw["metadata"]
    revision = counted((meta.get("annotations") or {}).get(names.REVISION, ""))
    return revision, meta.get("creationTimestamp") or "", meta["name"]


def _time(text: object) -> datetime:
    return moment(text) or LONG_AGO
