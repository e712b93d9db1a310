"""What is kept of a Deployment that was seen whole: its own account of its pods, and what runs in them. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson

from myapp_operator.grammar import Json
from myapp_operator.names import CONFIGURATION, DEPLOYMENT, selector
from myapp_operator.printable import cut, printable

LONGEST_NOTE = 64
"""Characters that are kept of an annotation that should hold a hash; a longer one is none of ours, and like no hash."""
_LONGEST_SELECTOR = 1024
"""Characters of a selector that are kept and told. Anybody may make a Deployment with a longer one."""
_LONGEST_IMAGE = 512
"""Characters of an image that are kept, as many as a MyApp may ask for. Anybody may put a longer one there."""
NO_LABELS = "{}"
"""Stands for a selector that does not consist of labels alone, or of too many."""


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
    image: str = ""
    """That of the app's own container in its pods, which has the name of the app, as it may be shown."""

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
            image=_image(raw),
        )


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


def _image(raw: Mapping[str, Json]) -> str:
    app = DEPLOYMENT.app_of((raw.get("metadata") or {}).get("name", ""))
    containers = ((raw["spec"].get("template") or {}).get("spec") or {}).get("containers") or ()
    found = next((each.get("image") for each in containers if each.get("name") == app), "")
    return cut(printable(found or ""), _LONGEST_IMAGE)


def _configuration(spec: Json) -> Mapping[str, str]:
    annotations = spec.get("template", {}).get("metadata", {}).get("annotations") or {}
    found = {key: annotations[key] for key in CONFIGURATION.values() if key in annotations}
    return {key: value for key, value in found.items() if len(value) <= LONGEST_NOTE}


def _selector(raw: Mapping[str, Json]) -> str:
    given = raw["spec"].get("selector") or {}
    labels = given.get("matchLabels") or {}
    app = DEPLOYMENT.app_of(raw["metadata"].get("name", "")) if given else None
    if not given or (app and given == {"matchLabels": selector(app)}):
        return ""
    if given.get("matchExpressions") or sum(map(len, [*labels, *labels.values()])) > _LONGEST_SELECTOR:
        return NO_LABELS
    return orjson.dumps(labels, option=orjson.OPT_SORT_KEYS).decode()
