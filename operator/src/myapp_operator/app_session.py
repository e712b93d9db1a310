"""The session by which kopf asks the API server: it sends nothing but GET, and brings MyApps in envelopes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import orjson

from myapp_operator import names, reading
from myapp_operator.connection import LONGEST_REFUSAL, Connection
from myapp_operator.envelope import CONTENT, Envelopes
from myapp_operator.errors import UnreadableError
from myapp_operator.grammar import Json
from myapp_operator.json_objects import mapping, metadata_of
from myapp_operator.kube import APPS
from myapp_operator.unreadable import Unreadable


def open_session(connection: Connection, largest: int) -> aiohttp.ClientSession:
    """Open a session over an open connection, for MyApps whose spec has so many bytes at most.

    Its connections are those of the other client; what guards our writes stands in that one's session, while here
    there is nothing but GET.
    """
    apps = _Apps(largest)

    class Answer(_Answer):
        taken_by = apps

    return connection.read_only_session(Answer)


class _Apps:
    """Puts MyApps into envelopes; leaves out objects that do not say which MyApp they are."""

    def __init__(self, largest: int) -> None:
        self._envelopes = Envelopes(largest)
        self._unreadable = Unreadable(APPS)

    def wrapped(self, raw: object) -> Json | None:
        try:
            return self._envelopes.wrap(raw)
        except ValueError as error:
            self._unreadable.note(raw, error)
            return None

    async def page(self, stream: aiohttp.StreamReader) -> Json:
        """A page of a list, read item by item where it is large."""
        items: list[Json] = []
        metadata: Json = {}
        async for part in reading.parts(stream):
            items += filter(None, map(self.wrapped, part.items))
            metadata = part.metadata or {}
        return {"metadata": metadata, "items": items}

    async def line(self, line: bytes) -> bytes:
        """A line of a watch; empty where it is left out."""
        try:
            kind, raw = await reading.event(line)
        except UnreadableError as error:
            self._unreadable.note(None, error)
            return b""
        if kind == "BOOKMARK":
            version = metadata_of(raw).get("resourceVersion")
            return _line(kind, {"metadata": {"resourceVersion": version}}) if isinstance(version, str) else b""
        if kind == "ERROR":
            return _line(kind, _status(raw))
        found = self.wrapped(raw)
        return _line(kind, {**found, CONTENT: found[CONTENT].decode()}) if found else b""


class _Answer(aiohttp.ClientResponse):
    """An answer that kopf reads."""

    taken_by: _Apps

    async def start(self, connection: Any) -> aiohttp.ClientResponse:
        await super().start(connection)
        if self.status < 400 and "watch" in self.url.query:
            self.content = _Watch(self.content, self.taken_by)  # type: ignore[assignment]
        return self

    async def json(self, **_: Any) -> Any:
        """The list of MyApps in envelopes, a refusal, or whatever else kopf asks for."""
        if self.status >= 400:
            return await self._refusal()
        if self.url.path.endswith(f"/{names.PLURAL}"):
            return await self.taken_by.page(self.content)
        return await reading.value(self.content)

    async def _refusal(self) -> Json:
        self._body = await reading.whole(self.content, LONGEST_REFUSAL)
        if not self.content.at_eof():
            self.close()
        try:
            found = orjson.loads(self._body)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise json.JSONDecodeError("no Status", "", 0)  # what kopf expects of an answer in plain text
        return _status(found) | {"kind": "Status"}

    async def text(self, *_: Any, **__: Any) -> str:
        """What was read of a refusal that is no JSON."""
        return (self._body or b"").decode(errors="replace")


class _Watch:
    """The body of a watch, of which kopf asks nothing but `iter_chunked`."""

    def __init__(self, stream: aiohttp.StreamReader, apps: _Apps) -> None:
        self._stream = stream
        self._apps = apps

    async def iter_chunked(self, _: int) -> AsyncIterator[bytes]:
        """The lines, one at a time."""
        async for line in reading.lines(self._stream):
            if found := await self._apps.line(line):
                yield found

    def __getattr__(self, name: str) -> Any:
        """All else that aiohttp asks of the body of an answer."""
        return getattr(self._stream, name)


def _line(kind: str, found: Json) -> bytes:
    return orjson.dumps({"type": kind, "object": found}) + b"\n"


def _status(raw: object) -> Json:
    """A Status with what kopf reads of it, of the type that it expects."""
    status = mapping(raw)
    code, message = status.get("code"), status.get("message")
    return {"code": code if type(code) is int else 500, "message": message if isinstance(message, str) else ""}
