"""A relay between the operator and the API server that understands what it passes on, and can hold some of it back."""

from __future__ import annotations

import asyncio
import base64
import ssl
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import aiohttp
import yaml
from aiohttp import web
from yarl import URL

from tests.harness.ports import LOOPBACK, hold_port

_HOP_BY_HOP = {"connection", "content-length", "host", "transfer-encoding"}


class Relay:
    """Passes requests on, one by one, while it is used as a context manager. It speaks plain HTTP to the operator."""

    def __init__(self, kubeconfig: Path) -> None:
        config = yaml.safe_load(kubeconfig.read_text())
        cluster = config["clusters"][0]["cluster"]
        self._server = cluster["server"]
        self._trust = ssl.create_default_context(
            cadata=base64.b64decode(cluster["certificate-authority-data"]).decode()
        )
        self._held, self._port = hold_port()
        config["clusters"][0]["cluster"] = {"server": f"http://{LOOPBACK}:{self._port}"}
        self.kubeconfig = kubeconfig.with_suffix(".relay")
        """Leads through this relay."""
        self.kubeconfig.write_text(yaml.safe_dump(config))
        self._silent = ""
        self._odd_lists: dict[str, bytes] = {}
        self._watching: dict[str, list[asyncio.Transport]] = {}
        self._odd_lines: dict[str, list[bytes]] = {}
        self._silenced: list[asyncio.Transport] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Relay:
        self._thread.start()
        self._do(self._open())
        return self

    def __exit__(self, *_: object) -> None:
        self._do(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def silence_apps(self) -> None:
        """From now on every watch of MyApps stays open, and nothing comes."""
        self.silence("myapps")

    def silence(self, plural: str) -> None:
        """From now on every watch of this kind stays open, and of MyApps nothing, of others only bookmarks come."""
        self._silent = plural

    def end_silence(self) -> None:
        """Cuts the watches that have missed something, and lets all others through."""

        async def end() -> None:
            self._silent = ""
            for each in self._silenced:
                each.close()
            self._silenced.clear()

        self._do(end())

    def answer_lists(self, plural: str, body: bytes | None) -> None:
        """From now on every list of this kind has this body, with status 200; None: its own again."""

        if body is None:
            self._odd_lists.pop(plural, None)
        else:
            self._odd_lists[plural] = body

    def slip_in(self, plural: str, *lines: bytes) -> None:
        """Brings these lines in the next watches of this kind, one in each, before what comes by itself."""
        self._odd_lines.setdefault(plural, []).extend(lines)

    def cut_watches(self, plural: str) -> None:
        """Cuts the watches of this kind that are open."""

        def cut() -> None:
            for each in self._watching.pop(plural, []):
                each.close()

        self._loop.call_soon_threadsafe(cut)

    def left(self, plural: str) -> int:
        """Lines that no watch has brought yet."""
        return len(self._odd_lines.get(plural, ()))

    def hold_writes(self) -> None:
        """From now on no PATCH gets an answer."""
        self._loop.call_soon_threadsafe(self._writable.clear)

    def let_writes_go(self) -> None:
        """Passes on also what was held."""
        self._loop.call_soon_threadsafe(self._writable.set)

    def _do(self, what: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(what, self._loop).result(timeout=30)

    async def _open(self) -> None:
        self._writable = asyncio.Event()
        self._writable.set()
        self._far = aiohttp.ClientSession(
            auto_decompress=False,
            connector=aiohttp.TCPConnector(ssl=self._trust, limit=0),
            timeout=aiohttp.ClientTimeout(total=None),
            read_bufsize=2**22,  # one event of a watch is one line
        )
        app = web.Application(client_max_size=2**24)
        app.router.add_route("*", "/{path:.*}", self._pass_on)
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, LOOPBACK, self._port).start()

    async def _close(self) -> None:
        await self._runner.cleanup()
        await self._far.close()

    async def _pass_on(self, request: web.Request) -> web.StreamResponse:
        if request.method == "PATCH":
            await self._writable.wait()
        url = URL(f"{self._server}{request.raw_path}", encoded=True)
        body = await request.read() or None
        async with self._far.request(request.method, url, headers=_passed(request.headers), data=body) as answer:
            plural = request.path.rsplit("/", 1)[-1]
            if request.method == "GET" and "watch" not in request.query and plural in self._odd_lists:
                return web.Response(body=self._odd_lists[plural], content_type="application/json")
            near = web.StreamResponse(status=answer.status, headers=_passed(answer.headers))
            await near.prepare(request)
            if "watch" in request.query and request.transport is not None:
                self._watching.setdefault(plural, []).append(request.transport)
            if "watch" in request.query and self._odd_lines.get(plural):
                await near.write(self._odd_lines[plural].pop(0) + b"\n")
            if "watch" in request.query:
                await self._pass_lines(request, answer, near)
            else:
                async for chunk in answer.content.iter_any():
                    await near.write(chunk)
            await near.write_eof()
        return near

    async def _pass_lines(self, request: web.Request, answer: aiohttp.ClientResponse, near: web.StreamResponse) -> None:
        plural = request.path.rpartition("/")[2]
        async for line in answer.content:
            if plural != self._silent or (plural != "myapps" and b'"type":"BOOKMARK"' in line):
                await near.write(line)
            elif request.transport not in self._silenced and request.transport is not None:
                self._silenced.append(request.transport)


def _passed(headers: Any) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in _HOP_BY_HOP}
