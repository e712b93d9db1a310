"""The requests for the Lease: an answer that is none ends no election."""

import asyncio
from typing import Any, cast

import pytest

from myapp_operator.connection import Connection
from myapp_operator.errors import UnreadableError
from myapp_operator.fence import Fence
from myapp_operator.grammar import Json
from myapp_operator.leader import Leader
from myapp_operator.lease_requests import LeaseRequests
from myapp_operator.names import Key
from tests.unit.jumping import JumpingLoop

KEY = Key("system", "myapp-operator")
LEASE: Json = {"metadata": {"namespace": "system", "name": "myapp-operator", "resourceVersion": "7"}, "spec": {}}
ODD: list[Json] = [
    {},
    {"metadata": None},
    {"metadata": {"resourceVersion": "7"}},
    {"metadata": {"name": "myapp-operator"}},
]


class Answers:
    """A connection that gives these answers; the last one stays."""

    def __init__(self, *answers: Json) -> None:
        self._answers = [*answers]

    async def json(self, *_: object, **__: Any) -> Json:
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


def requests(*answers: Json) -> LeaseRequests:
    return LeaseRequests(cast(Connection, Answers(*answers)), KEY, "*")


@pytest.mark.parametrize("odd", ODD, ids=repr)
async def test_an_answer_that_is_no_lease_is_unreadable(odd: Json) -> None:
    with pytest.raises(UnreadableError, match="names no Lease"):
        await requests(odd).get()
    with pytest.raises(UnreadableError, match="names no Lease"):
        await requests(odd).create(LEASE)
    with pytest.raises(UnreadableError, match="names no Lease"):
        await requests(odd).replace(LEASE)


def test_one_that_waits_asks_again_after_an_answer_that_is_no_lease(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        fence = Fence(4.5, loop.time)
        leader = Leader(requests({}, LEASE), fence, "a", pytest.fail, loop.time)
        task = asyncio.create_task(leader.run(asyncio.Event().wait, lambda: False))  # type: ignore[arg-type]
        await asyncio.sleep(3)
        assert fence.seconds_left()
        assert not task.done()
        task.cancel()
        await asyncio.wait([task])

    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        runner.run(main())
    assert "cannot ask for the Lease, trying again: the answer about the Lease names no Lease" in caplog.text
