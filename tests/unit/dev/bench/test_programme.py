"""In which order the arms are tried, and what they are asked."""

from dataclasses import replace

import pytest

from dev.bench.arms import limit, ours, tutorial
from dev.bench.programme import EVERY, PROGRAMMES, Programme, rounds
from dev.bench.running import takes_part
from dev.bench.workloads import WORKLOADS


def test_the_arms_take_turns() -> None:
    order = [(each.arm, each.repeat) for each in rounds(Programme(arms=("a", "b"), repeats=2))]
    assert order == [("a", 0), ("b", 0), ("a", 1), ("b", 1)]


def test_smaller_numbers_come_first_with_less_to_do() -> None:
    small, large = rounds(Programme(arms=("a",), repeats=1, apps=1000, also=(250,)))
    assert (small.programme.apps, small.programme.workloads) == (250, ("burst", "arrival"))
    assert (large.programme.apps, large.programme.workloads) == (1000, EVERY)


def test_a_workload_that_was_not_chosen_is_not_done_in_small_either() -> None:
    small, _ = rounds(replace(Programme(arms=("a",), repeats=1, also=(250,)), workloads=("burst", "heal")))
    assert small.programme.workloads == ("burst",)


@pytest.mark.parametrize("name", sorted(PROGRAMMES))
def test_every_workload_of_a_programme_is_known(name: str) -> None:
    assert set(PROGRAMMES[name].workloads) <= set(WORKLOADS)


def test_nobody_is_asked_what_they_cannot_do() -> None:
    able = {
        arm.name: [each for each in EVERY if takes_part(arm, each)] for arm in (limit.arm(), ours.arm(), tutorial.arm())
    }
    assert able["limit"] == ["burst", "arrival"]
    assert able["ours"] == list(EVERY)
    assert set(EVERY) - set(able["tutorial"]) == {"heal"}
