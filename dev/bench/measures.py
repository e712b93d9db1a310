"""What stands in the table: which figures, in which words, and what ours is to reach. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from dev.bench.results import Results, Trial

OURS, LIMIT = "ours", "limit"
NOTHING = "-"


@dataclass(frozen=True)
class Goal:
    """The figure to reach."""

    figure: float
    at_least: bool = False
    """Otherwise: at most."""

    def is_met(self, value: float) -> bool:
        """Whether this value is good enough."""
        return value >= self.figure if self.at_least else value <= self.figure

    def __str__(self) -> str:
        """As in the table."""
        return f"{'≥' if self.at_least else '≤'} {number(self.figure)}"


@dataclass(frozen=True)
class Measure:
    """One row of the table."""

    workload: str
    figure: str
    words: str
    goals: tuple[tuple[int, Goal], ...] = ()
    """Each with the number of apps from which on it holds; the last that does counts."""
    share_of_limit: bool = False
    """Whether it is the figure of an arm divided by that of the limit in the same repeat."""

    def values(self, results: Results, arm: str, apps: int) -> list[float]:
        """One value for each trial that has it."""
        found: list[float] = []
        for trial in results.of(arm, apps):
            value = _value(trial, self)
            if value is None:
                continue
            if not self.share_of_limit:
                found.append(value)
                continue
            rivals = [each for each in results.of(LIMIT, apps) if each.repeat == trial.repeat]
            found += [value / rival for each in rivals if (rival := _value(each, self))]
        return found

    def goal(self, apps: int) -> Goal | None:
        """What ours is to reach with so many apps."""
        fitting = [goal for least, goal in self.goals if least <= apps]
        return fitting[-1] if fitting else None


def _goal(figure: float, *, at_least: bool = False) -> tuple[tuple[int, Goal], ...]:
    return ((0, Goal(figure, at_least)),)


_MEMORY = ((0, Goal(100)), (5000, Goal(250)))

MEASURES = (
    Measure("burst", "apps/s", "burst: apps/s until children and status are there"),
    Measure(
        "burst", "apps/s", "burst: the same, as a share of the limit", _goal(0.85, at_least=True), share_of_limit=True
    ),
    Measure("burst", "apps/s until ready", "burst: apps/s until the status says Ready"),
    Measure("burst", "cpu ms/app", "burst: CPU, ms per app", _goal(2)),
    Measure("burst", "servers cpu ms/app", "burst: CPU of API server and etcd, ms per app"),
    Measure("burst", "memory peak", "burst: greatest memory, MB", _MEMORY),
    Measure("burst", "memory", "burst: memory afterwards, MB", _MEMORY),
    Measure("burst", "writes/app", "burst: writes per app", _goal(4)),
    Measure("burst", "reads/app", "burst: reads per app", _goal(0)),
    Measure("burst", "apply to children p50", "burst: apply → children, ms, p50"),
    Measure("burst", "apply to children p99", "burst: apply → children, ms, p99"),
    Measure("idle", "cpu ms/s", "idle: CPU, ms per second"),
    Measure("idle", "memory", "idle: memory, MB", _MEMORY),
    Measure("idle", "writes", "idle: writes", _goal(0)),
    Measure("idle", "reads", "idle: reads"),
    Measure("noop", "cpu ms/event", "an event without meaning: CPU, ms", _goal(0.3)),
    Measure("noop", "writes/app", "an event without meaning: writes", _goal(0)),
    Measure("noop", "reads/app", "an event without meaning: reads", _goal(0)),
    Measure("restart", "seconds to ready", "restart: seconds until it is ready", _goal(60)),
    Measure("restart", "cpu s", "restart: CPU, s"),
    Measure("restart", "writes", "restart: writes", _goal(0)),
    Measure("restart", "memory peak", "restart: greatest memory, MB", _MEMORY),
    Measure("arrival", "apply to children p50", "10 apps/s: apply → children, ms, p50"),
    Measure("arrival", "apply to children p99", "10 apps/s: apply → children, ms, p99", _goal(250)),
    Measure("arrival", "busy %", "10 apps/s: all cores busy, %"),
    Measure("pods", "apply to children p50", "2 apps/s with a pod: apply → children, ms, p50"),
    Measure("pods", "apply to children p99", "2 apps/s with a pod: apply → children, ms, p99", _goal(250)),
    Measure("pods", "pods ready to status p50", "2 apps/s with a pod: pods ready → status, ms, p50"),
    Measure("pods", "pods ready to status p99", "2 apps/s with a pod: pods ready → status, ms, p99"),
    Measure("pods", "busy %", "2 apps/s with a pod: all cores busy, %"),
    Measure("poison", "apply to children p50", "10 apps/s, 1% never ready: apply → children, ms, p50"),
    Measure("poison", "apply to children p99", "10 apps/s, 1% never ready: apply → children, ms, p99"),
    Measure("edits", "apps/s", "edit of each: apps/s until the Deployment is edited"),
    Measure("edits", "cpu ms/app", "edit of each: CPU, ms per app"),
    Measure("edits", "writes/app", "edit of each: writes per app"),
    Measure("edits", "reads/app", "edit of each: reads per app"),
    Measure("edits", "edit to child p50", "edit of each: edit → child edited, ms, p50"),
    Measure("edits", "edit to child p99", "edit of each: edit → child edited, ms, p99"),
    Measure("heal", "deleted to back p50", "child deleted → child back, ms, p50"),
    Measure("heal", "deleted to back p99", "child deleted → child back, ms, p99", _goal(1000)),
    Measure("deletion", "cpu ms/app", "deletion of each: CPU, ms per app"),
    Measure("deletion", "writes/app", "deletion of each: writes per app"),
    Measure("hostile", "alone: apply to children p99", "10 apps/s alone: apply → children, ms, p99"),
    Measure("hostile", "arriving: apply to children p99", "while hostile objects arrive: apply → children, ms, p99"),
    Measure("hostile", "arriving: CPU of the operator, %", "the same: CPU of the operator, % of a core"),
    Measure("hostile", "arriving: CPU of the servers, %", "the same: CPU of API server and etcd, % of a core"),
    Measure("hostile", "beside: apply to children p99", "beside hostile objects: apply → children, ms, p99"),
    Measure("hostile", "p99 beside / alone", "beside hostile objects: p99 as a multiple of that alone", _goal(1.2)),
    Measure("hostile", "p99 restarted / alone", "the same after a restart", _goal(1.2)),
    Measure("hostile", "memory peak", "beside hostile objects: greatest memory, MB", _goal(300)),
    Measure("hostile", "memory peak after restart", "the same after a restart", _goal(300)),
    Measure("hostile", "seconds to ready", "restart among hostile objects: seconds until it is ready", _goal(60)),
)


GROWTH = "growth: CPU per app of the largest burst, as a multiple of that of the smallest"
GROWTH_GOAL = Goal(1.3)


def growth(results: Results, arm: str) -> float | None:
    """How much dearer an app of the largest burst was than one of the smallest; None where all had the same size."""
    sizes = sorted(apps for each, apps in results.columns if each == arm)
    if len(sizes) < 2:
        return None
    dear = Measure("burst", "cpu ms/app", "")
    small, large = (dear.values(results, arm, apps) for apps in (sizes[0], sizes[-1]))
    return median(large) / median(small) if small and large else None


def number(value: float) -> str:
    """A figure with three digits that count, as people write it."""
    if 0 < value < 0.005:
        return "<0.01"
    if value == round(value) or abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def cell(values: Sequence[float]) -> str:
    """The median, with the least and greatest where they differ."""
    if not values:
        return NOTHING
    least, greatest = number(min(values)), number(max(values))
    spread = f" ({least} to {greatest})" if least != greatest else ""
    return number(median(values)) + spread


def _value(trial: Trial, measure: Measure) -> float | None:
    outcome = trial.outcomes.get(measure.workload)
    return outcome.figures.get(measure.figure) if outcome else None
