"""Runs the leader election in a thread of its own, so that no step of the main event loop delays a renewal.

The thread has its own event loop and its own connection. What it shares with the main loop are the fence, which is one
number, and two signals: that this operator leads, and that it is to stop (docs/decisions/0016-the-event-loop.md).
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, suppress

from myapp_operator.leader import Leader


class ElectionThread:
    """Takes part in the election as `identity`, with the leader that `enter` makes in the thread's event loop.

    `run` may be called again after it has ended: the thread goes on until `stop`.
    """

    def __init__(self, identity: str, enter: Callable[[], AbstractAsyncContextManager[Leader]]) -> None:
        self.identity = identity
        self._enter = enter
        self._hesitates: Callable[[], bool] = _always
        self._leads = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._told_to_stop = asyncio.Event()
        self._over: Future[None] = Future()

    async def run(self, work: Callable[[], Awaitable[None]], hesitates: Callable[[], bool]) -> None:
        """Waits until this operator leads, and works in the calling event loop until cancelled; call `stop` afterwards.

        `hesitates` is called in the thread (see `Leader.run`). Between two runs nothing works, so it hesitates.

        Raises:
            ApiError: the Lease is out of reach until an administrator helps.
        """
        self._hesitates = hesitates
        if self._loop is None:
            self._start(asyncio.get_running_loop())
        ended, leading = asyncio.ensure_future(self._ended()), asyncio.ensure_future(self._leads.wait())
        try:
            await asyncio.wait([ended, leading], return_when=asyncio.FIRST_COMPLETED)
            if ended.done():
                ended.result()
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._ended())
                await work()
        finally:
            self._hesitates = _always
            ended.cancel()
            leading.cancel()

    async def stop(self) -> None:
        """Ends the election, and releases the Lease if it is ours. No task may write any more by then."""
        if self._loop is not None and not self._over.done():
            with suppress(RuntimeError):  # its loop has just ended by itself
                self._loop.call_soon_threadsafe(self._told_to_stop.set)
            await asyncio.wait([asyncio.wrap_future(self._over)])

    async def _ended(self) -> None:
        """Raises what has ended the election; cancelled, it leaves the thread alone."""
        await asyncio.shield(asyncio.wrap_future(self._over))

    def _does_hesitate(self) -> bool:
        return self._hesitates()

    def _start(self, main: asyncio.AbstractEventLoop) -> None:
        async def lead() -> None:
            main.call_soon_threadsafe(self._leads.set)
            await asyncio.Event().wait()

        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._run, args=(self._loop, lead), name="election", daemon=True).start()

    def _run(self, loop: asyncio.AbstractEventLoop, lead: Callable[[], Awaitable[None]]) -> None:
        """The thread."""
        try:
            with asyncio.Runner(loop_factory=lambda: loop) as runner:
                runner.run(self._take_part(lead))
        except BaseException as error:
            self._over.set_exception(error)
        else:
            self._over.set_result(None)

    async def _take_part(self, lead: Callable[[], Awaitable[None]]) -> None:
        async with self._enter() as leader:
            part = asyncio.ensure_future(leader.run(lead, self._does_hesitate))
            stop = asyncio.ensure_future(self._told_to_stop.wait())
            await asyncio.wait([part, stop], return_when=asyncio.FIRST_COMPLETED)
            for each in (part, stop):
                each.cancel()
            await asyncio.wait([part, stop])
            await leader.release()
            if not part.cancelled():
                part.result()


def _always() -> bool:
    return True
