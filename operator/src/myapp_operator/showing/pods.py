"""What one pod says of itself, in the words of kubectl. Pure: no judgement, which is the operator's alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from myapp_operator.grammar import Json

_ON_ITS_WAY = ("ContainerCreating", "PodInitializing")


@dataclass(frozen=True)
class Container:
    """One container of a pod. `state` is a few words with the exit code and the kubelet's message."""

    name: str
    ready: bool
    restarts: int
    state: str


@dataclass(frozen=True)
class Failing:
    """The container whose log is worth reading; `previous` where the run before the present one is the one that
    failed."""

    pod: str
    container: str
    previous: bool


def status(pod: Json) -> str:
    """The word that `kubectl get pods` has in its column STATUS, or nearly so."""
    if "deletionTimestamp" in pod["metadata"]:
        return "Terminating"
    said = pod.get("status") or {}
    if said.get("reason"):
        return str(said["reason"])  # Evicted, for one
    for init, each in _statuses(pod):
        if word := _trouble(each.get("state") or {}, init=init):
            return f"Init:{word}" if init else word
    return str(said.get("phase", "Unknown"))


def ready(pod: Json) -> str:
    """Ready containers of all, such as 1/2."""
    found = (pod.get("status") or {}).get("containerStatuses") or []
    wanted = len((pod.get("spec") or {}).get("containers") or found)
    return f"{sum(bool(each.get('ready')) for each in found)}/{wanted}"


def is_ready(pod: Json) -> bool:
    """Whether the pod gets requests."""
    return _condition(pod, "Ready").get("status") == "True" and "deletionTimestamp" not in pod["metadata"]


def containers(pod: Json) -> list[Container]:
    """All containers that the kubelet has reported, init containers first."""
    return [
        Container(each["name"], bool(each.get("ready")), each.get("restartCount", 0), _sentence(each))
        for _, each in _statuses(pod)
    ]


def note(pod: Json) -> str:
    """What is to be said of the pod as a whole: why it has no node, or why it was put out; empty for nothing."""
    if message := (pod.get("status") or {}).get("message"):
        return str(message)
    scheduled = _condition(pod, "PodScheduled")
    return str(scheduled.get("message", "")) if scheduled.get("status") == "False" else ""


def failing(pods: list[Json]) -> Failing | None:
    """The first container that failed, or else the first that runs and is not ready; None where all is well."""
    candidates = [(pod, each) for pod in pods if not is_ready(pod) for _, each in _statuses(pod)]
    failed = [(pod, each) for pod, each in candidates if _failure(each)]
    unready = [(pod, each) for pod, each in candidates if not each.get("ready") and "running" in _state(each)]
    for pod, each in failed or unready:
        previous = "terminated" in (each.get("lastState") or {}) and "terminated" not in _state(each)
        return Failing(pod["metadata"]["name"], each["name"], previous)
    return None


def _statuses(pod: Json) -> Iterator[tuple[bool, Json]]:
    """Each container's status, and whether it is an init container."""
    said = pod.get("status") or {}
    yield from ((True, each) for each in said.get("initContainerStatuses") or ())
    yield from ((False, each) for each in said.get("containerStatuses") or ())


def _state(container: Json) -> Json:
    return container.get("state") or {}


def _trouble(state: Json, *, init: bool) -> str:
    if "waiting" in state:
        reason = str(state["waiting"].get("reason", ""))
        return "" if init and reason in _ON_ITS_WAY else reason
    if "terminated" in state and (state["terminated"].get("exitCode") or not init):
        return str(state["terminated"].get("reason") or f"ExitCode:{state['terminated'].get('exitCode')}")
    return ""


def _failure(container: Json) -> Json:
    """How it ended, if it ended badly: now or before; empty otherwise."""
    for state in (_state(container), container.get("lastState") or {}):
        ended: Json = state.get("terminated") or {}
        if ended.get("exitCode"):
            return ended
    return {}


def _sentence(container: Json) -> str:
    state, before = _state(container), (container.get("lastState") or {}).get("terminated")
    words = _words(state)
    if "running" in state and not container.get("ready"):
        words += ", not ready"
    return f"{words}; before: {_ended(before)}" if before else words


def _words(state: Json) -> str:
    if "waiting" in state:
        parts = (state["waiting"].get("reason"), state["waiting"].get("message"))
        return ": ".join(["waiting", *(str(part) for part in parts if part)])
    if "terminated" in state:
        return _ended(state["terminated"])
    return "running" if "running" in state else "unknown"


def _ended(ended: Json) -> str:
    """How a run ended. The kubelet's message holds log lines here, which are shown apart."""
    reason = f" ({ended['reason']})" if ended.get("reason") else ""
    how = f"signal {ended['signal']}" if ended.get("signal") else f"exit code {ended.get('exitCode')}"
    return f"ended with {how}{reason}"


def _condition(pod: Json, kind: str) -> Json:
    found: list[Json] = (pod.get("status") or {}).get("conditions") or []
    return next((each for each in found if each.get("type") == kind), {})
