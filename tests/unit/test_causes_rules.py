"""Whose cause is told, which of two, for how long, and what it may not say."""

import random

import pytest

from myapp_operator.causes import Evidence, Found, Sample, bench, find, newest_replica_set, refused_pods
from tests.unit.pods import (
    LONG_AGO,
    OLD,
    condition,
    crashed,
    ended,
    event,
    found,
    message,
    pod,
    read,
    replica_set,
    running,
    told,
    waiting,
)
from tests.unit.samples import NOW, spec


def test_a_healthy_app_has_no_cause() -> None:
    assert found(pod(), pod(name="two")) == Found()


def test_an_app_without_pods_or_replica_sets_has_no_cause() -> None:
    assert found() == Found()
    assert find(read("deployment", spec(), [], [pod(crashed())]), NOW) == Found()


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(pod(crashed(), owner="old"), id="of an older version"),
        pytest.param(pod(crashed(), owner="stranger"), id="of somebody else with our label"),
        pytest.param({**pod(crashed()), "metadata": {"name": "x", "uid": "x"}}, id="of nobody"),
    ],
)
def test_only_pods_of_the_newest_version_are_judged(other: dict[str, object]) -> None:
    assert told(other, pod()) is None


def test_a_pod_on_its_way_out_is_not_judged() -> None:
    leaving = pod(crashed())
    leaving["metadata"]["deletionTimestamp"] = "2030-01-01T11:59:59Z"
    assert told(leaving) is None


def test_the_newest_version_is_that_of_the_highest_revision() -> None:
    sets = [replica_set("nine", "9"), replica_set("ten", "10"), replica_set("theirs", "11", deployment="other")]
    assert newest_replica_set("deployment", sets) == sets[1]
    assert (
        newest_replica_set("deployment", [{**OLD, "metadata": {**OLD["metadata"], "annotations": {}}}, *sets])
        == sets[1]
    )
    assert newest_replica_set("deployment", []) is None


@pytest.mark.parametrize("edited", ["9" * 5000, "-1", "none"])
def test_a_revision_that_somebody_has_edited_does_not_keep_causes_from_being_told(edited: str) -> None:
    sets = [replica_set("edited", edited), replica_set("new", "2")]
    answer = find(read("deployment", spec(), sets, [pod(crashed())]), NOW)
    assert answer.cause is not None


def test_the_most_telling_cause_wins_whatever_the_order() -> None:
    """The message must not alternate with the order in which the server lists the pods."""
    pods = [
        pod(waiting("ImagePullBackOff", "no"), name="pull"),
        pod(waiting("CreateContainerConfigError", "no"), name="config"),
        pod(crashed(137, reason="OOMKilled"), name="memory"),
        pod(crashed(), name="crash"),
        pod(waiting("ContainerCreating"), name="pending", conditions=[condition("PodScheduled", False, message="no")]),
        pod(running(ready=False), name="slow"),
        pod(name="gone", phase="Failed", reason="Evicted"),
    ]
    order = ["ImagePullBackOff", "ConfigError", "OOMKilled", "CrashLoopBackOff", "Unschedulable", "NotReady", "Evicted"]
    for expected in order:
        for seed in range(5):
            assert told(*random.Random(seed).sample(pods, len(pods))) == expected  # noqa: S311
        del pods[0]


def test_of_pods_that_fail_alike_the_oldest_one_speaks() -> None:
    pods = [pod(crashed(message=f"{n} failed"), name=f"pod-{n}", created=n) for n in (3, 1, 2)]
    assert message(*pods) == message(*reversed(pods)) == 'container "myapp" exits with code 1: 3 failed'


def test_a_crash_is_told_until_the_pod_has_been_ready_for_ten_seconds() -> None:
    back = running(12, lastState=ended())
    assert found(pod(running(1, ready=False, lastState=ended()))).again is None
    answer = found(pod(back, conditions=[condition("Ready", True, 3)]))
    assert (answer.cause and answer.cause.reason, answer.again) == ("CrashLoopBackOff", 7)
    assert told(pod(back, conditions=[condition("Ready", True, 10)])) is None


def test_a_crash_is_told_for_as_long_as_a_pod_must_be_ready_to_count() -> None:
    back = pod(running(50, lastState=ended()), conditions=[condition("Ready", True, 20)])
    assert told(back, spec=spec(rollout={"minReadySeconds": 60})) == "CrashLoopBackOff"
    assert told(back, spec=spec(rollout={"minReadySeconds": 15})) is None


def test_a_crash_that_was_over_too_soon_to_make_the_pod_unready_is_told_too() -> None:
    back = pod(running(1, lastState=ended()), conditions=[condition("Ready", True)])
    assert (told(back), found(back).again) == ("CrashLoopBackOff", 9)


def test_a_pod_that_was_well_since_its_crash_and_is_not_ready_now_has_another_cause() -> None:
    back = running(600, ready=False, lastState=ended())
    assert told(pod(back, conditions=[condition("Ready", False, 60)])) == "NotReady"
    assert told(pod(back, conditions=[condition("Ready", False, 595)])) == "CrashLoopBackOff"


def test_an_end_that_nobody_saw_is_no_crash() -> None:
    """So it is after a node started anew."""
    lost = running(5, lastState=ended(255, reason="Unknown"))
    assert told(pod(lost, conditions=[condition("Ready", True, 1)])) is None


def test_what_started_has_half_a_minute_to_become_ready() -> None:
    slow = pod(running(20, ready=False), conditions=[condition("Ready", False, 21)])
    assert found(slow) == Found(again=10)
    assert told(slow, after=10) == "NotReady"


def test_what_ran_for_long_and_is_not_ready_any_more_is_told_at_once() -> None:
    assert told(pod(running(ready=False), conditions=[condition("Ready", False, 1)])) == "NotReady"


def test_an_eviction_is_told_until_a_pod_in_its_place_has_been_ready_for_ten_seconds() -> None:
    gone = pod(crashed(137, ago=100), name="gone", phase="Failed", reason="Evicted", message="Out of disk. ")
    other = pod(name="other")
    heir = pod(running(30), name="heir", created=95, conditions=[condition("Ready", True, 4)])
    assert message(gone, other) == "a pod was evicted: Out of disk"
    answer = found(gone, other, heir)
    assert (answer.cause and answer.cause.reason, answer.again) == ("Evicted", 6)
    assert told(gone, other, heir, after=6) is None


def test_an_eviction_is_over_when_all_pods_are_well_though_none_came_in_its_place() -> None:
    """So it is when the app was scaled down meanwhile, or the clock of the node is ahead of the API server's."""
    gone = pod(crashed(137, ago=100), name="gone", phase="Failed", reason="Evicted")
    pods = [gone, pod(name="one"), pod(name="two")]
    assert found(*pods, replicas=2) == Found()
    assert told(*pods, replicas=3) == "Evicted"
    assert told(gone, replicas=0) is None


def test_an_eviction_of_last_week_is_not_told_while_the_app_gets_more_pods() -> None:
    gone = pod(crashed(137, ago=9000), name="gone", phase="Failed", reason="Evicted")
    coming = pod(waiting("ContainerCreating"), name="coming", created=5)
    assert told(gone, pod(name="heir"), coming, replicas=2) is None


def test_an_eviction_hides_no_cause_that_tells_more() -> None:
    gone = pod(crashed(137, ago=100), name="gone", phase="Failed", reason="Evicted")
    homeless = pod(waiting("Pending"), name="new", conditions=[condition("PodScheduled", False, message="no room")])
    assert told(gone, homeless) == "Unschedulable"
    assert told(gone, pod(running(60, ready=False), name="new")) == "NotReady"


def test_a_storm_of_evictions_is_told_by_the_last_and_hides_no_trouble_among_the_pods() -> None:
    """Thousands of pods may be left behind, and as many be well: what is kept of them is bounded."""
    gone = [pod(name=f"gone-{n}", created=9000 - n, phase="Failed", reason="Evicted", message=f"{n}") for n in range(9)]
    well = [pod(name=f"well-{n:03}", conditions=[condition("Ready", True, 60)]) for n in range(400)]
    refused = pod(name="refused", phase="Failed", reason="NodeAffinity")
    strangers = [pod(name="of-an-older-version", owner="old"), refused]
    sample = Sample()
    for page in (gone, well[:200], [pod(crashed(), name="in-trouble")], well[200:], strangers):
        sample = sample.with_page(page, "new")
    assert [each.name for each in sample.pods[:3]] == ["gone-8", "refused", "in-trouble"]
    assert (len(sample.pods), sample.left_out) == (302, 101)
    answer = find(Evidence(spec(), 401 - 101, sample.pods), NOW).cause
    assert answer is not None
    assert answer.reason == "CrashLoopBackOff"
    assert told(*gone, *well, replicas=400) is None


def test_the_words_of_one_cause_are_masked_however_many_pods_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    """To look for thousands of values in the words of each of 300 pods once held the event loop for 41 s."""
    masked: list[str] = []

    def mask(text: str, _: object) -> str:
        masked.append(text)
        return text

    monkeypatch.setattr(bench, "mask", mask)
    said = event("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 500")
    probed = {"readinessProbe": {"httpGet": {"path": "/", "port": 80}}}
    crowd = [
        pod(crashed(1, f"{n}: no"), running(60, ready=False), name=f"{n:03}", container=probed) for n in range(300)
    ]
    assert message(*crowd, events=[said] * 300).endswith("exits with code 1: 0: no")
    assert masked == ["0: no"]


def test_pods_that_are_large_are_judged_as_far_as_their_bytes_allow() -> None:
    """Whoever may write pods may make each as large as etcd takes it, and give it thousands of containers."""
    large = [pod(crashed(1, "x" * 100_000), name=f"{n:02}") for n in range(40)]
    sample = Sample().with_page(large, "new")
    assert 5 < len(sample.pods) < 15
    assert sample.left_out == 40 - len(sample.pods)
    (alone,) = Sample().with_page([pod(crashed(1, "x" * 1_400_000))], "new").pods
    assert alone.name == "one"
    many = pod()
    many["spec"]["containers"] *= 5000
    (judged,) = Sample().with_page([many], "new").pods
    assert len(judged.containers) < 100


def test_an_eviction_that_is_over_is_not_told_again_when_its_heir_is_not_ready_any_more() -> None:
    gone = pod(crashed(137, ago=9000), name="gone", created=9999, phase="Failed", reason="Evicted")
    heir = pod(running(LONG_AGO, ready=False), name="heir", conditions=[condition("Ready", False, 40)])
    assert told(gone, heir) == "NotReady"


def test_a_pod_that_will_never_run_again_is_not_judged() -> None:
    """Another one comes in its place; this one stays in the lists for long."""
    assert told(pod(crashed(), phase="Failed", reason="Terminated")) is None


def test_a_pod_that_must_give_way_counts_as_evicted() -> None:
    target = condition(
        "DisruptionTarget", True, 1, "default-scheduler: preempting to accommodate a higher priority pod"
    )
    assert message(pod(conditions=[target])) == (
        "a pod was evicted: default-scheduler: preempting to accommodate a higher priority pod"
    )


def test_an_init_container_that_succeeds_in_the_end_is_forgotten() -> None:
    failing = pod(waiting("PodInitializing"), init=[crashed(2)])
    again = pod(waiting("PodInitializing"), init=[running(1, ready=False, lastState=ended(2))])
    done = {"ready": True, "state": ended(0, reason="Completed"), "lastState": ended(2)}
    assert told(failing) == told(again) == "InitFailed"
    assert told(pod(init=[done])) is None


def test_what_is_missing_is_told_once_the_kubelet_has_read_it() -> None:
    passing = waiting("CreateContainerConfigError", "failed to sync secret cache: timed out waiting for the condition")
    assert told(pod(passing)) is None


def test_memory_without_a_limit_is_that_of_the_node() -> None:
    assert message(pod(crashed(137, reason="OOMKilled"))) == (
        'container "myapp" was killed, since its node has no memory left'
    )


def test_a_pod_whose_containers_are_ready_and_which_is_not_is_told_after_half_a_minute() -> None:
    def lost(ago: float, words: str = "") -> dict[str, object]:
        return pod(conditions=[condition("Ready", False, ago, words)])

    assert found(lost(10)) == Found(again=20)
    assert message(lost(30)).endswith("its node may be lost, see kubectl get nodes")
    assert message(lost(30, "the status of pod readiness gate is not True")).endswith("readiness gate is not True")


def test_values_of_variables_are_hidden_wherever_others_speak() -> None:
    of = spec(env=[{"name": "TOKEN", "value": "hunter2hunter2"}])
    words = "saw hunter2hunter2"
    probed = {"readinessProbe": {"httpGet": {"path": "/", "port": 80}}}
    pods = [
        pod(crashed(1, words)),
        pod(crashed(1, words, reason="StartError")),
        pod(waiting("ErrImagePull", words)),
        pod(waiting("InvalidImageName", words)),
        pod(waiting("CreateContainerConfigError", words)),
        pod(waiting("PodInitializing"), init=[crashed(1, words)]),
        pod(waiting("ContainerCreating"), conditions=[condition("PodScheduled", False, message=words)]),
        pod(phase="Failed", reason="Evicted", message=words),
        pod(conditions=[condition("Ready", False, message=words)]),
        pod(running(60, ready=False), container=probed),
    ]
    for each in pods:
        assert message(each, spec=of, events=[event("Unhealthy", f"Readiness probe failed: {words}")]).endswith(
            "saw ***"
        )


def test_the_last_refusal_of_a_pod_is_told_and_not_the_first() -> None:
    """The Deployment's condition keeps the first one."""
    events = [
        {**event("FailedCreate", 'Error creating: pods "a-1" is forbidden: old', 9, uid="new")},
        {
            **event(
                "FailedCreate",
                '(combined from similar events): Error creating: pods "a-3" is forbidden: new',
                11,
                "new",
            )
        },
        {**event("FailedCreate", "Error creating: of another", 12, uid="old")},
        {**event("SuccessfulCreate", "Created pod", 13, uid="new")},
    ]
    assert refused_pods(events, "new") == 'pods "a-3" is forbidden: new'
    assert refused_pods(events[2:], "new") is None
