"""When the pods of an app are looked at, and what becomes of what was found."""

import heapq
import itertools
import random
from dataclasses import replace

import pytest

from myapp_operator.causes import Cause
from myapp_operator.looks import Looks, Situation, answered, failed, noticed
from myapp_operator.names import Key, Reason
from myapp_operator.turns import SpacedTurns

COMING = Situation(generation=1, template="t1", version=1, asked=1, complete=False, refused=False, told=False)
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


def test_what_is_told_is_ten_seconds_old_at_most_and_half_a_minute_after_five_minutes() -> None:
    looks, moments = after((0, COMING)), []
    while looks.due is not None and looks.due < 600:
        moments.append(looks.due)
        looks = found(looks, looks.due)
    assert moments[0] == 5
    assert all(then - before < (10 if before < 300 else 30) for before, then in itertools.pairwise(moments))
    assert len(moments) == 42


def test_other_changes_of_status_do_not_restart_the_clock() -> None:
    assert after((0, COMING), (3, replace(COMING, version=2))).due == 5


def test_a_new_generation_restarts_the_clock() -> None:
    old = found(after((0, COMING)), 5)
    looks = after((7, replace(COMING, generation=2)), begin=old)
    assert (looks.due, looks.began) == (12, 7)


def test_a_change_of_the_deployment_brings_the_next_look_to_ten_seconds_at_most() -> None:
    late = found(after((0, COMING)), 400)
    assert late.due == 428.5
    assert after((410, replace(COMING, version=2)), begin=late).due == 419.6
    assert after((418, replace(COMING, version=2)), begin=late).due == 428.5, "not worth one of the few early looks"
    assert after((410, COMING), begin=late).due == 428.5, "nothing has changed"


def test_an_app_that_arrives_is_not_looked_at_any_more() -> None:
    assert after((11, COMPLETE), begin=found(after((0, COMING)), 5)).due is None


def test_what_time_alone_changes_is_looked_at_at_that_time() -> None:
    looks = after((0, COMING))
    assert found(looks, 100, CRASH, again=7).due == 107
    assert found(looks, 100, CRASH, again=90).due == 109.6, "but never later than without"
    assert found(looks, 100, CRASH, again=0).due == 101, "nor at once, which would never end"


def test_only_so_many_looks_come_before_their_time() -> None:
    looks, moments = after((0, COMING)), []
    for _ in range(6):
        looks = found(looks, looks.due or 0, CRASH, again=1)
        moments.append(looks.due)
    assert moments == pytest.approx([6, 7, 8, 17.6, 27.2, 36.8])
    later = replace(looks, due=700)
    assert found(later, 700, CRASH, again=1).due == 701, "ten minutes later there are some again"


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


def test_pods_that_end_because_somebody_changed_the_deployment_were_not_lost() -> None:
    """As after `kubectl rollout undo`, and after the revert of it."""
    looks = after((0, COMPLETE), (50, replace(COMING, version=3, asked=3)), (52, replace(COMPLETE, version=4, asked=3)))
    assert (looks.due, looks.lost) == (None, False)


def test_an_app_that_goes_and_comes_without_end_is_looked_at_as_often_as_any_other() -> None:
    looks, version, count = after((0, COMPLETE)), 3, 0
    for moment in range(1, 600):
        version += 1
        looks = noticed(looks, replace(COMPLETE if moment % 7 == 0 else COMING, version=version), moment)
        if looks.is_due(moment):
            count += 1
            looks = found(looks, moment)
    assert count <= 45


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
    assert (looks.cause, looks.due) == (CRASH, 19.6)
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


# How many


def number_of_looks(chance: random.Random) -> int:
    """How often an app is looked at in the first ten minutes of its trouble, where anything happens to it."""
    busy, hasty = chance.random() ** 3, chance.random()
    situation, looks, count, now = COMING, Looks(), 0, 0.0
    looks = noticed(looks, situation, now)
    while now < 600:
        now += min(chance.expovariate(0.01 + busy), max((looks.due or 1e9) - now, 0.0) + 0.01)
        if chance.random() < busy:
            situation = replace(
                situation,
                version=situation.version + 1,
                complete=chance.random() < 0.4,
                overdue=chance.random() < 0.2,
                refused=chance.random() < 0.2,
                pods=chance.choice([situation.pods, situation.pods, chance.randrange(5)]),
                asked=situation.asked + chance.randrange(2),
            )
        looks = noticed(looks, situation, now)
        if looks.is_due(now) and now < 600:
            count += 1
            again = chance.uniform(0, 60) if chance.random() < hasty else None
            cause = CRASH if chance.random() < 0.7 else None
            looks = failed(looks, now) if chance.random() < 0.1 else answered(looks, cause, None, again, now)
    return count


def test_no_app_is_looked_at_more_than_45_times_in_its_first_ten_minutes() -> None:
    chance = random.Random(13)  # noqa: S311
    counts = [number_of_looks(chance) for _ in range(1500)]
    assert max(counts) <= 45
    assert max(counts) >= 40, "they were looked at at all"


def test_fifteen_hundred_apps_together_are_looked_at_ten_times_a_second() -> None:
    """A crowd of one namespace, and a few apps of another that do not notice it."""
    chance, turns, moments = random.Random(7), SpacedTurns(0.1), list[float]()  # noqa: S311
    keys = [Key("small" if number < 5 else "crowd", str(number)) for number in range(1500)]
    looks = {key: noticed(Looks(), COMING, 0.0) for key in keys}
    due = [(looks[key].due or 0.0, number) for number, key in enumerate(keys)]
    late = 0.0
    while due or turns.wait(0.0) is not None:
        wait = turns.wait(moments[-1] if moments else 0.0)
        served = moments[-1] + wait if wait is not None else float("inf")
        now = min(served, due[0][0] if due else float("inf"))
        if now > 600:
            break
        if served <= now:
            key = turns.give(now)
            assert key is not None
            assert turns.take(key, now)
        else:
            key = keys[heapq.heappop(due)[1]]
            if not turns.take(key, now):
                continue
        moments.append(now)
        late = max(late, now - (looks[key].due or now) if key.namespace == "small" else 0.0)
        again = chance.choice([None, chance.uniform(0, 60)])
        looks[key] = answered(looks[key], CRASH, None, again, now)
        heapq.heappush(due, (looks[key].due or now, keys.index(key)))
    assert len(moments) > 5900, "the turns are used"
    assert min(after - before for before, after in zip(moments, moments[10:], strict=False)) > 0.999
    assert late <= 1.5


@pytest.mark.parametrize(("due", "now", "is_due"), [(None, 9, False), (9, 8, False), (9, 9, True)])
def test_is_due(due: float | None, now: float, is_due: bool) -> None:
    assert Looks(due=due).is_due(now) is is_due
