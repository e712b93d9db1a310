"""How much is done, in which order. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

EVERY = ("burst", "idle", "noop", "arrival", "poison", "edits", "heal", "restart", "deletion")


@dataclass(frozen=True)
class Programme:
    """The size of a run."""

    apps: int = 1000
    """How many are created in the burst, edited and deleted."""
    repeats: int = 2
    arrival_seconds: int = 60
    idle_seconds: int = 60
    healed: int = 100
    """How many children are deleted to see them come back."""
    workloads: tuple[str, ...] = EVERY
    """What is done, in this order."""
    arms: tuple[str, ...] = ("limit", "ours", "tutorial")
    also: tuple[int, ...] = ()
    """Smaller numbers of apps that are tried before, with less to do, to see what grows."""
    profile: Path | None = None
    """Where a profile of the burst is written; None: none is made."""


PROGRAMMES: Mapping[str, Programme] = MappingProxyType(
    {
        "standard": Programme(also=(250,)),
        "quick": Programme(apps=200, repeats=1, arrival_seconds=10, idle_seconds=10, healed=20),
        "full": Programme(apps=10_000, repeats=1, idle_seconds=300, arms=("limit", "ours"), also=(1000,)),
    }
)

_TO_SEE_GROWTH = ("burst", "arrival")


@dataclass(frozen=True)
class Round:
    """One arm, once, on a control plane of its own."""

    arm: str
    repeat: int
    programme: Programme
    """What is done in this round."""

    def __str__(self) -> str:
        """As in what a person sees."""
        return f"{self.arm}, {self.programme.apps} apps, repeat {self.repeat + 1}"


def rounds(programme: Programme) -> Iterator[Round]:
    """All arms once, then all again: what changes on the machine meanwhile meets each of them."""
    few = tuple(each for each in programme.workloads if each in _TO_SEE_GROWTH)
    smaller = [replace(programme, apps=apps, workloads=few) for apps in programme.also]
    for repeat in range(programme.repeats):
        for each in (*smaller, programme):
            for arm in programme.arms:
                yield Round(arm, repeat, each)
