"""What a run leaves in docs/performance.md."""

from pathlib import Path

import pytest

from dev.bench import page
from dev.bench.curves import cpu_per_app, latency, memory, rate
from dev.bench.results import Outcome, Results, Sample, Trial

SAMPLES = [Sample(float(at), apps, at / 10, 50.0 + at) for at, apps in enumerate((0, 0, 50, 100, 150, 200, 200, 200))]


@pytest.fixture
def results() -> Results:
    burst = Outcome({"apps/s": 40.0}, {"patch deployments": 200}, SAMPLES)
    arrivals = [
        Outcome({"apps before": before, "apply to children p50": 10, "apply to children p99": 20})
        for before in (200, 50)
    ]
    trials = [
        Trial("ours", 0, 200, {"burst": burst, "arrival": arrivals[0]}),
        Trial("ours", 0, 50, {"arrival": arrivals[1]}),
    ]
    return Results("python -m dev.bench standard", "2026-01-01", {"memory": "8 GB"}, trials)


def test_the_page_has_table_machine_and_plot_and_keeps_what_people_wrote(
    results: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "performance.md"
    path.write_text("before\n<!-- begin figures -->\nold\n<!-- end figures -->\nafter\n")
    monkeypatch.setattr(page, "PAGE", path)
    monkeypatch.setattr(page, "_draw", lambda _, target: target.write_text("<svg/>"))
    page.renew(results, "standard")
    text = path.read_text()
    assert text.startswith("before\n<!-- begin figures -->\n")
    assert text.endswith("<!-- end figures -->\nafter\n")
    assert "old" not in text
    assert "* memory: 8 GB\n" in text
    assert "| burst: apps/s until children and status are there |" in text
    assert "](performance.svg)" in text
    assert (tmp_path / "performance.svg").exists()


def test_the_real_page_has_a_place_for_each_programme() -> None:
    text = page.PAGE.read_text()
    for place in page.PLACES.values():
        assert text.count(f"<!-- begin {place.part} -->") == text.count(f"<!-- end {place.part} -->") == 1


def test_the_rate_is_taken_over_some_seconds_until_the_last_app_is_done(results: Results) -> None:
    (curve,) = rate(results, "ours")
    assert list(zip(curve.apps, curve.values, strict=True)) == [(100, pytest.approx(100 / 3)), (150, 50.0), (200, 50.0)]


def test_cpu_is_told_per_app_and_memory_as_it_is(results: Results) -> None:
    (cpu,), (grown,) = cpu_per_app(results, "ours"), memory(results, "ours")
    assert list(zip(cpu.apps, cpu.values, strict=True)) == [
        (50, 4.0),
        (100, 3.0),
        (150, pytest.approx(8 / 3)),
        (200, 2.5),
    ]
    assert list(grown.values) == [50.0, 51.0, 52.0, 53.0, 54.0, 55.0]


def test_latencies_stand_in_the_order_of_the_apps_that_were_there(results: Results) -> None:
    assert [(list(each.apps), list(each.values)) for each in latency(results, "ours")] == [
        ([50, 200], [10, 10]),
        ([50, 200], [20, 20]),
    ]
