"""The recipe and what an app refers to: what is read, what is written, what is told."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pytest

from myapp_operator import causes, desired, gate, names, versions
from myapp_operator.causes import Cause, Found
from myapp_operator.errors import OperatorError, UnreachableError
from myapp_operator.grammar import Json
from myapp_operator.kube import Kube
from myapp_operator.model import parse_spec
from myapp_operator.names import Key, Reason
from myapp_operator.observed import Child
from myapp_operator.references import Referent, Target
from myapp_operator.rollback_note import RolledBack
from tests.unit.samples import KEY, app, refusal, rollout
from tests.unit.versions import replica_set
from tests.unit.world import CONFLICT, DEPLOYMENT, OWNER, SERVICE, World, complete

URL = {"name": "URL", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "url"}}}
SETTINGS = Target(names.CONFIG_MAP, "default", "settings")
ROBOT = Target(names.SERVICE_ACCOUNT, "default", "robot")
Clock = Callable[[float], None]


@pytest.fixture
def wait(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Lets the gate's clock go on."""
    passed = [0.0]
    monkeypatch.setattr(gate.time, "monotonic", lambda: passed[0])

    def forward(seconds: float) -> None:
        passed[0] += seconds

    return forward


def world(*there: str, **fields: Any) -> World:
    """An app that refers to a ConfigMap, which is there if it is named."""
    found = World(app(spec={"image": "myapp:latest", "env": [URL], **fields}))
    found.referents.replace(names.CONFIG_MAP, None, {}, 1)
    for name in there:
        appears(found, **{name: "http://db"})
    return found


def appears(of: World, version: int = 5, /, **data: str) -> None:
    """The watch brings the ConfigMap."""
    metadata = {"resourceVersion": str(version), "name": "settings", "namespace": "default"}
    of.kube.there["ConfigMap"] = {"metadata": metadata, "data": data}
    of.referents.put(SETTINGS, Referent(version))


def deployed(of: World, note: str, template: Json, fields: Json | None = None, **annotations: str) -> None:
    """The Deployment of an earlier spec stands there and says which version was let through; `fields` are ours."""
    noted = {names.APPLIED: 32 * "e", names.TEMPLATE: note, **annotations}
    annotated = {"f:annotations": {f"f:{each}": {} for each in noted}}
    ours = {"f:metadata": annotated, "f:spec": {"f:template": fields or {}}}
    stored = {
        "metadata": {
            "uid": "uid-child",
            "resourceVersion": "60",
            "ownerReferences": [OWNER],
            "annotations": noted,
            "managedFields": [{"manager": names.MANAGER, "operation": "Apply", "fieldsV1": ours}],
        },
        "spec": {"template": template},
    }
    of.watch_brings_children()
    of.store.put_child(KEY, DEPLOYMENT, replace(Child.from_json(stored), rollout=rollout()))
    of.kube.there["Deployment"] = stored


RUNNING: Json = {
    "metadata": {"creationTimestamp": None, "labels": {"app": "myapp"}},
    "spec": {"containers": [{"name": "myapp", "image": "myapp:1", "ports": [{"containerPort": 7000}]}]},
}


ALWAYS = dict.fromkeys(
    ("automountServiceAccountToken", "enableServiceLinks", "hostNetwork", "hostPID", "hostIPC"), False
)
"""What every template of ours has and the API server leaves out."""


async def test_without_what_it_refers_to_only_the_other_children_are_made(wait: Clock) -> None:
    new = world()
    await new.reconcile()
    assert new.kube.requests == ["create Service", "status"]
    assert new.reason() == "RollingOut", "it may have been created a moment ago"
    new.watch_brings_status()
    new.watch_brings_children(SERVICE)
    wait(2.0)
    await new.reconcile()
    assert new.kube.requests == ["status"]
    assert new.reason() == "ReferenceMissing"


async def test_what_is_missing_stays_told_when_the_operator_starts_again(wait: Clock) -> None:
    """The next one has to be patient once more; what was told meanwhile is not taken back."""
    told = world()
    await told.reconcile()
    told.watch_brings_status()
    told.watch_brings_children(SERVICE)
    wait(2.0)
    await told.reconcile()
    told.watch_brings_status()
    before = told.store.app(KEY)
    assert before is not None
    again = World(before)
    again.referents.replace(names.CONFIG_MAP, None, {}, 1)
    again.store.put_child(KEY, SERVICE, told.store.children(KEY)[SERVICE])
    for _ in range(3):
        await again.reconcile()
        wait(1.0)
    assert again.kube.requests == []


async def test_a_new_app_gets_all_that_does_not_wait_for_its_pods() -> None:
    scaled = {"minReplicas": 2, "maxReplicas": 4, "cpu": 80}
    new = world(
        autoscaling=scaled,
        resources={"requests": {"cpu": "20m"}},
        disruptionBudget={"maxUnavailable": 1},
        rollout={"autoRollback": True, "restartOnConfigChange": True},
    )
    await new.reconcile()
    assert new.kube.requests == ["create Service", "create PodDisruptionBudget", "status"]


async def test_each_time_something_is_missing_it_has_a_moment_to_appear(wait: Clock) -> None:
    new = world("url")
    new.kube.there["MyApp"] = {"metadata": {"uid": "uid-1"}}
    new.kube.fails["create Deployment"] = CONFLICT  # let through, and not there yet
    for version in (7, 8):
        new.referents.drop(SETTINGS, version)
        wait(60.0)
        await new.reconcile()
        new.watch_brings_status()
        assert new.reason() == "RollingOut"
        appears(new, version, url="http://db")
        await new.reconcile()
        assert "create Deployment" in new.kube.requests


async def test_the_keys_are_read_once_for_each_version() -> None:
    new = world("url")
    await new.reconcile()
    assert new.kube.requests == ["read ConfigMap", "create Deployment", "create Service", "status"]
    new.watch_brings_children()
    await new.reconcile()
    assert "read ConfigMap" not in new.kube.requests
    appears(new, 6, url="http://other")
    await new.reconcile()
    assert "read ConfigMap" in new.kube.requests


async def test_nothing_is_read_where_only_the_object_matters_and_not_its_keys() -> None:
    new = world("url", env=[], envFrom=[{"configMapRef": {"name": "settings"}}])
    await new.reconcile()
    assert new.kube.requests == ["create Deployment", "create Service", "status"]


async def test_an_object_without_any_key_has_not_the_one_that_is_needed(wait: Clock) -> None:
    new = world()
    appears(new)
    await new.reconcile()
    new.watch_brings_status()
    new.watch_brings_children(SERVICE)
    wait(2.0)
    await new.reconcile()
    assert new.kube.requests == ["status"], "it was read already"
    assert 'ConfigMap "settings" has no key "url"' in new.kube.status["message"]


async def test_an_object_that_changes_while_it_is_read_is_read_again() -> None:
    new = world("url")

    def meanwhile() -> None:
        new.referents.put(SETTINGS, Referent(6))
        new.kube.then["read ConfigMap"] = lambda: appears(new, 6, colour="blue")

    new.kube.then["read ConfigMap"] = meanwhile
    await new.reconcile()
    assert new.kube.requests[:2] == ["read ConfigMap", "read ConfigMap"]
    assert "create Deployment" not in new.kube.requests, "the newest version has no such key"


async def test_the_deployment_remembers_which_version_was_let_through() -> None:
    new = world("url")
    await new.reconcile()
    (body,) = [each for each in new.kube.bodies if each["kind"] == "Deployment"]
    assert body["metadata"]["annotations"][names.TEMPLATE]


async def test_a_held_version_leaves_the_template_as_it_runs(wait: Clock) -> None:
    running = {"metadata": {"labels": {"app": "myapp"}}, "spec": {**ALWAYS, **RUNNING["spec"]}}
    held = world(replicas=4)
    deployed(held, versions.version(running), RUNNING)
    await held.reconcile()
    assert held.kube.requests[:2] == ["read Deployment", "apply Deployment"]
    (body,) = [each for each in held.kube.bodies if each["kind"] == "Deployment"]
    assert body["spec"]["template"] == running
    assert body["spec"]["replicas"] == 4
    (service,) = [each for each in held.kube.bodies if each["kind"] == "Service"]
    assert service["spec"]["ports"][0]["targetPort"] == 7000
    assert body["metadata"]["annotations"][names.TEMPLATE] == versions.version(running)
    held.watch_brings_status()
    wait(5.0)
    await held.reconcile()
    assert "read Deployment" not in held.kube.requests
    assert held.reason() == "ReferenceMissing"


async def test_a_version_that_goes_on_is_told_when_its_account_is_not_open_any_more(wait: Clock) -> None:
    trusted = {**RUNNING["spec"], "serviceAccountName": "robot", "automountServiceAccountToken": True}
    running = {"metadata": {"labels": {"app": "myapp"}}, "spec": {**ALWAYS, **trusted}}
    held = world()
    held.referents.replace(ROBOT.kind, None, {ROBOT: Referent(1)}, 1)
    deployed(held, versions.version(running), {**RUNNING, "spec": trusted})
    await held.reconcile()
    assert held.kube.applied["Deployment"]["spec"]["template"] == running, "it goes on all the same"
    assert held.referents.users(ROBOT) == {KEY}, "a change of the account has the app looked at"
    held.watch_brings_status()
    wait(5.0)
    await held.reconcile()
    assert held.reason() == "ReferenceMissing"
    told = 'the version that runs goes on, but ServiceAccount "robot" is not open to MyApps: choose another one'
    assert told in held.kube.status["message"]


async def test_half_a_hash_of_an_earlier_release_gives_pods_no_account_that_is_not_open(wait: Clock) -> None:
    """Another spec whose hash has the same first half: others change a field, and that is taken back."""
    forged = World(app(spec={"image": "myapp:latest", "serviceAccountName": "robot"}))
    forged.referents.replace(ROBOT.kind, None, {ROBOT: Referent(1)}, 1)
    want = next(each for each in desired.build(forged.app, parse_spec(forged.app.spec)) if each.kind == DEPLOYMENT)
    deployed(forged, "", RUNNING, **{names.APPLIED: want.applied[:16]})
    await forged.reconcile()
    pod = forged.kube.applied["Deployment"]["spec"]["template"]["spec"]
    assert pod["containers"] == RUNNING["spec"]["containers"]
    assert "serviceAccountName" not in pod
    forged.watch_brings_status()
    wait(5.0)
    await forged.reconcile()
    assert forged.reason() == "ServiceAccountNotAllowed"


async def test_a_version_that_was_let_through_goes_on_without_what_is_lost_later(ready_world: World) -> None:
    ready_world.referents.drop(SETTINGS, 9)
    await ready_world.reconcile()
    assert ready_world.kube.requests == []
    assert ready_world.reason() == "Ready"


async def test_what_its_pods_missed_is_not_told_any_more_once_the_watch_has_brought_it(
    ready_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kubelet says it until it tries again."""
    missed = Cause(Reason.CONFIG_ERROR, 'container "myapp" cannot be made: configmap "settings" not found')
    monkeypatch.setattr(causes, "find", lambda *_: Found(missed))
    of = ready_world
    of.kube.listed["ReplicaSet"] = [replica_set()]
    of.referents.drop(SETTINGS, 9)
    of.watch_brings_rollout(rollout(ready=1, available=1))
    memory = of.store.memory(of.app)
    memory.looks = replace(memory.looks, due=0.0)
    await of.reconcile()
    assert of.reason() == "ConfigError"
    of.watch_brings_status()
    appears(of, 12, url="http://db")
    await of.reconcile()
    assert of.kube.requests == ["read ConfigMap", "status"], "without a look"
    assert of.reason() == "Scaling"


async def test_a_version_that_was_gone_back_from_is_not_tried_again_without_what_it_refers_to() -> None:
    back = world(rollout={"autoRollback": True})
    back.app = replace(back.app, generation=2, resource_version=20)
    back.store.put_app(back.app)
    why = RolledBack(1, "ConfigError", "there is none", "2030-01-01T12:00:00Z")
    deployed(back, versions.version(RUNNING), RUNNING, **{names.ROLLED_BACK: why.text})
    await back.reconcile()
    (body,) = [each for each in back.kube.bodies if each["kind"] == "Deployment"]
    assert body["spec"]["template"]["spec"]["containers"] == RUNNING["spec"]["containers"]
    assert body["metadata"]["annotations"][names.TEMPLATE] == versions.version(RUNNING)


@pytest.mark.parametrize(
    ("there", "tried"),
    [({"url": "http://db"}, False), ({"url": "http://other"}, True), ({}, False), ({"colour": "blue"}, False)],
    ids=["as it was", "healed", "missing", "without the key"],
)
async def test_a_version_that_was_gone_back_from_is_tried_again_with_another_configuration(
    there: dict[str, str], tried: bool
) -> None:
    """The MyApp stays as it is; the ConfigMap with which it failed may change."""
    before, failing = (world("url", rollout={"autoRollback": True, "restartOnConfigChange": True}) for _ in range(2))
    await before.reconcile()
    want = next(each for each in desired.build(before.app, parse_spec(before.app.spec)) if each.kind == DEPLOYMENT)
    why = RolledBack(1, "ConfigError", "bad", "2030-01-01T12:00:00Z", want.version, configuration(before))
    notes = {names.ROLLED_BACK: why.text, names.FAILED_VERSION: why.failed, names.LAST_READY: "h1"}
    deployed(failing, versions.version(RUNNING), RUNNING, **notes)
    failing.kube.listed["ReplicaSet"] = [replica_set("h1", revision=2, template=RUNNING)]
    if there:
        appears(failing, 8, **there)
    else:
        failing.referents.drop(SETTINGS, 9)
    await failing.reconcile()
    (body,) = [each for each in failing.kube.bodies if each["kind"] == "Deployment"]
    image = body["spec"]["template"]["spec"]["containers"][0]["image"]
    assert image == ("myapp:latest" if tried else "myapp:1")
    assert (names.ROLLED_BACK in body["metadata"]["annotations"]) is not tried


@pytest.fixture
async def ready_world() -> World:
    """A MyApp with a reference that is complete and says so."""
    found = world("url")
    found.watch_brings_children()
    await found.reconcile()
    found.watch_brings_status()
    assert found.reason() == "Ready"
    return found


async def test_without_the_right_to_read_an_object_its_keys_are_not_checked() -> None:
    new = world("colour")
    new.kube.fails["read ConfigMap"] = refusal(403, "no", reason="Forbidden")
    await new.reconcile()
    assert "create Deployment" in new.kube.requests


@pytest.mark.parametrize("error", [UnreachableError("no answer"), refusal(503, "busy")], ids=["none", "busy"])
async def test_without_an_answer_nothing_is_written(error: OperatorError) -> None:
    new = world("url")
    new.kube.fails["read ConfigMap"] = error
    with pytest.raises(type(error)):
        await new.reconcile()
    assert new.kube.requests == ["read ConfigMap"]


async def test_two_apps_that_ask_at_once_read_an_object_once() -> None:
    found = world("url")
    reads: list[Key] = []

    class Slow:
        async def whole(self, kind: names.Kind, key: Key) -> Json:
            reads.append(key)
            await asyncio.sleep(0)
            return found.kube.there[kind.kind]

    both = gate.Gate(cast(Kube, Slow()), found.store, found.referents)
    spec = parse_spec(found.app.spec)
    apps = [found.app, replace(found.app, key=Key("default", "other"))]
    await asyncio.gather(*(both.passage(each, spec, desired.build(each, spec)) for each in apps))
    assert len(reads) == 1


async def test_an_object_of_very_many_keys_is_read_again_only_for_keys_that_nobody_asked_for_before() -> None:
    found = world("url")
    appears(found, 6, **{f"k{number}": "x" for number in range(300)}, url="http://db", other="x")
    apps = [found.app]
    for key in ("other", "none"):
        variable = {"name": "B", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": key}}}
        apps.append(replace(found.app, key=Key("default", key), spec={**found.app.spec, "env": [variable]}))
    before_all = gate.Gate(cast(Kube, found.kube), found.store, found.referents)
    for expected in (3, 0):
        before = found.kube.requests.count("read ConfigMap")
        for each in apps:
            spec = parse_spec(each.spec)
            passage = await before_all.passage(each, spec, desired.build(each, spec))
            assert (names.DEPLOYMENT in passage.obstacles or len(passage.wanted) < 2) is (each.key.name == "none")
        assert found.kube.requests.count("read ConfigMap") - before == expected


async def test_an_app_that_refers_to_hundreds_reads_few_at_a_time_and_others_read_meanwhile() -> None:
    found = world("url")
    running = most = 0
    read: list[str] = []

    class Slow:
        async def whole(self, kind: names.Kind, key: Key) -> Json:
            nonlocal running, most
            running += 1
            most = max(most, running)
            await asyncio.sleep(0.001)
            running -= 1
            read.append(key.name)
            return {"metadata": {"name": key.name, "namespace": "default", "uid": "u", "resourceVersion": "5"}}

    both = gate.Gate(cast(Kube, Slow()), found.store, found.referents)
    maps = [f"map-{number}" for number in range(100)]
    for name in [*maps, "single"]:
        found.referents.put(Target(names.CONFIG_MAP, "default", name), Referent(5))
    sources = {
        "greedy": [{"name": each, "valueFrom": {"configMapKeyRef": {"name": each, "key": "a"}}} for each in maps],
        "modest": [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "single", "key": "a"}}}],
    }
    apps = [
        replace(found.app, key=Key("default", name), spec={"image": "a", "env": env}) for name, env in sources.items()
    ]
    specs = [parse_spec(each.spec) for each in apps]
    await asyncio.gather(
        *(both.passage(each, spec, desired.build(each, spec)) for each, spec in zip(apps, specs, strict=True))
    )
    assert len(read) == 101
    assert most <= 4
    assert "single" in read[:6]


async def test_what_was_read_costs_no_task_at_the_next_look() -> None:
    """An app may have thousands of references."""
    known = world("url")
    await known.reconcile()
    assert "read ConfigMap" in known.kube.requests
    tasks = 0

    def count(loop: asyncio.AbstractEventLoop, coro: Any, **options: Any) -> asyncio.Task[Any]:
        nonlocal tasks
        tasks += 1
        return asyncio.Task(coro, loop=loop, **options)

    asyncio.get_running_loop().set_task_factory(count)
    await known.reconcile()
    assert tasks == 0


async def test_an_app_that_is_gone_is_forgotten() -> None:
    gone = world("url")
    await gone.reconcile()
    assert gone.referents.users(SETTINGS) == {KEY}
    gone.store.drop_app(KEY, "uid-1")
    await gone.reconcile()
    assert gone.referents.users(SETTINGS) == set()


async def test_a_foreign_deployment_is_told_and_not_what_is_missing() -> None:
    new = world()
    new.watch_brings_children()
    child = replace(new.store.children(KEY)[DEPLOYMENT], owner=None, resource_version=60)
    new.store.put_child(KEY, DEPLOYMENT, child)
    await new.reconcile()
    assert new.reason() == "NotOwned"


# Restart on a change of the configuration


def configuration(of: World) -> Json:
    """The annotations on the pods that were written last."""
    (body,) = [each for each in of.kube.bodies if each["kind"] == "Deployment"][-1:]
    found: Json = body["spec"]["template"]["metadata"].get("annotations") or {}
    return found


async def test_the_pods_carry_a_hash_only_if_they_follow_their_configuration() -> None:
    plain, following = world("url"), world("url", rollout={"restartOnConfigChange": True})
    for each in (plain, following):
        await each.reconcile()
    assert configuration(plain) == {}
    assert configuration(following).keys() == {names.CONFIGURATION[names.CONFIG_MAP]}


async def test_a_changed_value_that_is_used_changes_the_pods_and_another_does_not() -> None:
    following = world("url", rollout={"restartOnConfigChange": True})
    await following.reconcile()
    first = configuration(following)
    for version, data in ((6, {"url": "http://db", "more": "x"}), (7, {"url": "http://other"})):
        following.watch_brings_children()
        appears(following, version, **data)
        await following.reconcile()
        assert (configuration(following) == first) is (version == 6)


async def test_what_is_lost_restarts_nothing() -> None:
    following = world("url", rollout={"restartOnConfigChange": True})
    await following.reconcile()
    (body,) = [each for each in following.kube.bodies if each["kind"] == "Deployment"]
    following.watch_brings_children(SERVICE)
    known = complete(body["metadata"]["annotations"][names.APPLIED], following.store.children(KEY)[DEPLOYMENT])
    status = rollout(configuration=configuration(following))
    following.store.put_child(KEY, DEPLOYMENT, replace(known, rollout=status))
    following.referents.drop(SETTINGS, 9)
    await following.reconcile()
    assert following.kube.requests == []


def stands_there(of: World, body: Json) -> None:
    """The watch brings the Deployment as it was written, complete."""
    annotations, pods = body["metadata"]["annotations"], body["spec"]["template"]["metadata"].get("annotations") or {}
    known = complete(annotations[names.APPLIED], of.store.children(KEY)[DEPLOYMENT])
    status = rollout(configuration=pods)
    version = of.kube.next_version()
    there = replace(known, template=annotations[names.TEMPLATE], rollout=status, resource_version=version)
    of.store.put_child(KEY, DEPLOYMENT, there)


async def test_a_configuration_that_changes_each_second_restarts_the_pods_ever_less_often(wait: Clock) -> None:
    following = world("url", rollout={"restartOnConfigChange": True})
    await following.reconcile()
    body, restarts, again = following.kube.bodies[0], 0, None
    for second in range(60):
        stands_there(following, body)
        appears(following, 6 + second, url=f"http://db-{second}")
        again = await following.reconcile()
        if "apply Deployment" in following.kube.requests:
            body, restarts = following.kube.applied["Deployment"], restarts + 1
        wait(1.0)
    assert restarts == 4, "after 0, 5, 15 and 35 seconds"
    assert again == pytest.approx(16, abs=1)


async def test_a_restart_is_noted_with_what_has_changed(wait: Clock) -> None:
    following = world("url", rollout={"restartOnConfigChange": True})
    await following.reconcile()
    stands_there(following, following.kube.bodies[0])
    await following.reconcile()
    appears(following, 6, url="http://other")
    await following.reconcile()
    note = json.loads(following.kube.applied["Deployment"]["metadata"]["annotations"][names.ROLLOUT])
    assert (note["restart"], note["what"]) == (True, 'ConfigMap "settings" changed')


def spec_is(of: World, **fields: Any) -> None:
    """The user changes the MyApp."""
    newer = {"generation": of.app.generation + 1, "resource_version": of.app.resource_version + 500}
    of.app = replace(of.app, spec=of.app.spec | fields, **newer)
    of.store.put_app(of.app)


@pytest.mark.parametrize(
    "meanwhile",
    [
        pytest.param([{"image": "myapp:2"}], id="another version"),
        pytest.param([{"rollout": {}}, {"rollout": {"restartOnConfigChange": True}}], id="switched off and on"),
    ],
)
async def test_a_change_of_the_myapp_brings_no_older_configuration_back(wait: Clock, meanwhile: list[Json]) -> None:
    following = world("url", rollout={"restartOnConfigChange": True})
    await following.reconcile()
    stands_there(following, following.kube.bodies[0])
    appears(following, 6, url="http://second")
    await following.reconcile()
    stands_there(following, following.kube.applied["Deployment"])
    second = configuration(following)
    for number, fields in enumerate([*meanwhile, {}]):
        spec_is(following, **fields)
        appears(following, 7 + number, url=f"http://later-{number}")
        wait(0.1)
        await following.reconcile()
        stands_there(following, following.kube.applied["Deployment"])
        assert following.kube.applied["Deployment"]["spec"]["template"]["metadata"].get("annotations") != second


async def test_a_myapp_of_the_same_name_follows_its_configuration_at_once(wait: Clock) -> None:
    following = world("url", rollout={"restartOnConfigChange": True})
    await following.reconcile()
    stands_there(following, following.kube.bodies[0])
    appears(following, 6, url="http://second")
    await following.reconcile()
    stands_there(following, following.kube.applied["Deployment"])
    following.app = replace(following.app, uid="uid-2", resource_version=900)
    following.store.put_app(following.app)
    child = following.store.children(KEY)[DEPLOYMENT]
    of_the_new = replace(child, owner=child.owner and replace(child.owner, uid="uid-2"), resource_version=901)
    following.store.put_child(KEY, DEPLOYMENT, of_the_new)
    appears(following, 7, url="http://third")
    await following.reconcile()
    assert "apply Deployment" in following.kube.requests
