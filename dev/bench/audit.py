"""Requests of one user, counted in the API server's audit log: nobody can write past it."""

import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import BinaryIO

_READS = ("get", "list")
_APART = ("events", "leases")
"""What belongs to no app: what is told to people, and what replicas of an operator agree by."""


def count(lines: Iterable[bytes], user: str) -> Counter[str]:
    """Requests by verb and resource, such as `patch myapps/status`; refused ones also by code, such as `409`."""
    # Most lines are of others: looking for the name is far cheaper than reading the line.
    marker = f'"{user}"'.encode()
    found: Counter[str] = Counter()
    for line in lines:
        if marker in line:
            event = json.loads(line)
            if event["user"].get("username") == user and _counts(event["verb"], event["stage"]):
                found[f"{event['verb']} {_resource(event)}"] += 1
                if (code := event.get("responseStatus", {}).get("code", 200)) >= 400:
                    found[str(code)] += 1
    return found


def writes(requests: Mapping[str, int]) -> int:
    """How many of these changed something about apps, or tried to."""
    return sum(number for what, number in requests.items() if _verb(what) not in (*_READS, "watch", ""))


def reads(requests: Mapping[str, int]) -> int:
    """How many of these only asked about apps, once each; a watch is none."""
    return sum(number for what, number in requests.items() if _verb(what) in _READS)


def _verb(what: str) -> str:
    """The verb of a request about apps; empty for anything else."""
    verb, _, resource = what.partition(" ")
    return verb if resource and resource not in _APART else ""


def _counts(verb: str, stage: str) -> bool:
    """A watch is logged at its start and at its end, any other request once."""
    return stage == ("ResponseStarted" if verb == "watch" else "ResponseComplete")


def _resource(event: dict[str, dict[str, str]]) -> str:
    target = event.get("objectRef", {})
    return "/".join(part for part in (target.get("resource", "-"), target.get("subresource", "")) if part)


class AuditLog:
    """Follows the log of a running API server, also when it is put aside and begun anew."""

    def __init__(self, path: Path, user: str) -> None:
        self._path = path
        self._user = user
        self._file: BinaryIO | None = None
        self._rest = b""
        self.requests: Counter[str] = Counter()
        """All requests so far."""

    def read(self) -> Counter[str]:
        """Count what is new; return the requests so far. Call it more often than the log is put aside (200 MB)."""
        while True:
            if self._file is None:
                self._file = self._path.open("rb")
            # Asked before reading: what was put aside by then is whole.
            is_current = self._is_current(self._file)
            self._take(self._file.read())
            if is_current:
                return Counter(self.requests)
            self.close()

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _take(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        self.requests += count(lines, self._user)

    def _is_current(self, file: BinaryIO) -> bool:
        try:
            return self._path.stat().st_ino == os.fstat(file.fileno()).st_ino
        except FileNotFoundError:
            return True  # just between two files
