"""Probes: how one reads in a sentence, which one fails, and what it was answered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from myapp_operator.causes import words
from myapp_operator.causes.bench import Bench
from myapp_operator.causes.pods import Container
from myapp_operator.grammar import Json

_KILLERS = ("liveness", "startup")


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
    return any(f"failed {kind} probe" in said for said in _said("Killing", container, bench))


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
    program, *_ = " ".join((probe.get("exec") or {}).get("command") or ()).split() or ["unknown"]
    return f"exec {program}"  # and not its arguments: a password may stand there


def _port(port: int | str, container: Container) -> int | str:
    """The number behind the name of a port."""
    named = {each.get("name"): each["containerPort"] for each in container.spec.get("ports") or ()}
    found: int | str = named.get(port, port)
    return found


def _answer(kind: str, container: Container, bench: Bench) -> str:
    """The newest answer to a probe. One that no one gave (a server that starts refuses connections for a moment, at
    each restart) counts only where there is no other."""
    intro = f"{kind.capitalize()} probe failed: "
    unhealthy = (said for said in _said("Unhealthy", container, bench) if said.startswith(intro))
    answers = [words.of_probe(bench.hide(said.removeprefix(intro))) for said in unhealthy]
    given = [each for each in answers if each != words.REFUSED]
    return (given or answers or [""])[-1]


def _said(reason: str, container: Container, bench: Bench) -> Iterator[str]:
    """The messages of the events of this reason about a container, the newest last."""
    field = f"{{{container.spec['name']}}}"
    for each in bench.events:
        if each.get("reason") == reason and str(each["involvedObject"].get("fieldPath", "")).endswith(field):
            yield str(each.get("message", ""))
