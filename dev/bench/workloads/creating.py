"""Apps are created: all at once, or at a steady pace, with pods, or with poison among them."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence

from dev.bench import meters
from dev.bench.figures import latencies, per_app
from dev.bench.load import merged
from dev.bench.profiler import profiled
from dev.bench.programme import Programme
from dev.bench.results import Outcome
from dev.bench.sightings import NEVER
from dev.bench.stage import Stage
from myapp_operator import names
from myapp_operator.grammar import Json

PER_SECOND = 10.0
_PODS_PER_SECOND = 2.0
"""A pod keeps Kubernetes itself busier than all that is measured here: ten a second would measure how long its queue
is."""
_POISON_SHARE = 0.01
_DONE = "children and status are there"


async def burst(stage: Stage, programme: Programme) -> Outcome:
    """Create all apps at once."""
    apps = [f"app-{number}" for number in range(programme.apps)]
    done: set[str] = set()

    def complete(app: str) -> bool:
        if stage.seen.is_complete(app):
            done.add(app)
        return app in done

    with profiled(stage.program.pid, programme.profile):
        async with stage.window() as window, stage.sampled(lambda: len(done)) as samples:
            await asyncio.gather(stage.load.at_once(apps, stage.load.create), stage.until(_DONE, apps, complete))
            await stage.settle(apps)
    stage.apps += apps
    memory = meters.memory(stage.program.pid)
    figures = {
        **_rates(stage, apps),
        "cpu ms/app": 1000 * window.cpu / len(apps),
        "servers cpu ms/app": 1000 * window.servers_cpu / len(apps),
        "memory": memory.now,
        "memory peak": memory.peak,
        **per_app(window.requests, len(apps)),
        **latencies("apply to children", (stage.seen.app(app).children_since - stage.load.sent[app] for app in apps)),
    }
    return Outcome(figures, dict(window.requests), samples)


async def arrival(stage: Stage, programme: Programme) -> Outcome:
    """Create apps without pods at a steady pace, on top of those that are there."""
    return await _arrive(stage, "steady", programme.arrival_seconds, PER_SECOND)


async def pods(stage: Stage, programme: Programme) -> Outcome:
    """The same more slowly, with a pod each."""
    return await _arrive(stage, "pods", programme.arrival_seconds, _PODS_PER_SECOND, patch=stage.arm.pod)


async def poison(stage: Stage, programme: Programme) -> Outcome:
    """As `arrival` for half as long, with apps that can never become ready; measured are the healthy ones."""
    return await _arrive(stage, "poison", programme.arrival_seconds // 2, PER_SECOND, poison=_POISON_SHARE)


def _rates(stage: Stage, apps: Sequence[str]) -> dict[str, float]:
    """Apps per second from the first request on, until all are done, and until all are told to be ready."""
    sights = [stage.seen.app(app) for app in apps]
    began = min(stage.load.sent[app] for app in apps)
    rates = {"apps/s": len(apps) / (max(max(each.children_since, each.written) for each in sights) - began)}
    if stage.arm.is_ready:
        rates["apps/s until ready"] = len(apps) / (max(each.ready for each in sights) - began)
    return rates


async def _arrive(  # noqa: PLR0913  how many, how fast, and what is odd about them
    stage: Stage, prefix: str, seconds: int, per_second: float, *, patch: Json | None = None, poison: float = 0.0
) -> Outcome:
    existing = len(stage.apps)
    apps = [f"{prefix}{existing}-{number}" for number in range(int(per_second * seconds))]
    sick = set(apps[:: int(1 / poison)]) if poison else set()
    healthy = [app for app in apps if app not in sick]
    for app in sorted(sick) if stage.arm.occupied else ():
        await stage.load.occupy(names.SERVICE, _stranger(stage.arm.occupied.format(name=app)))

    never_ready = merged(stage.arm.pod or {}, stage.arm.poison or {})

    async def create(app: str) -> None:
        await stage.load.create(app, never_ready if app in sick else patch)

    async with stage.window() as window:
        before = meters.processors()
        await asyncio.gather(
            stage.load.steadily(apps, create, per_second=per_second),
            stage.until(_DONE, healthy, stage.seen.is_complete),
        )
        busy = meters.processors().busy_share(before)
        await stage.settle(healthy, rest=not sick)
    stage.apps += healthy
    await _remove(stage, sick)
    sights = {app: stage.seen.app(app) for app in healthy}
    figures = {
        "apps before": float(existing),
        "busy %": 100 * busy,
        "cpu ms/app": 1000 * window.cpu / len(apps),
        **latencies("apply to children", (each.children_since - stage.load.sent[app] for app, each in sights.items())),
    }
    if patch is not None:
        told = [each.ready - each.full for each in sights.values() if each.full <= each.ready < NEVER]
        figures |= latencies("pods ready to status", told)
    return Outcome(figures, dict(window.requests))


async def _remove(stage: Stage, sick: Collection[str]) -> None:
    """Take apps away that will never rest: what comes next is about the others."""
    await stage.load.at_once(sick, stage.load.delete)
    await stage.until("everything of it is gone", sick, stage.seen.is_gone)
    if sick:
        await stage.quiet()


def _stranger(name: str) -> Json:
    """A Service that belongs to nobody."""
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": {"ports": [{"port": 80}]}}
