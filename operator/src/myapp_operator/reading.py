"""Reads the bodies of answers, for our own client and for kopf's: bounded, and one object at a time where it must be.

A body that is small and sound is parsed all at once. Any other one goes through `json_items` in small pieces, between
which the event loop goes on with other work.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import orjson
from aiohttp import StreamReader

from myapp_operator import json_items
from myapp_operator.errors import UnreadableError
from myapp_operator.grammar import Json
from myapp_operator.json_items import Scanner
from myapp_operator.json_objects import mapping

AT_ONCE = 2**20
"""Bytes of a list that are parsed all at once; a hundred usual objects have less."""
_PIECE = 2**15
"""Bytes that are scanned in one step: 10 ms at most, if all of them are brackets."""
_PART = 2**18
"""Bytes of items that are given at once where a list is read item by item: some work is done for each part."""
_LARGEST = json_items.LARGEST


@dataclass(frozen=True)
class Part:
    """A part of a list. All but the last one have items only."""

    items: list[Any]
    metadata: Json | None = None
    """The metadata of the list; with it the list is at its end."""


async def value(stream: StreamReader, largest: int = _LARGEST) -> Any:
    """Return the one value that a body holds, less what is nested too deep.

    Raises:
        UnreadableError: it is no JSON, or larger than so many bytes.
    """
    body = await whole(stream, largest + 1)
    if len(body) > largest:
        raise UnreadableError(f"the answer has more than {largest} bytes")
    return await _parsed(body)


async def whole(stream: StreamReader, enough: int) -> bytes:
    """Return the body; where it has more than so many bytes, what was read until there were enough."""
    found, size = [], 0
    while size < enough and (piece := await stream.readany()):
        found.append(piece)
        size += len(piece)
    return found[0] if len(found) == 1 else b"".join(found)


async def parts(stream: StreamReader) -> AsyncIterator[Part]:
    """Yield the items of a list, all at once or as many as have `_PART` bytes. An item may be any JSON.

    Raises:
        UnreadableError: it is no list.
    """
    start = await whole(stream, AT_ONCE)
    if len(start) < AT_ONCE:
        try:
            found = orjson.loads(start)
        except ValueError:
            pass
        else:
            yield Part(_items_of(found), mapping(found.get("metadata")))
            return
    scanner = Scanner()
    try:
        async for items in _scanned(scanner, start, stream):
            yield Part(items)
        scanner.finish()
        rest = orjson.loads(scanner.rest)
    except ValueError as error:
        raise UnreadableError(f"the answer is not a list of objects: {error}") from error
    yield Part(_items_of(rest) + [None] * scanner.lost, mapping(rest.get("metadata")))


async def _scanned(scanner: Scanner, start: bytes, stream: StreamReader) -> AsyncIterator[list[Any]]:
    """The items of a list, some at a time, as they come; None for one that is no JSON."""
    read, found, size = start, [], 0
    while read:
        for at in range(0, len(read), _PIECE):
            for text in scanner.feed(read[at : at + _PIECE]):
                found.append(_item(text))
                size += len(text)
            if size >= _PART:
                yield found
                found, size = [], 0
            await asyncio.sleep(0)
        read = await stream.readany()
    if found:
        yield found


def _item(text: bytes) -> Any:
    try:
        return json_items.parsed(text)
    except ValueError:
        return None


def _items_of(found: Any) -> list[Any]:
    """The items of a list; they are null where a metadata-only one is empty."""
    items = found.get("items", 0) if isinstance(found, dict) else 0
    if items is None or isinstance(items, list):
        return items or []
    raise UnreadableError("the answer is not a list of objects")


async def lines(stream: StreamReader, largest: int = _LARGEST) -> AsyncIterator[bytes]:
    """Yield the lines of a watch, which has an event in each; an empty one for each of more than so many bytes."""
    begun: list[bytes] = []
    size = 0
    while read := await stream.readany():
        *ended, last = read.split(b"\n")
        for end in ended:
            if size := size + len(end):
                yield b"".join([*begun, end]) if size <= largest else b""
            begun, size = [], 0
        begun.append(last)
        size += len(last)
        if size > largest:
            begun.clear()
    if size:
        yield b"".join(begun)


async def event(line: bytes) -> tuple[str, Any]:
    """Return the type and the object of an event, which is a line of `lines`; the object may be any JSON.

    Raises:
        UnreadableError: it is no event, or was too large.
    """
    if not line:
        raise UnreadableError("an event is too large")
    found = await _parsed(line)
    kind = found.get("type") if isinstance(found, dict) else None
    if not isinstance(kind, str):
        raise UnreadableError("the watch brought what is no event")
    return kind, found.get("object")


async def _parsed(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except ValueError:
        pass
    scanner = Scanner(level=1)
    found: list[bytes] = []
    try:
        for at in range(0, len(body), _PIECE):
            found += scanner.feed(body[at : at + _PIECE])
            await asyncio.sleep(0)
        scanner.finish()
        if len(found) == 1 and not scanner.lost:
            return json_items.parsed(found[0])
    except ValueError as error:
        raise UnreadableError(f"the answer is no JSON: {error}") from error
    raise UnreadableError("the answer is no JSON object")
