"""What is sent for an apply: JSON that YAML reads the same way. And how a watch ends."""

import json
from typing import Any, Self, cast

import aiohttp
import pytest
import yaml

from myapp_operator import names
from myapp_operator.connection import Connection
from myapp_operator.errors import UnreachableError
from myapp_operator.kube import Kube, yaml_bytes

TEXTS = {
    "umlauts": "Gr\u00fc\u00dfe",
    "an emoji": "\U0001f600",
    "line ends of old": "\x85\u2028\u2029",
    "what YAML refuses as it is": "\x00\x7f\x9b\ufeff\ufffe",
    "what looks like an escape": "\\ud83d",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_any_text_reads_the_same_as_json_and_as_yaml(text: str) -> None:
    sent = yaml_bytes({text: [text]})
    assert json.loads(sent) == {text: [text]}
    assert yaml.safe_load(sent) == {text: [text]}


class Answer:
    """A watch that brings one event and then ends with this error."""

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.closed = False
        self.read = False

    @property
    def content(self) -> Self:
        return self

    async def readany(self) -> bytes:
        """One event, and then the error."""
        if self.read:
            raise self.error
        self.read = True
        return b'{"type": "ADDED", "object": {}}\n'

    def close(self) -> None:
        self.closed = True


class OneWatch:
    """A connection that knows one answer."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    async def send(self, *_: object, **__: Any) -> Answer:
        return self.answer


async def watched(answer: Answer) -> list[str]:
    kube = Kube(cast(Connection, OneWatch(answer)))
    events = kube.watch(names.SERVICE, None, 1, selector="", seconds=600)
    return [event.type async for event in events]


async def test_a_watch_of_which_nothing_has_come_for_long_ends_without_an_outage() -> None:
    answer = Answer(aiohttp.SocketTimeoutError("nothing for 90 s"))
    assert await watched(answer) == ["ADDED"]
    assert answer.closed


async def test_a_watch_that_is_cut_is_an_outage() -> None:
    answer = Answer(aiohttp.ClientPayloadError("cut"))
    with pytest.raises(UnreachableError, match="the watch of services was cut"):
        await watched(answer)
    assert answer.closed
