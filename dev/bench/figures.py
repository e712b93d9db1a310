"""Numbers made of numbers. Pure."""

import math
import statistics
from collections.abc import Iterable, Sequence


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of the values that at least this share of them does not exceed (nearest rank).

    Raises:
        ValueError: there are none.
    """
    if not values:
        raise ValueError("no values")
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def latencies(name: str, seconds: Iterable[float]) -> dict[str, float]:
    """Two figures of some waits, in milliseconds: `NAME p50` and `NAME p99`."""
    waits = [1000 * each for each in seconds]
    return {f"{name} p50": percentile(waits, 0.5), f"{name} p99": percentile(waits, 0.99)} if waits else {}


def spread(values: Sequence[float]) -> tuple[float, float, float]:
    """Median, least and greatest."""
    return statistics.median(values), min(values), max(values)
