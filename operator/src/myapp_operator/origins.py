"""From which field of the MyApp a field of a child comes: whoever changed the child is sent there. Pure."""

from __future__ import annotations

import re

from myapp_operator import names
from myapp_operator.names import Kind

_IN_CONTAINER = {
    "image": "image",
    "imagePullPolicy": "imagePullPolicy",
    "command": "command",
    "args": "args",
    "env": "env",
    "envFrom": "envFrom",
    "resources": "resources",
    "volumeMounts": "volumeMounts",
    "ports": "port",
    "livenessProbe": "probes",
    "readinessProbe": "probes",
    "startupProbe": "probes",
    "lifecycle": "drainSeconds",
    "securityContext": "securityContext",
}
_IN_POD = {
    "initContainers": "initContainers",
    "volumes": "volumes",
    "imagePullSecrets": "imagePullSecrets",
    "serviceAccountName": "serviceAccountName",
    "automountServiceAccountToken": "serviceAccountName",
    "securityContext": "securityContext",
    "terminationGracePeriodSeconds": "terminationGracePeriodSeconds",
    "nodeSelector": "scheduling",
    "tolerations": "scheduling",
    "affinity": "scheduling",
    "topologySpreadConstraints": "scheduling",
    "priorityClassName": "scheduling",
}
_IN_DEPLOYMENT = {
    "replicas": "replicas",
    "strategy": "rollout",
    "minReadySeconds": "rollout",
    "progressDeadlineSeconds": "rollout",
    "revisionHistoryLimit": "rollout",
}
_STEP = re.compile(r"[^.\[\]]+|\[[^\[\]]*\]")
"""A bracket ends at the next one of either kind: names in paths are the words of others, and may be brackets alone."""
_LONGEST = 2000
"""Characters of a path that are looked at; the steps that tell stand at its beginning."""
_INTERNAL = re.compile(rf"metadata\.annotations\[(?:{re.escape(names.GROUP)}|deployment\.kubernetes\.io)/")


def is_internal(path: str) -> bool:
    """Whether this is where the operator or Kubernetes note something down for themselves: nobody need know of it."""
    return bool(_INTERNAL.match(path))


def of(kind: Kind, path: str, app: str) -> str:
    """The field of the MyApp called `app`, such as `spec.env`; empty where no field says it. `path` may be followed by
    what was made of it."""
    steps = _STEP.findall(path[:_LONGEST].split(" ", 1)[0])
    found = _field(kind, steps, app)
    return f"spec.{found}" if found else ""


def _field(kind: Kind, steps: list[str], app: str) -> str:
    if steps[:1] == ["metadata"]:
        of_annotations = kind.part or ("service" if kind is names.SERVICE else "")
        return {"labels": "labels", "annotations": of_annotations}.get("".join(steps[1:2]), "")
    if steps[:1] != ["spec"]:
        return ""
    return _in_deployment(steps[1:], app) if kind is names.DEPLOYMENT else kind.part or "service"


def _in_deployment(steps: list[str], app: str) -> str:
    if steps[:1] != ["template"]:
        return _IN_DEPLOYMENT.get(steps[0], "") if steps else ""
    if steps[1:2] == ["metadata"]:
        return "podMetadata"
    if steps[2:3] != ["containers"]:
        return _IN_POD.get(steps[2], "") if len(steps) > 2 else ""
    if steps[3:4] != [f"[{app}]"]:
        return "sidecars" if len(steps) > 3 else ""
    return _IN_CONTAINER.get(steps[4], "") if len(steps) > 4 else ""
