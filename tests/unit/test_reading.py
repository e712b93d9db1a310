"""Reads of bodies: odd ones are an error of ours, and large ones come object by object while others get their turn."""

import asyncio
import json
from typing import Any, cast

import aiohttp
import pytest
from aiohttp.base_protocol import BaseProtocol

from myapp_operator import reading
from myapp_operator.errors import UnreadableError

ODD = [b"", b"null", b"[]", b'"text"', b"5", b"<html>sorry</html>", b"{", b"}", b'{"items":', b"\xff\xfe", b"{}{}"]
DEEP = b'{"f":' * 1100 + b"1" + b"}" * 1100


def stream(*pieces: bytes) -> aiohttp.StreamReader:
    loop = asyncio.get_running_loop()
    found = aiohttp.StreamReader(BaseProtocol(loop), 2**24, loop=loop)
    for piece in pieces:
        found.feed_data(piece)
    found.feed_eof()
    return found


class Pieces:
    """A body that comes in just these pieces; the stream above joins all that is there."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = [*pieces]

    async def readany(self) -> bytes:
        return self._pieces.pop(0) if self._pieces else b""


async def lines(*pieces: bytes, **options: int) -> list[bytes]:
    return [line async for line in reading.lines(cast(aiohttp.StreamReader, Pieces(*pieces)), **options)]


def cut(body: bytes) -> list[bytes]:
    """In pieces as they come from a connection."""
    return [body[at : at + 2**16] for at in range(0, len(body), 2**16)]


async def listed(*pieces: bytes) -> tuple[list[Any], Any]:
    items: list[Any] = []
    metadata = None
    async for part in reading.parts(stream(*pieces)):
        items += part.items
        metadata = part.metadata
    return items, metadata


@pytest.mark.parametrize("body", [*ODD, b"{}", b'{"type":"ERROR"}', b'{"items":{}}', b'{"items":"x"}'])
async def test_what_is_no_list_is_unreadable(body: bytes) -> None:
    with pytest.raises(UnreadableError):
        await listed(body)


@pytest.mark.parametrize("body", [b'{"items":null,"metadata":{"a":1}}', b'{"items":[],"metadata":{"a":1}}'])
async def test_an_empty_list_has_no_items(body: bytes) -> None:
    assert await listed(body) == ([], {"a": 1})


async def test_one_item_that_is_too_deep_costs_the_others_nothing() -> None:
    items, metadata = await listed(b'{"items":[{"a":1},{"deep":%b,"b":2},null,{"c":3}],"metadata":{"v":"7"}}' % DEEP)
    assert metadata == {"v": "7"}
    assert [each and next(iter(each.items())) for each in items if not each or "b" not in each] == [
        ("a", 1),
        ("c", 3),
        None,
    ]
    assert [each["b"] for each in items if each and "b" in each] == [2]


async def test_a_large_list_comes_in_parts_and_others_get_their_turn() -> None:
    body = json.dumps({"metadata": {"v": "7"}, "items": [{"n": n, "x": "y" * 300_000} for n in range(10)]}).encode()
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    parts = [part async for part in reading.parts(stream(body))]
    counting.cancel()
    assert [len(part.items) for part in parts] == [1] * 10 + [0]
    assert parts[-1].metadata == {"v": "7"}
    assert turns >= len(body) / 2**16


async def test_small_items_of_a_large_list_come_many_at_a_time() -> None:
    """Each part costs its reader some work, such as sorting all that it keeps."""
    body = json.dumps({"metadata": {"v": "7"}, "items": [{"n": n, "x": "y" * 300} for n in range(5000)]}).encode()
    parts = [part async for part in reading.parts(cast(aiohttp.StreamReader, Pieces(*cut(body))))]
    assert [each["n"] for part in parts for each in part.items] == list(range(5000))
    assert len(parts) < 10


@pytest.mark.parametrize("line", [*ODD, b"{}", b'{"type":5}', b'{"object":{}}'])
async def test_what_is_no_event_is_unreadable(line: bytes) -> None:
    with pytest.raises(UnreadableError):
        await reading.event(line)


async def test_an_event_may_hold_anything() -> None:
    assert await reading.event(b'{"type":"ERROR"}') == ("ERROR", None)
    kind, found = await reading.event(b'{"type":"ADDED","object":{"deep":%b,"b":2}}' % DEEP)
    assert (kind, found["b"]) == ("ADDED", 2)


async def test_lines_come_whole_however_they_arrive() -> None:
    pieces = (b'{"a"', b":1}\n\n{", b"}\n", b"{", b'"b":2}')
    assert await lines(*pieces) == [b'{"a":1}', b"{}", b'{"b":2}']


@pytest.mark.parametrize("large", [(b"x" * 11,), (b"x" * 6, b"y" * 6), (b"x" * 6, b"y" * 60, b"z"), (b"x",) * 11])
async def test_a_line_that_is_too_large_costs_only_itself(large: tuple[bytes, ...]) -> None:
    pieces = (b"{}\n", *large, b"\n{}\n0123456789\n")
    assert await lines(*pieces, largest=10) == [b"{}", b"", b"{}", b"0123456789"]
    assert await lines(*large, largest=10) == [b""]


async def test_an_object_as_large_as_etcd_keeps_it_is_read_however_its_json_escapes_it() -> None:
    line = b'{"type":"ADDED","object":{"data":{"a":"%b"}}}\n' % (b"\\u003c" * (3 * 2**19))
    (found,) = await lines(*cut(line))
    kind, value = await reading.event(found)
    assert (kind, len(value["data"]["a"])) == ("ADDED", 3 * 2**19)


async def test_a_body_that_is_too_large_is_not_read() -> None:
    with pytest.raises(UnreadableError, match="more than 10 bytes"):
        await reading.value(stream(b"[" + b"1," * 10 + b"1]"), largest=10)
