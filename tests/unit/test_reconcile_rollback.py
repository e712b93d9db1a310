"""Going back within the recipe: what it reads and writes, and that it may end at any point."""

import json
from dataclasses import replace
from typing import Any

import pytest

from myapp_operator import desired, names, templates, versions
from myapp_operator.causes import Cause
from myapp_operator.errors import OperatorError, UnreachableError
from myapp_operator.grammar import Json
from myapp_operator.looks import Looks, Situation
from myapp_operator.model import parse_spec
from myapp_operator.names import Reason
from myapp_operator.observed import Child
from myapp_operator.references import Referent, Target
from myapp_operator.rollback_note import RolledBack
from tests.unit.samples import KEY, app, applied, progressing, refusal, rollout
from tests.unit.versions import NEW, OLD, replica_set
from tests.unit.world import DEPLOYMENT, FORBIDDEN, SERVICE, Clock, World

GIVEN_UP = rollout(replicas=3, updated=1, conditions=progressing("ProgressDeadlineExceeded"))
CRASH = Cause(Reason.CRASH_LOOP_BACK_OFF, "it crashes")
BACK = RolledBack(1, "CrashLoopBackOff", "it crashes", "2030-01-01T12:00:00Z")
NO_WAY_BACK = "no other version is known to have been Ready, so there is none to go back to"
NO_RIGHT = refusal(403, 'replicasets.apps is forbidden: User "operator" cannot list resource', reason="Forbidden")


class Release(World):
    """An app with autoRollback. Its first version, h1, was Ready; its second, h2, is rolled out."""

    def __init__(self, **of_deployment: Any) -> None:
        super().__init__(app(spec={"image": "myapp:2", "port": 8080, "rollout": {"autoRollback": True}}))
        self.kube.listed["ReplicaSet"] = [replica_set("h1"), replica_set("h2", revision=2, template=NEW)]
        self.deployment_is(**{"rollout": GIVEN_UP, "last_ready": "h1"} | of_deployment)
        self.store.put_child(KEY, SERVICE, applied(self.wants()[SERVICE], uid="uid-service"))

    def wants(self) -> dict[names.Kind, desired.Wanted]:
        """What the MyApp asks for."""
        return {each.kind: each for each in desired.build(self.app, parse_spec(self.app.spec))}

    def deployment_is(self, **changes: Any) -> None:
        """The watch brings the Deployment, as applied but for these changes."""
        brought = applied(self.wants()[DEPLOYMENT], resource_version=self.kube.next_version())
        self.store.put_child(KEY, DEPLOYMENT, replace(brought, **changes))

    def was_looked_at(self, **changes: Any) -> None:
        """A look has found a crash, after the deadline had passed."""
        template = self.wants()[DEPLOYMENT].template
        then = Situation(1, template, version=20, complete=False, refused=False, told=False, pods=2, overdue=True)
        looks = Looks(situation=then, due=None, overdue=True, cause=CRASH)
        self.store.memory(self.app).looks = replace(looks, **changes)

    def notes(self) -> dict[str, str]:
        """What the last write to the Deployment has noted there, beside the version that it brings."""
        body = self.kube.applied["Deployment"]
        notes = {name: value for name, value in body["metadata"]["annotations"].items() if name in names.CARRIED}
        assert notes.pop(names.TEMPLATE) == versions.version(body["spec"]["template"])
        del notes[names.ROLLOUT]
        return notes

    def noted(self) -> RolledBack | None:
        """Why that write goes back, or stays there."""
        notes = self.notes()
        return RolledBack.from_text(notes[names.ROLLED_BACK], notes[names.FAILED_VERSION])


@pytest.fixture
def failed() -> Release:
    release = Release()
    release.was_looked_at()
    return release


@pytest.fixture
def back() -> Release:
    """Gone back, and this run of the operator has just started."""
    return gone_back(OLD)


def gone_back(template: Json) -> Release:
    """Gone back to this template."""
    release = Release()
    want = templates.with_template(release.wants()[DEPLOYMENT], template)
    again = replica_set("h1", revision=3, template=template)
    release.kube.listed["ReplicaSet"] = [again, replica_set("h2", revision=2, template=NEW)]
    release.deployment_is(
        applied=want.applied, template=want.version, rolled_back=BACK, last_ready="h1", rollout=rollout()
    )
    return release


async def test_the_pods_are_looked_at_before_anything_is_told_or_done() -> None:
    release = Release()
    release.was_looked_at(overdue=False, due=0.0)
    assert await release.reconcile() == 0.0
    assert release.kube.requests == ["list ReplicaSet", "list Pod"]


async def test_going_back_is_one_list_and_one_write_a_child(failed: Release) -> None:
    await failed.reconcile()
    assert failed.kube.requests[:3] == ["list ReplicaSet", "apply Deployment", "apply Service"]
    assert failed.kube.applied["Deployment"]["spec"]["template"] == OLD
    assert failed.kube.applied["Service"]["spec"]["ports"][0]["targetPort"] == 5000
    noted = failed.noted()
    assert noted is not None
    assert (noted.generation, noted.cause) == (1, "CrashLoopBackOff: it crashes")
    assert failed.notes()[names.LAST_READY] == "h1"


async def test_gone_back_it_costs_nothing_and_says_so(back: Release) -> None:
    await back.reconcile()
    assert back.kube.requests == ["list ReplicaSet", "apply Service", "status"], "the Service had not followed yet"
    assert back.reason() == "RolledBack"
    assert back.kube.status["rollback"]["cause"] == "CrashLoopBackOff: it crashes"
    back.watch_brings_status()
    service = back.kube.applied["Service"]["metadata"]["annotations"][names.APPLIED]
    back.store.put_child(
        KEY,
        SERVICE,
        replace(applied(back.wants()[SERVICE]), applied=service, resource_version=back.kube.next_version()),
    )
    assert await back.reconcile() is None
    assert back.kube.requests == []


async def test_the_image_that_runs_is_shown_though_the_release_before_has_noted_none(back: Release) -> None:
    known = back.store.children(KEY)[DEPLOYMENT]
    newer = replace(known, rollout=rollout(image="myapp:1"), resource_version=back.kube.next_version())
    back.store.put_child(KEY, DEPLOYMENT, newer)
    await back.reconcile()
    assert (back.reason(), back.kube.status["image"]) == ("RolledBack", "myapp:1")


async def test_a_refused_way_back_is_told_and_tried_again(failed: Release) -> None:
    failed.kube.fails["apply Deployment"] = FORBIDDEN
    assert await failed.reconcile() == pytest.approx(1, abs=0.5)
    assert failed.reason() == "Forbidden"


@pytest.mark.parametrize("last_ready", ["h1", ""], ids=["there is a way back", "there is none"])
async def test_what_is_refused_beside_the_pods_keeps_no_release_from_failing(failed: Release, last_ready: str) -> None:
    failed.deployment_is(rollout=GIVEN_UP, last_ready=last_ready)
    failed.store.drop_child(KEY, SERVICE, 999)
    failed.kube.there["MyApp"] = {"metadata": {"uid": "uid-1"}}
    failed.kube.fails["create Service"] = FORBIDDEN
    assert await failed.reconcile() != 0.0, "it would be looked at again and again without a pause"
    assert ("apply Deployment" in failed.kube.requests) is bool(last_ready)
    assert failed.reason() == "Forbidden"


async def test_any_change_tries_anew_and_forgets_why(back: Release) -> None:
    back.app = replace(back.app, generation=2, resource_version=back.app.resource_version + 1)
    back.store.put_app(back.app)
    await back.reconcile()
    assert back.kube.requests[:2] == ["list ReplicaSet", "apply Deployment"]
    assert back.kube.applied["Deployment"]["spec"] == (back.wants()[DEPLOYMENT].body or {})["spec"]
    assert back.notes() == {names.LAST_READY: "h1"}, "the newest ReplicaSet is what was complete"


def changed(release: Release, **spec: Any) -> None:
    """The user edits the MyApp, whose failed version is noted as this release notes it."""
    failed = replace(BACK, version=release.wants()[DEPLOYMENT].version)
    known: Child = release.store.children(KEY)[DEPLOYMENT]
    release.store.put_child(KEY, DEPLOYMENT, replace(known, rolled_back=failed))
    version = release.app.resource_version + 1
    release.app = replace(release.app, generation=2, resource_version=version, spec={**release.app.spec, **spec})
    release.store.put_app(release.app)


async def test_what_does_not_touch_the_pods_is_no_new_try(back: Release) -> None:
    changed(back, replicas=5, service={"port": 81})
    await back.reconcile()
    deployed = back.kube.applied["Deployment"]
    assert (deployed["spec"]["replicas"], deployed["spec"]["template"]) == (5, OLD)
    noted = back.noted()
    assert noted is not None
    assert noted.generation == 1, "the one that failed"


@pytest.mark.parametrize(
    "spec",
    [{"image": "myapp:3"}, {"rollout": {"autoRollback": False}}],
    ids=["other pods", "no going back"],
)
async def test_other_pods_are_tried_and_so_are_the_failed_ones_where_nobody_goes_back(
    back: Release, spec: Json
) -> None:
    changed(back, **spec)
    await back.reconcile()
    want = back.wants()[DEPLOYMENT].body or {}
    assert back.kube.applied["Deployment"]["spec"]["template"] == want["spec"]["template"]
    assert names.ROLLED_BACK not in back.notes()


async def test_what_failed_is_noted_with_its_version(failed: Release) -> None:
    await failed.reconcile()
    noted = failed.noted()
    assert noted is not None
    assert (noted.version, noted.configuration) == (failed.wants()[DEPLOYMENT].version, {})


async def test_a_version_that_runs_and_cannot_be_read_is_left_as_it_is(back: Release) -> None:
    back.kube.listed["ReplicaSet"] = []
    await back.reconcile()
    assert back.kube.requests == ["list ReplicaSet", "status"]
    assert back.reason() == "RolledBack"


async def test_where_the_version_was_cleared_away_one_of_the_same_version_is_what_runs(back: Release) -> None:
    """As after a restart of the pods, with no history kept."""
    restarted = {**OLD, "metadata": {**OLD["metadata"], "annotations": {names.RESTARTED_AT: "2030-01-01T12:00:00Z"}}}
    back.kube.listed["ReplicaSet"] = [replica_set("h9", revision=9, template=restarted)]
    await back.reconcile()
    assert back.kube.applied["Deployment"]["spec"]["template"] == restarted


async def test_where_the_version_was_cleared_away_what_others_brought_about_is_not_taken_for_it(back: Release) -> None:
    back.kube.listed["ReplicaSet"] = [replica_set("h9", revision=9, template=NEW)]
    await back.reconcile()
    assert back.kube.requests == ["list ReplicaSet", "status"]
    assert back.reason() == "RolledBack"


# No way back


@pytest.mark.parametrize(
    ("last_ready", "there"),
    [
        pytest.param("", ["h1", "h2"], id="nothing was Ready before"),
        pytest.param("h2", ["h1", "h2"], id="it was Ready itself before"),
        pytest.param("h1", ["h2"], id="its ReplicaSet was deleted"),
        pytest.param("h1", [], id="nothing can be seen"),
    ],
)
async def test_without_a_version_to_go_back_to_the_failed_one_stays(last_ready: str, there: list[str]) -> None:
    release = Release(last_ready=last_ready)
    release.was_looked_at()
    release.kube.listed["ReplicaSet"] = [replica_set(each, revision=int(each[1:])) for each in there]
    await release.reconcile()
    assert "apply Deployment" not in release.kube.requests
    assert release.reason() == "CrashLoopBackOff"
    assert release.kube.status["message"].endswith(NO_WAY_BACK)


async def test_a_version_whose_account_is_not_open_any_more_is_not_gone_back_to() -> None:
    trusted = {**OLD["spec"], "serviceAccountName": "robot", "automountServiceAccountToken": True}
    release = Release()
    release.was_looked_at()
    release.kube.listed["ReplicaSet"] = [replica_set("h1", template={**OLD, "spec": trusted}), replica_set("h2", 2)]
    robot = Target(names.SERVICE_ACCOUNT, "default", "robot")
    release.referents.replace(names.SERVICE_ACCOUNT, None, {robot: Referent(1)}, 1)
    await release.reconcile()
    assert "apply Deployment" not in release.kube.requests
    assert 'cannot run again: ServiceAccount "robot" is not open to MyApps' in release.kube.status["message"]

    release.referents.put(robot, Referent(2, usable=True))
    await release.reconcile()
    assert release.kube.applied["Deployment"]["spec"]["template"]["spec"] == trusted


async def test_a_version_that_was_gone_back_to_is_told_when_its_account_is_not_open_any_more(clock: Clock) -> None:
    trusted = {**OLD, "spec": {**OLD["spec"], "serviceAccountName": "robot", "automountServiceAccountToken": True}}
    back = gone_back(trusted)
    robot = Target(names.SERVICE_ACCOUNT, "default", "robot")
    back.referents.replace(names.SERVICE_ACCOUNT, None, {robot: Referent(1, usable=True)}, 1)
    await back.reconcile()
    assert back.kube.status["message"].endswith("it crashes")
    assert back.referents.users(robot) == {KEY}, "a change of the account has the app looked at"

    back.watch_brings_status()
    back.referents.put(robot, Referent(2))
    clock.passes(10)
    await back.reconcile()
    assert "apply Deployment" not in back.kube.requests, "it goes on all the same"
    assert back.reason() == "RolledBack"
    told = 'the version that runs goes on, but ServiceAccount "robot" is not open to MyApps: choose another one'
    assert told in back.kube.status["message"]


@pytest.mark.parametrize("error", [UnreachableError("no answer"), refusal(500, "the server is ill")], ids=str)
async def test_without_an_answer_nothing_is_done(failed: Release, error: OperatorError) -> None:
    failed.kube.fails["list ReplicaSet"] = error
    with pytest.raises(type(error)):
        await failed.reconcile()
    assert failed.kube.requests == ["list ReplicaSet"]


async def test_without_the_right_to_see_versions_an_app_is_rolled_out_all_the_same(
    back: Release, caplog: pytest.LogCaptureFixture
) -> None:
    back.app = replace(back.app, generation=2, resource_version=back.app.resource_version + 1)
    back.store.put_app(back.app)
    back.kube.fails["list ReplicaSet"] = NO_RIGHT
    await back.reconcile()
    assert back.notes() == {names.LAST_READY: "h1"}
    assert "grant the rights of deploy/operator/role.yaml" in caplog.text


# Which version was Ready


async def test_a_new_version_notes_which_one_was_ready() -> None:
    first = versions.version(NEW)
    release = Release(rollout=rollout(), applied="of the first version", template=first, last_ready="h0")
    await release.reconcile()
    assert release.kube.requests[:2] == ["list ReplicaSet", "apply Deployment"]
    assert release.notes() == {names.LAST_READY: "h2"}


async def test_what_others_have_made_of_it_is_not_noted_as_the_version_that_was_ready() -> None:
    """`kubectl set image`, and the MyApp is changed before that is taken back."""
    container = {"f:containers": {'k:{"name":"myapp"}': {"f:name": {}}}}
    fields = json.dumps({"f:spec": {"f:template": {"f:metadata": {}, "f:spec": container}}})
    first = versions.version(NEW)
    release = Release(rollout=rollout(), applied="of the first version", template=first, fields=fields)
    await release.reconcile()
    assert release.notes() == {names.LAST_READY: "h1"}


async def test_a_version_that_never_came_up_is_not_noted() -> None:
    release = Release(rollout=GIVEN_UP, applied="of another version")
    await release.reconcile()
    assert release.kube.requests[:1] == ["apply Deployment"]
    assert release.notes() == {names.LAST_READY: "h1"}


async def test_without_auto_rollback_nothing_is_read_or_noted(ready: World) -> None:
    ready.app = replace(ready.app, generation=2, spec={"image": "myapp:2"}, resource_version=900)
    ready.store.put_app(ready.app)
    await ready.reconcile()
    assert ready.kube.requests[:1] == ["apply Deployment"]
    annotations: Json = ready.kube.applied["Deployment"]["metadata"]["annotations"]
    assert annotations.keys() == {names.APPLIED, names.TEMPLATE, names.ROLLOUT}


async def test_what_others_have_changed_is_taken_back_to_the_version_that_runs(back: Release) -> None:
    known: Child = back.store.children(KEY)[DEPLOYMENT]
    fields = '{"f:metadata":{},"f:spec":{"f:template":{}}}'
    changed = replace(known, fields=fields, resource_version=back.kube.next_version())
    back.store.put_child(KEY, DEPLOYMENT, changed)
    await back.reconcile()
    assert back.kube.applied["Deployment"]["spec"]["template"] == OLD
    assert back.notes() == {names.LAST_READY: "h1", names.ROLLED_BACK: BACK.text}
