"""What the API server's audit log says was done: nobody can write past it."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_CREDENTIAL = "authentication.kubernetes.io/credential-id"


@dataclass(frozen=True)
class Request:
    """One request that was answered."""

    verb: str
    resource: str
    name: str
    code: int
    at: str

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
        self._log = log
        self._user = user
        self._credential = credential
        self._namespace = namespace
        self.restart()

    def restart(self) -> None:
        """Forgets everything until now. The log lags behind the answers, so the moment counts, not its length."""
        self._from = self._log.stat().st_size
        self._since = datetime.now(UTC).isoformat()

    def requests(self) -> list[Request]:
        """Every request but the watches, and the looks at Leases every few seconds, in the order of the answers."""
        with self._log.open("rb") as log:
            log.seek(self._from)
            lines = log.read().splitlines(keepends=True)
        events = [json.loads(line) for line in lines if line.endswith(b"\n")]
        return [_request(event) for event in events if self._is_of_interest(event)]

    def writes(self) -> list[Request]:
        """The requests that changed something, or tried to; less the events, which are apart from all else."""
        return [each for each in self.requests() if each.verb not in ("get", "list") and each.resource != "events"]

    def reads(self) -> list[Request]:
        """The requests that only asked."""
        return [each for each in self.requests() if each.verb in ("get", "list")]

    def _is_of_interest(self, event: dict[str, Any]) -> bool:
        return (
            event["user"].get("username") == self._user
            and self._credential in ("", *event["user"].get("extra", {}).get(_CREDENTIAL, ()))
            and event.get("objectRef", {}).get("namespace") == self._namespace
            and event["verb"] != "watch"
            and (event["verb"], event["objectRef"]["resource"]) not in (("get", "leases"), ("list", "leases"))
            and event["requestReceivedTimestamp"] >= self._since
        )


def _request(event: dict[str, Any]) -> Request:
    target = event["objectRef"]
    resource = "/".join(part for part in (target["resource"], target.get("subresource", "")) if part)
    code = event["responseStatus"]["code"]
    return Request(event["verb"], resource, target.get("name", ""), code, event["requestReceivedTimestamp"])
