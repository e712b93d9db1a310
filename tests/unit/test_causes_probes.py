"""Probes that fail: which one is named, and which of its answers is told."""

import pytest

from myapp_operator.causes import Cause
from myapp_operator.names import Reason
from tests.unit.pods import crashed, event, found, message, pod, running, told


def test_a_container_that_does_not_pass_its_startup_probe_names_that() -> None:
    probes = {
        "startupProbe": {"exec": {"command": ["cat", "-phunter2hunter2"]}},
        "readinessProbe": {"tcpSocket": {"port": 1}},
    }
    starting = pod(running(60, ready=False, started=False), container=probes)
    events = [event("Unhealthy", "Startup probe failed: cat: /run/up: No such file or directory\n")]
    assert message(starting, events=events) == (
        'container "myapp" is not ready: its startup probe (exec cat) fails: cat: /run/up: No such file or directory'
    )


def test_the_newest_answer_to_a_probe_is_told_and_a_refused_connection_only_where_there_was_no_answer() -> None:
    slow = pod(running(60, ready=False), container={"readinessProbe": {"httpGet": {"path": "/", "port": 80}}})
    refused = event(
        "Unhealthy",
        'Readiness probe failed: Get "http://10.0.0.1:80/": dial tcp 10.0.0.1:80: connect: connection refused',
        9,
    )
    events = [
        event("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503", 8),
        event("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 500", 7),
        event("Unhealthy", "Readiness probe failed: another container's", 99, container="proxy"),
        event("Unhealthy", "Liveness probe failed: another probe's", 98),
        refused,
    ]
    assert message(slow, events=events).endswith("fails: HTTP probe failed with statuscode: 503")
    assert message(slow, events=[refused]).endswith("fails: connection refused")


def test_a_crash_beside_a_liveness_probe_is_a_crash() -> None:
    probed = pod(crashed(1, "ValueError: no"), container={"livenessProbe": {"tcpSocket": {"port": 1}}})
    events = [event("Unhealthy", "Liveness probe failed: no")]
    assert told(probed, events=events) == "CrashLoopBackOff"
    assert not found(probed).asks


def test_a_password_in_an_answer_is_hidden_also_where_the_answer_is_cut() -> None:
    slow = pod(running(60, ready=False), container={"readinessProbe": {"exec": {"command": ["check"]}}})
    said = f"Readiness probe failed: {'x' * 270} postgres://app:hunter2hunter2@db failed"
    assert "hunter2" not in message(slow, events=[event("Unhealthy", said)])


LIVE = {"livenessProbe": {"httpGet": {"path": "/", "port": 80}}}
FAILED = event("Unhealthy", "Liveness probe failed: HTTP probe failed with statuscode: 500")
KILLED = 'container "myapp" is killed by its liveness probe (GET / on port 80): HTTP probe failed with statuscode: 500'


def test_a_container_that_a_probe_kills_by_force_is_not_ready_and_no_crash() -> None:
    assert message(pod(crashed(137), container=LIVE), events=[FAILED]) == KILLED


def test_a_container_killed_for_memory_is_told_so_whatever_its_probe_said() -> None:
    hungry = pod(crashed(137, reason="OOMKilled"), container=LIVE)
    assert told(hungry, events=[FAILED]) == "OOMKilled"
    assert not found(hungry).asks


def test_an_app_that_ends_by_itself_is_not_killed_by_the_probe_that_once_failed() -> None:
    ending = pod(crashed(0, reason="Completed"), container=LIVE)
    assert message(ending, events=[FAILED]).endswith("exits with code 0, although it should keep running")
    killing = event("Killing", "Container myapp failed liveness probe, will be restarted")
    assert message(ending, events=[FAILED, killing]) == KILLED
    assert told(ending, events=[killing]) == "NotReady"


@pytest.mark.parametrize("code", [0, 137, 143])
def test_a_kill_is_still_told_when_its_events_are_gone(code: int) -> None:
    """The kubelet soon stops to send them for a pod where much happens, and they are kept for an hour."""
    known = Cause(Reason.NOT_READY, KILLED)
    killed = pod(crashed(code), container=LIVE)
    assert found(killed, before=known).cause == known
    assert found(killed, before=known).asks == ("involvedObject.uid=one",), "they may come back with another answer"
    assert message(killed, before=known, events=[event("Unhealthy", "Liveness probe failed: no")]).endswith(": no") == (
        code != 0
    )


def test_a_kill_that_was_told_makes_no_kill_of_another_end() -> None:
    known = Cause(Reason.NOT_READY, KILLED)
    assert told(pod(crashed(1), container=LIVE), before=known) == "CrashLoopBackOff"
    assert told(pod(crashed(137, reason="OOMKilled"), container=LIVE), before=known) == "OOMKilled"
    unready = Cause(Reason.NOT_READY, 'container "myapp" is not ready')
    assert told(pod(crashed(137), container=LIVE), before=unready) == "CrashLoopBackOff"
    assert told(pod(), before=known) is None


def ready_probe(**fields: object) -> dict[str, object]:
    return {"readinessProbe": {"tcpSocket": {"port": 1}, **fields}}


@pytest.mark.parametrize(
    ("probes", "granted"),
    [
        pytest.param({}, 30, id="no probe"),
        pytest.param(ready_probe(periodSeconds=2, failureThreshold=3), 30, id="less than half a minute"),
        pytest.param(ready_probe(initialDelaySeconds=60), 90, id="a delay, and three tries of ten seconds"),
        pytest.param(ready_probe(periodSeconds=5, failureThreshold=20), 100, id="many tries"),
        pytest.param(ready_probe(periodSeconds=1, timeoutSeconds=20), 60, id="slow tries"),
        pytest.param(ready_probe(initialDelaySeconds=20, successThreshold=4), 80, id="several must succeed"),
    ],
)
def test_no_alarm_is_raised_before_what_the_probes_grant_is_over(probes: dict[str, object], granted: float) -> None:
    def unready(ago: float) -> dict[str, object]:
        return pod(running(ago, ready=False), container=probes)

    assert (found(unready(granted - 1)).cause, found(unready(granted - 1)).again) == (None, 1)
    assert told(unready(granted)) == "NotReady"


STARTS = {"startupProbe": {"tcpSocket": {"port": 1}, "periodSeconds": 10, "failureThreshold": 30}}


def test_a_startup_budget_is_granted_whole() -> None:
    starting = pod(running(299, ready=False, started=False), container=STARTS)
    assert (found(starting).cause, found(starting).again) == (None, 1)
    assert message(starting, after=1).startswith('container "myapp" is not ready: its startup probe (TCP port 1) fails')


def test_after_the_start_readiness_has_its_own_time_from_its_first_failure() -> None:
    """How long the start took nothing tells but the first failure of the probe that is asked after it."""
    started = pod(running(200, ready=False), container=STARTS | ready_probe(periodSeconds=5, failureThreshold=4))
    assert found(started).asks == ("involvedObject.uid=one",), "or it would have to wait for the whole budget"
    assert told(started) is None
    failing = event("Unhealthy", "Readiness probe failed: no", ago=19)
    assert (found(started, events=[failing]).cause, found(started, events=[failing]).again) == (None, 1)
    assert told(started, events=[failing], after=1) == "NotReady"
    assert told(started, after=120) == "NotReady", "also where no event tells"


KILLING = "Container myapp failed liveness probe, will be restarted"


@pytest.mark.parametrize("ago", [8, 45])
def test_a_kill_is_told_at_once_and_not_as_a_readiness_probe_that_fails(ago: float) -> None:
    """The container still runs while it is told to end, for half a minute and longer."""
    both = LIVE | ready_probe()
    both["livenessProbe"] = both["livenessProbe"] | {"periodSeconds": 2, "failureThreshold": 3}
    dying = pod(running(ago, ready=False), container=both)
    assert found(dying).asks == ("involvedObject.uid=one",)
    events = [FAILED, event("Killing", KILLING, ago=ago - 1)]
    assert message(dying, events=events) == KILLED
    before = [FAILED, event("Killing", KILLING, ago=ago + 1)]
    assert told(dying, events=before) in (None, "NotReady")
    assert KILLED not in str(found(dying, events=before).cause), "that was the end of an earlier run"


def test_a_kill_that_may_not_have_come_yet_is_not_asked_for_and_looked_for_when_it_may() -> None:
    young = pod(running(5, ready=False), container=LIVE)
    assert found(young).asks == ()
    assert found(young).again == 25
