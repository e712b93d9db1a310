"""Logs which step has held the event loop: all other work of the operator waits for as long.

A thread calls into the loop once a second. If the call does not run in time, the thread looks which function the loop
is in, and logs it if the loop was computing all the while.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType

_EVERY = 1.0
"""Seconds between two signs."""
_LONGEST = 0.25
"""Seconds within which a sign must come. The aim is 50 ms, on a machine that does nothing else."""
_SILENT_FOR = 60.0
"""Seconds between two log lines."""
_OURS = __name__.partition(".")[0]

logger = logging.getLogger(__name__)


def start() -> None:
    """Watches the running event loop until it is closed; not where the clock for that is missing, as on macOS."""
    if not hasattr(time, "pthread_getcpuclockid"):
        return
    computed = _clock_of(threading.get_ident())
    args = (asyncio.get_running_loop(), threading.get_ident(), computed)
    threading.Thread(target=_watch, args=args, name="loop watch", daemon=True).start()


def _watch(loop: asyncio.AbstractEventLoop, thread: int, computed: Callable[[], float]) -> None:
    while True:
        time.sleep(_EVERY)
        sign, began = threading.Event(), computed()
        try:
            loop.call_soon_threadsafe(sign.set)
        except RuntimeError:  # it is closed
            return
        where = ""
        while not sign.wait(_LONGEST):
            where = _place(sys._current_frames().get(thread)) or where
        held = computed() - began
        if where and held >= _LONGEST:  # a thread that gets no processor holds nothing
            logger.warning("a step has held the event loop for %.1f s: %s", held, where)
            time.sleep(_SILENT_FOR)


def _clock_of(thread: int) -> Callable[[], float]:
    """The seconds that a thread has computed."""
    clock = time.pthread_getcpuclockid(thread)
    return lambda: time.clock_gettime(clock)


def _place(frame: FrameType | None) -> str:
    """The innermost function, and the innermost of ours; empty where the loop waits, since the step is over then."""
    named: list[str] = []
    if frame is not None and frame.f_globals.get("__name__") == "selectors":
        return ""
    while frame is not None:
        module = str(frame.f_globals.get("__name__", "?"))
        if not named or module.partition(".")[0] == _OURS:
            named.append(f"{module}.{frame.f_code.co_name}, line {frame.f_lineno}")
        if module.partition(".")[0] == _OURS:
            break
        frame = frame.f_back
    return " in ".join(dict.fromkeys(named)) or "unknown"
