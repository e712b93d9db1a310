"""What is told in events on a MyApp: few, and each worth reading. Pure; the time comes in as an argument.

An event's name is made of what it says, so that the same thing told again is the same event with a higher count.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from myapp_operator import names
from myapp_operator.grammar import Json
from myapp_operator.json_objects import condition
from myapp_operator.names import Reason
from myapp_operator.observed import App

_LONGEST_MESSAGE = 1024
"""Bytes that the API server allows in a message of an event."""
_ONE_EVENT = timedelta(minutes=10)
_MOST_REMEMBERED = 1000
_TOLD_AS_REFUSED = frozenset({Reason.NOT_OWNED, Reason.REJECTED, Reason.QUOTA_EXCEEDED, Reason.FORBIDDEN})
_TOLD_AS_FAILED = names.FROM_PODS | {
    Reason.PROGRESS_DEADLINE_EXCEEDED,
    Reason.REFERENCE_MISSING,
    Reason.SERVICE_ACCOUNT_NOT_ALLOWED,
}


class EventReason(StrEnum):
    """The reasons of our events. These names are promises to users; none of them ever changes."""

    REVERTED = "Reverted"
    RECREATED = "Recreated"
    REFUSED = "Refused"
    ADOPTED = "Adopted"
    FAILED = "Failed"
    ROLLED_BACK = "RolledBack"
    ROLLOUT_STARTED = "RolloutStarted"
    ROLLOUT_COMPLETE = "RolloutComplete"
    RESTARTED = "Restarted"


@dataclass(frozen=True)
class Notice:
    """Something to tell about an app."""

    reason: EventReason
    message: str
    warning: bool = False
    once: str = ""
    """What it is about, where that is to be told once and never counted, whoever tells it; empty for all else."""

    def name_for(self, app: App) -> str:
        """The name of its event: the same for the same words about the same MyApp."""
        words = "\n".join((app.uid, self.reason, self.once or self.message))
        return f"{app.key.name}.{hashlib.sha256(words.encode()).hexdigest()[:32]}"


@dataclass(frozen=True)
class Told:
    """How often the same thing was told, and when."""

    count: int
    first: datetime
    last: datetime

    @property
    def times(self) -> Json:
        """The part of an event that changes when it is told again."""
        return {"count": self.count, "firstTimestamp": _stamp(self.first), "lastTimestamp": _stamp(self.last)}


class Tally:
    """Counts what was told. It forgets what was not told for ten minutes, and the oldest where there is too much."""

    def __init__(self) -> None:
        self._told: dict[str, Told] = {}

    def has(self, name: str) -> bool:
        """Whether the event of this name was told, as far as that is remembered."""
        return name in self._told

    def add(self, name: str, now: datetime) -> Told:
        """Counts one more telling of the event of this name."""
        while self._told and self._is_full_or_over(now):
            del self._told[next(iter(self._told))]
        before = self._told.pop(name, None)
        told = Told(before.count + 1, before.first, now) if before else Told(1, now, now)
        self._told[name] = told  # at the end: the first is always the one that was told the longest time ago
        return told

    def _is_full_or_over(self, now: datetime) -> bool:
        oldest = next(iter(self._told.values()))
        return len(self._told) >= _MOST_REMEMBERED or now - oldest.last >= _ONE_EVENT


def body(app: App, notice: Notice, told: Told, instance: str) -> Json:
    """The event as it is created by this instance of the operator."""
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"namespace": app.key.namespace, "name": notice.name_for(app)},
        "involvedObject": {
            "apiVersion": names.API_VERSION,
            "kind": names.KIND,
            "namespace": app.key.namespace,
            "name": app.key.name,
            "uid": app.uid,
        },
        "type": "Warning" if notice.warning else "Normal",
        "reason": str(notice.reason),
        "message": _cut(notice.message),
        "source": {"component": names.MANAGER},
        "reportingComponent": names.MANAGER,
        "reportingInstance": instance,
        **told.times,
    }


def of_status(old: Json, new: Json) -> Notice | None:
    """What the change of a status is worth telling: a refusal or a failure that was not told before."""
    reason = _reason(new)
    if reason == Reason.INITIALIZING:
        return _of_initializing(old, new)
    if reason == _reason(old):
        return None
    message = f"{reason}: {new.get('message', '')}"
    if reason in _TOLD_AS_REFUSED:
        return Notice(EventReason.REFUSED, message, warning=True)
    if reason == Reason.ROLLED_BACK:
        return Notice(EventReason.ROLLED_BACK, str(new.get("message", "")), warning=True)
    if reason in _TOLD_AS_FAILED:
        return Notice(EventReason.FAILED, message, warning=True)
    return None


def _of_initializing(old: Json, new: Json) -> Notice | None:
    """Slow work before the start is no failure until its time is over."""
    if not _is_stalled(new) or (_reason(old) == Reason.INITIALIZING and _is_stalled(old)):
        return None
    return Notice(EventReason.FAILED, f"{Reason.INITIALIZING}: {new.get('message', '')}", warning=True)


def _is_stalled(status: Json) -> bool:
    return condition(status, "Stalled").get("status") == "True"


def _reason(status: Json) -> str:
    return str(condition(status, "Ready").get("reason", ""))


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _cut(message: str) -> str:
    encoded = message.encode()
    if len(encoded) <= _LONGEST_MESSAGE:
        return message
    return encoded[: _LONGEST_MESSAGE - len("…".encode())].decode(errors="ignore") + "…"
