"""Healthy apps while hostile objects of other tenants arrive, beside them, and after a start among them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from dev import hostile as objects
from dev.bench import meters
from dev.bench.figures import latencies
from dev.bench.programme import Programme
from dev.bench.results import Outcome
from dev.bench.stage import Stage
from dev.bench.workloads.creating import PER_SECOND
from dev.hostile import Hostile

_NAMESPACE = "hostile"
_SHARE_OF_OTHERS = 0.2
"""Of the hostile objects, those that are no MyApps."""
_FIGURE = "apply to children"


async def hostile(stage: Stage, programme: Programme) -> Outcome:
    """Create healthy apps at a steady pace: alone, while hostile objects arrive, beside them, and after a restart."""
    alone = await _served(stage, "alone", programme)
    before = meters.memory(stage.program.pid)
    stage.plane.kubectl("create", "namespace", _NAMESPACE, failed="The namespace of hostile objects cannot be created.")
    others = int(programme.hostile * _SHARE_OF_OTHERS)
    made = [*objects.myapps(_NAMESPACE, programme.hostile - others), *objects.others(_NAMESPACE, others)]
    async with stage.window() as arrival:
        arriving, _ = await asyncio.gather(_served(stage, "arriving", programme), _post(stage, made))
    # The API server needs both cores to take 200 objects of a megabyte. What the operator owes is told once they stand.
    await stage.quiet()
    beside = await _served(stage, "beside", programme)
    memory = meters.memory(stage.program.pid)
    await asyncio.to_thread(stage.program.stop)
    seconds = await stage.start()
    restarted = await _served(stage, "restarted", programme)
    after = meters.memory(stage.program.pid)
    figures = {
        "hostile objects": float(len(made)),
        **{f"alone: {name}": value for name, value in alone.items()},
        **{f"arriving: {name}": value for name, value in arriving.items()},
        "arriving: CPU of the operator, %": 100 * arrival.cpu / arrival.seconds,
        "arriving: CPU of the servers, %": 100 * arrival.servers_cpu / arrival.seconds,
        **{f"beside: {name}": value for name, value in beside.items()},
        **{f"restarted: {name}": value for name, value in restarted.items()},
        "p99 beside / alone": beside[f"{_FIGURE} p99"] / alone[f"{_FIGURE} p99"],
        "p99 restarted / alone": restarted[f"{_FIGURE} p99"] / alone[f"{_FIGURE} p99"],
        "memory alone": before.now,
        "memory peak": memory.peak,
        "memory after restart": after.now,
        "memory peak after restart": after.peak,
        "seconds to ready": seconds,
    }
    return Outcome(figures, dict(stage.audit.read()))


async def _served(stage: Stage, prefix: str, programme: Programme) -> dict[str, float]:
    """Create apps without pods at a steady pace; return how long each waited for its children."""
    apps = [f"{prefix}-{number}" for number in range(int(PER_SECOND * programme.arrival_seconds))]
    await asyncio.gather(
        stage.load.steadily(apps, stage.load.create, per_second=PER_SECOND),
        stage.until("children and status are there", apps, stage.seen.is_complete),
    )
    stage.apps += apps
    return latencies(_FIGURE, (stage.seen.app(app).children_since - stage.load.sent[app] for app in apps))


async def _post(stage: Stage, made: Iterable[Hostile]) -> None:
    by_name = {each.name: each for each in made}
    await stage.load.at_once(by_name, lambda name: stage.load.post(by_name[name].path, by_name[name].body.encode()))
