"""What is sent for an apply: JSON that YAML reads the same way. And how a watch ends."""

import json
from collections.abc import AsyncIterator
from typing import Any, Self, cast

import aiohttp
import pytest
import yaml

from myapp_operator import names
from myapp_operator.connection import Connection
from myapp_operator.errors import UnreachableError
from myapp_operator.json_items import LARGEST
from myapp_operator.kube import Kube, yaml_bytes
from myapp_operator.names import Key
from myapp_operator.reading import Part

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

    def __init__(self, error: Exception, line: bytes = b'{"type": "ADDED", "object": {}}') -> None:
        self.error = error
        self.line = line
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
        return self.line + b"\n"

    def close(self) -> None:
        self.closed = True


class OneWatch:
    """A connection that knows one answer."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    async def send(self, *_: object, **__: Any) -> Answer:
        return self.answer


class EndlessList:
    """A connection to a namespace in which somebody has made more objects than anybody reads."""

    def __init__(self) -> None:
        self.requests = 0

    async def parts(self, *_: object, **__: Any) -> AsyncIterator[Part]:
        self.requests += 1
        owners = [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "x", "controller": True}]
        ours = {"metadata": {"name": f"ours-{self.requests}", "ownerReferences": [owners[0] | {"uid": "uid-ours"}]}}
        crowd = [{"metadata": {"ownerReferences": [owners[0] | {"uid": "uid-theirs"}]}}] * 99
        yield Part([*crowd, ours], {"resourceVersion": "1", "continue": "more"})


async def test_a_crowd_with_the_labels_of_an_app_costs_a_number_of_pages_and_no_memory() -> None:
    connection = EndlessList()
    kube = Kube(cast(Connection, connection))
    pages = kube.controlled(names.REPLICA_SET, "default", {"uid-ours"}, selector="app=shop")
    found = [each async for page in pages for each in page]
    assert [each["metadata"]["name"] for each in found] == [f"ours-{number}" for number in range(1, 51)]
    assert connection.requests == 50
    page = await kube.first(names.POD_NAMES, "default", selector="app=shop", fields="")
    assert (len(page), connection.requests) == (100, 51)


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


@pytest.mark.parametrize(
    "line", [b"<html>", b"[]", b'{"type": 5}', b"x" * (LARGEST + 1)], ids=lambda line: str(line[:9])
)
async def test_an_event_that_cannot_be_read_ends_no_watch(line: bytes) -> None:
    """It is shared by all tenants, and another one may have written what is in the event."""
    good = b'{"type": "ADDED", "object": {}}'
    assert await watched(Answer(TimeoutError(), line + b"\n" + good)) == ["UNREADABLE", "ADDED"]


class OddList:
    """A connection to a list in which some items are no objects."""

    async def parts(self, *_: object, **__: Any) -> AsyncIterator[Part]:
        owned = {"metadata": {"ownerReferences": [{"uid": "uid-ours", "controller": True}]}}
        yield Part([None, owned, 5])
        yield Part([None], {"resourceVersion": "1"})


async def test_items_that_are_no_objects_are_left_out_and_counted() -> None:
    kube = Kube(cast(Connection, OddList()))
    pages = [page async for page in kube.pages(names.POD, "default")]
    assert [(len(page.items), page.unreadable) for page in pages] == [(1, 2), (0, 1)]
    controlled = [each async for page in kube.controlled(names.POD, "a", {"uid-ours"}, selector="") for each in page]
    assert len(controlled) == len(await kube.first(names.POD, "a", selector="", fields="")) == 1


class OddReview:
    """A connection that answers a question about rights with this."""

    def __init__(self, answer: dict[str, Any]) -> None:
        self.answer = answer

    async def json(self, *_: object, **__: Any) -> dict[str, Any]:
        return self.answer


@pytest.mark.parametrize(
    ("answer", "may"),
    [
        ({"status": {"allowed": True}}, True),
        ({"status": {"allowed": "yes"}}, False),
        ({"status": None}, False),
        ({}, False),
    ],
)
async def test_an_account_has_a_right_only_where_the_answer_says_so(answer: dict[str, Any], may: bool) -> None:
    kube = Kube(cast(Connection, OddReview(answer)))
    assert await kube.may_write_status(Key("ops", "myapp-operator"), None) is may
