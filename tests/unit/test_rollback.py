"""When a release has failed for good, what is remembered of it, and which version has proved itself."""

from dataclasses import replace
from typing import Any

import pytest

from myapp_operator import names, rollback
from myapp_operator.attempts import NUDGING, Step, Verb
from myapp_operator.causes import Cause
from myapp_operator.looks import Looks, Situation
from myapp_operator.names import Kind, Reason
from myapp_operator.observed import Child
from myapp_operator.refusals import Obstacle, Refused, Stale
from myapp_operator.rollback_note import RolledBack
from myapp_operator.seen import Seen
from tests.unit.samples import app, applied, child, deployment, progressing, rollout, seen, spec, wanted

AUTO: dict[str, Any] = {"rollout": {"autoRollback": True}}
WANTED = wanted(**AUTO)
GIVEN_UP = rollout(replicas=3, updated=1, conditions=progressing("ProgressDeadlineExceeded"))
COMING = rollout(replicas=3, updated=1, conditions=progressing("ReplicaSetUpdated"))
SITUATION = Situation(generation=1, template="t", version=1, complete=False, refused=False, told=False, overdue=True)
LOOKED = Looks(situation=SITUATION, overdue=True, cause=Cause(Reason.CRASH_LOOP_BACK_OFF, "it crashes"))
BACK = RolledBack(1, "CrashLoopBackOff", "it crashes", "2030-01-01T12:00:00Z")


def children(**of_deployment: Any) -> dict[Kind, Child]:
    """As applied; the arguments are about the Deployment, which has given up."""
    ours = replace(applied(WANTED[names.DEPLOYMENT], rollout=GIVEN_UP), **of_deployment)
    return {names.DEPLOYMENT: ours, names.SERVICE: child()}


def failing(**changes: Any) -> Seen:
    return seen(**{"spec": spec(**AUTO), "children": children(), "looks": LOOKED} | changes)


def is_due(saw: Seen) -> bool:
    return rollback.is_due(saw, [*WANTED.values()])


def test_a_release_that_was_given_up_and_looked_at_has_failed() -> None:
    assert is_due(failing())
    assert rollback.facts(failing()) == BACK


def test_without_a_cause_the_deadline_is_the_cause() -> None:
    saw = failing(looks=replace(LOOKED, cause=None))
    assert is_due(saw)
    assert rollback.facts(saw).reason == "ProgressDeadlineExceeded"


@pytest.mark.parametrize(
    "saw",
    [
        pytest.param(failing(spec=spec()), id="nobody asked for it"),
        pytest.param(failing(children=children(rollout=COMING)), id="it may still come"),
        pytest.param(failing(looks=replace(LOOKED, overdue=False)), id="nobody has looked since it was given up"),
        pytest.param(failing(app=app(generation=2)), id="the looks were at an earlier generation"),
        pytest.param(failing(children=children(awaited=True)), id="our last write is not back"),
        pytest.param(failing(children=children(generation=2)), id="the Deployment has not looked at our last write"),
        pytest.param(failing(children=children(applied="other")), id="another version was given up"),
        pytest.param(failing(children=children(fields='{"f:metadata":{}}')), id="others have changed it"),
        pytest.param(failing(children=children(rolled_back=BACK)), id="it was gone back from already"),
        pytest.param(
            failing(
                children=children(rolled_back=BACK),
                obstacles={names.SERVICE: Obstacle(Refused(Reason.QUOTA_EXCEEDED, "no"))},
            ),
            id="it was gone back from, and something else is refused",
        ),
        pytest.param(failing(children={}), id="there is no Deployment"),
        pytest.param(failing(obstacles={names.DEPLOYMENT: Obstacle(Stale())}), id="somebody was faster"),
    ],
)
def test_a_release_has_not_failed_for_good_while(saw: Seen) -> None:
    assert not is_due(saw)


def test_a_release_that_waits_for_something_has_not_failed() -> None:
    assert not rollback.is_due(failing(), [WANTED[names.SERVICE]])


def test_an_earlier_failure_does_not_save_a_later_generation() -> None:
    looks = replace(LOOKED, situation=replace(SITUATION, generation=2))
    assert is_due(failing(app=app(generation=2), looks=looks, children=children(rolled_back=BACK)))


# What the Deployment carries on


def test_a_write_carries_on_which_version_was_ready_and_why_it_was_gone_back_to() -> None:
    ours = deployment(last_ready="h1")
    assert rollback.notes(ours, failing()) == {names.LAST_READY: "h1"}
    assert rollback.notes(ours, failing(), BACK) == {names.LAST_READY: "h1", names.ROLLED_BACK: BACK.text}
    known = replace(BACK, version="v1", configuration={"key": "digest"})
    told = {names.ROLLED_BACK: BACK.text, names.FAILED_VERSION: known.failed}
    assert rollback.notes(None, failing(), known) == told
    assert rollback.notes(None, failing()) == {}


def test_without_auto_rollback_nobody_takes_note_of_what_becomes_ready() -> None:
    assert rollback.notes(deployment(last_ready="h1"), failing(spec=spec())) == {}


@pytest.mark.parametrize(
    ("ours", "proven"),
    [
        pytest.param(deployment(), True, id="complete"),
        pytest.param(deployment(rollout(ready=1, available=1)), True, id="complete, and a pod was lost since"),
        pytest.param(deployment(rollout(ready=0, available=0)), False, id="complete once, and no pod is left"),
        pytest.param(deployment(rollout(0)), False, id="at zero everything is complete"),
        pytest.param(deployment(COMING), False, id="rolling out"),
        pytest.param(deployment(GIVEN_UP), False, id="given up"),
        pytest.param(
            deployment(rollout(available=1, conditions=progressing("ReplicaSetUpdated"))),
            False,
            id="only one pod of it has come up so far",
        ),
        pytest.param(deployment(rollout(replicas=3)), False, id="on its way back to a version that it knows"),
        pytest.param(deployment(rollout(conditions={})), False, id="nothing is known yet"),
        pytest.param(deployment(generation=2), False, id="its account is about an earlier version"),
        pytest.param(deployment(awaited=True), False, id="our last write is not back"),
        pytest.param(child(), False, id="known by its metadata alone"),
    ],
)
def test_a_version_is_proven_when_it_was_rolled_out_and_answers(ours: Child, proven: bool) -> None:
    assert rollback.is_proven(ours) is proven


APPLY = Step(Verb.APPLY, names.DEPLOYMENT, "myapp-deployment", attempt="hash")


@pytest.mark.parametrize(
    ("step", "may"),
    [
        pytest.param(APPLY, True, id="the MyApp has changed"),
        pytest.param(replace(APPLY, reverts=("spec.replicas",)), False, id="others are taken back"),
        pytest.param(replace(APPLY, attempt=NUDGING), False, id="a nudge"),
        pytest.param(replace(APPLY, verb=Verb.CREATE), False, id="the first version"),
        pytest.param(replace(APPLY, verb=Verb.ADOPT), False, id="somebody else's version"),
        pytest.param(replace(APPLY, kind=names.SERVICE), False, id="a Service"),
    ],
)
def test_what_may_bring_a_new_version(step: Step, may: bool) -> None:
    assert rollback.may_begin_version(step) is may
