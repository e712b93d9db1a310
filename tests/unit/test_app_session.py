"""What kopf is brought of the MyApps: what cannot be read costs the others nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from kubernetes.aio.client import Configuration

from myapp_operator import app_session, json_items, names
from myapp_operator.connection import Connection

PATH = f"/apis/{names.API_VERSION}/{names.PLURAL}"


def event(name: str) -> bytes:
    metadata = {"name": name, "namespace": "default", "uid": name, "resourceVersion": "5", "generation": 1}
    return json.dumps({"type": "ADDED", "object": {"metadata": metadata, "spec": {"image": "a"}}}).encode() + b"\n"


@pytest.mark.parametrize("odd", [b"<html>\n", b"x" * json_items.LARGEST + b"x\n"], ids=["no JSON", "too large"])
async def test_an_event_that_cannot_be_read_ends_no_watch_of_the_myapps(
    odd: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=event("before") + odd + event("after"))

    app = web.Application()
    app.router.add_get(PATH, answer)
    configuration = Configuration()
    async with TestServer(app) as server:
        configuration.host = str(server.make_url("")).rstrip("/")
        async with Connection(configuration) as connection, app_session.open_session(connection, 256_000) as session:
            response = await session.get(f"{configuration.host}{PATH}?watch=1")
            lines: list[Any] = [json.loads(line) async for line in response.content.iter_chunked(1)]
    assert [line["object"]["metadata"]["name"] for line in lines] == ["before", "after"]
    assert "cannot read MyApp" in caplog.text
