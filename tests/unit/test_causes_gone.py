"""Pods that were put out, and pods that their node did not take."""

import pytest

from myapp_operator.grammar import Json
from tests.unit.pods import condition, crashed, ended, event_of, found, message, pod, running, told, waiting

FULL = 'Usage of EmptyDir volume "scratch" exceeds the limit "1Mi". '
REFUSED = (
    "Pod was rejected: Node didn't have enough resource: cpu, requested: 500, used: 3800, capacity: 4000",
    "its node refuses the pod: Node didn't have enough resource: cpu",
)


def evicted(ago: float = 100, **fields: str) -> Json:
    """A pod that exceeded a limit of its own so many seconds ago."""
    return pod(crashed(137, ago=ago), name="gone", phase="Failed", reason="Evicted", **{"message": FULL, **fields})


def in_order(ago: float = 5) -> Json:
    """One whose app has ended in good order when it was told to go."""
    state = {"ready": False, "state": ended(0, reason="Completed", ago=ago)}
    return pod(state, name="gone", created=ago + 40, phase="Succeeded")


def heir(ago: float, created: float = 90) -> Json:
    """The pod in its place, Ready since so many seconds."""
    return pod(running(created), name="heir", created=created, conditions=[condition("Ready", True, ago)])


def test_the_eviction_of_an_app_that_ends_in_good_order_is_told_by_its_event() -> None:
    """Nothing else tells: the pod counts as one that has done its work."""
    other = pod(name="other", created=46, conditions=[condition("Ready", True, 40)])
    coming = heir(1, created=4)
    assert found(in_order(), other, coming).asks == ("involvedObject.uid=gone",)
    events = [event_of("gone", "Evicted", FULL)]
    assert told(in_order(), other, coming, events=events) == "Evicted"
    assert message(in_order(), other, coming, events=events) == f"a pod was evicted: {FULL.rstrip('. ')}"


def test_a_pod_that_ended_for_another_reason_was_not_evicted() -> None:
    events = [event_of("gone", "Killing", "Stopping container shop"), event_of("other", "Evicted", FULL)]
    assert told(in_order(), heir(1), events=events) is None
    assert not found(in_order(100), heir(90)).asks, "the one in its place has proved itself"


def test_events_of_a_pod_that_is_gone_tell_nothing_of_the_probes_of_those_that_live() -> None:
    killing = event_of("gone", "Unhealthy", "Liveness probe failed: no")
    killing["involvedObject"]["fieldPath"] = "spec.containers{myapp}"
    live = {"livenessProbe": {"tcpSocket": {"port": 1}}}
    assert told(in_order(), pod(crashed(137), container=live), events=[killing]) == "CrashLoopBackOff"


def test_what_a_pod_that_lives_waits_for_is_asked_for_beside_what_ended_another() -> None:
    conditions = [condition("PodScheduled", True, 3)]
    coming = pod(waiting("ContainerCreating"), name="coming", phase="Pending", conditions=conditions)
    assert found(in_order(), coming).asks == ("involvedObject.uid=coming", "involvedObject.uid=gone")


def test_an_eviction_for_a_limit_of_its_own_is_told_until_the_next_pod_was_ready_for_ninety_seconds() -> None:
    """The next one fills its disk as well, and is measured only now and then."""
    answer = found(evicted(), heir(89))
    assert (answer.cause and answer.cause.reason, answer.again) == ("Evicted", 1)
    assert told(evicted(), heir(90)) is None
    events = [event_of("gone", "Evicted", FULL)]
    assert found(in_order(100), heir(89)).asks == ("involvedObject.uid=gone",), "or nobody would know of the limit"
    assert told(in_order(100), heir(89), events=events) == "Evicted"
    assert told(in_order(100), heir(90), events=events) is None
    pressure = [event_of("gone", "Evicted", "The node was low on resource: memory. ")]
    assert told(in_order(100), heir(10), events=pressure) is None
    assert told(evicted(message="The node was low on resource: memory. "), heir(10)) is None


@pytest.mark.parametrize("lost", ["ContainerStatusUnknown", None])
def test_a_pod_that_was_there_before_does_not_stand_for_the_one_that_comes_after(lost: str | None) -> None:
    """Where nobody knows when the containers ended, the pod was told to go at a moment that is known."""
    status = crashed(137, reason=lost, ago=20000) if lost else waiting("ContainerCreating")
    target = condition("DisruptionTarget", True, 5)
    gone = pod(status, name="gone", created=100, conditions=[target], phase="Failed", reason="Evicted", message=FULL)
    other = pod(name="other", created=100, conditions=[condition("Ready", True, 95)])
    assert told(gone, other, heir(1, created=4)) == "Evicted"


@pytest.mark.parametrize(
    ("reason", "said", "expected"),
    [
        ("OutOfcpu", *REFUSED),
        (
            "NodeAffinity",
            "Pod was rejected: Predicate NodeAffinity failed: no match",
            "its node refuses the pod: Predicate NodeAffinity failed: no match",
        ),
        ("UnexpectedAdmissionError", "", "its node refuses the pod: UnexpectedAdmissionError"),
        ("PodFeatureUnsupported", "Pod was rejected: no swap. ", "its node refuses the pod: no swap"),
    ],
)
def test_a_pod_that_its_node_does_not_take_is_told_without_amounts(reason: str, said: str, expected: str) -> None:
    refused = pod(waiting("Pending"), name="gone", phase="Failed", reason=reason, message=said)
    assert told(refused) == "Unschedulable"
    assert message(refused) == expected


def test_causes_of_pods_that_live_are_told_before_those_of_pods_that_are_gone() -> None:
    refused = pod(waiting("Pending"), name="gone", created=50, phase="Failed", reason="OutOfcpu", message=REFUSED[0])
    slow = pod(waiting("PodInitializing"), name="slow", created=40, init=[running(35, ready=False)])
    assert told(refused, slow) == "Initializing"
    assert told(refused, pod(running(60, ready=False), name="heir", created=40)) == "NotReady"
    assert told(refused, heir(9, created=40)) == "Unschedulable"
    assert told(refused, heir(10, created=40)) is None
