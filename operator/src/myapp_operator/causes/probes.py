"""Probes: how one reads in a sentence, which one fails, and what it was answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from myapp_operator.causes import words
from myapp_operator.causes.bench import Bench
from myapp_operator.causes.pods import Container
from myapp_operator.causes.whole import PATIENCE
from myapp_operator.grammar import Json

_KILLERS = ("liveness", "startup")
_MOST_ANSWERS = 50
"""Answers to a probe among which one is looked for that tells something."""


@dataclass(frozen=True)
class Probe:
    """A probe that fails."""

    title: str
    """Such as `readiness probe (GET /readyz on port 5000)`."""
    answer: str
    """What the kubelet was answered, in its words; empty where no event tells."""


def failing(container: Container, bench: Bench) -> Probe | None:
    """The probe that a running container does not pass; None if it has none."""
    kind = "startup" if container.spec.get("startupProbe") and not container.started else "readiness"
    return _probe(kind, container, bench)


def may_kill(container: Container) -> bool:
    """Whether the kubelet may end this container because of a probe."""
    return any(container.spec.get(f"{kind}Probe") for kind in _KILLERS)


def killer(container: Container, bench: Bench, *, ends_well: bool) -> Probe | None:
    """The probe that had the kubelet end this container; None if no event tells of one.

    The events cannot be dated: the kubelet soon stops to send them for a pod where much happens. A program that `ends
    well`, with exit code 0, may have ended by itself, whatever a probe was once answered: then the kill must be told.
    """
    for kind in _KILLERS:
        probe = _probe(kind, container, bench)
        if probe and (_kill_told(kind, container, bench) or (probe.answer and not ends_well)):
            return probe
    return None


def killing(container: Container, bench: Bench, since: datetime) -> Probe | None:
    """The probe for which the kubelet is ending a container that runs since then; None if no event tells of one."""
    kinds = (kind for kind in _KILLERS if (told := _kill_told(kind, container, bench)) and told >= since)
    return next(filter(None, (_probe(kind, container, bench) for kind in kinds)), None)


def killed_by(container: Container, probe: Probe | None = None) -> str:
    """How a kill reads in a sentence; without a probe, how it begins."""
    return f"{container.name} is killed by its {probe.title if probe else ''}"


def first_kill(container: Container) -> float:
    """Seconds after its start at which a probe may have the kubelet end a container; infinite where none may."""
    found = (container.spec.get(f"{kind}Probe") for kind in _KILLERS)
    return min((_delay(probe) + _tries(probe) for probe in found if probe), default=float("inf"))


def patience(container: Container, bench: Bench, since: datetime) -> float:
    """Seconds for which a container that runs since then may go on to be not ready before that is told: what its own
    probes grant, and `PATIENCE` at least."""
    startup, readiness = container.spec.get("startupProbe") or {}, container.spec.get("readinessProbe") or {}
    granted = _delay(startup) + _tries(startup)
    if container.started or not startup:
        granted = max(granted, _delay(readiness)) + _tries(readiness)
    if was_started_by_probe(container) and (failed := _first_told("readiness", container, bench)):
        granted = min(granted, (max(failed, since) - since).total_seconds() + _tries(readiness))
    return max(PATIENCE, granted) - bench.age(since)


def was_started_by_probe(container: Container) -> bool:
    """Whether a startup probe has succeeded: nothing but the first failure of the next probe tells when."""
    return bool(container.started and container.spec.get("startupProbe"))


def _delay(probe: Json) -> float:
    return float(probe.get("initialDelaySeconds") or 0)


def _tries(probe: Json) -> float:
    """Seconds within which a probe can fail as often as it takes; 0 where there is none."""
    each = max(probe.get("periodSeconds") or 10, probe.get("timeoutSeconds") or 1)
    times = (probe.get("failureThreshold") or 3) + (probe.get("successThreshold") or 1) - 1
    return float(each * times) if probe else 0.0


def _first_told(kind: str, container: Container, bench: Bench) -> datetime | None:
    """When a probe has failed first."""
    key, intro = ("Unhealthy", f"{kind} of {container.title}"), _intro(kind)
    if key not in bench.moments:
        told = bench.said.get(("Unhealthy", container.title), ())
        bench.moments[key] = min((each.first for each in told if each.message.startswith(intro)), default=None)
    return bench.moments[key]


def _kill_told(kind: str, container: Container, bench: Bench) -> datetime | None:
    """When the last kill for this probe was told."""
    key, words_of_it = ("Killing", f"{kind} of {container.title}"), f"failed {kind} probe"
    if key not in bench.moments:
        told = bench.said.get(("Killing", container.title), ())
        bench.moments[key] = max((each.last for each in told if words_of_it in each.message), default=None)
    return bench.moments[key]


def _intro(kind: str) -> str:
    return f"{kind.capitalize()} probe failed: "


def _probe(kind: str, container: Container, bench: Bench) -> Probe | None:
    spec = container.spec.get(f"{kind}Probe")
    if not spec:
        return None
    return Probe(f"{kind} probe ({_question(spec, container)})", _answer(kind, container, bench))


def _question(probe: Json, container: Container) -> str:
    """What the kubelet asks."""
    if http := probe.get("httpGet"):
        return f"GET {http.get('path') or '/'} on port {_port(http['port'], container)}"
    if tcp := probe.get("tcpSocket"):
        return f"TCP port {_port(tcp['port'], container)}"
    if grpc := probe.get("grpc"):
        return f"gRPC on port {grpc['port']}"
    command = (probe.get("exec") or {}).get("command") or ()
    program = next((word for each in command for word in each.split(None, 1)[:1]), "unknown")
    return f"exec {program}"  # and not its arguments: a password may stand there


def _port(port: int | str, container: Container) -> int | str:
    """The number behind the name of a port."""
    named = {each.get("name"): each["containerPort"] for each in container.spec.get("ports") or ()}
    found: int | str = named.get(port, port)
    return found


def _answer(kind: str, container: Container, bench: Bench) -> str:
    """What this probe was answered; looked for once, as many pods may have the same container."""
    found = bench.answers.get((kind, container.title))
    if found is None:
        found = bench.answers[kind, container.title] = _newest_answer(kind, container, bench)
    return found


def _newest_answer(kind: str, container: Container, bench: Bench) -> str:
    """The newest answer to a probe. One that no one gave (a server that starts refuses connections for a moment, at
    each restart) counts only where there is no other."""
    intro = _intro(kind)
    told = (each.message for each in bench.said.get(("Unhealthy", container.title), ()))
    unhealthy = (said for said in told if said.startswith(intro))
    answers = [said.removeprefix(intro) for said in unhealthy][-_MOST_ANSWERS:]
    given = (each for each in reversed(answers) if words.of_probe(each) != words.REFUSED)
    return next(given, answers[-1] if answers else "")
