"""When the pods of an app are looked at, and what becomes of what was found."""

from dataclasses import replace

import pytest

from myapp_operator.causes import Cause
from myapp_operator.looks import Looks, Situation, Turns, answered, booked, failed, noticed
from myapp_operator.names import Reason

COMING = Situation(generation=1, template="t1", version=1, complete=False, refused=False, told=False)
COMPLETE = replace(COMING, complete=True, version=2)
CRASH = Cause(Reason.CRASH_LOOP_BACK_OFF, "it crashes")


def after(*steps: tuple[float, Situation], begin: Looks | None = None) -> Looks:
    """What is remembered after the app was seen in these situations at these moments."""
    looks = begin or Looks()
    for moment, situation in steps:
        looks = noticed(looks, situation, moment)
    return looks


def found(looks: Looks, now: float, cause: Cause | None = None, again: float | None = None) -> Looks:
    return answered(looks, cause, None, again, now)


def test_an_app_that_arrives_within_five_seconds_is_never_looked_at() -> None:
    assert after((0, COMING)).due == 5
    assert after((0, COMING), (4.9, COMPLETE)).due is None


def test_a_complete_app_is_never_looked_at() -> None:
    assert after((0, COMPLETE)).due is None
    assert after((0, COMPLETE), (9, replace(COMPLETE, version=3))).due is None


def test_a_complete_app_gets_a_new_generation_without_a_look() -> None:
    assert after((0, COMPLETE), (9, replace(COMPLETE, generation=2))).due is None


def test_the_pauses_between_looks_grow_to_a_minute() -> None:
    looks, moments = after((0, COMING)), []
    for _ in range(8):
        assert looks.due is not None
        moments.append(looks.due)
        looks = found(looks, looks.due)
    assert moments == [5, 10, 20, 40, 80, 140, 200, 260]


def test_other_changes_of_status_do_not_restart_the_clock() -> None:
    assert after((0, COMING), (3, replace(COMING, version=2))).due == 5


def test_a_new_generation_restarts_the_clock() -> None:
    old = found(after((0, COMING)), 5)
    looks = after((7, replace(COMING, generation=2)), begin=old)
    assert (looks.due, looks.count) == (12, 0)


def test_a_change_of_the_deployment_brings_the_next_look_to_ten_seconds_at_most() -> None:
    late = replace(found(after((0, COMING)), 100), due=160)
    assert after((110, replace(COMING, version=2)), begin=late).due == 120
    assert after((155, replace(COMING, version=2)), begin=late).due == 160
    assert after((110, COMING), begin=late).due == 160, "nothing has changed"


def test_an_app_that_arrives_is_not_looked_at_any_more() -> None:
    assert after((11, COMPLETE), begin=found(after((0, COMING)), 5)).due is None


def test_what_time_alone_changes_is_looked_at_at_that_time() -> None:
    looks = replace(after((0, COMING)), count=9)
    assert found(looks, 100, CRASH, again=7).due == 107
    assert found(looks, 100, CRASH, again=90).due == 160, "but never later than without"
    assert found(looks, 100, CRASH, again=0).due == 101, "nor at once, which would never end"


# A deadline that passes

OVERDUE = replace(COMING, version=5, overdue=True)


def test_the_pods_are_looked_at_once_a_deadline_has_passed() -> None:
    waiting = replace(found(after((0, COMING)), 100, CRASH), due=160)
    looks = after((110, OVERDUE), begin=waiting)
    assert (looks.due, looks.overdue) == (110, False)
    assert found(looks, 111, CRASH).overdue


def test_a_deadline_that_an_earlier_generation_has_passed_says_nothing_of_the_next() -> None:
    """The Deployment goes on to say so for a moment."""
    looks = after((7, replace(OVERDUE, generation=2)), begin=found(after((0, OVERDUE)), 5, CRASH))
    assert (looks.due, looks.overdue) == (12, False)
    looks = after((8, replace(COMING, generation=2)), begin=looks)
    assert not found(looks, 12).overdue


def test_a_look_without_an_answer_has_not_seen_the_end() -> None:
    assert not failed(after((0, COMING), (9, OVERDUE)), 9).overdue


# Lost pods


def test_an_app_that_lost_a_pod_is_looked_at_once_even_if_it_is_back_by_then() -> None:
    looks = after((0, COMPLETE), (50, replace(COMING, version=3)), (52, replace(COMPLETE, version=4)))
    assert (looks.due, looks.lost) == (55, True)
    looks = found(looks, 55)
    assert (looks.due, looks.lost) == (None, False)


def test_a_pod_that_comes_up_for_a_new_generation_was_not_lost() -> None:
    coming = replace(COMING, generation=2, version=3)
    looks = after((0, COMPLETE), (50, coming), (52, replace(COMPLETE, generation=2, version=4)))
    assert (looks.due, looks.lost) == (None, False)


def test_nothing_was_lost_before_this_process_knew_the_app() -> None:
    assert not after((0, COMING)).lost


# What was found


def test_only_a_look_takes_back_what_a_look_has_found() -> None:
    looks = found(after((0, COMING)), 5, CRASH)
    looks = after((7, COMPLETE), begin=looks)
    assert (looks.cause, looks.due) == (CRASH, 7)
    looks = found(looks, 7)
    assert (looks.cause, looks.due) == (None, None)


def test_a_crash_that_is_too_fresh_to_be_over_is_looked_at_again_when_it_is() -> None:
    looks = after((7, COMPLETE), begin=found(after((0, COMING)), 5, CRASH))
    looks = found(looks, 7, CRASH, again=4)
    assert (looks.cause, looks.due) == (CRASH, 11)
    assert after((8, replace(COMPLETE, version=9)), begin=looks).due == 11
    assert found(looks, 11).due is None


def test_other_pods_start_with_a_clean_sheet() -> None:
    looks = found(after((0, COMING)), 5, CRASH)
    assert after((6, replace(COMING, generation=2, template="t2")), begin=looks).cause is None


def test_more_of_the_same_pods_do_not() -> None:
    looks = found(after((0, COMING)), 5, CRASH)
    assert after((6, replace(COMING, generation=2)), begin=looks).cause == CRASH


def test_a_look_without_an_answer_takes_nothing_back() -> None:
    looks = failed(found(after((0, COMING)), 5, CRASH), 10)
    assert (looks.cause, looks.due) == (CRASH, 20)
    assert failed(replace(looks, lost=True), 20).lost


def test_the_words_of_a_refusal_end_with_it() -> None:
    looks = answered(after((0, replace(COMING, refused=True))), None, "no more pods", None, 5)
    assert after((6, replace(COMING, refused=True)), begin=looks).refusal == "no more pods"
    assert after((6, COMING), begin=looks).refusal is None


# What an earlier run of the operator has found

TOLD = replace(COMING, told=True)


def test_what_was_told_before_a_restart_stands_until_a_look() -> None:
    looks = after((0, TOLD))
    assert (looks.standing, looks.due) == (True, 5)
    assert failed(looks, 5).standing
    looks = found(looks, 5)
    assert not after((6, TOLD), begin=looks).standing


def test_a_complete_app_of_which_a_cause_was_told_is_looked_at_at_once() -> None:
    looks = after((0, replace(TOLD, complete=True)))
    assert (looks.standing, looks.due) == (True, 0)
    assert found(looks, 0).due is None


def test_what_was_told_of_an_earlier_generation_does_not_stand() -> None:
    assert not after((0, TOLD), (1, replace(COMING, generation=2))).standing


def test_what_this_process_has_told_itself_does_not_stand() -> None:
    assert not after((0, COMING), (1, TOLD)).standing


# All apps together


def test_ten_looks_a_second_and_everybody_knows_when() -> None:
    turns = Turns()
    assert [turns.next(50) for _ in range(4)] == pytest.approx([50, 50.1, 50.2, 50.3])
    assert turns.next(60) == 60


def test_a_turn_is_kept() -> None:
    """Were it brought forward, more than ten looks could come at once."""
    looks = booked(after((0, COMING)), 30)
    assert after((6, replace(COMING, version=2)), begin=looks).due == 30
    assert after((7, COMPLETE), begin=replace(looks, cause=CRASH)).due == 30


@pytest.mark.parametrize(("due", "now", "is_due"), [(None, 9, False), (9, 8, False), (9, 9, True)])
def test_is_due(due: float | None, now: float, is_due: bool) -> None:
    assert Looks(due=due).is_due(now) is is_due
