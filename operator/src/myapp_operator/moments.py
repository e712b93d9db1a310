"""Reads the times that objects carry. Pure.

Anybody may write them, also into a status: the API server takes what matches `date-time`, such as an offset of 99
hours.
"""

from __future__ import annotations

from datetime import UTC, datetime

_FIRST_YEAR = 1970
_LAST_YEAR = 9000
"""Years beyond which a time is no time of a cluster; sums of what lies between never overflow."""


def moment(text: object) -> datetime | None:
    """Return the time in UTC; None for everything that is no time with an offset, as if it were absent."""
    if not isinstance(text, str):
        return None
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is None:
            return None
        found = found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return found if _FIRST_YEAR <= found.year <= _LAST_YEAR else None
