"""What a report makes of what was read."""

from pathlib import Path
from typing import Any

import pytest

from myapp_operator import names
from myapp_operator.names import Reason
from myapp_operator.showing import report
from myapp_operator.showing.pods import Failing
from tests.unit.showing.samples import app, event, facts, owned, pod

ROOT = Path(__file__).parents[3]
SERVICE_SPEC: dict[str, Any] = {
    "type": "ClusterIP",
    "clusterIP": "10.0.0.9",
    "ports": [{"port": 80, "targetPort": 5000}],
}


def state(raw: dict[str, Any] | None) -> str:
    """What is said of the Service."""
    (line,) = report.of(facts(children={names.SERVICE: raw})).children
    return line.state


def test_status_and_message_are_the_operators_own_words() -> None:
    found = report.of(facts())
    assert (found.status, found.ready) == ("CrashLoopBackOff", "0/1")
    assert found.message == 'container "shop" exits with code 1'
    assert found.notes == []


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        pytest.param(None, "does not exist", id="absent"),
        pytest.param(
            {"metadata": owned("shop-service", "u", "uid-app"), "spec": SERVICE_SPEC},
            "ClusterIP 10.0.0.9, port 80 -> 5000",
            id="ours",
        ),
        pytest.param(
            {"metadata": owned("shop-service", "u", "another"), "spec": SERVICE_SPEC},
            'is controlled by Owner "it"',
            id="controlled by another",
        ),
        pytest.param(
            {"metadata": {"name": "shop-service", "uid": "u", "resourceVersion": "1"}, "spec": SERVICE_SPEC},
            "is not controlled by this MyApp",
            id="nobody's",
        ),
        pytest.param(
            {"metadata": owned("shop-service", "u", "uid-app", deletionTimestamp="now"), "spec": SERVICE_SPEC},
            "is being deleted",
            id="leaving",
        ),
    ],
)
def test_a_child_is_said_to_be_what_it_is(raw: dict[str, Any] | None, words: str) -> None:
    assert state(raw) == words


def test_the_deployment_counts_its_pods() -> None:
    (deployment, _) = report.of(facts()).children
    assert deployment.state == "0/1 ready, 0 available, 1 of the new version"


def test_a_child_that_may_not_be_read_is_not_said_to_be_absent() -> None:
    found = report.of(facts(children={}, unread=["the Service: services is forbidden"]))
    assert (found.children, found.unread) == ([], ["the Service: services is forbidden"])


def test_what_could_not_be_read_stands_in_one_order_whoever_answered_first() -> None:
    assert report.of(facts(unread=["the pods: no", "the Service: no"])).unread == ["the Service: no", "the pods: no"]


def test_a_status_of_an_older_version_or_of_an_app_that_goes_is_said_to_be_so() -> None:
    (older,) = report.of(facts(app=app(generation=3))).notes
    assert "has not looked at this version" in older
    assert report.of(facts(app=app(deletionTimestamp="now"))).notes == ["the MyApp is being deleted"]


def test_without_the_right_to_read_the_myapp_all_else_is_shown() -> None:
    found = report.of(facts(app=None))
    assert (found.status, len(found.pods), len(found.events)) == ("", 1, 1)


@pytest.mark.parametrize("reason", Reason)
def test_every_word_but_ready_leads_to_a_page_that_is_there(reason: Reason) -> None:
    page = report.page_of(reason)
    assert (ROOT / page).is_file() if reason is not Reason.READY else page == ""
    assert report.page_of("../../etc/passwd") == "", "nobody else writes the status, but it may be read all the same"


def test_pods_of_the_version_before_are_told_from_the_new_ones() -> None:
    found = report.of(facts(pods=[pod("b", by="new"), pod("a", by="old")]))
    assert [(each.name, each.version) for each in found.pods] == [("b", "new"), ("a", "old")]


def test_the_last_ten_events_stand_in_the_order_of_time_whatever_their_way_of_counting() -> None:
    series = {"count": 7, "lastObservedTime": "2030-01-01T11:59:59.000000Z"}
    many = [event(f"2030-01-01T11:{minute}:00Z", f"E{minute}") for minute in range(40, 55)]
    newer_kind = event("", "Series", lastTimestamp=None, eventTime="2030-01-01T11:00:00.000000Z", series=series)
    found = report.of(facts(events=[newer_kind, *many])).events
    assert [each.reason for each in found] == [*(f"E{minute}" for minute in range(46, 55)), "Series"]
    assert (found[-1].count, found[0].count) == (7, 1)


def test_the_log_is_shown_only_where_there_is_one() -> None:
    failing = Failing("shop-1", "shop", previous=True)
    found = report.of(facts(failing=failing, log="one\ntwo\n")).log
    assert found is not None
    assert (found.lines, found.previous) == (["one", "two"], True)
    assert report.of(facts(failing=failing, log="")).log is None


def test_after_a_rollback_pods_of_the_earlier_version_are_not_said_to_be_new() -> None:
    back = app()
    back["status"]["rollback"] = {"generation": 2}
    found = report.of(facts(app=back, pods=[pod("b", by="new"), pod("a", by="old")]))
    assert [(each.name, each.version) for each in found.pods] == [("b", "old"), ("a", "failed")]
    assert found.children[0].state == "0/1 ready, 0 available, 1 of the version before"
