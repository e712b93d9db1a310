"""What nobody should read is hidden, and nothing else."""

import time
from typing import Any

import pytest

from myapp_operator.masking import LONGEST, NO_VALUES, Values, mask, values_of
from tests.unit.samples import spec


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("https://user:secret@example.com/x", "https://***@example.com/x"),
        ("postgres://user:p@ss@db/x failed", "postgres://***@db/x failed"),
        ("a http://a:b@c/d and http://e:f@g/h", "a http://***@c/d and http://***@g/h"),
        ("see https://example.com/@team", "see https://example.com/@team"),
        ("postgresql://app:pa/ssw0rd@db/x failed", "postgresql://***@db/x failed"),
        ("redis://:p@ss/word@db failed", "redis://***@db failed"),
        ("http://a:b/c@d,http://e:f/g@h", "http://***@d,http://***@h"),
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
    assert mask(text, values_of(spec(env=[{"name": "A", "value": value}]), "myapp")) == masked


def test_a_value_that_holds_another_is_hidden_whole() -> None:
    values = values_of(
        spec(env=[{"name": "A", "value": "secretword"}, {"name": "B", "value": "secretword-and-more"}]), "myapp"
    )
    assert mask("secretword-and-more, secretword", values) == "***, ***"


def test_values_from_elsewhere_are_not_known() -> None:
    reference = {"secretKeyRef": {"name": "a", "key": "b"}}
    env = [{"name": "A", "valueFrom": reference}, {"name": "B"}, {"name": "C", "value": ""}]
    assert values_of(spec(env=env), "myapp") == NO_VALUES
    assert values_of(spec(), "myapp") == NO_VALUES


@pytest.mark.parametrize("part", ["sidecars", "initContainers"])
def test_values_of_variables_of_other_containers_are_hidden_too(part: str) -> None:
    other = {"name": "other", "image": "other:1", "env": [{"name": "A", "value": "hunter2hunter2"}]}
    assert mask("is hunter2hunter2", values_of(spec(**{part: [other]}), "myapp")) == "is ***"


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("myapp", id="of the app"),
        pytest.param("myapp-service", id="of its Service"),
        pytest.param("registry.example.com/shop:2", id="of the image"),
        pytest.param("shop", id="of the image without its registry"),
        pytest.param("shop-config", id="of a ConfigMap"),
        pytest.param("shop-secret", id="of a mounted Secret"),
        pytest.param("db-password", id="of a key of a Secret"),
    ],
)
def test_a_name_is_told_although_a_variable_holds_it_too(name: str) -> None:
    """`FLASK_APP=myapp` is in every tutorial; with the name hidden, no sentence of others would help."""
    reference = {"secretKeyRef": {"name": "shop-db", "key": "db-password"}}
    asked = spec(
        image="registry.example.com/shop:2",
        env=[{"name": "NAME", "value": name}, {"name": "PASSWORD", "valueFrom": reference}],
        envFrom=[{"configMapRef": {"name": "shop-config"}}],
        volumes=[{"name": "data", "secret": {"secretName": "shop-secret"}}],
    )
    assert mask(f'"{name}" not found', values_of(asked, "myapp")) == f'"{name}" not found'


def test_nothing_of_others_is_shown_where_there_is_too_much_to_hide() -> None:
    """The CRD allows a megabyte of short lines; to look for each of them would hold up every other app."""
    large = [
        {"name": f"A{number}", "value": "".join(f"{number}-{line}\n" for line in range(9000))} for number in range(9)
    ]
    began = time.process_time()
    assert mask("8-8999 is wrong", values_of(spec(env=large), "myapp")) == "***"
    assert time.process_time() - began < 1


def test_values_that_overlap_are_hidden_together() -> None:
    assert mask("is abcdefghijklm here", Values.of(["abcdefghij", "fghijklm"])) == "is *** here"
    assert mask("is abcdefghij here", Values.of(["abcd", "bcdefghij"])) == "is a*** here", "a short one is a word"


def test_a_value_that_the_kubelet_has_cut_is_hidden_too() -> None:
    """It keeps the last 2048 bytes of a log; where the words of others are that long, a value may not be whole."""
    value = "s3cret" * 100
    said = f"{'x ' * 1000}{value[:300]}"
    assert mask(said, Values.of([value])) == f"{'x ' * 1000}***"
    assert mask(value[:300], Values.of([value])) == value[:300], "what is short was not cut"


class Counted(dict[str, list[str]]):
    """Counts how often it is asked."""

    asked = 0

    def get(self, *arguments: Any) -> Any:
        self.asked += 1
        return super().get(*arguments)


def test_each_place_of_a_text_is_looked_at_once_however_many_values_there_are() -> None:
    values = Values.of(f"{number:06}{'x' * 44}" for number in range(4535))
    counted = Values(Counted(values.long), values.short)
    text = "123456xxxxxx " * 300
    assert mask(text, counted) == text
    assert counted.long.asked == len(text)


def test_a_text_of_which_each_place_may_be_the_beginning_of_many_values_is_hidden_whole() -> None:
    """To compare all of them at each place would take minutes."""
    alike = Values.of(f"aaaaaaaa{number:04}" for number in range(4000))
    assert mask("aaaaaaaa" * 500, alike) == "***"
    assert mask("aaaaaaaa0017 is wrong", alike) == "*** is wrong"
    long = Values.of("a" * (30_000 - number) + "b" for number in range(8))
    assert mask("a" * 32_000, long) == "***"


def test_a_text_that_is_longer_than_any_message_is_cut() -> None:
    assert mask("x" * 1_000_000) == "x" * LONGEST


@pytest.mark.parametrize(
    "piece", ["://", "://a:", "://a:/", "?", "?token", "&a.", "@", "a" * 50 + "?", "aaaa ", "aaaa"]
)
def test_hostile_text_costs_no_time(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    began = time.process_time()
    mask(text, Values.of(["aaaa", "a" * 10]))
    assert time.process_time() - began < 5
