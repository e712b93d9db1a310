"""How much is done, in which order. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

EVERY = ("burst", "idle", "noop", "restart", "arrival", "pods", "poison", "edits", "heal", "deletion")


_SHORT = ("burst", "noop", "restart", "heal")
"""What takes a minute or two, for another repeat."""
_TO_SEE_GROWTH = ("burst", "arrival")
_SMALL_ARRIVAL_SECONDS = 10


@dataclass(frozen=True)
class Programme:
    """The size of a run."""

    arms: tuple[str, ...] = ("limit", "ours", "tutorial")
    apps: int = 1000
    """How many are created in the burst, edited and deleted."""
    repeats: tuple[tuple[str, ...], ...] = (EVERY, _SHORT)
    """The workloads of each repeat."""
    also: tuple[int, ...] = ()
    """Smaller numbers of apps that are tried once before, with less to do, to see what grows."""
    arrival_seconds: int = 60
    idle_seconds: int = 60
    healed: int = 100
    """How many children are deleted to see them come back."""
    hostile: int = 200
    """How many hostile objects stand beside the healthy apps."""
    profile: Path | None = None
    """Where a profile of the burst is written; None: none is made."""


PROGRAMMES: Mapping[str, Programme] = MappingProxyType(
    {
        "standard": Programme(also=(100,)),
        "quick": Programme(apps=100, repeats=(EVERY,), arrival_seconds=10, idle_seconds=5, healed=20),
        "hostile": Programme(("ours",), repeats=(("burst", "hostile"),), arrival_seconds=30),
        "full": Programme(("limit", "ours"), 10_000, repeats=(EVERY,), also=(1000,), idle_seconds=300),
    }
)


@dataclass(frozen=True)
class Round:
    """One arm, once, on a control plane of its own."""

    arm: str
    repeat: int
    """Counted from 0."""
    apps: int
    workloads: tuple[str, ...]
    arrival_seconds: int

    def __str__(self) -> str:
        """As in what a person sees."""
        return f"{self.arm}, {self.apps} apps, repeat {self.repeat + 1}"


def rounds(programme: Programme) -> Iterator[Round]:
    """All arms once, then all again: what changes on the machine meanwhile meets each of them."""
    for apps in programme.also:
        for arm in programme.arms:
            yield Round(arm, 0, apps, _TO_SEE_GROWTH, min(programme.arrival_seconds, _SMALL_ARRIVAL_SECONDS))
    for repeat, workloads in enumerate(programme.repeats):
        for arm in programme.arms:
            yield Round(arm, repeat, programme.apps, workloads, programme.arrival_seconds)
