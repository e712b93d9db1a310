"""Events, cut down to what a judgement needs, and by what they are about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from myapp_operator.causes.pods import LONG_AGO
from myapp_operator.grammar import Json
from myapp_operator.json_objects import counted_version, mapping
from myapp_operator.moments import moment
from myapp_operator.names import CLAIM

_LONGEST_WORDS = 2048
"""Characters that are kept of the message of an event; the kubelet writes 1024."""
_MOST_OF_ONE = 20
_TRIES = timedelta(seconds=150)
"""What is tried again and again is tried once in this time at least: the kubelet pauses for two minutes at most."""


@dataclass(frozen=True)
class Told:
    """What one event tells."""

    reason: str
    message: str
    first: datetime
    last: datetime


Events = Mapping[tuple[str, str], Sequence[Told]]
"""What is told of each object, by a key that is two words; the newest last."""


def of_containers(events: Iterable[Json]) -> Events:
    """By reason and the name of the container that they are about; empty where they are about a whole object."""
    return _grouped((each["reason"], _container(each), each) for each in events)


def of_objects(events: Iterable[Json]) -> Events:
    """By uid of what they are about, and for a claim, which is known by its name alone, by kind and name. Of each
    object the newest are kept: many pods may wait for the same claim."""
    found = _grouped((*_about(each), each) for each in events)
    return {about: told[-_MOST_OF_ONE:] for about, told in found.items()}


def recent(told: Iterable[Told]) -> list[Told]:
    """Less what was told long before the newest of them, and is over therefore."""
    listed = sorted(told, key=lambda each: each.last)
    return [each for each in listed if listed[-1].last - each.last <= _TRIES]


def refused_pods(events: Sequence[Json], replica_set_uid: str) -> str | None:
    """The server's words to the last try of a ReplicaSet to create a pod; None if no event tells.

    The Deployment's condition ReplicaFailure says the same, but keeps its first words after the cause has changed.
    """
    tries = [
        each
        for each in events
        if each.get("reason") == "FailedCreate" and each["involvedObject"].get("uid") == replica_set_uid
    ]
    if not tries:
        return None
    newest = max(tries, key=lambda each: counted_version(each["metadata"]))
    message = str(newest.get("message", "")).removeprefix("(combined from similar events): ")
    return message.removeprefix("Error creating: ")


def short_event(raw: Json) -> Json:
    """An event, less what no judgement needs."""
    about = raw["involvedObject"]
    last = mapping(raw.get("series")).get("lastObservedTime") or raw.get("lastTimestamp") or raw.get("eventTime")
    return {
        "metadata": {"resourceVersion": raw["metadata"]["resourceVersion"]},
        "involvedObject": {
            key: str(about.get(key, ""))[:_LONGEST_WORDS] for key in ("kind", "name", "uid", "fieldPath")
        },
        "reason": str(raw.get("reason", ""))[:_LONGEST_WORDS],
        "message": str(raw.get("message", ""))[:_LONGEST_WORDS],
        "firstTimestamp": str(raw.get("firstTimestamp") or raw.get("eventTime"))[:_LONGEST_WORDS],
        "lastTimestamp": str(last)[:_LONGEST_WORDS],
    }


def _grouped(events: Iterator[tuple[str, str, Json]]) -> Events:
    found: dict[tuple[str, str], list[Told]] = defaultdict(list)
    for one, other, raw in sorted(events, key=lambda each: counted_version(each[2]["metadata"])):
        found[one, other].append(_told(raw))
    return found


def _told(raw: Json) -> Told:
    first, last = (moment(raw.get(key)) or LONG_AGO for key in ("firstTimestamp", "lastTimestamp"))
    return Told(raw["reason"], raw["message"], first, max(first, last))


def _container(raw: Json) -> str:
    _, _, container = raw["involvedObject"]["fieldPath"].rpartition("{")
    return str(container.removesuffix("}"))


def _about(raw: Json) -> tuple[str, str]:
    about = raw["involvedObject"]
    if about["kind"] == CLAIM.kind:
        return CLAIM.kind, about["name"]
    return about["uid"], ""
