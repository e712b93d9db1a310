"""When a change that is made again and again counts as a fight, how long the next revert waits, and when it is over."""

import pytest

from myapp_operator import fights, names
from myapp_operator.fights import Contest, Fight

DEPLOYMENT, SERVICE = names.DEPLOYMENT, names.SERVICE
REPLICAS, IMAGE, ANNOTATION = "spec.replicas", "spec.image", "metadata.annotations"
HASH = "hash"
START = 1000.0


def reverts(*times: float, paths: tuple[str, ...] = (REPLICAS,), before: Contest | None = None) -> Contest:
    """What is remembered after reverts of these fields at these times."""
    for time in times:
        before = fights.reverted(before, HASH, paths, "kubectl-edit", time)
    assert before is not None
    return before


def fight_at(contest: Contest, now: float, wanted: str = HASH) -> Fight | None:
    return contest.fight(wanted, now)


SIX = reverts(*[START + count for count in range(6)])
LAST = START + 5


def test_five_reverts_in_ten_minutes_are_no_fight_and_the_sixth_is_one() -> None:
    assert fight_at(reverts(*[START] * 5), START) is None
    assert fight_at(SIX, LAST) == Fight(REPLICAS, "kubectl-edit", not_before=LAST + 30, until=LAST + 600)


def test_reverts_that_lie_further_apart_are_no_fight() -> None:
    contest = reverts(*[START + 121 * count for count in range(30)])
    assert fight_at(contest, START + 121 * 29) is None


def test_different_fields_are_no_fight() -> None:
    contest = None
    for number in range(20):
        contest = reverts(START, paths=(f"spec.{number}",), before=contest)
    assert fight_at(reverts(START, before=contest), START) is None


def test_the_pause_grows_from_half_a_minute_to_five_and_stays_there() -> None:
    contest, now, pauses = reverts(*[START] * 5), START, []
    for _ in range(8):
        contest = reverts(now, before=contest)
        pauses.append(contest.not_before - now)
        now = contest.not_before
    assert pauses == [30, 60, 120, 240, 300, 300, 300, 300]


def test_a_fight_of_years_has_a_pause_all_the_same() -> None:
    contest, now = SIX, LAST
    for _ in range(3000):
        now += 300
        contest = reverts(now, before=contest)
    assert contest.not_before - now == 300


def test_a_fight_is_forgotten_ten_minutes_after_its_last_revert() -> None:
    assert fight_at(SIX, LAST + 599.9)
    assert fight_at(SIX, LAST + 600) is None
    again = reverts(LAST + 600, before=SIX)
    assert fight_at(again, LAST + 600) is None
    assert again.not_before == LAST + 600, "no pause"


def test_another_spec_ends_the_pause_but_the_next_revert_goes_on_counting() -> None:
    assert fight_at(SIX, LAST, wanted="other") is None
    contest = fights.reverted(SIX, "other", [REPLICAS], "kubectl-edit", LAST + 10)
    assert contest.not_before == LAST + 10 + 60


def test_a_fight_that_is_hidden_by_dropping_our_annotation_is_about_the_field() -> None:
    contest = reverts(*[START] * 6, paths=(ANNOTATION, REPLICAS))
    fight = fight_at(contest, START)
    assert fight is not None
    assert fight.path == REPLICAS


def test_a_fight_about_our_annotation_alone_is_one_too() -> None:
    assert fight_at(reverts(*[START] * 6, paths=(ANNOTATION,)), START)


def test_a_field_that_is_not_fought_about_makes_no_pause() -> None:
    assert reverts(LAST + 1, paths=(IMAGE,), before=SIX).not_before == LAST + 1


@pytest.mark.parametrize(("seconds", "pauses"), [(29.9, True), (30.0, False)])
def test_a_revert_waits_for_the_end_of_the_pause(seconds: float, pauses: bool) -> None:
    fight = fight_at(SIX, LAST)
    assert fight is not None
    assert fight.pauses(LAST + seconds) is pauses


def test_only_the_fights_about_what_is_wanted_now_go_on() -> None:
    contests = {DEPLOYMENT: SIX, SERVICE: SIX}
    assert fights.going_on(contests, {DEPLOYMENT: HASH, SERVICE: "other"}, LAST).keys() == {DEPLOYMENT}
    assert fights.going_on({}, {DEPLOYMENT: HASH}, LAST) == {}


@pytest.mark.parametrize(
    ("by", "words"),
    [
        ("flux", "spec.replicas of the Deployment is changed again and again by flux: stop it, or let it change"),
        ("", "spec.replicas of the Deployment is changed again and again: stop it, or let it change the MyApp instead"),
    ],
)
def test_the_user_is_told_what_to_do(by: str, words: str) -> None:
    assert words in Fight(REPLICAS, by, 0, 0).sentence(DEPLOYMENT)
