"""Nothing happens, the operator ends and comes back, the apps go."""

from __future__ import annotations

import asyncio

from dev.bench import audit, meters
from dev.bench.figures import per_app
from dev.bench.programme import Programme
from dev.bench.results import Outcome
from dev.bench.stage import Stage


async def idle(stage: Stage, programme: Programme) -> Outcome:
    """Nothing happens at all."""
    await stage.quiet()
    async with stage.window() as window:
        for _ in range(programme.idle_seconds):
            await asyncio.sleep(1)
            stage.audit.read()
    figures = {
        "cpu ms/s": 1000 * window.cpu / window.seconds,
        "memory": meters.memory(stage.program.pid).now,
        "writes": float(audit.writes(window.requests)),
        "reads": float(audit.reads(window.requests)),
    }
    return Outcome(figures, dict(window.requests))


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
        "reads": float(audit.reads(requests)),
        "memory": memory.now,
        "memory peak": memory.peak,
    }
    return Outcome(figures, dict(requests))


async def deletion(stage: Stage, programme: Programme) -> Outcome:
    """Delete the apps of the burst; the garbage collector takes their children."""
    apps = stage.apps[: programme.apps]
    async with stage.window() as window:
        await asyncio.gather(
            stage.load.at_once(apps, stage.load.delete),
            stage.until("everything of it is gone", apps, stage.seen.is_gone),
        )
        await stage.quiet()
    del stage.apps[: programme.apps]
    figures = {"cpu ms/app": 1000 * window.cpu / len(apps), **per_app(window.requests, len(apps))}
    return Outcome(figures, dict(window.requests))
