"""What is remembered of writes that failed: how long to pause before the next one."""

from dataclasses import replace

import pytest

from myapp_operator import attempts, names
from myapp_operator.attempts import Attempt, Step, Verb
from myapp_operator.names import Reason
from myapp_operator.refusals import Obstacle, Refused, Retry

DEPLOYMENT = names.DEPLOYMENT
REJECTED = Refused(Reason.REJECTED, "no")
FORBIDDEN = Refused(Reason.FORBIDDEN, "no")
NOW = 1000.0
CREATE = Step(Verb.CREATE, DEPLOYMENT, "myapp-deployment", attempt="hash")


def pauses(verdict: Refused | Retry, times: int) -> list[float]:
    found, before = [], None
    for _ in range(times):
        before = attempts.failed(CREATE, verdict, before, NOW)
        found.append(before.not_before - NOW)
    return found


@pytest.mark.parametrize("verdict", [FORBIDDEN, Retry("overloaded")], ids=["refused", "outage"])
def test_pauses_grow_up_to_a_minute(verdict: Refused | Retry) -> None:
    assert pauses(verdict, 9) == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_pauses_of_what_is_rejected_grow_up_to_five_minutes() -> None:
    assert pauses(REJECTED, 11) == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]


def test_pauses_stay_finite_for_years() -> None:
    assert pauses(FORBIDDEN, 3000)[-1] == 60


def test_a_pause_that_the_server_asks_for_is_kept() -> None:
    assert pauses(Retry("too many requests", 7.0), 5) == [7, 7, 7, 8, 16]


def test_failures_of_one_attempt_count_from_the_first() -> None:
    first = attempts.failed(CREATE, Retry("x"), None, NOW)
    second = attempts.failed(CREATE, Retry("y"), first, NOW + 5)
    assert (second.count, second.since, second.verdict) == (2, NOW, Retry("y"))
    other = attempts.failed(replace(CREATE, attempt="other"), FORBIDDEN, second, NOW + 9)
    assert (other.count, other.since) == (1, NOW + 9)


def after(*verdicts: Refused | Retry) -> Attempt:
    """What is remembered of failures a second apart, the last of them just now."""
    before = None
    for number, verdict in enumerate(verdicts, 1 - len(verdicts)):
        before = attempts.failed(CREATE, verdict, before, NOW + number)
    assert before is not None
    return before


@pytest.mark.parametrize("refusal", [FORBIDDEN, REJECTED])
def test_an_outage_does_not_take_back_why_a_write_was_refused(refusal: Refused) -> None:
    outage = after(*[refusal] * 8, Retry("one"), Retry("two"))
    assert outage.obstacle(NOW) == Obstacle(refusal)
    assert outage.not_before - NOW == 60


def test_an_outage_is_told_beside_the_refusal_once_it_lasts_by_itself() -> None:
    """However long the write was refused before."""
    outage = after(*[FORBIDDEN] * 30, Retry("is down"))
    assert outage.obstacle(NOW + 14.9) == Obstacle(FORBIDDEN)
    assert outage.obstacle(NOW + 15) == Obstacle(FORBIDDEN, outage=Retry("is down"))


def test_the_next_refusal_is_told_and_the_outage_is_over() -> None:
    assert after(FORBIDDEN, Retry("is down"), REJECTED).obstacle(NOW + 99) == Obstacle(REJECTED)
    assert after(Retry("is down"), REJECTED, Retry("again")).since == NOW


def test_another_attempt_inherits_no_refusal() -> None:
    other = attempts.failed(replace(CREATE, attempt="other"), Retry("is down"), after(FORBIDDEN), NOW)
    assert other.obstacle(NOW) == Obstacle(Retry("is down"), lasting=False)
