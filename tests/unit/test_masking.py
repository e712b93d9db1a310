"""What nobody should read is hidden, and nothing else."""

import time

import pytest

from myapp_operator.masking import mask, values_of
from tests.unit.samples import spec


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("https://user:secret@example.com/x", "https://***@example.com/x"),
        ("postgres://user:p@ss@db/x failed", "postgres://***@db/x failed"),
        ("a http://a:b@c/d and http://e:f@g/h", "a http://***@c/d and http://***@g/h"),
        ("see https://example.com/@team", "see https://example.com/@team"),
        (
            "GET https://example.com/x?page=2&access_token=abc&y=1",
            "GET https://example.com/x?page=2&access_token=***&y=1",
        ),
        ('Get "https://example.com/?X-Amz-Signature=abc": no', 'Get "https://example.com/?X-Amz-Signature=***": no'),
        ("is this a token=abc?", "is this a token=abc?"),
    ],
)
def test_credentials_in_urls_are_hidden(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    ("value", "text", "masked"),
    [
        pytest.param("hunter2hunter2", "xhunter2hunter2x", "x***x", id="anywhere"),
        pytest.param("http", "no https for http, or http-x", "no https for ***, or ***-x", id="a short one as a word"),
        pytest.param("abc", "abc", "abc", id="one that is too short is left"),
        pytest.param("True", "paused True", "paused True", id="what is no secret is left"),
        pytest.param("a+b(c", "is a+b(c here", "is *** here", id="one with signs"),
        pytest.param("-----BEGIN KEY-----\nc2VjcmV0\n", "bad key c2VjcmV0", "bad key ***", id="one of several lines"),
        pytest.param('pa"ss\\word', 'value: "pa\\"ss\\\\word"', 'value: "***"', id="one that a message quotes"),
        pytest.param("two  spaces\tapart", "no two spaces apart", "no ***", id="one on a line of one space each"),
        pytest.param("  padded  ", "is padded", "is ***", id="one with space around it"),
    ],
)
def test_literal_values_of_variables_are_hidden(value: str, text: str, masked: str) -> None:
    assert mask(text, values_of(spec(env=[{"name": "A", "value": value}]))) == masked


def test_a_value_that_holds_another_is_hidden_whole() -> None:
    values = values_of(spec(env=[{"name": "A", "value": "secretword"}, {"name": "B", "value": "secretword-and-more"}]))
    assert mask("secretword-and-more, secretword", values) == "***, ***"


def test_values_from_elsewhere_are_not_known() -> None:
    reference = {"secretKeyRef": {"name": "a", "key": "b"}}
    assert values_of(spec(env=[{"name": "A", "valueFrom": reference}, {"name": "B"}, {"name": "C", "value": ""}])) == []
    assert values_of(spec()) == []


@pytest.mark.parametrize("piece", ["://", "?", "?token", "&a.", "@", "a" * 50 + "?", "aaaa ", "aaaa"])
def test_hostile_text_costs_no_time(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    began = time.process_time()
    mask(text, ["aaaa", "a" * 10])
    assert time.process_time() - began < 5
