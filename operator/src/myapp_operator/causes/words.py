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
_OF_CLAIMS = re.compile(
    r"unbound immediate PersistentVolumeClaims|persistentvolumeclaim \""
    r"|didn't find available persistent volumes to bind|bound to non-existent pv"
)
_CLAIM_OF_POD = re.compile(r"(the )?(PVC|persistentvolumeclaim) \"[^\"]*\"")
_MOUNT = re.compile(r"(Mount|Unmount|Attach|Map)Volume\.\w+ failed for volume \"([^\"]*)\" : (.*)")
_MULTI_ATTACH = re.compile(r"Multi-Attach error for volume \"([^\"]*)\" (.*)")
_SUMMARY = re.compile(r"Unable to (attach or )?mount volumes: unmounted volumes=\[([^\]]*)\][^:]*: (.*)")
_TOKEN_VOLUME = re.compile(r"^kube-api-access-\w+$")
_USERS = re.compile(r"(used by pod\(s\)) .*")
_RPC = re.compile(r"rpc error: code = \w+ desc = ")
_UUID = re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
_LONG_HEX = re.compile(r"\b[0-9a-f]{16,}\b")
_SANDBOX_PREFIX = re.compile(r"Failed to create pod sandbox: ")
_OWN_LIMIT = re.compile(r"\bexceed(s|ed)\b.{0,200}\blimit\b")
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


def in_brackets(said: str) -> list[str]:
    """What a sentence lists in its first brackets."""
    return said[:_LONGEST].partition("(")[2].partition(")")[0].split(", ")


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


def is_about_claims(said: str) -> bool:
    """Whether the scheduler speaks of nothing but claims for storage: then nodes have nothing to do with it."""
    reasons = said[:_LONGEST].partition(" preemption: ")[0].partition(" nodes are available: ")
    parts = [part for part in (reasons[2] or reasons[0]).rstrip(". ").split(", ") if part]
    return bool(parts) and all(_OF_CLAIMS.search(part) for part in parts)


def of_claims(said: str) -> str:
    """What the scheduler says of claims, without counting nodes and without the name of one that is made for a pod."""
    reasons = said[:_LONGEST].partition(" preemption: ")[0]
    listed = reasons.partition(" nodes are available: ")[2] or reasons
    each = sorted({re.sub(r"^\d+ ", "", part) for part in listed.partition(". ")[0].rstrip(". ").split(", ")})
    return _CLAIM_OF_POD.sub("it", ", ".join(each))[:_LONGEST_LINE]


def of_storage(said: str) -> str:
    """Why a claim is not bound, without what differs from try to try."""
    return _without_ids(said)[:_LONGEST_LINE]


def is_passing_mount(said: str) -> bool:
    """Whether the kubelet has not yet read what it is to mount."""
    return ": failed to sync " in said or said.rstrip().endswith("not registered")


def is_summary(said: str) -> bool:
    """Whether it says that volumes are missing, and not why."""
    return bool(_SUMMARY.match(said))


def of_volumes(said: str) -> str:
    """Why volumes cannot be mounted: a line each."""
    return "; ".join(dict.fromkeys(map(_of_volume, said[:_LONGEST].splitlines())))


def _of_volume(said: str) -> str:
    if found := _MOUNT.match(said):
        verb = "mounted" if found[1] in ("Mount", "Unmount") else "attached"
        name = _TOKEN_VOLUME.sub("kube-api-access", found[2])
        said = f'volume "{name}" cannot be {verb}: {found[3]}'
    elif found := _MULTI_ATTACH.match(said):
        said = f'volume "{found[1]}" cannot be attached: {_USERS.sub("used by other pods", found[2])}'
    elif found := _SUMMARY.match(said):
        titles = [f'volume "{each}"' for each in sorted(found[2].split())]
        said = f"{listed(titles)} cannot be mounted: {found[3]}"
    return _without_ids(said)[:_LONGEST_LINE]


def of_sandbox(said: str) -> str:
    """Why a node cannot make the network or what else a pod needs before its containers."""
    return _ADDRESS.sub("…", _without_ids(_SANDBOX_PREFIX.sub("", said[:_LONGEST])))[:_LONGEST_LINE]


def of_refusal(said: str) -> str:
    """Why a node did not take a pod, without amounts."""
    words = " ".join(said[:_LONGEST].split()).removeprefix("Pod was rejected: ")
    return words.partition(", requested: ")[0].rstrip(". ")[:_LONGEST_LINE]


def is_own_limit(said: str) -> bool:
    """Whether a pod was evicted since it exceeded a limit of its own: then its successor will be, too."""
    return bool(_OWN_LIMIT.search(said[:_LONGEST]))


def listed(titles: list[str]) -> str:
    """Things in a sentence."""
    return " and ".join(titles)


def _without_ids(said: str) -> str:
    """Without what names one try or one pod."""
    plain = _RPC.sub("", " ".join(said[:_LONGEST].split()))
    return _POINTER.sub("0x…", _LONG_HEX.sub("…", _UUID.sub("…", plain)))


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
