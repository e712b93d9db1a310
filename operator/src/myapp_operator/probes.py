"""What the kubelet asks: /healthz (work goes on, or a restart helps) and /readyz (we know what there is)."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from myapp_operator.errors import StartError

logger = logging.getLogger(__name__)

Trouble = Callable[[], str]
"""Says in one sentence what is wrong; empty if nothing is."""


@asynccontextmanager
async def serve(host: str, port: int, *, stuck: Trouble, unready: Trouble) -> AsyncIterator[None]:
    """Answers the probes while the block runs: 503 with the sentence where there is trouble.

    Raises:
        StartError: the port is taken.
    """

    async def healthz(_: web.Request) -> web.Response:
        if trouble := stuck():  # the kubelet tells nobody why it restarts us
            logger.error("work is stuck, so /healthz fails: %s", trouble)
        return _answer(trouble)

    async def readyz(_: web.Request) -> web.Response:
        return _answer(unready())

    app = web.Application()
    app.add_routes([web.get("/healthz", healthz), web.get("/readyz", readyz)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            message = f"cannot listen on {host}:{port} ({error.strerror}): choose another port with --probes-port"
            raise StartError(2, message) from error
        yield
    finally:
        await runner.cleanup()


def _answer(trouble: str) -> web.Response:
    return web.Response(status=503 if trouble else 200, text=f"{trouble or 'ok'}\n")
