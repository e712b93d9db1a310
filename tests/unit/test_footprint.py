"""How little memory the process gets by with."""

import asyncio
import gc
import ssl
import weakref
from asyncio import sslproto
from collections.abc import Iterator

import pytest

from myapp_operator import footprint


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    threshold, buffer = gc.get_threshold(), sslproto.SSLProtocol.max_size
    yield
    gc.set_threshold(*threshold)
    sslproto.SSLProtocol.max_size = buffer


def test_a_tls_connection_sets_aside_no_more_than_it_should() -> None:
    """asyncio does not document where the size comes from: a new Python may have another place for it."""

    async def buffer() -> int:
        loop = asyncio.get_running_loop()
        protocol = sslproto.SSLProtocol(loop, asyncio.Protocol(), ssl.create_default_context(), waiter=None)
        return len(protocol.get_buffer(-1))

    assert asyncio.run(buffer()) > footprint.TLS_BUFFER, "else there is nothing to reduce"
    footprint.reduce()
    assert asyncio.run(buffer()) == footprint.TLS_BUFFER


class Cycle:
    """As kopf leaves one behind of each event, with a parsed MyApp in it."""

    def __init__(self) -> None:
        self.itself = self
        self.body = [{} for _ in range(100)]


def test_the_cycles_that_events_leave_behind_do_not_pile_up() -> None:
    footprint.reduce()
    cycles: weakref.WeakSet[Cycle] = weakref.WeakSet()
    most = 0
    for _ in range(1000):
        cycles.add(Cycle())
        most = max(most, len(cycles))
    assert most < 200
