"""The table: what a reader sees of a run."""

from dev.bench import report
from dev.bench.results import Outcome, Results, Trial


def trial(arm: str, repeat: int = 0, apps: int = 1000, **burst: float) -> Trial:
    """A trial that has shown these figures in the burst."""
    figures = {key.replace("_", " "): value for key, value in burst.items()}
    return Trial(arm, repeat, apps, {"burst": Outcome(figures, {"patch deployments": apps, "409": 10})})


def results(*trials: Trial) -> Results:
    return Results("make bench", "2026-01-01", {"memory": "8 GB"}, [*trials])


def row(text: str, beginning: str) -> list[str]:
    """The cells of the row that begins so."""
    (found,) = [line for line in text.splitlines() if line.startswith(f"| {beginning}")]
    return [each.strip() for each in found.strip("|").split("|")][1:]


def test_a_cell_is_the_median_with_least_and_greatest() -> None:
    trials = [trial("ours", repeat, memory=value) for repeat, value in enumerate((90.0, 70.0, 80.0))]
    assert row(report.table(results(*trials)), "burst: memory afterwards")[0] == "80 (70 to 90)"


def test_one_value_has_no_spread_and_none_is_a_dash() -> None:
    table = report.table(results(trial("limit"), trial("ours", memory=80.0)))
    assert row(table, "burst: memory afterwards")[:2] == ["-", "80"]


def test_a_goal_that_is_met_and_one_that_is_missed_can_be_told_apart() -> None:
    run = results(trial("ours", memory=80.0), trial("tutorial", memory=300.0))
    assert row(report.table(run), "burst: memory afterwards")[-1] == "≤ 100: met"
    assert report.missed(run) == []
    run = results(trial("ours", memory=101.0))
    assert row(report.table(run), "burst: memory afterwards")[-1] == "≤ 100: MISSED"
    assert report.missed(run) == ["burst: memory afterwards, MB"]


def test_the_goal_depends_on_the_number_of_apps() -> None:
    run = results(trial("ours", memory=90.0), trial("ours", apps=10_000, memory=240.0))
    assert row(report.table(run), "burst: memory afterwards")[-1] == "≤ 100: met; ≤ 250: met"


def test_the_share_of_the_limit_is_taken_within_a_repeat() -> None:
    slow = [
        Trial(arm, 0, 1000, {"burst": Outcome({"apps/s": rate})}) for arm, rate in (("limit", 50.0), ("ours", 45.0))
    ]
    fast = [
        Trial(arm, 1, 1000, {"burst": Outcome({"apps/s": rate})}) for arm, rate in (("limit", 100.0), ("ours", 80.0))
    ]
    assert row(report.table(results(*slow, *fast)), "burst: the same, as a share") == [
        "-",
        "0.85 (0.80 to 0.90)",
        "≥ 0.85: met",
    ]


def test_growth_compares_the_smallest_and_the_largest_burst() -> None:
    trials = [
        Trial("ours", 0, apps, {"burst": Outcome({"cpu ms/app": cpu})}) for apps, cpu in ((1000, 2.0), (10_000, 3.0))
    ]
    assert row(report.table(results(*trials)), "growth") == ["-", "1.50", "≤ 1.30: MISSED"]


def test_a_workload_that_failed_stands_in_the_table_and_below_it() -> None:
    failed = Trial("tutorial", 0, 1000, {}, failed="burst", sentence="After 10 s, it was not so.")
    run = results(trial("ours", memory=80.0), failed)
    assert row(report.table(run), "burst: memory afterwards")[1] == "failed (1 of 1)"
    assert report.failures(run) == ["tutorial, 1000 apps, repeat 1: burst failed. After 10 s, it was not so."]


def test_an_arm_that_did_not_start_has_failed_in_every_row() -> None:
    run = results(trial("ours", memory=80.0), Trial("tutorial", 0, 1000, {}, failed="start", sentence="No."))
    assert row(report.table(run), "burst: memory afterwards")[1] == "failed (1 of 1)"


def test_requests_are_told_for_each_app() -> None:
    text = report.requests(results(trial("ours")))
    assert row(text, "patch deployments") == ["1"]
    assert row(text, "refused with 409") == ["0.01"]
