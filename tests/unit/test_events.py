"""What is told in events: the same thing is one event, and only a change for the worse is worth one."""

from datetime import timedelta

import pytest

from myapp_operator import events
from myapp_operator.events import EventReason, Notice, Tally, Told
from myapp_operator.grammar import Json
from myapp_operator.names import FROM_PODS, Reason
from tests.unit.samples import NOW, app

REVERTED = Notice(EventReason.REVERTED, "Deployment: reverted spec.replicas 5 → 2")
ONCE = Told(1, NOW, NOW)


def status(reason: Reason | None, message: str = "words") -> Json:
    return {"message": message, "conditions": [{"type": "Ready", "reason": str(reason)}]} if reason else {}


def test_an_event_says_of_which_object_what_and_by_whom() -> None:
    body = events.body(app(), REVERTED, ONCE, "pod-1")
    assert body["metadata"] == {"namespace": "default", "name": REVERTED.name_for(app())}
    assert body["involvedObject"] == {
        "apiVersion": "apps.example.com/v1",
        "kind": "MyApp",
        "namespace": "default",
        "name": "myapp",
        "uid": "uid-1",
    }
    assert (body["type"], body["reason"], body["message"]) == ("Normal", "Reverted", REVERTED.message)
    assert body["source"] == {"component": "myapp-operator"}
    assert body["reportingInstance"] == "pod-1"
    assert (body["count"], body["firstTimestamp"]) == (1, "2030-01-01T12:00:00Z")
    assert events.body(app(), Notice(EventReason.FAILED, "x", warning=True), ONCE, "pod-1")["type"] == "Warning"


def test_only_the_same_words_about_the_same_app_are_the_same_event() -> None:
    name = REVERTED.name_for(app())
    assert name == REVERTED.name_for(app(resource_version=99))
    others = [
        REVERTED.name_for(app(uid="uid-2")),
        Notice(EventReason.FAILED, REVERTED.message).name_for(app()),
        Notice(EventReason.REVERTED, "other").name_for(app()),
    ]
    assert len({name, *others}) == 4
    assert len(REVERTED.name_for(app("a" * 55))) < 253


def test_a_message_is_cut_to_what_the_server_takes() -> None:
    body = events.body(app(), Notice(EventReason.FAILED, "ä" * 1000), ONCE, "pod-1")
    assert len(body["message"].encode()) <= 1024
    assert body["message"].endswith("ä…")


def test_a_repeat_within_ten_minutes_counts_and_a_later_one_is_new() -> None:
    tally = Tally()
    assert tally.add("a", NOW) == ONCE
    later = NOW + timedelta(minutes=9, seconds=59)
    assert tally.add("a", later) == Told(2, NOW, later)
    much_later = later + timedelta(minutes=10)
    assert tally.add("a", much_later) == Told(1, much_later, much_later)


def test_what_is_remembered_is_bounded_and_the_oldest_goes_first() -> None:
    tally = Tally()
    for number in range(1001):
        tally.add(str(number), NOW)
    assert tally.add("1000", NOW).count == 2
    assert tally.add("0", NOW).count == 1


@pytest.mark.parametrize("reason", sorted({Reason.QUOTA_EXCEEDED, Reason.FORBIDDEN, Reason.REJECTED, Reason.NOT_OWNED}))
def test_a_refusal_is_told(reason: Reason) -> None:
    notice = events.of_status(status(Reason.ROLLING_OUT), status(reason))
    assert notice == Notice(EventReason.REFUSED, f"{reason}: words", warning=True)


def test_a_rollback_is_told_once_in_the_words_of_the_status() -> None:
    shown = status(Reason.ROLLED_BACK, "gone back")
    notice = events.of_status(status(Reason.CRASH_LOOP_BACK_OFF), shown)
    assert notice == Notice(EventReason.ROLLED_BACK, "gone back", warning=True)
    assert events.of_status(shown, shown) is None


@pytest.mark.parametrize("reason", sorted(FROM_PODS - {Reason.INITIALIZING} | {Reason.PROGRESS_DEADLINE_EXCEEDED}))
def test_a_failure_is_told(reason: Reason) -> None:
    notice = events.of_status(status(Reason.READY), status(reason))
    assert notice == Notice(EventReason.FAILED, f"{reason}: words", warning=True)


def test_slow_work_before_the_start_is_told_once_its_time_is_over() -> None:
    """A migration that takes its time is no failure."""
    coming, slow = status(Reason.ROLLING_OUT), status(Reason.INITIALIZING)
    late = {**slow, "conditions": [*slow["conditions"], {"type": "Stalled", "status": "True"}]}
    assert events.of_status(coming, slow) is None
    notice = Notice(EventReason.FAILED, "Initializing: words", warning=True)
    assert events.of_status(slow, late) == events.of_status(coming, late) == notice
    assert events.of_status(late, late) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(status(None), status(Reason.ROLLING_OUT), id="a creation"),
        pytest.param(status(Reason.ROLLING_OUT), status(Reason.READY), id="a rollout"),
        pytest.param(status(Reason.FORBIDDEN), status(Reason.READY), id="a recovery"),
        pytest.param(status(Reason.FORBIDDEN), status(Reason.FORBIDDEN, "other words"), id="the same reason"),
    ],
)
def test_what_is_not_worth_an_event(old: Json, new: Json) -> None:
    assert events.of_status(old, new) is None
