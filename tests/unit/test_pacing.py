"""How often a changed configuration restarts the pods."""

from myapp_operator import pacing
from myapp_operator.pacing import Pace


def followed(changes: float, every: float = 1.0) -> list[float]:
    """When changes are followed, of which there is one in every so many seconds."""
    pace: Pace | None = None
    present: dict[str, str] = {}
    moments = []
    for number in range(int(changes)):
        now = number * every
        pace = pacing.step(pace, present, {"hash": str(number)}, now)
        if pace is not None and pace.followed != present:
            present = dict(pace.followed)
            moments.append(now)
    return moments


def test_the_first_change_is_followed_at_once_and_the_next_ones_after_growing_pauses() -> None:
    assert followed(260) == [0, 5, 15, 35, 75, 135, 195, 255]


def test_changes_that_come_seldom_are_all_followed_at_once() -> None:
    assert followed(4, every=130.0) == [0, 130, 260, 390]


def test_what_was_let_through_is_not_taken_back_before_it_is_written() -> None:
    pace = pacing.step(None, {"hash": "a"}, {"hash": "b"}, 0.0)
    assert pace is not None
    assert pacing.step(pace, {"hash": "a"}, {"hash": "b"}, 1.0) is pace
    assert pacing.step(pace, {"hash": "b"}, {"hash": "c"}, 1.0) is pace, "it waits"


def test_what_the_pods_have_already_is_no_change() -> None:
    assert pacing.step(None, {"hash": "a"}, {"hash": "a"}, 0.0) is None
