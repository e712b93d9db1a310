"""The scanner of lists: any items, in pieces of any size, as deep and as odd as anybody likes."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from myapp_operator.json_items import DEEPEST, Scanner, parsed

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def scan(text: bytes, size: int = 7, level: int = 3) -> tuple[list[bytes], Scanner]:
    scanner = Scanner(level)
    found = [each for at in range(0, len(text), size) for each in scanner.feed(text[at : at + size])]
    scanner.finish()
    return found, scanner


@given(items=st.lists(st.dictionaries(st.text(), VALUES, max_size=4), max_size=5), size=st.integers(1, 40))
def test_the_items_of_any_list_are_found_in_pieces_of_any_size(items: list[Any], size: int) -> None:
    whole = {"kind": "List", "metadata": {"items": [1], "continue": "\\"}, "items": items}
    found, scanner = scan(json.dumps(whole).encode(), size)
    assert [json.loads(each) for each in found] == items
    assert json.loads(scanner.rest) == {**whole, "items": []}
    assert scanner.lost == 0


@given(value=st.dictionaries(st.text(), VALUES, max_size=4), size=st.integers(1, 40))
def test_one_object_is_itself(value: Any, size: int) -> None:
    found, _ = scan(orjson.dumps(value) if _is_64_bit(value) else json.dumps(value).encode(), size, level=1)
    assert [json.loads(each) for each in found] == [value]


def _is_64_bit(value: Any) -> bool:
    try:
        orjson.dumps(value)
    except TypeError:
        return False
    return True


def test_items_that_are_no_objects_are_counted() -> None:
    found, scanner = scan(b'{"items": [null, 1, "a", {}, [2]], "other": [{}]}')
    assert found == [b"{}", b"[2]"]
    assert scanner.lost == 3


@pytest.mark.parametrize("levels", [DEEPEST, DEEPEST + 1, 1100, 100_000])
@pytest.mark.parametrize("size", [1, 1000])
def test_what_is_nested_too_deep_becomes_null_and_the_rest_stays(levels: int, size: int) -> None:
    deep = '{"f":' * (levels - 1) + '{"g":[]}' + "}" * (levels - 1)
    found, _ = scan(b'{"items":[{"before":1,"deep":%b,"after":2},{}]}' % deep.encode(), size)
    first, second = map(json.loads, found)
    assert (first["before"], first["after"], second) == (1, 2, {})
    seen, below = 1, first["deep"]
    while isinstance(below, dict) and "f" in below:
        seen, below = seen + 1, below["f"]
    assert seen + isinstance(below, dict) <= DEEPEST


@pytest.mark.parametrize("text", [b"}", b'{"items":[{}', b'{"a', b'{"items":[{}]}}'])
def test_what_is_no_json_is_an_error(text: bytes) -> None:
    with pytest.raises(ValueError, match="it is"):
        scan(text)


def test_an_item_too_large_is_left_out() -> None:
    scanner = Scanner(largest=100)
    found = [*scanner.feed(b'{"items":[{"a":"%b"},{"b":1}]}' % (b"x" * 1000))]
    assert found == [b'{"b":1}']
    assert scanner.lost == 1


@pytest.mark.parametrize("text", [b'{"a":"\\ud800"}', b'{"a":"\xff"}', b'{"a":1e400}', b'{"a":' + b"9" * 400 + b"}"])
def test_text_and_numbers_that_one_parser_refuses_are_read_by_another(text: bytes) -> None:
    assert "a" in parsed(text)
