"""The fence before each write."""

import pytest

from myapp_operator.errors import NotLeadingError
from myapp_operator.fence import Fence, elapsed


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def passes(fence: Fence) -> bool:
    try:
        fence.check()
    except NotLeadingError:
        return False
    return True


def test_it_is_shut_at_first() -> None:
    assert not passes(Fence(4.5, Clock()))


def test_it_shuts_by_itself_when_its_time_is_over() -> None:
    clock = Clock()
    fence = Fence(4.5, clock)
    fence.open_until(110)
    assert passes(fence)
    assert fence.seconds_left() == 10
    clock.now = 109.9
    assert passes(fence)
    clock.now = 110
    assert not passes(fence)
    assert fence.seconds_left() == 0


def test_a_write_may_take_until_shortly_after_that_time_and_no_longer() -> None:
    clock = Clock()
    fence = Fence(4.5, clock)
    fence.open_until(110)
    assert fence.check() == 14.5
    clock.now = 109
    assert fence.check() == 5.5


def test_it_can_be_shut_before() -> None:
    fence = Fence(4.5, Clock())
    fence.open_until(110)
    fence.shut()
    assert not passes(fence)


def test_its_clock_does_not_care_what_time_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    before = elapsed()
    monkeypatch.setattr("time.time", lambda: 0.0)
    assert before <= elapsed() < before + 60
