"""Pure: what the Lease says, whether it may be taken, and what is written into it.

The times in it are for people. Whether it has run out is judged by how long it has looked the same to us, so the clocks
of two machines are never compared.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from myapp_operator.grammar import Json
from myapp_operator.json_objects import mapping
from myapp_operator.names import Key

LEASE_SECONDS = 15
"""How long a Lease that is not renewed keeps others from taking it."""

DEADLINE_SECONDS = 10.0
"""How long a leader that cannot renew goes on writing."""

GRACE_SECONDS = 4.5
"""How long a write may take that is sent in the last moment. It has ended before the Lease has."""

_MOST_TRANSITIONS = 2**31 - 1
"""The API server takes no more for a number of 32 bits."""

HESITATION_SECONDS = 3.0
"""How long who is in trouble leaves a Lease that is free to others, which ask for it every half second."""


@dataclass(frozen=True)
class Sighting:
    """What the Lease was last seen to say, and since when."""

    spec: Json | None
    """None where there is no Lease."""
    holder: str
    """Empty where nobody holds it."""
    seconds: float
    """How long it must look the same before others may take it."""
    since: float
    """On our own clock."""

    def seconds_left(self, now: float, *, hesitates: bool = False) -> float:
        """The seconds until it may be taken, at once where nobody holds it; later by one who hesitates."""
        free_at = self.since + (self.seconds if self.holder else 0.0)
        return max(0.0, free_at + (HESITATION_SECONDS if hesitates else 0.0) - now)


def look(before: Sighting | None, found: Json | None, now: float) -> Sighting:
    """Takes in what was just read.

    A Lease that somebody deleted still protects its holder, who writes on until the next renewal.
    """
    spec = None if found is None else mapping(found.get("spec"))
    if before is not None and before.spec == spec:
        return before
    if spec is not None:
        # Ours never says less: whoever shortens it by hand does not make its holder stop sooner.
        seconds = max(_number(spec.get("leaseDurationSeconds")), LEASE_SECONDS)
        return Sighting(spec, str(spec.get("holderIdentity") or ""), float(seconds), now)
    if before is not None:
        return replace(before, spec=None, since=now)
    return Sighting(None, "", 0.0, now)


def new(key: Key, identity: str, now: datetime) -> Json:
    """A Lease where there was none."""
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"namespace": key.namespace, "name": key.name},
        "spec": _held(identity, now) | {"leaseTransitions": 0},
    }


def taken(found: Json, identity: str, now: datetime) -> Json:
    """The Lease with another holder. What else stands in it stays, and with it the version that the write names."""
    transitions = _number(mapping(found.get("spec")).get("leaseTransitions"))
    return _with(found, _held(identity, now) | {"leaseTransitions": min(transitions + 1, _MOST_TRANSITIONS)})


def renewed(held: Json, now: datetime) -> Json:
    """The Lease for another while."""
    return _with(held, {"leaseDurationSeconds": LEASE_SECONDS, "renewTime": _stamp(now)})


def released(held: Json, now: datetime) -> Json:
    """The Lease for anybody to take at once."""
    return _with(held, {"holderIdentity": "", "leaseDurationSeconds": 1, "renewTime": _stamp(now)})


def holder(found: Json) -> str:
    """Who holds it; empty where nobody does."""
    return str(mapping(found.get("spec")).get("holderIdentity") or "")


def _number(value: object) -> int:
    """What is written there if it is a number, and 0 if not: others may write a Lease."""
    return value if type(value) is int and value > 0 else 0


def _held(identity: str, now: datetime) -> Json:
    stamp = _stamp(now)
    return {
        "holderIdentity": identity,
        "leaseDurationSeconds": LEASE_SECONDS,
        "acquireTime": stamp,
        "renewTime": stamp,
    }


def _with(lease: Json, changes: Json) -> Json:
    return {**lease, "spec": {**mapping(lease.get("spec")), **changes}}


def _stamp(now: datetime) -> str:
    return now.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
