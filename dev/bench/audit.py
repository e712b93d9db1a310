"""Requests of one user, counted in the API server's audit log: nobody can write past it."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from dev.cluster.audit_log import AuditLog, code_of, is_dry_run, is_over

_READS = ("get", "list")
_APART = ("events", "leases")
"""What belongs to no app: what is told to people, and what replicas of an operator agree by."""


def count(lines: Iterable[bytes], user: str) -> Counter[str]:
    """Requests that succeeded, by verb and resource, such as `patch myapps/status`; all others by code, such as `409`.

    A dry run counts as neither: it stores nothing.
    """
    # Most lines are of others: looking for the name is far cheaper than reading the line.
    marker = f'"{user}"'.encode()
    found: Counter[str] = Counter()
    for line in lines:
        if marker in line:
            event = json.loads(line)
            if event["user"].get("username") == user and _counts(event):
                found[f"{event['verb']} {_resource(event)}" if _succeeded(event) else str(code_of(event))] += 1
    return found


def writes(requests: Mapping[str, int]) -> int:
    """How many of these changed something about apps."""
    return sum(number for what, number in requests.items() if _verb(what) not in (*_READS, "watch", ""))


def reads(requests: Mapping[str, int]) -> int:
    """How many of these only asked about apps, once each; a watch is none."""
    return sum(number for what, number in requests.items() if _verb(what) in _READS)


def _verb(what: str) -> str:
    """The verb of a request about apps; empty for anything else."""
    verb, _, resource = what.partition(" ")
    return verb if resource and resource not in _APART else ""


def _counts(event: dict[str, Any]) -> bool:
    """A watch is logged at its start and at its end, any other request once."""
    if event["verb"] == "watch" and _succeeded(event):
        return bool(event["stage"] == "ResponseStarted")
    return is_over(event) and not is_dry_run(event)


def _succeeded(event: dict[str, Any]) -> bool:
    """Whether it did what it asked for; that of a client that went away is logged with 504."""
    return 200 <= code_of(event) < 300


def _resource(event: dict[str, Any]) -> str:
    target = event.get("objectRef", {})
    return "/".join(part for part in (target.get("resource", "-"), target.get("subresource", "")) if part)


class Requests:
    """Counts the requests of one user in the log of a running API server."""

    def __init__(self, path: Path, user: str) -> None:
        self._log = AuditLog(path)
        self._user = user
        self._counts: Counter[str] = Counter()

    def read(self) -> Counter[str]:
        """Count what is new; return all requests so far."""
        self._counts += count(self._log.read(), self._user)
        return Counter(self._counts)

    def close(self) -> None:
        """Let go of the log."""
        self._log.close()
