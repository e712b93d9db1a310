"""Brings a run into docs/performance.md: the machine, the table, and the plot beside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dev import marked
from dev.bench import report
from dev.bench.results import Results
from dev.cluster.layout import REPOSITORY

PAGE = REPOSITORY / "docs" / "performance.md"


@dataclass(frozen=True)
class Place:
    """Where on the page a programme's run stands, and the name of its plot."""

    part: str
    plot: str


PLACES = {"standard": Place("figures", "performance.svg"), "full": Place("full figures", "performance-full.svg")}
"""The programmes whose runs are shown."""


def renew(results: Results, programme: str) -> Path:
    """Write page and plot anew; return the page."""
    place = PLACES[programme]
    _draw(results, PAGE.with_name(place.plot))
    text = marked.renew(PAGE.read_text(encoding="utf-8"), place.part, part(results, place.plot))
    PAGE.write_text(text, encoding="utf-8")
    return PAGE


def part(results: Results, plot: str) -> str:
    """What stands on the page of one run."""
    failed = "".join(f"* {sentence}\n" for sentence in report.failures(results))
    pieces = [
        f"`{results.command}`, {results.day}:\n",
        report.machine(results),
        report.table(results),
        f"What failed:\n\n{failed}" if failed else "",
        f"![Apps per second, CPU, memory and latency against the number of apps]({plot})\n",
        report.requests(results),
    ]
    return "\n" + "\n".join(piece for piece in pieces if piece) + "\n"


def _draw(results: Results, path: Path) -> None:
    from dev.bench import plot  # noqa: PLC0415  only who renews the page needs matplotlib

    plot.draw(results, path)
