"""Apps and children that are there are changed."""

from __future__ import annotations

import asyncio

from dev.bench.figures import latencies, per_app
from dev.bench.programme import Programme
from dev.bench.results import Outcome
from dev.bench.stage import Stage
from dev.bench.workloads.creating import PER_SECOND
from myapp_operator import names


async def noop(stage: Stage, _: Programme) -> Outcome:
    """Change a label of each app, which asks for nothing."""
    apps = list(stage.apps)

    async def label(app: str) -> None:
        await stage.load.patch(app, {"metadata": {"labels": {"bench": "touched"}}})

    async with stage.window() as window:
        await stage.load.at_once(apps, label)
        await stage.quiet()
    figures = {"cpu ms/event": 1000 * window.cpu / len(apps), **per_app(window.requests, len(apps))}
    return Outcome(figures, dict(window.requests))


async def edits(stage: Stage, programme: Programme) -> Outcome:
    """Edit the apps of the burst, each once and all at once."""
    apps = stage.apps[: programme.apps]
    before = {app: _generation(stage, app) for app in apps}

    async def edit(app: str) -> None:
        await stage.load.patch(app, stage.arm.edit or {})

    def edited(app: str) -> bool:
        return _generation(stage, app) > before[app]

    async with stage.window() as window:
        await asyncio.gather(
            stage.load.at_once(apps, edit),
            stage.until("the Deployment is edited", apps, edited),
        )
        changed = {app: stage.seen.app(app).children[names.DEPLOYMENT.plural].changed for app in apps}
        await stage.settle(apps)
    began = min(stage.load.sent[app] for app in apps)
    figures = {
        "apps/s": len(apps) / (max(changed.values()) - began),
        "cpu ms/app": 1000 * window.cpu / len(apps),
        **per_app(window.requests, len(apps)),
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
        await asyncio.gather(
            stage.load.steadily(apps, rob, per_second=PER_SECOND),
            stage.until("the deleted child is back", apps, healed),
        )
        back = {app: stage.seen.app(app).children[kinds[app].plural].since for app in apps}
        await stage.settle(apps)
    waits = (back[app] - stage.load.sent[app] for app in apps)
    figures = {**latencies("deleted to back", waits), **per_app(window.requests, len(apps))}
    return Outcome(figures, dict(window.requests))


def _generation(stage: Stage, app: str) -> int:
    """That of the Deployment; it grows with every change of its spec."""
    child = stage.seen.app(app).children.get(names.DEPLOYMENT.plural)
    return child.generation if child else 0
