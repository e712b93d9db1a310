"""Numbers made of numbers. Pure."""

import math
from collections.abc import Iterable, Mapping, Sequence

from dev.bench import audit


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


def per_app(requests: Mapping[str, int], apps: int) -> dict[str, float]:
    """How many requests one app took, to one decimal: a list that is renewed meanwhile belongs to no app."""
    counts = {"writes/app": audit.writes(requests), "reads/app": audit.reads(requests)}
    return {name: round(count / apps, 1) for name, count in counts.items()}
