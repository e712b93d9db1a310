"""What the kubelet is told: 503 and the sentence where something is wrong."""

import logging
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import aiohttp
import pytest

from myapp_operator import probes
from myapp_operator.errors import StartError
from tests.harness.ports import LOOPBACK, hold_port


async def ask(path: str, *, stuck: str = "", unready: str = "") -> tuple[int, str]:
    held, port = hold_port()
    async with (
        probes.serve(LOOPBACK, port, stuck=lambda: stuck, unready=lambda: unready),
        aiohttp.ClientSession() as session,
        session.get(f"http://{LOOPBACK}:{port}{path}") as answer,
    ):
        found = answer.status, await answer.text()
    held.close()
    return found


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
async def test_where_nothing_is_wrong_it_says_ok(path: str) -> None:
    assert await ask(path) == (200, "ok\n")


async def test_an_operator_that_is_not_ready_lives_all_the_same() -> None:
    assert await ask("/readyz", unready="a watch is silent") == (503, "a watch is silent\n")
    assert await ask("/healthz", unready="a watch is silent") == (200, "ok\n")


async def test_one_whose_event_loop_is_held_for_good_is_restarted_since_it_gives_no_answer() -> None:
    """The Lease is renewed beside that loop, so nobody else would take over."""
    held, port = hold_port()
    async with probes.serve(LOOPBACK, port, stuck=str, unready=str):

        def ask() -> object:
            with pytest.raises(TimeoutError):
                urllib.request.urlopen(f"http://{LOOPBACK}:{port}/healthz", timeout=0.2)
            return True

        with ThreadPoolExecutor() as threads:
            assert threads.submit(ask).result(timeout=30), "asked while this step holds the loop"
    held.close()


async def test_why_it_is_to_be_restarted_stands_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        assert await ask("/healthz", stuck="a look has not ended") == (503, "a look has not ended\n")
    (line,) = caplog.records
    assert "a look has not ended" in line.getMessage()


async def test_a_port_that_is_taken_is_told_with_what_to_do() -> None:
    held, port = hold_port()
    held.listen()
    with pytest.raises(StartError, match=f"cannot listen on {LOOPBACK}:{port} .*--probes-port"):
        async with probes.serve(LOOPBACK, port, stuck=str, unready=str):
            pass
    held.close()
