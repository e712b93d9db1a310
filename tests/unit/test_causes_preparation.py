"""What keeps the containers of a pod from being started: volumes, claims, the network of the node, init containers."""

from collections.abc import Iterable
from typing import Any

import pytest

from myapp_operator.causes import Found, placement
from myapp_operator.causes.events import Told
from myapp_operator.grammar import Json
from tests.unit.pods import (
    claim_event,
    condition,
    crashed,
    event_of,
    found,
    message,
    pod,
    running,
    told,
    waiting,
)
from tests.unit.samples import spec

MISSING = 'MountVolume.SetUp failed for volume "tls" : secret "shop-tls" not found'
PREPARED = condition("PodReadyToStartContainers", True)
PROBE: Json = {"tcpSocket": {"port": 1}}
PATIENT: Json = {"startupProbe": PROBE, "readinessProbe": PROBE | {"failureThreshold": 60}}


def placed(ago: float = 20, **fields: Any) -> Json:
    """A pod that was given to a node so many seconds ago, which has not started its containers."""
    conditions = [condition("PodScheduled", True, ago), condition("PodReadyToStartContainers", False, ago)]
    return pod(waiting("ContainerCreating"), **{"phase": "Pending", "conditions": conditions, **fields})


def homeless(words: str, *volumes: Json, ago: float = 5) -> Json:
    """A pod for which the scheduler has found no node."""
    raw = pod(waiting("Pending"), conditions=[condition("PodScheduled", False, ago, words)])
    raw["spec"]["volumes"] = volumes
    return raw


def test_events_are_asked_for_while_a_node_prepares_a_pod() -> None:
    """Nothing else tells what is missing."""
    assert found(placed(5)) == Found(again=10, asks=("involvedObject.uid=one",))
    assert found(placed(90)) == Found(asks=("involvedObject.uid=one",))


def asked(*pods: Json) -> list[str]:
    """The pods whose events are asked for."""
    return [each.removeprefix("involvedObject.uid=") for each in found(*pods).asks]


def test_a_pod_that_is_prepared_is_asked_about_before_older_ones_that_may_yet_become_ready() -> None:
    """These have time that their probes grant; of a volume that cannot be attached nothing else will ever tell."""
    starting = [pod(running(100, ready=False), container=PATIENT, name=f"{n}", created=120) for n in range(9)]
    assert asked(*starting, placed(name="young", created=20)) == ["young", "0", "1", "2"]
    events = [event_of("young", "FailedAttachVolume", 'Multi-Attach error for volume "disk" Volume is used')]
    assert told(*starting, placed(name="young", created=20), events=events) == "ConfigError"


def test_of_several_pods_that_are_prepared_each_is_asked_about_but_no_crowd() -> None:
    """One may be well on its way, and another one not."""
    crowd = [placed(name=f"{n}", created=60 - n) for n in range(9)]
    assert asked(*crowd[:2]) == ["0", "1"]
    assert asked(*crowd) == ["0", "1", "2", "3"]
    two = pod(running(100, ready=False), running(100, ready=False), container=PATIENT, name="two")
    assert asked(two, *crowd[:3]) == ["0", "1", "2", "two"], "not once for each of its containers"


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(placed(conditions=[condition("PodScheduled", True), PREPARED]), id="pulls its image"),
        pytest.param(placed(conditions=[]), id="is not placed"),
        pytest.param(pod(running(5, ready=False)), id="runs"),
        pytest.param(pod(waiting("CrashLoopBackOff", lastState={"running": {}}), phase="Pending"), id="ran before"),
    ],
)
def test_what_was_once_missing_is_not_told_of_a_pod_that(other: Json) -> None:
    assert told(other, events=[event_of("one", "FailedMount", MISSING)]) is None


@pytest.mark.parametrize(
    ("reason", "said", "expected"),
    [
        ("FailedMount", MISSING, 'volume "tls" cannot be mounted: secret "shop-tls" not found'),
        (
            "FailedMount",
            'MountVolume.SetUp failed for volume "kube-api-access-x7k2p" : configmap "kube-root-ca.crt" not found',
            'volume "kube-api-access" cannot be mounted: configmap "kube-root-ca.crt" not found',
        ),
        (
            "FailedMount",
            "Unable to attach or mount volumes: unmounted volumes=[tls data], unattached volumes=[], "
            "failed to process volumes=[]: context deadline exceeded",
            'volume "data" and volume "tls" cannot be mounted: context deadline exceeded',
        ),
        (
            "FailedMount",
            'MountVolume.MountDevice failed for volume "pvc-2f1d9a0e-1b9c-4b53-9d7e-0d1f7a6b2c3d" : rpc error: '
            "code = Internal desc = stat /var/lib/kubelet/pods/2f1d9a0e-1b9c-4b53-9d7e-0d1f7a6b2c3d/mount: no",
            'volume "pvc-…" cannot be mounted: stat /var/lib/kubelet/pods/…/mount: no',
        ),
        (
            "FailedAttachVolume",
            'Multi-Attach error for volume "disk" Volume is already used by pod(s) shop-deployment-5f6d8-x2b4z',
            'volume "disk" cannot be attached: Volume is already used by other pods',
        ),
        (
            "FailedAttachVolume",
            'AttachVolume.Attach failed for volume "disk" : rpc error: code = NotFound desc = no such disk',
            'volume "disk" cannot be attached: no such disk',
        ),
        (
            "FailedMapVolume",
            'MapVolume.MapPodDevice failed for volume "block" : no such device',
            'volume "block" cannot be attached: no such device',
        ),
    ],
)
def test_a_volume_that_cannot_be_had_is_told_in_words_that_stay_the_same(reason: str, said: str, expected: str) -> None:
    events = [event_of("one", reason, said)]
    assert told(placed(), events=events) == "ConfigError"
    assert message(placed(), events=events) == expected


def test_what_the_kubelet_has_not_yet_read_is_not_missing() -> None:
    passing = [
        'MountVolume.SetUp failed for volume "tls" : failed to sync secret cache: timed out waiting for the condition',
        'MountVolume.SetUp failed for volume "tls" : object "shop"/"tls" not registered',
    ]
    assert told(placed(), events=[event_of("one", "FailedMount", each) for each in passing]) is None


def test_all_that_is_missing_is_told_whatever_the_order_and_what_is_over_is_not() -> None:
    other = event_of("one", "FailedMount", MISSING.replace("tls", "db"))
    several = [event_of("one", "FailedMount", MISSING), other]
    summary = event_of("one", "FailedMount", "Unable to attach or mount volumes: unmounted volumes=[tls]: timed out")
    expected = (
        'volume "db" cannot be mounted: secret "shop-db" not found; '
        'volume "tls" cannot be mounted: secret "shop-tls" not found'
    )
    assert message(placed(), events=[*several, summary]) == message(placed(), events=several[::-1]) == expected
    over = event_of("one", "FailedMount", MISSING, ago=200)
    assert message(placed(), events=[over, other]) == 'volume "db" cannot be mounted: secret "shop-db" not found'


def test_events_of_another_pod_tell_nothing_of_this_one() -> None:
    assert told(placed(), events=[event_of("two", "FailedMount", MISSING)]) is None


def test_a_node_that_cannot_make_a_network_is_told_after_a_moment() -> None:
    """A node that is new fails at first."""
    said = (
        "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox "
        '"9a8b7c6d5e4f3a2b1c0d9a8b7c6d5e4f": plugin failed (add): pod one: dial tcp 10.0.0.1:443: i/o timeout'
    )
    events = [event_of("one", "FailedMount", MISSING, ago=9), event_of("one", "FailedCreatePodSandBox", said)]
    assert told(placed(10), events=events) is None
    assert told(placed(15), events=events) == "Unschedulable"
    assert message(placed(15), events=events) == (
        'its node cannot start a pod: failed to setup network for sandbox "…": plugin failed (add): pod the pod: '
        "dial tcp …: i/o timeout"
    )
    unready = event_of("one", "NetworkNotReady", "network is not ready: cni plugin not initialized")
    assert message(placed(15), events=[unready]).endswith(": network is not ready: cni plugin not initialized")


def test_a_secret_for_pulling_images_that_is_missing_is_named() -> None:
    """The registry only says that somebody may not."""
    raw = pod(waiting("ImagePullBackOff", "401 Unauthorized"))
    assert not found(raw).asks
    raw["spec"]["imagePullSecrets"] = [{"name": "mine"}, {"name": "robot"}]
    assert found(raw).asks == ("involvedObject.uid=one",)
    words = "Unable to retrieve some image pull secrets ({}); attempting to pull the image may not succeed."
    events = [event_of("one", "FailedToRetrieveImagePullSecret", words.format("robot, forged"))]
    unable = 'container "myapp" cannot pull image "myapp:latest"'
    assert message(raw, events=events) == f'{unable} without Secret "robot", which cannot be found: 401 Unauthorized'
    assert message(raw, events=events, after=400) == f"{unable}: 401 Unauthorized"


UNBOUND = "0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims. preemption: 0/3 nodes are"
DATA: Json = {"name": "data", "persistentVolumeClaim": {"claimName": "shop-data"}}
SCRATCH: Json = {"name": "scratch", "ephemeral": {"volumeClaimTemplate": {}}}
NO_CLASS = 'storageclass.storage.k8s.io "fast" not found'


def test_a_claim_that_is_not_bound_is_told_in_its_own_words_and_not_as_a_lack_of_nodes() -> None:
    waits = homeless(UNBOUND, DATA)
    asks = ("involvedObject.kind=PersistentVolumeClaim,involvedObject.name=shop-data",)
    assert found(waits) == Found(again=25, asks=asks)
    events = [claim_event("shop-data", "ProvisioningFailed", NO_CLASS)]
    assert told(waits, events=events) == "ConfigError"
    assert message(waits, events=events) == f'claim "shop-data" is not bound: {NO_CLASS}'


@pytest.mark.parametrize("reason", ["WaitForFirstConsumer", "WaitForPodScheduled", "ExternalProvisioning", None])
def test_a_claim_of_which_nothing_bad_is_told_has_half_a_minute(reason: str | None) -> None:
    events = [claim_event("shop-data", reason, "waiting for a volume")] if reason else []
    assert told(homeless(UNBOUND, DATA, ago=29), events=events) is None
    answer = message(homeless(UNBOUND, DATA, ago=30), events=events)
    assert answer == (
        'claim "shop-data" is not bound: waiting for a volume'
        if reason == "ExternalProvisioning"
        else 'claim "shop-data" cannot be used: pod has unbound immediate PersistentVolumeClaims'
    )


def test_a_claim_that_was_made_for_one_pod_is_named_by_its_volume() -> None:
    """Its name is random."""
    failed = claim_event("one-scratch", "ProvisioningFailed", NO_CLASS)
    answer = message(homeless(UNBOUND, DATA, SCRATCH), events=[failed])
    assert answer == f'the claim of the ephemeral volume "scratch" is not bound: {NO_CLASS}'
    late = 'waiting for ephemeral volume controller to create the persistentvolumeclaim "one-scratch"'
    assert message(homeless(f"0/1 nodes are available: {late}.", SCRATCH, ago=30)) == (
        'the claim of the ephemeral volume "scratch" cannot be used: '
        "waiting for ephemeral volume controller to create it"
    )


def test_of_two_claims_the_one_that_was_bound_meanwhile_is_not_told() -> None:
    old = claim_event("shop-data", "FailedBinding", "no volume", ago=300)
    new = claim_event("one-scratch", "FailedBinding", "no class")
    assert message(homeless(UNBOUND, DATA, SCRATCH), events=[old, new]).endswith('"scratch" is not bound: no class')


def test_a_claim_for_which_the_scheduler_waits_is_told_though_a_node_is_chosen() -> None:
    pending = pod(waiting("Pending"), conditions=[condition("Ready", False)], phase="Pending", created=40)
    pending["spec"]["volumes"] = [DATA]
    assert message(pending) == 'claim "shop-data" cannot be used'
    events = [claim_event("shop-data", "ExternalProvisioning", "waiting for csi.example.com")]
    assert message(pending, events=events) == 'claim "shop-data" is not bound: waiting for csi.example.com'


@pytest.mark.parametrize(
    "words",
    [
        "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) didn't find available persistent volumes to bind.",
        "0/3 nodes are available: 3 node(s) didn't match PersistentVolume's node affinity.",
    ],
)
def test_where_nodes_have_to_do_with_it_the_scheduler_is_believed(words: str) -> None:
    assert told(homeless(words, DATA)) == "Unschedulable"


def test_claims_that_are_looked_after_are_few() -> None:
    volumes = [{"name": f"{n}", "persistentVolumeClaim": {"claimName": f"{n}"}} for n in range(50)]
    assert len(found(homeless(UNBOUND, *volumes)).asks) == 4


def test_an_init_container_that_does_not_end_is_told_after_half_a_minute() -> None:
    def slow(ago: float) -> Json:
        return pod(waiting("PodInitializing"), init=[running(ago, ready=False)])

    assert found(slow(20)) == Found(again=10)
    assert found(slow(30), spec=spec(rollout={"progressDeadlineSeconds": 900})).cause is not None
    assert message(slow(30), spec=spec(rollout={"progressDeadlineSeconds": 900})) == (
        'init container "prepare" has not ended, which may take 900 seconds (rollout.progressDeadlineSeconds): '
        "kubectl logs -n default -l app=shop -c prepare"
    )
    assert told(slow(30)) == "Initializing"
    assert told(slow(30), pod(crashed(), name="two")) == "CrashLoopBackOff"


def test_a_sidecar_that_starts_before_the_app_counts_by_its_startup_and_not_as_work_to_be_done() -> None:
    def starting(ago: float) -> Json:
        raw = pod(waiting("PodInitializing"), init=[running(ago, ready=False, started=False)])
        probe = {"tcpSocket": {"port": 1}, "periodSeconds": 5, "failureThreshold": 20}
        raw["spec"]["initContainers"][0] |= {"restartPolicy": "Always", "startupProbe": probe}
        return raw

    assert told(starting(99)) is None
    assert message(starting(100)) == 'container "prepare" is not ready: its startup probe (TCP port 1) fails'


def test_many_pods_that_wait_for_a_claim_of_many_events_hold_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    events = [claim_event("shop-data", "ProvisioningFailed", f"try {n}") for n in range(500)]
    looked_at: list[int] = []

    def counting(told: Iterable[Told]) -> list[Told]:
        listed = list(told)
        looked_at.append(len(listed))
        return listed

    monkeypatch.setattr(placement, "recent", counting)
    crowd = [homeless(UNBOUND, DATA) for _ in range(300)]
    for number, each in enumerate(crowd):
        each["metadata"] |= {"name": f"{number}", "uid": f"{number}"}
    assert told(*crowd, events=events) == "ConfigError"
    assert sum(looked_at) <= 300 * 20
