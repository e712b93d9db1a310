"""The end: a signal cancels the main task, and a clock sees to it that the process ends whatever still holds it."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import threading
from typing import Any, NoReturn

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_PATIENCE = 4.0
"""Seconds that everything has to end by itself; most often it takes a fraction of one."""

logger = logging.getLogger(__name__)


def exit_on_signal() -> None:
    """Has SIGTERM end the process at once, as nothing runs yet; as process 1 of a container it would be ignored."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))


def cancel_on_signal() -> None:
    """Has SIGTERM and SIGINT cancel the task that calls this; in any case the process ends four seconds later."""
    task = asyncio.current_task()
    for number in _SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, _stop, task)


def end_at_once(exit_code: int, why: str) -> NoReturn:
    """Ends the process and waits for nothing, for whoever must not go on."""
    logger.error("%s", why)
    os._exit(exit_code)


def _stop(task: asyncio.Task[None] | None) -> None:
    logger.info("stopping")
    for number in _SIGNALS:  # a second one would cut off what ends in good order, such as the release of the Lease
        asyncio.get_running_loop().add_signal_handler(number, logger.info, "already stopping")
    clock = threading.Timer(_PATIENCE, _leave)  # a thread, so that not even a blocked event loop stops it
    clock.daemon = True
    clock.start()
    # From now on requests fail because their connection is closed; that is no error.
    asyncio.get_running_loop().set_exception_handler(_pass_over)
    logging.getLogger("kopf").setLevel(logging.CRITICAL)
    if task is not None:
        task.cancel()


def _pass_over(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What nobody waits for any more."""
    logger.debug("while stopping: %s", context["message"])


def _leave() -> None:
    logger.warning("something has not ended within %.0f s: leaving it behind", _PATIENCE)
    os._exit(0)
