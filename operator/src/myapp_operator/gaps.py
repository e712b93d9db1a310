"""Pure: what of a list has not reached us, and since when.

A list and a watch never agree to the moment. What the list had must have come some time later, though: what matters is
how long the same version stays away.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeVar

from myapp_operator.names import Key

K = TypeVar("K", bound=Hashable)


class Versioned(Protocol):
    """An object as far as it matters here: a MyApp, or a `Version`."""

    @property
    def key(self) -> Key:
        """Its namespace and name."""

    @property
    def resource_version(self) -> int:
        """In which version it is known."""


class Version(NamedTuple):
    """Which object, in which version."""

    key: Key
    resource_version: int


@dataclass(frozen=True)
class Gap:
    """News of an object that have not arrived."""

    key: Key
    version: int
    """Its resourceVersion in the list, or that of the list where it is gone: what we know should be as new as this."""
    since: float
    """When that was noticed first, in monotonic seconds."""


def compare(
    before: Mapping[K, Gap], listed: Mapping[K, Versioned], version: int, known: Mapping[K, Versioned], now: float
) -> dict[K, Gap]:
    """The gaps of now; those of `before` that we have not caught up with go on. All by uid, or all by name.

    `version` is that of the list; `known` must have been taken after it was answered.
    """
    found = {}
    for identity, key, missed in _missed(listed, version, known):
        began = before.get(identity)
        lasts = began is not None and (identity not in known or known[identity].resource_version < began.version)
        found[identity] = began if began and lasts else Gap(key, missed, now)
    return found


def _missed(listed: Mapping[K, Versioned], version: int, known: Mapping[K, Versioned]) -> Iterator[tuple[K, Key, int]]:
    """Each object that we are behind with, its name and the version that did not arrive."""
    for identity, each in listed.items():
        if identity not in known or known[identity].resource_version < each.resource_version:
            yield identity, each.key, each.resource_version
    for identity, each in known.items():
        if identity not in listed and each.resource_version <= version:  # a newer one was made after the list
            yield identity, each.key, version
