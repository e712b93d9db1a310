"""The words of others, cut down to those that tell: of an app that ends, the kubelet, the scheduler.

They differ from try to try where the cause is the same. What differs is cut away, since each change of a message is a
write of status. No pattern repeats without bound within a repetition: the texts are other people's.
"""

from __future__ import annotations

import re

REFUSED = "connection refused"

_LONGEST = 8000
_LONGEST_LINE = 300

_NAMES_EXCEPTION = re.compile(
    r"(Caused by: |Uncaught )?([A-Za-z_][\w.]*(Error|Exception|Exit|Interrupt)\b|(Error|Exception): )"
    r"|Exception in thread |panic: |fatal error: "
)
_ENDS_TRACEBACK = re.compile(r"[A-Za-z_][\w.]*: ")
_NAMES_ERROR = re.compile(r"\b(error|exception|fatal|failed|failure|cannot|panic|critical)\b", re.IGNORECASE)
_COLOUR = re.compile(r"\x1b\[[\d;]{0,20}m")
_CLOCK = re.compile(r"\[?\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.,\d]*( ?Z\b| ?[+-]\d\d:?\d\d)?\]?")
_LOG_PREFIX = re.compile(r"(\[\d+\] |\[?(DEBUG|INFO|WARN|WARNING|ERROR|CRITICAL|FATAL)\]?:? ){1,4}")
_PROCESS = re.compile(r"\bpid[:= ]+\d+")
_POINTER = re.compile(r"\b0x[0-9a-fA-F]{4,}")

_PULL_PREFIXES = re.compile(
    r"Back-off pulling image \"[^\"]*\"(: )?"
    r"|ErrImagePull: |ImagePullBackOff: "
    r"|rpc error: code = \w+ desc = "
    r"|failed to pull and unpack image \"[^\"]*\": "
    r"|failed to resolve (reference|image) \"[^\"]*\": "
    r"|Failed to apply default image tag \"[^\"]*\": "
    r"|couldn't parse image name \"[^\"]*\": "
    r"|failed to do request: "
    r"|(Head|Get) \"[^\"]*\": "
    r"|dial tcp \S*: |dial tcp: |\bconnect: "
)
_RESOLVER = re.compile(r"(lookup \S+) on \S+: ")
_START_PREFIX = "unable to start container process: "
_PROBE_NOISE = re.compile(r"(Get|Head) \"[^\"]*\": |\b(dial|read|write) tcp \S+: |\b(connect|read|write): ")
_ADDRESS = re.compile(r"\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(:\d+)?")
_AMOUNTS = re.compile(r"\. (Threshold quantity|Container \S+ was using)\b")


def joined(what: str, said: str) -> str:
    """A sentence, and the words of others after it if there are any."""
    return ": ".join(filter(None, (what, " ".join(said.split()))))


def telling_line(message: str) -> str:
    """The line of an app's last words that tells why it ended: the last one that names an exception, else an error,
    else the last. (gunicorn, for one, says `Worker failed to boot` long after the line that matters.)"""
    plain = _COLOUR.sub("", message[-_LONGEST:])
    lines = [line.rstrip() for line in plain.splitlines() if line.strip()]
    if not lines:
        return ""
    exceptions = [line for before, line in zip(["", *lines], lines, strict=False) if _is_exception(before, line)]
    errors = [line for line in lines if _NAMES_ERROR.search(line)]
    return _steady((exceptions or errors or lines)[-1])[:_LONGEST_LINE]


def of_image(said: str) -> str:
    """Why an image cannot be had. Each try wraps it in other words."""
    return _RESOLVER.sub(r"\1: ", _PULL_PREFIXES.sub("", said[:_LONGEST]))


def of_start(said: str) -> str:
    """Why a program cannot be started, without the ways of the container runtime."""
    return said[:_LONGEST].rpartition(_START_PREFIX)[2].removesuffix(": unknown")


def is_passing(said: str) -> bool:
    """Whether the kubelet has not yet read what it needs: what is missing it will say next."""
    return said.startswith("failed to sync ")


def of_scheduler(said: str) -> str:
    """Why no node fits, without counting nodes: they come and go."""
    reasons = said[:_LONGEST].partition(" preemption: ")[0]
    _, available, listed = reasons.partition(" nodes are available: ")
    if not available:
        return joined("no node is chosen", reasons.rstrip(". "))
    each = sorted({re.sub(r"^\d+ ", "", part) for part in listed.rstrip(". ").split(", ")})
    return f"no node fits: {', '.join(each)}"


def of_probe(said: str) -> str:
    """What a probe was answered, without the address of the pod."""
    return _ADDRESS.sub("the pod", _PROBE_NOISE.sub("", " ".join(said[:_LONGEST].split())))[:_LONGEST_LINE]


def of_eviction(said: str) -> str:
    """Why a pod had to go, without amounts."""
    return _AMOUNTS.split(said[:_LONGEST])[0].rstrip(". ")


def _is_exception(before: str, line: str) -> bool:
    """Whether a line names an exception by itself, or by its place: the first one that is not indented after the
    frames of a traceback."""
    return bool(_NAMES_EXCEPTION.match(line) or (before[:1].isspace() and _ENDS_TRACEBACK.match(line)))


def _steady(line: str) -> str:
    """The line without what differs each time: clock, process, address in memory."""
    line = _CLOCK.sub("", line).strip()
    if prefix := _LOG_PREFIX.match(line):
        line = line[prefix.end() :]
    return _POINTER.sub("0x…", _PROCESS.sub("pid", line)).strip()
