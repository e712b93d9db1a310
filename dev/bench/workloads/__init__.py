"""What is done to an operator, and what is measured of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType

from dev.bench.programme import Programme
from dev.bench.results import Outcome
from dev.bench.stage import Stage
from dev.bench.workloads.changing import edits, heal, noop
from dev.bench.workloads.creating import arrival, burst, pods, poison
from dev.bench.workloads.ending import deletion, idle, restart
from dev.bench.workloads.hostile import hostile

Workload = Callable[[Stage, Programme], Awaitable[Outcome]]

WORKLOADS: Mapping[str, Workload] = MappingProxyType(
    {
        "burst": burst,
        "idle": idle,
        "noop": noop,
        "restart": restart,
        "arrival": arrival,
        "pods": pods,
        "poison": poison,
        "edits": edits,
        "heal": heal,
        "deletion": deletion,
        "hostile": hostile,
    }
)
"""By the names that the command line knows."""
