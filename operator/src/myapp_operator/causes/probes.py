"""Probes: how one reads in a sentence, which one fails, and what it was answered."""

from __future__ import annotations

from dataclasses import dataclass

from myapp_operator.causes import words
from myapp_operator.causes.bench import Bench
from myapp_operator.causes.pods import Container
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
        if probe and (_is_told_to_kill(kind, container, bench) or (probe.answer and not ends_well)):
            return probe
    return None


def _is_told_to_kill(kind: str, container: Container, bench: Bench) -> bool:
    return any(f"failed {kind} probe" in said for said in bench.said.get(("Killing", container.title), ()))


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
    intro = f"{kind.capitalize()} probe failed: "
    unhealthy = (said for said in bench.said.get(("Unhealthy", container.title), ()) if said.startswith(intro))
    answers = [said.removeprefix(intro) for said in unhealthy][-_MOST_ANSWERS:]
    given = (each for each in reversed(answers) if words.of_probe(each) != words.REFUSED)
    return next(given, answers[-1] if answers else "")
