"""What the API server's audit log says was done: nobody can write past it."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dev.cluster.audit_log import AuditLog, code_of, is_dry_run, is_over

_CREDENTIAL = "authentication.kubernetes.io/credential-id"
_READS = ("get", "list")


@dataclass(frozen=True)
class Request:
    """One request that is over."""

    verb: str
    resource: str
    name: str
    code: int
    """The HTTP code of the answer; 0 where the log has none."""
    at: str
    dry_run: bool

    @property
    def time(self) -> datetime:
        """When the API server got it."""
        return datetime.fromisoformat(self.at)

    def __str__(self) -> str:
        """As in a failing test."""
        return f"{self.at[11:23]} {self.verb} {self.resource} {self.name} {self.code}"


class Audit:
    """The requests of one user in one namespace, from now on or from the last `restart`.

    With a `credential`, only those that were made with just this token of the user.
    """

    def __init__(self, log: Path, user: str, namespace: str, credential: str = "") -> None:
        self._path = log
        self._user = user
        self._credential = credential
        self._namespace = namespace
        self._log: AuditLog | None = None
        self.restart()

    def restart(self) -> None:
        """Forgets everything until now. The log lags behind the answers, so the moment counts, not its length."""
        if self._log is not None:
            self._log.close()
        self._log = AuditLog(self._path, from_end=True)
        self._since = datetime.now(UTC).isoformat()
        self._requests: list[Request] = []

    def requests(self) -> list[Request]:
        """Every request but the watches, and the looks at Leases every few seconds, in the order of the answers."""
        assert self._log is not None
        user = f'"{self._user}"'.encode()  # most lines are of others: to look for the name is cheaper than to parse
        events = [json.loads(line) for line in self._log.read() if user in line]
        self._requests += [_request(event) for event in events if self._is_of_interest(event)]
        return [*self._requests]

    def writes(self) -> list[Request]:
        """The requests that changed something, less the events, which are apart from all else.

        What was refused, cut off or not answered is none, and a dry run neither.
        """
        return [each for each in self.attempts() if 200 <= each.code < 300]

    def attempts(self) -> list[Request]:
        """The writes, and what would have been one had it succeeded."""
        asked = [each for each in self.requests() if each.verb not in _READS and not each.dry_run]
        return [each for each in asked if each.resource != "events"]

    def reads(self) -> list[Request]:
        """The requests that only asked."""
        return [each for each in self.requests() if each.verb in _READS]

    def _is_of_interest(self, event: dict[str, Any]) -> bool:
        return (
            event["user"].get("username") == self._user
            and self._credential in ("", *event["user"].get("extra", {}).get(_CREDENTIAL, ()))
            and event.get("objectRef", {}).get("namespace") == self._namespace
            and event["verb"] != "watch"
            and (event["objectRef"]["resource"] != "leases" or event["verb"] not in _READS)
            and is_over(event)
            and event["requestReceivedTimestamp"] >= self._since
        )


def _request(event: dict[str, Any]) -> Request:
    target = event["objectRef"]
    resource = "/".join(part for part in (target["resource"], target.get("subresource", "")) if part)
    at = event["requestReceivedTimestamp"]
    return Request(event["verb"], resource, target.get("name", ""), code_of(event), at, is_dry_run(event))
