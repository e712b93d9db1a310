"""What of a list has not reached us: lag is no gap, and a gap is no lag."""

import pytest

from myapp_operator.gaps import Gap, compare
from myapp_operator.observed import App
from tests.unit.samples import KEY, app

LISTED_AT = 100
"""The version of every list here."""


def at(version: int, uid: str = "uid-1") -> dict[str, App]:
    return {uid: app(uid=uid, resource_version=version)}


@pytest.mark.parametrize(
    ("listed", "known"),
    [
        pytest.param(at(20), at(20), id="the same"),
        pytest.param(at(20), at(30), id="the watch was faster"),
        pytest.param({}, at(101), id="made after the list"),
        pytest.param({}, {}, id="nothing"),
    ],
)
def test_whoever_knows_all_that_was_listed_has_no_gap(listed: dict[str, App], known: dict[str, App]) -> None:
    assert compare({}, listed, LISTED_AT, known, 5.0) == {}


@pytest.mark.parametrize(
    ("listed", "known", "version"),
    [
        pytest.param(at(20), {}, 20, id="a new one"),
        pytest.param(at(20), at(10), 20, id="a change"),
        pytest.param({}, at(10), LISTED_AT, id="a deletion"),
    ],
)
def test_what_was_listed_and_is_not_known_is_a_gap(listed: dict[str, App], known: dict[str, App], version: int) -> None:
    assert compare({}, listed, LISTED_AT, known, 5.0) == {"uid-1": Gap(KEY, version, 5.0)}


@pytest.mark.parametrize(
    ("listed", "known"),
    [
        pytest.param(at(20), at(19), id="nothing new"),
        pytest.param(at(90), at(19), id="more and more is missing"),
        pytest.param({}, at(19), id="deleted meanwhile"),
        pytest.param(at(20), {}, id="never seen"),
    ],
)
def test_a_gap_lasts_as_long_as_what_was_missed_first_is_missing(listed: dict[str, App], known: dict[str, App]) -> None:
    before = {"uid-1": Gap(KEY, 20, 5.0)}
    assert compare(before, listed, LISTED_AT, known, 95.0) == before


def test_whoever_is_behind_again_but_has_caught_up_meanwhile_only_lags() -> None:
    before = {"uid-1": Gap(KEY, 20, 5.0)}
    assert compare(before, at(90), LISTED_AT, at(20), 95.0) == {"uid-1": Gap(KEY, 90, 95.0)}


def test_a_gap_ends_when_the_change_arrives_or_its_app_is_gone() -> None:
    before = {"uid-1": Gap(KEY, 20, 5.0), "uid-2": Gap(KEY, 30, 5.0)}
    assert compare(before, at(20), LISTED_AT, at(20), 95.0) == {}


def test_a_new_app_of_the_same_name_is_another_one() -> None:
    found = compare({}, at(50, "uid-2"), LISTED_AT, at(10, "uid-1"), 5.0)
    assert sorted(found) == ["uid-1", "uid-2"]
