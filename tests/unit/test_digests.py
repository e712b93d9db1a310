"""The hash of a JSON value stands in pods: it may never change, however it is worked out."""

import hashlib
import json
from typing import Any
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from myapp_operator import digests
from tests.unit import samples

TEXT = st.one_of(
    st.text(),
    st.text(st.characters(exclude_categories=())),  # also halves of characters, as in "\ud800"
    st.text(st.characters(min_codepoint=0, max_codepoint=0x7F)),
    st.sampled_from(
        ["", "1.5", '":1.5', "[1e5", '\\"', "\\", "\\\\", '"', "null", "é", "\u2028", "\x7f", "\U0001f600"]
    ),
)
NUMBERS = st.one_of(
    st.integers(), st.integers(-(2**70), 2**70), st.floats(), st.sampled_from([-0.0, 1e16, 1e-7, 0.1, 2**64, 2**53])
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXT),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=30,
)


def by_json(value: Any) -> str:
    """As all releases before have hashed."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


@given(VALUES)
def test_every_value_has_the_hash_that_it_always_had(value: Any) -> None:
    assert digests.hash_of(value) == by_json(value)


@pytest.mark.parametrize("char", [*map(chr, range(0x180)), "\u2028", "\uffff", "\ud800", "\U0001f600"])
def test_every_character_is_hashed_as_ever(char: str) -> None:
    for value in (char, {char: 1, "a": char}, [char, "b"]):
        assert digests.hash_of(value) == by_json(value)


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [
        1.0,
        1e22,
        float("nan"),
        float("inf"),
        None,
        {"a": None},
        [1e-7],
        {"e": 1e5},
        {"b": True, "a": False},
        2**63,
        2**64,
        -(2**63) - 1,
        {1: "a", 2: "b"},
        {"ab": 1, "a": 2, "B": 3, "": 4},
        {"\ue000": 1, "\U00010000": 2},
        ("a", "b"),
        nested(300),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_what_is_written_in_more_ways_than_one_is_hashed_as_ever(value: Any) -> None:
    assert digests.hash_of(value) == by_json(value)


def test_a_known_value_keeps_its_hash() -> None:
    assert (
        digests.hash_of({"b": [1, "x.y"], "a": {"c": True}})
        == hashlib.sha256(b'{"a":{"c":true},"b":[1,"x.y"]}').hexdigest()[:32]
    )


def test_what_is_wanted_of_an_app_is_hashed_without_the_slow_writer() -> None:
    """The hash of each child is worked out in each pass: `json` takes ten times as long."""
    with mock.patch.object(json, "dumps", side_effect=AssertionError("slow")):
        assert samples.wanted(env=[{"name": "URL", "value": 'https://a.b/?c="1.5"\\n'}])
