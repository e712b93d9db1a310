"""Keeps kopf going, which brings the MyApps.

One odd answer of the API server ends kopf for good: a 401, an error instead of an event, a list that expired between
two pages, JSON that a proxy has cut. Nothing else is lost by that: what is known stays, and kopf is started again.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Collection
from pathlib import Path
from typing import Any, NoReturn

import kopf

from myapp_operator import endings
from myapp_operator.errors import ApiError, OperatorError

_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 30.0
_STEADY = 60.0
"""Seconds that kopf must have run for the next pause to be a short one."""
_ASK_PAUSE = 2.0
_CANCEL_AGAIN = 0.5
"""Seconds after which a task of kopf that goes on is cancelled again: a watch takes it for the end of a pause where the
task that waits for one has ended first."""
_REFUSED_SECONDS = 60.0
"""How long the API server may refuse us: one that has just started does so until it knows all accounts and rights."""
_KOPF = str(Path(kopf.__file__).parent)

Tasks = Collection[asyncio.Task[Any]]

logger = logging.getLogger(__name__)


async def keep(spawn: Callable[[], Awaitable[Tasks]], ask: Callable[[], Awaitable[object]], host: str) -> NoReturn:
    """Runs the tasks of kopf until cancelled, and spawns them anew where they end.

    `ask` lists the MyApps, to find out whether the API server at `host` still lets us.

    Raises:
        StartError: it does not; the sentence says why and what to do.
    """
    loop = asyncio.get_running_loop()
    pause = _FIRST_PAUSE
    while True:
        began = loop.time()
        why = await _run(await spawn())
        if loop.time() - began > _STEADY:
            pause = _FIRST_PAUSE
        logger.warning("the watch of MyApps ended, starting it again in %.0f s: %s", pause, why)
        await _until_served(ask, host)
        await asyncio.sleep(pause)  # kopf starts with a list of all MyApps, which is dear
        pause = min(_LONGEST_PAUSE, pause * 2)


async def _run(tasks: Tasks) -> str:
    """Waits until one of kopf's tasks ends, then ends all, and returns why.

    Not by `kopf.run_tasks`, which takes each task that came up meanwhile for its own, and cancels ours as well.
    """
    try:
        ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await _end(tasks)
        while left := [task for task in asyncio.all_tasks() if _is_kopfs(task)]:
            await _end(left, _CANCEL_AGAIN)
    errors = [error for task in ended if not task.cancelled() and (error := task.exception())]
    return _words(errors[0]) if errors else "no reason given"


async def _end(tasks: Tasks, seconds: float | None = None) -> None:
    """Cancels the tasks and waits for their end, so many seconds at most."""
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=seconds)


def _is_kopfs(task: asyncio.Task[Any]) -> bool:
    """Whether kopf made this task: it loses sight of some, such as the watch of one namespace when another's fails."""
    code = getattr(task.get_coro(), "cr_code", None)
    return code is not None and code.co_filename.startswith(_KOPF)


def _words(error: BaseException) -> str:
    """What ended kopf; where it ran out of logins, the answer that made it give up the last one."""
    cause = error.__cause__ or error
    return f"{type(cause).__name__}: {cause.args[0]}" if cause.args else type(cause).__name__


async def _until_served(ask: Callable[[], Awaitable[object]], host: str) -> None:
    """Waits until the MyApps can be listed: for an API server that is away however long, for a refusal a minute."""
    loop = asyncio.get_running_loop()
    refused_since = math.inf
    while True:
        try:
            await ask()
        except OperatorError as error:
            now = loop.time()
            status = error.status if isinstance(error, ApiError) else None
            refused_since = min(refused_since, now) if status in (401, 403) else math.inf
            if status == 404 or now - refused_since >= _REFUSED_SECONDS:
                raise endings.of_request(error, host) from error
            logger.warning("cannot list MyApps, trying again in %.0f s: %s", _ASK_PAUSE, error)
            await asyncio.sleep(_ASK_PAUSE)
        else:
            return
