"""Waiting for a condition instead of sleeping."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE = 120.0
"""Seconds for the slowest machine: they cost nothing where all goes well."""


def wait_for(what: str, look: Callable[[], T], *, seconds: float = PATIENCE, every: float = 0.1) -> T:
    """Looks until there is something truthy to see, and returns it; fails with what it saw last.

    `seconds` can only lengthen the wait: that something is fast cannot be told from the time it takes beside others.
    """
    seconds = max(seconds, PATIENCE)
    deadline = time.monotonic() + seconds
    while True:
        seen = look()
        if seen:
            return seen
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:g} s: {what}; last seen: {seen!r}")
        time.sleep(every)


def never(what: str, look: Callable[[], T], *, seconds: float, every: float = 0.1) -> None:
    """Fails as soon as there is something truthy to see within this time, or at its end."""
    deadline = time.monotonic() + seconds
    while True:
        is_last = time.monotonic() >= deadline
        seen = look()
        assert not seen, f"should never be: {what}; seen: {seen!r}"
        if is_last:
            return
        time.sleep(every)
