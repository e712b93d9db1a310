"""Times that objects carry: what is none is absent, and no time ends a judgement."""

from datetime import UTC, datetime, timedelta

import pytest

from myapp_operator.moments import moment

ABSENT = [
    "2024-01-01T00:00:00+99:99",
    "0000-01-01T00:00:00Z",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59-14:00",
    "9999-12-31T23:59:59Z",
    "2024-01-01T00:00:00",
    "2024-13-01T00:00:00Z",
    "2024-01-01",
    "yesterday",
    "",
    None,
    5,
    1.7e9,
    True,
    ["2024-01-01T00:00:00Z"],
    {},
]


@pytest.mark.parametrize("text", ABSENT)
def test_what_is_no_time_is_absent(text: object) -> None:
    assert moment(text) is None


@pytest.mark.parametrize("text", ["2024-01-01T12:00:00Z", "2024-01-01T14:00:00+02:00", "2024-01-01T12:00:00.000000Z"])
def test_a_time_is_read_in_utc(text: str) -> None:
    assert moment(text) == datetime(2024, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("text", ["1970-01-01T00:00:00Z", "9000-12-31T23:59:59Z"])
def test_with_every_time_one_can_reckon(text: str) -> None:
    found = moment(text)
    assert found is not None
    assert found + timedelta(days=36500) > found
