"""What the users of a run send."""

import asyncio
import time
from typing import Any

from dev.bench.arms import ours
from dev.bench.load import CONNECTIONS, Load, merged
from myapp_operator.connection import Connection
from myapp_operator.grammar import Json


class FakeConnection(Connection):
    """Answers nobody before so many wait at once, and everybody from then on."""

    def __init__(self, patience: int = 1) -> None:
        self._patience = patience
        self.sent: list[tuple[str, str, Any]] = []
        self.waiting = 0
        self.most = 0
        self.gate = asyncio.Event()

    async def json(self, method: str, path: str, **options: Any) -> Json:
        self.sent.append((method, path, options.get("body")))
        self.waiting += 1
        self.most = max(self.most, self.waiting)
        if self.waiting == self._patience:
            # Not before all who are about to send have done so.
            asyncio.get_running_loop().call_soon(self.gate.set)
        await self.gate.wait()
        self.waiting -= 1
        return {"metadata": {"uid": "1", "resourceVersion": "2"}}


def test_a_merge_patch_changes_and_removes() -> None:
    body = {"spec": {"image": "a", "port": 80}, "kind": "X"}
    assert merged(body, {"spec": {"image": "b", "port": None, "new": {"deep": 1}}}) == {
        "spec": {"image": "b", "new": {"deep": 1}},
        "kind": "X",
    }
    assert body["spec"] == {"image": "a", "port": 80}


async def test_at_once_means_as_many_as_there_are_connections() -> None:
    connection, created = FakeConnection(patience=CONNECTIONS), []
    load = Load(ours.arm(), connection, lambda app, answer: created.append((app, answer["metadata"]["uid"])))
    apps = [f"app-{number}" for number in range(3 * CONNECTIONS)]
    await load.at_once(apps, load.create)
    assert connection.most == CONNECTIONS
    assert sorted(created) == sorted((app, "1") for app in apps)


async def test_a_steady_pace_does_not_wait_for_answers() -> None:
    connection = FakeConnection(patience=3)
    load = Load(ours.arm(), connection, lambda *_: None)
    await load.steadily(["a", "b", "c"], load.delete, per_second=1000)
    assert [path.rpartition("/")[2] for _, path, _ in connection.sent] == ["a", "b", "c"]


async def test_the_moment_before_sending_is_noted() -> None:
    connection = FakeConnection()
    load = Load(ours.arm(), connection, lambda *_: None)
    before = time.monotonic()
    await load.patch("a", {"spec": {"image": "b"}})
    assert before <= load.sent["a"] <= time.monotonic()
    assert connection.sent == [
        ("PATCH", "/apis/apps.example.com/v1/namespaces/bench/myapps/a", {"spec": {"image": "b"}})
    ]
