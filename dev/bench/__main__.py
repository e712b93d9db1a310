"""`python -m dev.bench`: what `make bench` calls; docs/performance.md says how to read what it prints."""

from __future__ import annotations

import argparse
import shlex
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from dev.bench import page, report, running
from dev.bench.arms import limit, ours, peer, tutorial
from dev.bench.arms.arm import Arm
from dev.bench.errors import BenchError
from dev.bench.plane import FOLDER
from dev.bench.programme import PROGRAMMES, Programme
from dev.bench.results import Results
from dev.bench.workloads import WORKLOADS
from dev.cluster.layout import REPOSITORY
from dev.cluster.progress import say

_CHOICES = ("arms", "apps", "repeats", "workloads", "profile")
"""The options by which a run becomes another one than docs/performance.md shows."""


def main(arguments: Sequence[str]) -> int:
    """Measure and report; the exit code is 1 where a workload has failed, whatever the figures are."""
    options = _parser().parse_args(arguments)
    kept = FOLDER / f"{options.programme}.json"
    try:
        peers = [peer.read(folder.resolve()) for folder in options.peer]
        arms = _arms(peers)
        programme = _programme(options, arms, peers)
        results = running.play(programme, arms, f"python -m dev.bench {shlex.join(arguments)}", kept)
    except BenchError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nInterrupted: nothing runs any more; run the same command to begin anew.\n")
        return 130
    _show(results)
    say(f"All figures: {kept.relative_to(REPOSITORY)}")
    if options.programme in page.PLACES and all(getattr(options, each) is None for each in _CHOICES):
        say(f"Renewed: {page.renew(results, options.programme).relative_to(REPOSITORY)}")
    return 1 if report.failures(results) else 0


def _show(results: Results) -> None:
    say(f"\n{report.machine(results)}\n{report.table(results)}\n{report.requests(results)}")
    for sentence in report.failures(results):
        say(f"FAILED: {sentence}")
    for row in report.missed(results):
        say(f"MISSED: {row}")


def _arms(peers: Sequence[Arm]) -> Mapping[str, Arm]:
    every = [limit.arm(), ours.arm(), tutorial.arm(), *peers]
    named = {each.name: each for each in every}
    if len(named) < len(every):
        raise BenchError("Two arms have the same name: give each peer one of its own.")
    return named


def _programme(options: argparse.Namespace, arms: Mapping[str, Arm], peers: Sequence[Arm]) -> Programme:
    whole = PROGRAMMES[options.programme]
    programme = replace(
        whole,
        arms=options.arms or (*whole.arms, *(each.name for each in peers)),
        apps=options.apps or whole.apps,
        repeats=_repeats(whole, options.workloads, options.repeats),
        also=() if options.apps or options.workloads else whole.also,
        profile=options.profile,
    )
    _check("arm", programme.arms, arms)
    for workloads in programme.repeats:
        _check("workload", workloads, WORKLOADS)
        if workloads[0] != "burst":
            raise BenchError("The first workload must be burst, which makes the apps that the others are about.")
    return programme


def _repeats(programme: Programme, workloads: tuple[str, ...] | None, times: int | None) -> tuple[tuple[str, ...], ...]:
    """As the programme has it, unless the command line says what is done, or how often."""
    if workloads is not None:
        return (workloads,) * (times or 1)
    return programme.repeats if times is None else (programme.repeats[0],) * times


def _check(what: str, chosen: Sequence[str], known: Mapping[str, object]) -> None:
    for each in chosen:
        if each not in known:
            raise BenchError(f"There is no {what} {each}: choose from {', '.join(known)}.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m dev.bench", description="The benchmark: docs/performance.md.")
    parser.add_argument("programme", choices=sorted(PROGRAMMES), nargs="?", default="standard", help="how much is done")
    parser.add_argument("--peer", type=Path, action="append", default=[], help="a folder with a peer.yaml; repeatable")
    parser.add_argument("--arms", type=_listed, help="which arms, separated by commas")
    parser.add_argument("--workloads", type=_listed, help=f"which of {', '.join(WORKLOADS)}, separated by commas")
    parser.add_argument("--apps", type=int, help="how many apps")
    parser.add_argument("--repeats", type=int, help="how often all of it is done")
    parser.add_argument("--profile", type=Path, help="a file for py-spy's profile of the burst: .svg, .json or .txt")
    return parser


def _listed(text: str) -> tuple[str, ...]:
    return tuple(text.split(","))


if __name__ == "__main__":
    # Whoever ends us by SIGTERM wants no control plane left behind either.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main(sys.argv[1:]))
