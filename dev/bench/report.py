"""Results as a table of Markdown, which a terminal shows as well as a page. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median

from dev.bench.measures import GROWTH, GROWTH_GOAL, LIMIT, MEASURES, NOTHING, OURS, Goal, Measure, cell, growth, number
from dev.bench.results import START, Results

Row = tuple[str, ...]


def table(results: Results) -> str:
    """A row for each measure that anybody has, a column for each arm, and what ours was to reach."""
    columns = results.columns
    several = len({apps for _, apps in columns}) > 1
    heads = [f"{arm}, {apps} apps" if several else arm for arm, apps in columns]
    rows = [("What", *heads, "goal of ours"), *_rows(results, columns)]
    return _markdown(rows)


def requests(results: Results) -> str:
    """All requests by verb and resource: those of the burst for each app, and those while nothing happened."""
    tables = [_requests(results, "burst", "Requests per app of the burst", per_app=True)]
    if any("idle" in trial.outcomes for trial in results.trials):
        tables.append(_requests(results, "idle", "Requests while idle, in all", per_app=False))
    return "\n".join(tables)


def failures(results: Results) -> list[str]:
    """A sentence for each trial that did not come to its end."""
    return [
        f"{each.arm}, {each.apps} apps, repeat {each.repeat + 1}: {each.failed} failed. {each.sentence}"
        for each in results.trials
        if each.failed
    ]


def missed(results: Results) -> list[str]:
    """The rows in which ours did not reach its goal."""
    return [row[0] for row in _rows(results, results.columns) if "MISSED" in row[-1]]


def machine(results: Results) -> str:
    """What it was measured on, as a list."""
    return "".join(f"* {name}: {words}\n" for name, words in results.machine.items())


def _rows(results: Results, columns: Sequence[tuple[str, int]]) -> Iterator[Row]:
    for measure in MEASURES:
        values = {column: measure.values(results, *column) for column in columns}
        if measure.share_of_limit:
            values |= {column: [] for column in columns if column[0] == LIMIT}
        if any(values.values()) or _failed(results, measure):
            cells = (_cell(results, measure, column, values[column]) for column in columns)
            yield (measure.words, *cells, _verdicts(measure, columns, values))
    grown = {arm: growth(results, arm) for arm, _ in columns}
    if grown.get(OURS) is not None:
        yield _growth_row(columns, grown)


def _growth_row(columns: Sequence[tuple[str, int]], grown: dict[str, float | None]) -> Row:
    largest = {arm: max(apps for each, apps in columns if each == arm) for arm, _ in columns}
    cells = (
        NOTHING if (value := grown[arm]) is None or apps < largest[arm] else number(value) for arm, apps in columns
    )
    return (GROWTH, *cells, _verdict(GROWTH_GOAL, grown[OURS] or 0.0))


def _cell(results: Results, measure: Measure, column: tuple[str, int], values: Sequence[float]) -> str:
    fell = sum(each.failed in (measure.workload, START) for each in results.of(*column))
    words = f"failed ({fell} of {len(results.of(*column))})" if fell else ""
    return " ".join(part for part in (cell(values) if values or not fell else "", words) if part)


def _failed(results: Results, measure: Measure) -> bool:
    return any(each.failed == measure.workload for each in results.trials)


def _verdicts(measure: Measure, columns: Sequence[tuple[str, int]], values: dict[tuple[str, int], list[float]]) -> str:
    """The goal for each number of apps that ours was tried with, and whether the median reaches it."""
    words = [
        _verdict(goal, median(values[column]))
        for column in columns
        if column[0] == OURS and values[column] and (goal := measure.goal(column[1]))
    ]
    return "; ".join(words)


def _verdict(goal: Goal, value: float) -> str:
    return f"{goal}: {'met' if goal.is_met(value) else 'MISSED'}"


def _requests(results: Results, workload: str, title: str, *, per_app: bool) -> str:
    counts = {column: _counts(results, workload, column, per_app=per_app) for column in results.columns}
    columns = [column for column in results.columns if any(workload in each.outcomes for each in results.of(*column))]
    kinds = sorted({kind for each in counts.values() for kind in each}) or ["none"]
    rows = [(kind, *(cell(counts[column].get(kind, [])) for column in columns)) for kind in kinds]
    return _markdown([(title, *(f"{arm}, {apps} apps" for arm, apps in columns)), *rows])


def _counts(results: Results, workload: str, column: tuple[str, int], *, per_app: bool) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for trial in results.of(*column):
        outcome = trial.outcomes.get(workload)
        for kind, count in (outcome.requests if outcome else {}).items():
            name = f"refused with {kind}" if kind.isdecimal() else kind
            found.setdefault(name, []).append(count / trial.apps if per_app else count)
    return found


def _markdown(rows: Sequence[Row]) -> str:
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]))]
    head, *rest = ["| " + " | ".join(map(str.ljust, row, widths)) + " |\n" for row in rows]
    line = "|" + "|".join("-" * (width + 2) for width in widths) + "|\n"
    return "".join([head, line, *rest])
