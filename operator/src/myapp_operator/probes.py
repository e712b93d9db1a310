"""What the kubelet asks: /healthz (the process lives) and /readyz (everything has been listed once)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from myapp_operator.errors import StartError


@asynccontextmanager
async def serve(host: str, port: int, is_ready: Callable[[], bool]) -> AsyncIterator[None]:
    """Answers the probes while the block runs.

    Raises:
        StartError: the port is taken.
    """

    async def healthz(_: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def readyz(_: web.Request) -> web.Response:
        if is_ready():
            return web.Response(text="ok\n")
        return web.Response(status=503, text="waiting for the first list of MyApps and their children\n")

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
