"""Probes that fail: which one is named, and which of its answers is told."""

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
    assert found(probed).events_of == ""


def test_a_password_in_an_answer_is_hidden_also_where_the_answer_is_cut() -> None:
    slow = pod(running(60, ready=False), container={"readinessProbe": {"exec": {"command": ["check"]}}})
    said = f"Readiness probe failed: {'x' * 270} postgres://app:hunter2hunter2@db failed"
    assert "hunter2" not in message(slow, events=[event("Unhealthy", said)])
