"""Small builders of what a look brings: ReplicaSets, pods, their containers and events.

Every test says only what it is about; the rest is one healthy pod of the newest of two ReplicaSets.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from myapp_operator.causes import Cause, Evidence, Found, Sample, find, newest_replica_set, short_event
from myapp_operator.grammar import Json
from myapp_operator.model import Spec, parse_spec
from tests.unit.samples import NOW, spec

RECORDINGS = Path(__file__).parent / "failures"
LONG_AGO = 3600.0
_SPEC = spec()


def at(ago: float) -> str:
    """A moment some seconds ago, as the API writes it."""
    return (NOW - timedelta(seconds=ago)).strftime("%Y-%m-%dT%H:%M:%SZ")


def controlled_by(uid: str) -> list[Json]:
    """The ownerReferences of what this controller made."""
    return [{"controller": True, "uid": uid}]


def replica_set(uid: str = "new", revision: str = "2", deployment: str = "deployment", replicas: int = 2) -> Json:
    """A ReplicaSet, by default the newest one."""
    annotations = {"deployment.kubernetes.io/revision": revision}
    metadata = {"name": uid, "uid": uid, "ownerReferences": controlled_by(deployment), "annotations": annotations}
    return {"metadata": metadata, "spec": {"replicas": replicas}}


OLD = replica_set("old", "1")


def running(ago: float = LONG_AGO, **fields: Any) -> Json:
    """The status of a container that runs, by default ready."""
    return {"ready": True, "started": True, "state": {"running": {"startedAt": at(ago)}}, **fields}


def waiting(reason: str, message: str = "", **fields: Any) -> Json:
    """The status of a container that does not run."""
    return {"ready": False, "started": False, "state": {"waiting": {"reason": reason, "message": message}}, **fields}


def ended(code: int = 1, message: str = "", reason: str = "Error", ago: float = 1) -> Json:
    """The end of a container."""
    return {"terminated": {"exitCode": code, "message": message, "reason": reason, "finishedAt": at(ago)}}


def crashed(code: int = 1, message: str = "", **fields: Any) -> Json:
    """The status of a container that has just ended."""
    return {"ready": False, "started": False, "state": ended(code, message, **fields)}


def condition(kind: str, holds: bool, ago: float = LONG_AGO, message: str = "") -> Json:
    """A condition of a pod, as it is since so many seconds."""
    return {"type": kind, "status": str(holds), "lastTransitionTime": at(ago), "message": message}


def pod(
    *statuses: Json,
    name: str = "one",
    owner: str = "new",
    created: float = LONG_AGO,
    conditions: Sequence[Json] = (),
    init: Sequence[Json] = (),
    container: Json | None = None,
    **status: Any,
) -> Json:
    """A pod with these statuses of its containers (by default one that is well); Ready since `ready` conditions say."""
    listed = statuses or (running(),)
    names = ["myapp", "proxy"][: len(listed)]
    well = all(each["ready"] for each in listed)
    told = {each["type"] for each in conditions}
    return {
        "metadata": {
            "name": name,
            "uid": name,
            "creationTimestamp": at(created),
            "ownerReferences": controlled_by(owner),
        },
        "spec": {
            "containers": [{"name": each, "image": "myapp:latest", **(container or {})} for each in names],
            "initContainers": [{"name": "prepare", "image": "prepare:1"} for _ in init],
        },
        "status": {
            "phase": "Running",
            "conditions": [*conditions, *([] if "Ready" in told else [condition("Ready", well)])],
            "containerStatuses": [{"name": key, **each} for key, each in zip(names, listed, strict=True)],
            "initContainerStatuses": [{"name": "prepare", **each} for each in init],
            **status,
        },
    }


def event(
    reason: str, message: str, version: int = 1, uid: str = "one", *, container: str = "myapp", ago: float = LONG_AGO
) -> Json:
    """An event of the kubelet about a container, so many seconds ago."""
    return {
        "metadata": {"resourceVersion": str(version)},
        "involvedObject": {"kind": "Pod", "uid": uid, "fieldPath": f"spec.containers{{{container}}}"},
        "reason": reason,
        "message": message,
        "firstTimestamp": at(ago),
        "lastTimestamp": at(ago),
    }


def event_of(uid: str, reason: str, message: str, ago: float = 1) -> Json:
    """An event about a whole pod."""
    return {**event(reason, message, ago=ago), "involvedObject": {"kind": "Pod", "uid": uid}}


def claim_event(name: str, reason: str, message: str, ago: float = 1) -> Json:
    """An event about a claim."""
    return {**event(reason, message, ago=ago), "involvedObject": {"kind": "PersistentVolumeClaim", "name": name}}


def read(
    deployment: str,
    spec: Spec,
    replica_sets: Sequence[Json],
    pods: Sequence[Json],
    *,
    events: Sequence[Json] = (),
    before: Cause | None = None,
) -> Evidence:
    """What a look takes of all this, as the API server lists it."""
    newest = newest_replica_set(deployment, replica_sets) or replica_set(uid="", replicas=0)
    sample = Sample().with_page(pods, newest["metadata"]["uid"])
    wanted = newest["spec"]["replicas"] - sample.left_out
    told = [*map(short_event, events)]
    return Evidence(spec, wanted, sample.pods, told, app="shop", namespace="default", before=before)


def found(
    *pods: Json,
    events: Sequence[Json] = (),
    spec: Spec = _SPEC,
    after: float = 0,
    replicas: int = 2,
    before: Cause | None = None,
) -> Found:
    """What is found so many seconds later, where the newest ReplicaSet wants so many pods."""
    evidence = read("deployment", spec, [OLD, replica_set(replicas=replicas)], pods, events=events, before=before)
    return find(evidence, NOW + timedelta(seconds=after))


def told(*pods: Json, **more: Any) -> str | None:
    """The word for it, if there is one."""
    cause = found(*pods, **more).cause
    return str(cause.reason) if cause else None


def message(*pods: Json, **more: Any) -> str:
    """The sentence."""
    cause = found(*pods, **more).cause
    assert cause
    return cause.message


def recording(case: str) -> Json:
    """A failure as it was recorded on a real cluster."""
    raw: Json = json.loads((RECORDINGS / f"{case}.json").read_text(encoding="utf-8"))
    return raw


def replay(case: str, *, events: bool = True, later: float = 0) -> list[Found]:
    """What is found in each recorded state, so many seconds after it was seen."""
    raw = recording(case)
    return [
        find(
            read(
                state["deployment"],
                parse_spec(raw["spec"]),
                state["replicaSets"],
                state["pods"],
                events=raw["events"] if events else (),
            ),
            datetime.fromisoformat(state["now"]) + timedelta(seconds=later),
        )
        for state in raw["states"]
    ]
