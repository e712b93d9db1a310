"""What the plot shows, as points. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from dev.bench.results import Outcome, Results, Sample, Trial

_RATE_SECONDS = 3.0
"""Over how long a rate is taken: apps are done in fits and starts."""
_FEWEST = 50
"""A figure per app says nothing of the first few."""


@dataclass(frozen=True)
class Curve:
    """One line of one panel."""

    apps: Sequence[float]
    values: Sequence[float]
    dashed: bool = False
    marker: str = ""


def rate(results: Results, arm: str) -> list[Curve]:
    """How fast apps were done, while so many were."""
    return [_curve(_rates(samples)) for samples in _largest_bursts(results, arm)]


def cpu_per_app(results: Results, arm: str) -> list[Curve]:
    """CPU so far for each app that was done so far."""
    return [
        _curve([(each.apps, 1000 * each.cpu / each.apps) for each in samples if each.apps >= _FEWEST])
        for samples in _largest_bursts(results, arm)
    ]


def memory(results: Results, arm: str) -> list[Curve]:
    """Memory while so many apps were done."""
    return [_curve([(each.apps, each.memory) for each in samples]) for samples in _largest_bursts(results, arm)]


def latency(results: Results, arm: str) -> list[Curve]:
    """How long one more app took, where so many were there before."""
    return [_latency(results, arm, "p50", dashed=False), _latency(results, arm, "p99", dashed=True)]


def _latency(results: Results, arm: str, share: str, *, dashed: bool) -> Curve:
    found: dict[float, list[float]] = {}
    for trial in results.trials:
        if trial.arm == arm and (outcome := trial.outcomes.get("arrival")):
            found.setdefault(outcome.figures["apps before"], []).append(outcome.figures[f"apply to children {share}"])
    points = sorted((apps, median(values)) for apps, values in found.items())
    return Curve([apps for apps, _ in points], [value for _, value in points], dashed=dashed, marker="o")


def _largest_bursts(results: Results, arm: str) -> list[Sequence[Sample]]:
    largest = max((trial.apps for trial in results.trials if trial.arm == arm), default=0)
    bursts = (_burst(trial) for trial in results.of(arm, largest))
    return [_working(burst.samples) for burst in bursts if burst]


def _burst(trial: Trial) -> Outcome | None:
    return trial.outcomes.get("burst")


def _working(samples: Sequence[Sample]) -> Sequence[Sample]:
    """The samples until the last app was done."""
    last = next((index for index, each in enumerate(samples) if each.apps == samples[-1].apps), len(samples))
    return samples[: last + 1]


def _rates(samples: Sequence[Sample]) -> list[tuple[float, float]]:
    rates: list[tuple[float, float]] = []
    for each in samples:
        before = [earlier for earlier in samples if earlier.at <= each.at - _RATE_SECONDS]
        if before:
            rates.append((each.apps, (each.apps - before[-1].apps) / (each.at - before[-1].at)))
    return rates


def _curve(points: Sequence[tuple[float, float]]) -> Curve:
    return Curve([apps for apps, _ in points], [value for _, value in points])
