"""YAML and JSON as kubectl reads them."""

import json
from typing import Any

import pytest

from myapp_operator import documents
from myapp_operator.documents import UnreadableDocumentError


def read(text: str) -> Any:
    (found,) = documents.read(text)
    return found


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("-7", -7),
        ("1.0", 1),
        ("1e3", 1000),
        ("0.5", 0.5),
        (".5", 0.5),
        ("010", 8),
        ("0o10", 8),
        ("0x1F", 31),
        ("0b11", 3),
        ("09", 9),
        ("1_000", 1000),
        ("1:30", "1:30"),
        ("2030-01-01", "2030-01-01"),
        ("yes", True),
        ("y", True),
        ("Off", False),
        ("n", False),
        ("~", None),
        ("", None),
        ("'1'", "1"),
        ('"yes"', "yes"),
        ("!!str 1", "1"),
        ("1.2.3", "1.2.3"),
        ("9223372036854775808", 9223372036854775808.0),
    ],
)
def test_a_plain_word_is_what_it_is_for_kubectl(text: str, value: Any) -> None:
    found = read(f"a: {text}\n")["a"]
    assert (found, type(found)) == (value, type(value))


def test_keys_are_text() -> None:
    assert read("{1: a, yes: b, c: d}") == {"1": "a", "true": "b", "c": "d"}


def test_aliases_and_merges_are_written_out() -> None:
    assert read("base: &b {x: 1, z: 2}\nit: {<<: *b, z: 3}\nbare: *b\n") == {
        "base": {"x": 1, "z": 2},
        "it": {"x": 1, "z": 3},
        "bare": {"x": 1, "z": 2},
    }


def test_of_a_key_that_stands_there_twice_the_last_one_counts() -> None:
    """kubectl takes it so, without a word."""
    assert read("a: 1\na: 2\n") == read('{"a": 1, "a": 2}') == {"a": 2}


def test_json_is_read_as_json() -> None:
    text = '{"a": "\\ud83d\\ude00", "b": 1.0,\t"c": 0.5}'
    assert read(text) == {"a": "\U0001f600", "b": 1, "c": 0.5}
    assert read("{a: b}") == {"a": "b"}, "what begins like it may be YAML"


def test_empty_documents_are_counted() -> None:
    assert [*documents.read("---\n---\na: 1\n")] == [None, {"a": 1}]


LAUGHS = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefghi", "bcdefghij", strict=True)
)
MERGED = "a: &a {x: 1}\n" + "".join(
    f"{name}: &{name} {{<<: [{','.join([f'*{before}'] * 9)}]}}\n"
    for before, name in zip("abcdefghi", "bcdefghij", strict=True)
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param(LAUGHS, "more than 500,000 values", id="aliases of aliases"),
        pytest.param(MERGED, "more than 500,000 values", id="merges of merges"),
        pytest.param("a: &a [*a]\n", "100 levels", id="an alias of itself"),
        pytest.param("[" * 5000, "100 levels", id="deep YAML"),
        pytest.param('{"a":' * 5000, "100 levels", id="deep JSON"),
        pytest.param("? [a]\n: b\n", "a key must be text", id="a list as a key"),
        pytest.param("a: .nan\n", "is no number that JSON knows", id="not a number"),
        pytest.param("a: 1e999\n", "larger than JSON knows", id="no number"),
        pytest.param("a: b: c\n", "mapping values are not allowed here", id="no YAML"),
        pytest.param("a: *b\n", "undefined alias", id="no anchor"),
    ],
)
def test_what_cannot_be_read_is_said_and_takes_no_time(text: str, words: str) -> None:
    with pytest.raises(UnreadableDocumentError) as raised:
        [*documents.read(text)]
    assert words in str(raised.value)


@pytest.mark.parametrize("value", [{"a": [1, "x", None, True, 0.25, {"b": ""}]}, [], "text", {"y": "y", "1": "1:30"}])
def test_json_comes_back_as_it_was(value: Any) -> None:
    assert read(json.dumps(value)) == value


def test_thousands_of_merged_maps_cost_what_they_hold() -> None:
    merged = ", ".join(f"{{k{number}: {number}}}" for number in range(2000))
    (found,) = documents.read(f"<<: [{merged}, {{k0: later}}]")
    assert len(found) == 2000
    assert found["k0"] == 0, "of several maps the first one counts"
