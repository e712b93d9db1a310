"""Plays a programme: each arm on a fresh control plane, one workload after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from dev.bench import plane
from dev.bench.arms.arm import Arm
from dev.bench.errors import BenchError
from dev.bench.machine import describe
from dev.bench.programme import Programme, rounds
from dev.bench.results import START, Results, Trial
from dev.bench.stage import Stage, staged
from dev.bench.workloads import WORKLOADS
from dev.cluster import ClusterError
from dev.cluster.progress import say, step
from dev.steps import StepError
from myapp_operator.errors import OperatorError

FAILURES = (BenchError, ClusterError, StepError, OperatorError)

_FED = ("burst", "arrival")
"""What an arm that watches nothing can be asked to do."""


def play(programme: Programme, arms: Mapping[str, Arm], command: str, kept: Path) -> Results:
    """All rounds; one that fails is reported and the next one is played. What there is so far is kept in a file."""
    results = Results(command, datetime.now(UTC).date().isoformat(), describe())
    for number, each in enumerate(order := list(rounds(programme)), start=1):
        say(f"\n[{number}/{len(order)}] {each}\n")
        trial = Trial(each.arm, each.repeat, each.apps)
        results.trials.append(trial)
        _try(
            arms[each.arm],
            each.workloads,
            replace(programme, apps=each.apps, arrival_seconds=each.arrival_seconds),
            trial,
        )
        results.save(kept)
    return results


def _try(arm: Arm, workloads: Sequence[str], programme: Programme, trial: Trial) -> None:
    try:
        with plane.fresh() as fresh:
            asyncio.run(_play(arm, fresh, workloads, programme, trial))
    except FAILURES as error:
        trial.failed = trial.failed or START
        trial.sentence = str(error)
        say(f"  FAILED: {trial.failed}: {error}")


async def _play(arm: Arm, fresh: plane.Plane, workloads: Sequence[str], programme: Programme, trial: Trial) -> None:
    async with staged(arm, fresh) as stage:
        await stage.start()
        await stage.quiet()
        for name in workloads:
            if takes_part(arm, name):
                await _measure(stage, name, programme, trial)


async def _measure(stage: Stage, name: str, programme: Programme, trial: Trial) -> None:
    try:
        with step(f"{stage.arm.name}: {name}"):
            trial.outcomes[name] = await WORKLOADS[name](stage, programme)
    except FAILURES:
        trial.failed = name
        raise


def takes_part(arm: Arm, workload: str) -> bool:
    """Whether an arm can be asked to do this at all."""
    if arm.fed:
        return workload in _FED
    able = {
        "pods": arm.pod is not None,
        "heal": arm.heals,
        "edits": arm.edit is not None,
        "poison": arm.poison is not None,
    }
    return able.get(workload, True)
