"""What is unset is not applied."""

from __future__ import annotations

from myapp_operator.grammar import Json


def without_empty(part: Json) -> Json:
    """Drops what is unset: an empty list that is applied always reads as a field that somebody took away."""
    return {key: value for key, value in part.items() if value is not None and value not in ([], {})}
