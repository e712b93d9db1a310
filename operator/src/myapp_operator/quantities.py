"""Reads quantities, such as `500m`, `1Gi` and `1e3`: the API server writes the same amount in other words. Pure.

The grammar: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
"""

from __future__ import annotations

import re
from fractions import Fraction

FIELDS = frozenset({"limits", "requests", "sizeLimit", "divisor"})
"""Fields of a pod template that hold a quantity, or a map of quantities."""
_QUANTITY = re.compile(r"([+-]?[0-9]+(?:\.[0-9]*)?|[+-]?\.[0-9]+)(?:[eE]([+-]?[0-9]{1,2})|([KMGTPE]i|[numkMGTPE])?)")
_POWERS = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_LONGEST = 100
"""Characters of a quantity: of what anybody may write, Python refuses to read a number of 4,300 digits."""


def amount(value: object) -> Fraction | None:
    """Return the amount; None for everything that is no quantity."""
    text = str(value)
    parts = _QUANTITY.fullmatch(text) if len(text) <= _LONGEST else None
    if parts is None:
        return None
    number, exponent, suffix = parts.groups(default="")
    if suffix.endswith("i"):
        return Fraction(number) * Fraction(1024) ** ("KMGTPE".index(suffix[0]) + 1)
    return Fraction(number) * Fraction(10) ** int(exponent or _POWERS[suffix])
