"""Quantities are amounts, however they are written; what is none is none."""

from fractions import Fraction

import pytest

from myapp_operator import quantities


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1000m", 1),
        ("1", 1),
        (1, 1),
        ("0.5", Fraction(1, 2)),
        (".5", Fraction(1, 2)),
        ("1e3", 1000),
        ("1E3", 1000),
        ("1E", 10**18),
        ("1Ki", 1024),
        ("-2Gi", -2 * 1024**3),
        ("100n", Fraction(1, 10**7)),
        ("0", 0),
    ],
)
def test_an_amount(text: object, amount: Fraction) -> None:
    assert quantities.amount(text) == amount


@pytest.mark.parametrize("text", ["", "one", "1 Gi", "1KiB", "1e1000", "9" * 5000, "\u0661", None, {}])
def test_what_is_no_quantity(text: object) -> None:
    assert quantities.amount(text) is None
