"""A clock that jumps, for tests of whatever waits: nothing takes any time, and every pause is waited for in full."""

from __future__ import annotations

import asyncio
import contextlib
import selectors
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any


class _Jump(selectors.SelectSelector):
    """Goes to the next timer at once instead of sleeping until it is due."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Asks what is ready now; where nothing is, it is later."""
        ready = super().select(0)
        if not ready and timeout is None:
            raise RuntimeError("everything waits for something that will never happen")
        if not ready and timeout:
            self.now += timeout
        return ready


class JumpingLoop(asyncio.SelectorEventLoop):
    """An event loop on that clock: `asyncio.Runner(loop_factory=JumpingLoop)`."""

    def __init__(self) -> None:
        self._jump = _Jump()
        super().__init__(self._jump)

    def time(self) -> float:
        """Seconds since it began."""
        return self._jump.now


def run_while(script: Callable[[], Awaitable[None]], endless: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Runs on that clock, while the script lasts, what must not end by itself."""

    async def main() -> None:
        task = asyncio.ensure_future(endless())
        await script()
        assert not task.done(), "it ended"
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        runner.run(main())
