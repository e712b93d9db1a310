"""In which order the arms are tried, and what they are asked."""

from typing import Any

import pytest

from dev.bench import running
from dev.bench.__main__ import main
from dev.bench.arms import limit, ours, tutorial
from dev.bench.programme import EVERY, PROGRAMMES, Programme, rounds
from dev.bench.running import takes_part
from dev.bench.workloads import WORKLOADS


def programme_of(*arguments: str) -> Programme:
    """What this command line would play."""
    played: list[Programme] = []

    def play(programme: Programme, *_: Any) -> None:
        played.append(programme)
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(running, "play", play)
        assert main(arguments) == 130
    return played[0]


def test_the_arms_take_turns() -> None:
    order = [(each.arm, each.repeat) for each in rounds(Programme(arms=("a", "b"), repeats=(EVERY, ("burst",))))]
    assert order == [("a", 0), ("b", 0), ("a", 1), ("b", 1)]


def test_smaller_numbers_come_first_with_less_to_do() -> None:
    small, large = rounds(Programme(arms=("a",), apps=1000, repeats=(EVERY,), also=(250,)))
    assert (small.apps, small.workloads) == (250, ("burst", "arrival"))
    assert (large.apps, large.workloads) == (1000, EVERY)


@pytest.mark.parametrize("name", sorted(PROGRAMMES))
def test_every_workload_of_a_programme_is_known_and_the_burst_comes_first(name: str) -> None:
    for each in rounds(PROGRAMMES[name]):
        assert set(each.workloads) <= set(WORKLOADS)
        assert each.workloads[0] == "burst"


def test_what_is_chosen_is_done_and_no_more() -> None:
    chosen = programme_of("quick", "--arms", "ours", "--workloads", "burst,heal", "--repeats", "2", "--apps", "7")
    assert [(each.arm, each.apps, each.workloads) for each in rounds(chosen)] == [("ours", 7, ("burst", "heal"))] * 2


def test_without_a_choice_all_of_the_programme_is_done() -> None:
    assert programme_of("standard") == PROGRAMMES["standard"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--arms", "ours,other"), "There is no arm other: choose from limit, ours, tutorial."),
        (("--workloads", "burst,sleep"), "There is no workload sleep: choose from burst, "),
        (("--workloads", "heal"), "The first workload must be burst"),
    ],
)
def test_a_wrong_choice_is_told_in_a_sentence(
    arguments: tuple[str, ...], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 1
    assert capsys.readouterr().err.startswith(sentence)


def test_nobody_is_asked_what_they_cannot_do() -> None:
    able = {
        arm.name: [each for each in EVERY if takes_part(arm, each)] for arm in (limit.arm(), ours.arm(), tutorial.arm())
    }
    assert able["limit"] == ["burst", "arrival"]
    assert able["ours"] == list(EVERY)
    assert set(EVERY) - set(able["tutorial"]) == {"heal"}
