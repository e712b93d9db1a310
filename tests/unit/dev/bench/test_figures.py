"""Percentiles of waits."""

import pytest

from dev.bench.figures import latencies, per_app, percentile


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([3.0], 0.5, 3.0),
        ([3.0], 0.99, 3.0),
        ([4.0, 1.0, 3.0, 2.0], 0.5, 2.0),
        ([float(each) for each in range(1, 101)], 0.99, 99.0),
        ([float(each) for each in range(1, 101)], 1.0, 100.0),
        ([1.0, 2.0], 0.0, 1.0),
    ],
)
def test_a_percentile_is_one_of_the_values_seen(values: list[float], share: float, expected: float) -> None:
    assert percentile(values, share) == expected


def test_waits_become_milliseconds() -> None:
    assert latencies("x", [0.25, 0.5, 0.75]) == {"x p50": 500.0, "x p99": 750.0}


def test_without_a_wait_there_is_no_figure() -> None:
    assert latencies("x", []) == {}


def test_a_list_that_belongs_to_no_app_is_no_read_of_one() -> None:
    requests = {"patch services": 1000, "patch myapps/status": 1950, "list myapps": 2, "create events": 500}
    assert per_app(requests, 1000) == {"writes/app": 3.0, "reads/app": 0.0}
    assert per_app({"get services": 100}, 1000) == {"writes/app": 0.0, "reads/app": 0.1}
