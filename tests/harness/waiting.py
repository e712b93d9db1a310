"""Waiting for a condition instead of sleeping."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_for(what: str, look: Callable[[], T], *, seconds: float = 120, every: float = 0.1) -> T:
    """Looks until there is something truthy to see, and returns it; fails with what it saw last.

    The time is for the slowest machine: it costs nothing where all goes well.
    """
    deadline = time.monotonic() + seconds
    while True:
        seen = look()
        if seen:
            return seen
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:g} s: {what}; last seen: {seen!r}")
        time.sleep(every)


def never(what: str, look: Callable[[], T], *, seconds: float, every: float = 0.1) -> None:
    """Fails as soon as there is something truthy to see within this time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        seen = look()
        assert not seen, f"should never be: {what}; seen: {seen!r}"
        time.sleep(every)
