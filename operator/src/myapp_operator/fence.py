"""The fence: until when this operator may write. Asked directly before each write is sent."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from myapp_operator.errors import NotLeadingError


def elapsed() -> float:
    """Seconds on a clock that nobody sets, and that goes on while the machine sleeps where it has such a one."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Fence:
    """Shut at first, and shut again by itself when its time is over.

    A write that has passed may take `grace` seconds longer than that, and no more.
    """

    def __init__(self, grace: float, clock: Callable[[], float] = elapsed) -> None:
        self._grace = grace
        self._clock = clock
        self._until = -math.inf

    def open_until(self, moment: float) -> None:
        """Lets writes pass until this moment of the clock."""
        self._until = moment

    def shut(self) -> None:
        """Lets nothing pass any more."""
        self._until = -math.inf

    def seconds_left(self) -> float:
        """How long writes still pass."""
        return max(0.0, self._until - self._clock())

    def check(self) -> float:
        """Lets a write pass: the seconds that it may take.

        Raises:
            NotLeadingError: it may not pass.
        """
        left = self.seconds_left()
        if not left:
            raise NotLeadingError
        return left + self._grace
