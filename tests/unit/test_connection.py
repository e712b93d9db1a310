"""The guard before each write, seen from the API server's side."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from kubernetes.aio.client import Configuration

from myapp_operator.connection import Connection
from myapp_operator.errors import ApiError, NotLeadingError, ReadOnlyError, UnreachableError, UnreadableError

WRITES = ("PATCH", "POST", "PUT", "DELETE")
MANY = 120


class ApiServer:
    """Notes each request that reaches it; answers each after `seconds`."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str | None]] = []
        self.has_many = asyncio.Event()
        self.seconds = 0.0
        self.url = ""
        self.body = b"{}"
        self.status = 200

    async def answer(self, request: web.Request) -> web.Response:
        self.requests.append((request.method, request.query.get("timeout")))
        if len(self.requests) == MANY:
            self.has_many.set()
        await asyncio.sleep(self.seconds)
        return web.Response(body=self.body, status=self.status, content_type="application/json")


@pytest.fixture
async def server() -> AsyncIterator[ApiServer]:
    """On a port of this machine."""
    server = ApiServer()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.answer)
    async with TestServer(app) as listening:
        server.url = str(listening.make_url("")).rstrip("/")
        yield server


class Guard:
    """Holds writes back from the moment on when it is shut; until then each may take so many seconds."""

    shut = False
    shuts_after: int | None = None
    """How often it is asked before it shuts by itself."""
    asked = 0
    seconds = 10.0

    def __call__(self) -> float:
        self.asked += 1
        if self.shut or (self.shuts_after is not None and self.asked > self.shuts_after):
            raise NotLeadingError
        return self.seconds


@asynccontextmanager
async def connected(server: ApiServer, guard: Guard | None = None) -> AsyncIterator[Connection]:
    configuration = Configuration()
    configuration.host = server.url
    async with Connection(configuration, guard) as open_connection:
        yield open_connection


@pytest.mark.parametrize("method", WRITES)
async def test_a_write_that_is_held_back_never_reaches_the_api_server(server: ApiServer, method: str) -> None:
    guard = Guard()
    async with connected(server, guard) as way:
        await way.json(method, "/x", body={})
        guard.shut = True
        with pytest.raises(NotLeadingError):
            await way.json(method, "/x", body={})
    assert [sent for sent, _ in server.requests] == [method]


@pytest.mark.parametrize("method", WRITES)
@pytest.mark.parametrize("steps", [1, 2], ids=["while it waits for a connection", "before its bytes go out"])
async def test_a_write_is_held_back_also_if_the_guard_shuts(server: ApiServer, steps: int, method: str) -> None:
    guard = Guard()
    guard.shuts_after = steps
    async with connected(server, guard) as way:
        with pytest.raises(NotLeadingError):
            await way.json(method, "/x", body={})
        guard.shuts_after = None
        await way.json("PATCH", "/later", body={})
    assert [sent for sent, _ in server.requests] == ["PATCH"], "and the next one finds a connection"


async def test_many_watches_leave_room_for_a_write(server: ApiServer) -> None:
    """Each namespace has about a dozen; the client's own limit is a hundred connections."""
    async with connected(server) as way:
        server.seconds = 60
        watches = [asyncio.create_task(way.json("GET", "/watch")) for _ in range(MANY)]
        async with asyncio.timeout(60):
            await server.has_many.wait()
            server.seconds = 0
            await way.json("PATCH", "/x", body={})
        for watch in watches:
            watch.cancel()
        await asyncio.gather(*watches, return_exceptions=True)


async def test_reads_pass_whatever_the_guard_says(server: ApiServer) -> None:
    guard = Guard()
    guard.shut = True
    async with connected(server, guard) as way:
        await way.json("GET", "/x")
    assert guard.asked == 0


async def test_without_a_guard_writes_pass_and_have_the_time_of_reads(server: ApiServer) -> None:
    async with connected(server) as way:
        await way.json("PATCH", "/x", body={})
    assert server.requests == [("PATCH", None)]


async def test_a_guarded_write_takes_no_longer_than_it_may(server: ApiServer) -> None:
    guard = Guard()
    server.seconds, guard.seconds = 2, 1
    async with connected(server, guard) as way:
        with pytest.raises(UnreachableError, match="timed out"):
            await way.json("PATCH", "/x", query={"force": "true"}, body={})
    assert server.requests == [("PATCH", "0.5s")], "and the API server itself gives up before that"


# kopf's session over the same connections


@pytest.mark.parametrize("method", WRITES)
async def test_a_session_that_only_reads_sends_no_write(server: ApiServer, method: str) -> None:
    async with connected(server) as way, way.read_only_session(aiohttp.ClientResponse) as session:
        await (await session.get(f"{server.url}/x")).read()
        with pytest.raises(ReadOnlyError):
            await session.request(method, f"{server.url}/x", json={})
    assert server.requests == [("GET", None)]


async def test_the_end_of_a_session_that_only_reads_leaves_our_own_its_connections(server: ApiServer) -> None:
    async with connected(server) as way:
        async with way.read_only_session(aiohttp.ClientResponse) as session:
            await (await session.get(f"{server.url}/x")).read()
        await way.json("PATCH", "/x", body={})
    assert [method for method, _ in server.requests] == ["GET", "PATCH"]


async def test_each_session_sends_the_headers_that_the_proxy_asks_for() -> None:
    """A proxy that asks for a login answers 407 without them."""
    asked: list[bytes] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    configuration = Configuration()
    configuration.host = "https://api.example.com"
    configuration.proxy_headers = {"Proxy-Authorization": "Basic eDp5"}
    async with await asyncio.start_server(proxy, "127.0.0.1", 0) as listening:
        configuration.proxy = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        async with Connection(configuration) as way, way.read_only_session(aiohttp.ClientResponse) as session:
            with pytest.raises(UnreachableError, match="407"):
                await way.json("GET", "/x")
            with pytest.raises(aiohttp.ClientHttpProxyError):
                await session.get(f"{configuration.host}/x")
    assert [b"Proxy-Authorization: Basic eDp5" in each for each in asked] == [True, True]


# Answers that are none


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"5", b'"text"', b"<html>", b'{"a":'])
async def test_an_answer_that_is_no_object_is_unreadable(server: ApiServer, body: bytes) -> None:
    server.body = body
    async with connected(server) as way:
        with pytest.raises(UnreadableError, match="the answer to GET /x"):
            await way.json("GET", "/x")


async def test_an_answer_that_is_nested_too_deep_is_read_all_the_same(server: ApiServer) -> None:
    server.body = b'{"deep":' + b'{"f":' * 1100 + b"1" + b"}" * 1100 + b',"a":1}'
    async with connected(server) as way:
        assert (await way.json("GET", "/x"))["a"] == 1


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"too many requests", "too many requests"),
        (b"x" * 3_000_000, "x" * 500),
        (b"null", "HTTP 500"),
        (b"[]", "HTTP 500"),
        (b'{"message":5,"reason":[],"details":"text"}', "HTTP 500"),
        (b'{"message":"no","details":{"causes":[5,null]}}', "no"),
        (b'{"message":"\xff"}', '{"message":"\N{REPLACEMENT CHARACTER}"}'),
    ],
)
async def test_a_refusal_may_hold_anything(server: ApiServer, body: bytes, message: str) -> None:
    server.body, server.status = body, 500
    async with connected(server) as way:
        with pytest.raises(ApiError) as raised:
            await way.json("GET", "/x")
        assert str(raised.value) == message
        assert raised.value.causes == []
        server.body, server.status = b"{}", 200
        await way.json("GET", "/x")
