"""What is done to an operator, and what is measured of it. Times in milliseconds, memory in MB."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence

from dev.bench import audit, meters
from dev.bench.figures import latencies
from dev.bench.load import Action
from dev.bench.profiler import profiled
from dev.bench.programme import Programme
from dev.bench.results import Outcome
from dev.bench.sightings import NEVER
from dev.bench.stage import Stage, Window
from myapp_operator import names
from myapp_operator.grammar import Json

_PATIENCE = 120.0
_PATIENCE_PER_APP = 0.5
"""Seconds after which a workload has failed: these, and so many more for each app."""
_PER_SECOND = 10.0
_POISON_SHARE = 0.01


async def burst(stage: Stage, programme: Programme) -> Outcome:
    """Create all apps at once."""
    apps = _names("app", programme.apps)
    done: set[str] = set()

    def complete(app: str) -> bool:
        if stage.seen.is_complete(app):
            done.add(app)
        return app in done

    with profiled(stage.program.pid, programme.profile):
        async with stage.window() as window, stage.sampled(lambda: len(done)) as samples:
            creating = asyncio.create_task(_act(stage, apps, stage.load.create))
            await stage.observer.until("children and status are there", apps, complete, seconds=_patience(apps))
            await creating
            await _settle(stage, apps)
    sent = min(stage.load.sent[app] for app in apps)
    end = max(max(stage.seen.app(app).children_since, stage.seen.app(app).written) for app in apps)
    memory = meters.memory(stage.program.pid)
    figures = {
        "apps/s": len(apps) / (end - sent),
        "cpu ms/app": 1000 * window.cpu / len(apps),
        "servers cpu ms/app": 1000 * window.servers_cpu / len(apps),
        "memory": memory.now,
        "memory peak": memory.peak,
        **_per_app(window, len(apps)),
        **latencies("apply to children", (stage.seen.app(app).children_since - stage.load.sent[app] for app in apps)),
    }
    if stage.arm.is_ready:
        last = max(stage.seen.app(app).ready for app in apps)
        figures["apps/s until ready"] = len(apps) / (last - sent)
    stage.apps += apps
    return Outcome(figures, dict(window.requests), samples)


async def arrival(stage: Stage, programme: Programme) -> Outcome:
    """Create apps at a steady pace, on top of those that are there."""
    return await _arrive(stage, "steady", programme, poison=0.0)


async def poison(stage: Stage, programme: Programme) -> Outcome:
    """The same, with apps among them that can never become ready; measured are the healthy ones."""
    return await _arrive(stage, "poison", programme, poison=_POISON_SHARE)


async def _arrive(stage: Stage, prefix: str, programme: Programme, *, poison: float) -> Outcome:
    existing = len(stage.apps)
    apps = _names(f"{prefix}{existing}", int(_PER_SECOND * programme.arrival_seconds))
    sick = set(apps[:: int(1 / poison)]) if poison else set()
    healthy = [app for app in apps if app not in sick]
    for app in sick if stage.arm.occupied else ():
        await stage.load.occupy(names.SERVICE, _stranger(stage.arm.occupied.format(name=app)))

    async def create(app: str) -> None:
        await stage.load.create(app, stage.arm.poison if app in sick else None)

    async with stage.window() as window:
        await stage.load.steadily(apps, create, per_second=_PER_SECOND)
        what = "children and status are there"
        await stage.observer.until(what, healthy, stage.seen.is_complete, seconds=_patience(apps))
        await _settle(stage, healthy, rest=not sick)
    stage.apps += apps
    sights = {app: stage.seen.app(app) for app in healthy}
    told = [each.ready - each.full for each in sights.values() if each.full <= each.ready < NEVER]
    figures = {
        "apps before": float(existing),
        "cpu ms/app": 1000 * window.cpu / len(apps),
        **latencies("apply to children", (each.children_since - stage.load.sent[app] for app, each in sights.items())),
        **latencies("pods ready to status", told),
    }
    return Outcome(figures, dict(window.requests))


async def idle(stage: Stage, programme: Programme) -> Outcome:
    """Nothing happens at all."""
    await stage.quiet()
    async with stage.window() as window:
        for _ in range(programme.idle_seconds):
            await asyncio.sleep(1)
            stage.audit.read()
    memory = meters.memory(stage.program.pid)
    figures = {"cpu ms/s": 1000 * window.cpu / window.seconds, "memory": memory.now, **_reads_and_writes(window)}
    return Outcome(figures, dict(window.requests))


async def noop(stage: Stage, _: Programme) -> Outcome:
    """Change a label of each app, which asks for nothing."""
    apps = list(stage.apps)

    async def label(app: str) -> None:
        await stage.load.patch(app, {"metadata": {"labels": {"bench": "touched"}}})

    async with stage.window() as window:
        await _act(stage, apps, label)
        await stage.quiet()
    return Outcome(
        {"cpu ms/event": 1000 * window.cpu / len(apps), **_per_app(window, len(apps))}, dict(window.requests)
    )


async def edits(stage: Stage, programme: Programme) -> Outcome:
    """Edit apps, each once and all at once."""
    apps = stage.apps[: programme.apps]
    before = {app: _deployment_generation(stage, app) for app in apps}

    async def edit(app: str) -> None:
        await stage.load.patch(app, stage.arm.edit or {})

    def edited(app: str) -> bool:
        return _deployment_generation(stage, app) > before[app]

    async with stage.window() as window:
        editing = asyncio.create_task(_act(stage, apps, edit))
        await stage.observer.until("the Deployment is edited", apps, edited, seconds=_patience(apps))
        await editing
        changed = {app: stage.seen.app(app).children[names.DEPLOYMENT.plural].changed for app in apps}
        await _settle(stage, apps)
    sent = min(stage.load.sent[app] for app in apps)
    figures = {
        "apps/s": len(apps) / (max(changed.values()) - sent),
        "cpu ms/app": 1000 * window.cpu / len(apps),
        **_per_app(window, len(apps)),
        **latencies("edit to child", (changed[app] - stage.load.sent[app] for app in apps)),
    }
    return Outcome(figures, dict(window.requests))


async def heal(stage: Stage, programme: Programme) -> Outcome:
    """Delete children one after the other: of every other app the Service, of the rest the Deployment."""
    apps = stage.apps[: programme.healed]
    kinds = {app: (names.SERVICE, names.DEPLOYMENT)[number % 2] for number, app in enumerate(apps)}
    before = {app: stage.seen.app(app).children[kinds[app].plural] for app in apps}

    async def rob(app: str) -> None:
        await stage.load.delete_child(app, kinds[app], before[app].name)

    def healed(app: str) -> bool:
        child = stage.seen.app(app).children.get(kinds[app].plural)
        return child is not None and child.uid != before[app].uid

    async with stage.window() as window:
        await stage.load.steadily(apps, rob, per_second=_PER_SECOND)
        await stage.observer.until("the deleted child is back", apps, healed, seconds=_patience(apps))
        back = {app: stage.seen.app(app).children[kinds[app].plural].since for app in apps}
        await _settle(stage, apps)
    waits = (back[app] - stage.load.sent[app] for app in apps)
    return Outcome({**latencies("deleted to back", waits), **_per_app(window, len(apps))}, dict(window.requests))


async def restart(stage: Stage, _: Programme) -> Outcome:
    """Stop the program and start it anew, with nothing changed."""
    await stage.quiet()
    await asyncio.to_thread(stage.program.stop)
    before = stage.audit.read()
    seconds = await stage.start()
    await stage.quiet()
    requests = stage.audit.read() - before
    memory = meters.memory(stage.program.pid)
    figures = {
        "seconds to ready": seconds,
        "cpu s": meters.cpu_seconds(stage.program.pid),
        "writes": float(audit.writes(requests)),
        "memory": memory.now,
        "memory peak": memory.peak,
    }
    return Outcome(figures, dict(requests))


async def deletion(stage: Stage, programme: Programme) -> Outcome:
    """Delete apps; the garbage collector takes their children."""
    apps = stage.apps[: programme.apps]
    async with stage.window() as window:
        deleting = asyncio.create_task(_act(stage, apps, stage.load.delete))
        await stage.observer.until("everything of it is gone", apps, stage.seen.is_gone, seconds=_patience(apps))
        await deleting
        await stage.quiet()
    del stage.apps[: programme.apps]
    return Outcome({"cpu ms/app": 1000 * window.cpu / len(apps), **_per_app(window, len(apps))}, dict(window.requests))


Workload = Callable[[Stage, Programme], Awaitable[Outcome]]

WORKLOADS: Mapping[str, Workload] = {
    each.__name__: each for each in (burst, idle, noop, arrival, poison, edits, heal, restart, deletion)
}
"""In the order in which they are done."""


async def _act(stage: Stage, apps: Sequence[str], action: Action) -> None:
    await stage.load.at_once(apps, action)


async def _settle(stage: Stage, apps: Sequence[str], *, rest: bool = True) -> None:
    """Wait until all pods are up and told of, and the program has nothing left to do."""

    def settled(app: str) -> bool:
        sight = stage.seen.app(app)
        return sight.full < NEVER and (stage.arm.is_ready is None or sight.ready < NEVER)

    await stage.observer.until("all pods are up and the status says so", apps, settled, seconds=_patience(apps))
    if rest:
        await stage.quiet()


def _names(prefix: str, count: int) -> list[str]:
    return [f"{prefix}-{number}" for number in range(count)]


def _patience(apps: Sequence[str]) -> float:
    return _PATIENCE + _PATIENCE_PER_APP * len(apps)


def _deployment_generation(stage: Stage, app: str) -> int:
    child = stage.seen.app(app).children.get(names.DEPLOYMENT.plural)
    return child.generation if child else 0


def _stranger(name: str) -> Json:
    """A Service that belongs to nobody."""
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": {"ports": [{"port": 80}]}}


def _per_app(window: Window, apps: int) -> dict[str, float]:
    counts = window.requests
    return {"writes/app": audit.writes(counts) / apps, "reads/app": audit.reads(counts) / apps}


def _reads_and_writes(window: Window) -> dict[str, float]:
    counts: Counter[str] = window.requests
    return {"writes": float(audit.writes(counts)), "reads": float(audit.reads(counts))}
