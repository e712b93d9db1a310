"""The look at the pods within the recipe: what it costs, what it tells, and what a failed one does not take back."""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import cast

import pytest

from myapp_operator import autoscalers, causes, desired, looking, names
from myapp_operator.causes import Cause, Evidence, Found
from myapp_operator.connection import Connection
from myapp_operator.errors import UnreachableError
from myapp_operator.kube import MOST_PAGES, Kube
from myapp_operator.model import parse_spec
from myapp_operator.names import Key, Reason
from myapp_operator.reading import Part
from myapp_operator.store import Store
from tests.unit.pods import condition, event_of, pod, waiting
from tests.unit.samples import KEY, app, children, owner, progressing, refusal, refused_pods, rollout, seen
from tests.unit.versions import replica_set
from tests.unit.world import DEPLOYMENT, Clock, FakeKube, World

LOOK = ["list ReplicaSet", "list Pod"]
LOOK_AGAIN = [*LOOK, "glance at Pod"]
ROLLING = rollout(replicas=3, updated=1, conditions=progressing("ReplicaSetUpdated"))
LOST = rollout(ready=1, available=1)
OVER_QUOTA = rollout(
    replicas=1, conditions=refused_pods('pods "myapp-1" is forbidden: exceeded quota: old, limited: pods=1')
)
NO_PODS = refusal(403, 'pods is forbidden: User "operator" cannot list resource "pods"', reason="Forbidden")


class Pods:
    """What a look at the pods finds."""

    def __init__(self) -> None:
        self.cause: Cause | None = None
        self.again: float | None = None

    def crash(self, again: float | None = None) -> None:
        self.cause, self.again = Cause(Reason.CRASH_LOOP_BACK_OFF, "it crashes"), again

    def are_well(self) -> None:
        self.cause, self.again = None, None


@pytest.fixture(autouse=True)
def passing_clock(clock: Clock) -> Clock:
    return clock


@pytest.fixture
def pods(monkeypatch: pytest.MonkeyPatch) -> Pods:
    found = Pods()
    monkeypatch.setattr(causes, "find", lambda _evidence, _now: Found(found.cause, found.again))
    return found


async def crashing(world: World, pods: Pods, clock: Clock) -> World:
    """The app, after a look has found that its pods crash."""
    pods.crash()
    world.watch_brings_rollout(ROLLING)
    await world.reconcile()
    world.watch_brings_status()
    clock.passes(5)
    await world.reconcile()
    world.watch_brings_status()
    assert world.reason() == "CrashLoopBackOff"
    return world


async def test_an_app_on_its_way_is_looked_at_after_five_seconds_and_told_the_cause(
    ready: World, pods: Pods, clock: Clock
) -> None:
    pods.crash()
    ready.watch_brings_rollout(ROLLING)
    assert await ready.reconcile() == pytest.approx(5, abs=0.5)
    assert (ready.kube.requests, ready.reason()) == (["status"], "RollingOut")
    ready.watch_brings_status()
    clock.passes(5)
    assert await ready.reconcile() == pytest.approx(9.6, abs=0.5)
    assert (ready.kube.requests, ready.reason()) == ([*LOOK, "status"], "CrashLoopBackOff")
    assert ready.kube.status["message"] == "it crashes"


async def test_pods_that_run_while_the_next_version_is_held_are_looked_at_too(
    ready: World, pods: Pods, clock: Clock
) -> None:
    pods.crash()
    ready.watch_brings_rollout(LOST)
    ready.referents.replace(names.CONFIG_MAP, None, {}, 1)
    spec = {"image": "myapp:2", "envFrom": [{"configMapRef": {"name": "settings"}}]}
    ready.app = replace(ready.app, spec=spec, generation=2, resource_version=ready.app.resource_version + 1)
    ready.store.put_app(ready.app)
    for _ in range(3):
        await ready.reconcile()
        ready.watch_brings_status()
        clock.passes(5)
    assert ready.reason() == "ReferenceMissing"
    assert ready.kube.status["message"].endswith("what runs now: CrashLoopBackOff: it crashes")
    ready.store.put_child(KEY, DEPLOYMENT, replace(ready.store.children(KEY)[DEPLOYMENT], rollout=rollout()))
    pods.are_well()
    for _ in range(2):
        clock.passes(60)
        await ready.reconcile()
    assert not {*LOOK} & {*ready.kube.requests}, "what is well is not looked at"
    assert "what runs now" not in ready.kube.status["message"]


async def test_a_look_that_finds_nothing_new_writes_nothing(ready: World, pods: Pods, clock: Clock) -> None:
    await crashing(ready, pods, clock)
    clock.passes(10)
    await ready.reconcile()
    assert ready.kube.requests == LOOK_AGAIN


async def test_pods_of_others_with_the_label_of_the_app_are_told_while_it_is_not_ready(
    ready: World, pods: Pods, clock: Clock
) -> None:
    words = "pods of others carry the label app=myapp too: kubectl myapp explain myapp names them"
    theirs = {"metadata": {"name": "nightly-x1", "ownerReferences": []}}
    own = {"metadata": {"name": "myapp-1", "ownerReferences": replica_set()["metadata"]["ownerReferences"]}}
    own["metadata"]["ownerReferences"][0] |= {"uid": "uid-h1", "apiVersion": "apps/v1", "name": "x"}
    ready.kube.listed["Pod of others"] = [own]
    await crashing(ready, pods, clock)
    clock.passes(60)
    await ready.reconcile()
    assert ready.kube.status["message"] == "it crashes"
    ready.kube.listed["Pod of others"] = [own, theirs]
    clock.passes(60)
    await ready.reconcile()
    assert ready.kube.status["message"] == f"it crashes; {words}"
    ready.watch_brings_status()
    pods.are_well()
    ready.watch_brings_rollout(rollout())
    clock.passes(60)
    await ready.reconcile()
    assert (ready.reason(), words in ready.kube.status["message"]) == ("Ready", False)


async def test_ready_waits_for_the_look_that_takes_a_cause_back(ready: World, pods: Pods, clock: Clock) -> None:
    await crashing(ready, pods, clock)
    pods.crash(again=4)
    clock.passes(1)
    ready.watch_brings_rollout(rollout())
    assert await ready.reconcile() == pytest.approx(4, abs=0.5)
    assert (ready.kube.requests, ready.reason()) == (LOOK_AGAIN, "CrashLoopBackOff")
    pods.are_well()
    clock.passes(4)
    assert await ready.reconcile() is None
    assert (ready.kube.requests, ready.reason()) == ([*LOOK_AGAIN, "status"], "Ready")


async def test_a_pod_that_was_lost_and_is_back_is_looked_at_before_ready(
    ready: World, pods: Pods, clock: Clock
) -> None:
    pods.crash()
    ready.watch_brings_rollout(LOST)
    await ready.reconcile()
    ready.watch_brings_status()
    ready.watch_brings_rollout(rollout())
    await ready.reconcile()
    assert ready.kube.requests == []
    clock.passes(5)
    await ready.reconcile()
    assert (ready.kube.requests, ready.reason()) == ([*LOOK, "status"], "CrashLoopBackOff")


async def test_what_happened_during_a_look_counts(ready: World, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    """The Deployment was complete before the look, and is no longer when it is judged."""
    ready.watch_brings_rollout(LOST)
    await ready.reconcile()
    ready.watch_brings_status()
    ready.watch_brings_rollout(rollout())
    clock.passes(5)

    def find(*_: object) -> Found:
        ready.watch_brings_rollout(LOST)
        return Found(None)

    monkeypatch.setattr(causes, "find", find)
    await ready.reconcile()
    assert ready.reason() == "Scaling"


async def test_a_look_without_an_answer_takes_nothing_back(
    ready: World, pods: Pods, caplog: pytest.LogCaptureFixture, clock: Clock
) -> None:
    await crashing(ready, pods, clock)
    ready.kube.fails["list Pod"] = UnreachableError("no answer")
    for _ in range(2):
        clock.passes(60)
        await ready.reconcile()
        assert ready.kube.requests == LOOK
    ready.watch_brings_rollout(rollout())
    clock.passes(60)
    await ready.reconcile()
    assert ready.reason() == "CrashLoopBackOff"
    assert [each.message for each in caplog.records] == ["cannot look at the pods of default/myapp: no answer"]


async def test_pods_that_cannot_be_judged_keep_the_status_from_nothing(
    ready: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, clock: Clock
) -> None:
    def find(*_: object) -> Found:
        raise ValueError("a riddle")

    monkeypatch.setattr(causes, "find", find)
    ready.watch_brings_rollout(ROLLING)
    clock.passes(5)
    await ready.reconcile()
    ready.watch_brings_status()
    clock.passes(10)
    await ready.reconcile()
    assert ready.reason() == "RollingOut"
    assert "cannot judge the pods of default/myapp" in caplog.text
    assert "a riddle" in caplog.text


async def test_without_the_right_to_see_pods_the_deployment_alone_is_believed(
    ready: World, caplog: pytest.LogCaptureFixture, clock: Clock
) -> None:
    caplog.set_level(logging.WARNING)
    ready.kube.fails["list Pod"] = NO_PODS
    ready.watch_brings_rollout(LOST)
    await ready.reconcile()
    ready.watch_brings_status()
    ready.watch_brings_rollout(rollout())
    for _ in range(2):
        clock.passes(60)
        await ready.reconcile()
    assert ready.reason() == "Ready"
    assert len(caplog.records) == 1
    assert "grant the rights of deploy/operator/role.yaml" in caplog.text


async def test_the_newest_refusal_of_pods_is_read_where_they_are_refused(ready: World, clock: Clock) -> None:
    replica_set = {
        "metadata": {
            "name": "myapp-deployment-1",
            "uid": "uid-rs",
            "annotations": {"deployment.kubernetes.io/revision": "1"},
            "ownerReferences": [{"kind": "Deployment", "uid": "uid-child", "controller": True}],
        },
        "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "myapp"}}},
    }
    event = {
        "metadata": {"resourceVersion": "7"},
        "reason": "FailedCreate",
        "involvedObject": {"uid": "uid-rs"},
        "lastTimestamp": "2030-01-01T12:00:00Z",
        "message": 'Error creating: pods "myapp-2" is forbidden: exceeded quota: new, limited: pods=1',
    }
    ready.kube.listed = {"ReplicaSet": [replica_set], "Event": [event]}
    for _ in range(2):  # the first pass nudges
        ready.watch_brings_rollout(OVER_QUOTA)
        await ready.reconcile()
    assert "exceeded quota: old" in ready.kube.status["message"]
    ready.watch_brings_status()
    clock.passes(60)
    for _ in range(2):  # the first pass nudges again
        ready.watch_brings_rollout(OVER_QUOTA)
        await ready.reconcile()
    assert ready.kube.requests == [*LOOK, "list Event", "status"]
    assert "exceeded quota: new" in ready.kube.status["message"]


async def test_events_of_a_pod_that_its_node_prepares_are_read_and_tell_why(ready: World, clock: Clock) -> None:
    own = replica_set()
    owner_uid, conditions = own["metadata"]["uid"], [condition("PodScheduled", True)]
    coming = pod(waiting("ContainerCreating"), owner=owner_uid, phase="Pending", conditions=conditions)
    missing = 'MountVolume.SetUp failed for volume "tls" : secret "shop-tls" not found'
    ready.kube.listed = {"ReplicaSet": [own], "Pod": [coming], "Event": [event_of("one", "FailedMount", missing)]}
    ready.watch_brings_rollout(LOST)
    await ready.reconcile()
    ready.watch_brings_status()
    ready.kube.requests.clear()
    clock.passes(60)
    await ready.reconcile()
    assert ready.kube.requests == [*LOOK, "list Event", "status"]
    assert ready.reason() == "ConfigError"
    assert ready.kube.status["message"] == 'volume "tls" cannot be mounted: secret "shop-tls" not found'


async def test_what_an_earlier_run_has_told_stands_until_a_look(ready: World, pods: Pods, clock: Clock) -> None:
    app = (await crashing(ready, pods, clock)).app
    restarted = World(app)
    restarted.watch_brings_children()
    restarted.kube.fails["list Pod"] = UnreachableError("no answer")
    await restarted.reconcile()
    assert restarted.kube.requests[:2] == LOOK
    assert restarted.reason() == "CrashLoopBackOff"
    restarted.watch_brings_status()
    del restarted.kube.fails["list Pod"]
    clock.passes(10)
    pods.are_well()
    await restarted.reconcile()
    assert restarted.reason() == "Ready"


async def test_a_look_knows_what_the_last_one_found_also_in_an_earlier_run(
    ready: World, pods: Pods, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    """What an event has told stays true when the event is gone."""
    app = (await crashing(ready, pods, clock)).app
    known: list[Cause | None] = []

    def find(evidence: Evidence, _now: object) -> Found:
        known.append(evidence.before)
        return Found(Cause(Reason.CRASH_LOOP_BACK_OFF, "it crashes"))

    monkeypatch.setattr(causes, "find", find)
    clock.passes(60)
    await ready.reconcile()
    restarted = World(app)
    restarted.watch_brings_children()
    await restarted.reconcile()
    assert known == [Cause(Reason.CRASH_LOOP_BACK_OFF, "it crashes")] * 2


async def test_another_image_starts_with_a_clean_sheet(ready: World, pods: Pods, clock: Clock) -> None:
    await crashing(ready, pods, clock)
    spec = {"image": "myapp:2"}
    ready.app = replace(ready.app, spec=spec, generation=2, resource_version=ready.app.resource_version + 1)
    ready.store.put_app(ready.app)
    await ready.reconcile()
    ready.watch_brings_rollout(replace(ROLLING, observed_generation=9))
    await ready.reconcile()
    assert ready.reason() == "RollingOut"


class Crowd:
    """Many apps in trouble, each due to be looked at."""

    def __init__(self, clock: Clock, number: int) -> None:
        self.kube, self.store, self.woken = FakeKube(), Store(), list[Key]()
        self.kube.listed["ReplicaSet"] = [replica_set()]
        self.onlooker = looking.Onlooker(cast(Kube, self.kube), self.store)
        self.onlooker.wake = self.wake
        self.called = asyncio.Event()
        apps = [app(f"app-{each}", f"uid-{each}") for each in range(number)]
        for each in apps:
            self.store.put_app(each)
        self.saw = [seen(app=each, children=children(ROLLING, owner=owner(each.uid))) for each in apps]
        self.clock = clock

    def wake(self, key: Key) -> None:
        self.woken.append(key)
        self.called.set()

    async def all_are_due(self) -> None:
        for each in self.saw:
            await self.onlooker.look(each, "template")
        self.clock.passes(5)
        for each in self.saw:
            await self.onlooker.look(each, "template")

    async def turns(self, number: int) -> None:
        """Waits until so many apps were given their turn, and takes it."""
        for each in range(number):
            if len(self.woken) <= each:
                self.called.clear()
                await self.called.wait()
            await self.onlooker.look(next(saw for saw in self.saw if saw.app.key == self.woken[each]), "template")


async def test_more_looks_than_ten_a_second_wait_for_their_turn_without_a_worker(pods: Pods, clock: Clock) -> None:
    crowd = Crowd(clock, 4)
    await crowd.all_are_due()
    assert crowd.kube.requests == LOOK, "one at once"
    await crowd.turns(3)
    assert crowd.kube.requests == LOOK * 4
    assert [each.name for each in crowd.woken] == ["app-1", "app-2", "app-3"]


async def test_an_app_that_is_gone_or_does_not_run_any_more_leaves_the_line(pods: Pods, clock: Clock) -> None:
    crowd = Crowd(clock, 5)
    await crowd.all_are_due()
    crowd.onlooker.forget(crowd.saw[1].app.key)
    suspended = replace(crowd.saw[2], spec=parse_spec({"image": "myapp:1", "suspend": True}))
    gone = children(rollout(replicas=0, ready=0, available=0, updated=0, wanted=0), owner=owner("uid-2"))
    await crowd.onlooker.look(replace(suspended, children=gone), "")
    await crowd.onlooker.look(replace(crowd.saw[3], children={}), "template")
    await crowd.turns(1)
    assert [each.name for each in crowd.woken] == ["app-4"]
    assert crowd.onlooker._turns.wait(0) is None


async def test_a_deleted_app_leaves_the_line(ready: World, monkeypatch: pytest.MonkeyPatch) -> None:
    left: list[Key] = []
    monkeypatch.setattr(looking.Onlooker, "forget", lambda _, key: left.append(key))
    ready.store.put_app(replace(ready.app, deleting=True, resource_version=ready.app.resource_version + 1))
    await ready.reconcile()
    assert left == [KEY]


async def test_an_app_that_is_not_valid_any_more_leaves_the_line(ready: World, monkeypatch: pytest.MonkeyPatch) -> None:
    left: list[Key] = []
    monkeypatch.setattr(looking.Onlooker, "forget", lambda _, key: left.append(key))
    changed = {"resource_version": ready.app.resource_version + 1, "generation": ready.app.generation + 1}
    ready.store.put_app(replace(ready.app, spec={"image": 7}, **changed))
    await ready.reconcile()
    assert left == [KEY]


async def test_a_crowd_of_events_or_autoscalers_costs_a_number_of_pages(
    ready: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tenant may make any number of them, and each page is a request within a look."""
    asked = 0

    class Endless:
        async def parts(self, *_: object, **__: object) -> AsyncIterator[Part]:
            nonlocal asked
            asked += 1
            yield Part([], {"resourceVersion": "1", "continue": "more"})

    kube = Kube(cast(Connection, Endless()))
    await looking.Onlooker(kube, ready.store)._events(KEY, "involvedObject.uid=x")
    assert asked == MOST_PAGES
    monkeypatch.setattr(autoscalers.replicas, "are_scaled_by_others", lambda *_: True)
    wanted = desired.build(ready.app, parse_spec(ready.app.spec))
    await autoscalers.Autoscalers(kube, ready.store).left_to_them(ready.app, wanted)
    assert asked == 2 * MOST_PAGES
