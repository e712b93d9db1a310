"""Pure: what of a list has not reached us, and since when.

A list and a watch never agree to the moment. What the list had must have come some time later, though: what matters is
how long the same version stays away.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from myapp_operator.names import Key
from myapp_operator.observed import App


@dataclass(frozen=True)
class Gap:
    """News of a MyApp that have not arrived."""

    key: Key
    version: int
    """Its resourceVersion in the list, or that of the list where it is gone: what we know should be as new as this."""
    since: float
    """When that was noticed first, in monotonic seconds."""


def compare(
    before: Mapping[str, Gap], listed: Mapping[str, App], version: int, known: Mapping[str, App], now: float
) -> dict[str, Gap]:
    """The gaps of now; those of `before` that we have not caught up with go on. All by uid.

    `version` is that of the list; `known` must have been taken after it was answered.
    """
    found = {}
    for uid, key, missed in _missed(listed, version, known):
        began = before.get(uid)
        lasts = began is not None and (uid not in known or known[uid].resource_version < began.version)
        found[uid] = began if began and lasts else Gap(key, missed, now)
    return found


def _missed(listed: Mapping[str, App], version: int, known: Mapping[str, App]) -> Iterator[tuple[str, Key, int]]:
    """Uid, name and the version that did not arrive, of every MyApp that we are behind with."""
    for uid, app in listed.items():
        if uid not in known or known[uid].resource_version < app.resource_version:
            yield uid, app.key, app.resource_version
    for uid, app in known.items():
        if uid not in listed and app.resource_version <= version:  # a newer one was made after the list
            yield uid, app.key, version
