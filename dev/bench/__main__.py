"""`python -m dev.bench`: what `make bench` calls; docs/performance.md says how to read what it prints."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from dev.bench import report, running
from dev.bench.arms import limit, ours, tutorial
from dev.bench.plane import FOLDER
from dev.bench.programme import PROGRAMMES, Programme
from dev.bench.workloads import WORKLOADS
from dev.cluster.progress import say


def main(arguments: Sequence[str]) -> int:
    """Measure and report; the exit code is 1 where a workload has failed, whatever the figures are."""
    options = _parser().parse_args(arguments)
    arms = {each.name: each for each in (limit.arm(), ours.arm(), tutorial.arm())}
    command = " ".join(["python -m dev.bench", *arguments])
    results = running.play(_programme(options), arms, command)
    path = FOLDER / f"{options.programme}.json"
    results.save(path)
    say(f"\n{report.machine(results)}\n{report.table(results)}\n{report.requests(results)}")
    for sentence in report.failures(results):
        say(f"FAILED: {sentence}")
    say(f"All figures: {path}")
    return 1 if report.failures(results) else 0


def _programme(options: argparse.Namespace) -> Programme:
    programme = PROGRAMMES[options.programme]
    if options.apps is not None:
        programme = replace(programme, also=())
    for name in ("apps", "repeats", "workloads", "arms", "profile"):
        if (chosen := getattr(options, name)) is not None:
            programme = replace(programme, **{name: chosen})
    return programme


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m dev.bench", description="The benchmark: docs/performance.md.")
    parser.add_argument("programme", choices=sorted(PROGRAMMES), nargs="?", default="standard", help="how much is done")
    parser.add_argument("--arms", type=_listed, help="which arms, separated by commas")
    parser.add_argument("--workloads", type=_listed, help=f"which of {', '.join(WORKLOADS)}, separated by commas")
    parser.add_argument("--apps", type=int, help="how many apps")
    parser.add_argument("--repeats", type=int, help="how often all arms are tried")
    parser.add_argument("--profile", type=Path, help="a file for py-spy's profile of the burst: .svg, .json or .txt")
    return parser


def _listed(text: str) -> tuple[str, ...]:
    return tuple(text.split(","))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
