"""The plan: what is created, applied, deleted, left alone, and when a failed write is tried again."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from myapp_operator import attempts as tried_before
from myapp_operator import names, plan
from myapp_operator.attempts import NUDGING, Attempt, Step, Verb
from myapp_operator.desired import Wanted
from myapp_operator.fights import EXISTENCE, Fight
from myapp_operator.names import Kind, Reason
from myapp_operator.observed import Child
from myapp_operator.owners import Owner
from myapp_operator.plan import Todo
from myapp_operator.refusals import Obstacle, Refused, Retry
from myapp_operator.rollback_note import RolledBack
from tests.unit.samples import app, applied, owner, progressing, refused_pods, rollout, wanted, written

DEPLOYMENT, SERVICE = names.DEPLOYMENT, names.SERVICE
WANTED = wanted()
FINE = {kind: applied(want, rollout=rollout()) for kind, want in WANTED.items() if want.body}
NO_PODS = rollout(conditions=refused_pods("exceeded quota"))
REJECTED = Refused(Reason.REJECTED, "no")
FORBIDDEN = Refused(Reason.FORBIDDEN, "no")
NOW = 1000.0


def make(
    children: Mapping[Kind, Child],
    *,
    wants: Mapping[Kind, Wanted] = WANTED,
    attempts: Mapping[Kind, Attempt] | None = None,
    now: float = NOW,
) -> Todo:
    return plan.make(wants.values(), children, app(), attempts or {}, now)


def with_deployment(**changes: object) -> dict[Kind, Child]:
    return FINE | {DEPLOYMENT: replace(FINE[DEPLOYMENT], **changes)}  # type: ignore[arg-type]


def only_step(todo: Todo) -> Step:
    (step,) = todo.steps
    return step


# What is to be done


def test_what_is_missing_is_created() -> None:
    todo = make({})
    assert [(step.verb, step.name) for step in todo.steps] == [
        (Verb.CREATE, "myapp-deployment"),
        (Verb.CREATE, "myapp-service"),
    ]
    assert [step.body for step in todo.steps] == [written(WANTED[kind]) for kind in FINE]
    assert todo.creates


def test_an_app_as_wanted_needs_nothing() -> None:
    assert make(FINE) == Todo(as_wanted=frozenset(WANTED))
    assert not make(FINE).creates


def test_what_failed_is_forgotten_as_soon_as_another_version_is_asked_for() -> None:
    """Even if that is just what runs: asked for once more, the failed one is to be tried."""
    failed = RolledBack(1, "Evicted", "it was put out", "2030-01-01T12:00:00Z", "another")
    step = only_step(make(with_deployment(rolled_back=failed)))
    assert (step.verb, step.body, step.reverts) == (Verb.APPLY, written(WANTED[DEPLOYMENT]), ())
    noting = {**WANTED, DEPLOYMENT: replace(WANTED[DEPLOYMENT], notes={names.ROLLED_BACK: failed.text})}
    assert make(with_deployment(rolled_back=failed), wants=noting).steps == ()


def test_another_spec_is_applied_to_just_the_object_that_was_seen() -> None:
    step = only_step(make(FINE, wants=wanted(replicas=3)))
    assert (step.verb, step.uid, step.resource_version) == (Verb.APPLY, "uid-child", 20)
    assert step.body == written(wanted(replicas=3)[DEPLOYMENT])
    assert (step.why, step.reverts) == ("changed", ())


NO_REPLICAS = (
    '{"f:metadata":{},"f:spec":{"f:selector":{},"f:template":{},"f:strategy":{},"f:minReadySeconds":{},'
    '"f:progressDeadlineSeconds":{},"f:revisionHistoryLimit":{}}}'
)
"""Our entry of managedFields after others took replicas and paused."""


def test_what_others_changed_is_reverted_and_named() -> None:
    step = only_step(make(with_deployment(fields=NO_REPLICAS)))
    assert (step.verb, step.why) == (Verb.APPLY, "reverts spec.replicas, reverts spec.paused")
    assert step.reverts == ("spec.replicas", "spec.paused")


@pytest.mark.parametrize("change", [{"awaited": True}, {"deleting": True}], ids=str)
def test_nothing_is_written_to_a_child_that_the_watch_must_tell_of_first(change: dict[str, bool]) -> None:
    assert make(with_deployment(applied="old", **change)).steps == ()


def test_only_what_is_surely_as_wanted_counts_as_wanted() -> None:
    assert make(with_deployment(awaited=True)).as_wanted == WANTED.keys() - {DEPLOYMENT}
    assert make(with_deployment(applied="old")).as_wanted == WANTED.keys() - {DEPLOYMENT}
    assert make({SERVICE: FINE[SERVICE]}).as_wanted == WANTED.keys() - {DEPLOYMENT}


# What is on its way out


@pytest.mark.parametrize(
    ("finalizers", "words"),
    [
        pytest.param(
            ("example.com/lb",),
            'it is held by "example.com/lb": see that the controller of that finalizer runs, or remove the finalizer '
            "with: kubectl -n default edit service myapp-service",
            id="held by a controller",
        ),
        pytest.param(("foregroundDeletion", "a/b", "c/d"), 'it is held by "a/b", "c/d": see', id="by two of them"),
        pytest.param(("foregroundDeletion",), "waits until all that it owns is gone: look for pods", id="by its pods"),
        pytest.param(("orphan",), "has let go of all that it owns: see that kube-controller-manager", id="by orphans"),
        pytest.param((), "is made anew as soon as it is gone", id="by nothing"),
    ],
)
@pytest.mark.parametrize("of", [{}, {"owner": None}, {"owner": owner("u", "shop", "Shop")}], ids=["ours", "no", "x"])
def test_a_child_that_is_being_deleted_is_waited_for_and_what_holds_it_is_named(
    of: dict[str, Any], finalizers: tuple[str, ...], words: str
) -> None:
    todo = make(FINE | {SERVICE: replace(FINE[SERVICE], deleting=True, finalizers=finalizers, **of)})
    assert todo.steps == ()
    verdict = todo.obstacles[SERVICE].verdict
    assert isinstance(verdict, Refused)
    assert verdict.reason is Reason.WAITING
    assert verdict.message.startswith(
        'Service "myapp-service" is being deleted, and is made anew as soon as it is gone'
    )
    assert words in verdict.message


# What is not ours

FOREIGN: list[tuple[str, Owner | None, Reason, str]] = [
    ("of nobody", None, Reason.NOT_OWNED, 'Deployment "myapp-deployment" exists and is not controlled by this MyApp'),
    ("of a Helm chart's object", owner("u", "shop", "Shop", "x/v1"), Reason.NOT_OWNED, 'controlled by Shop "shop"'),
    ("of another MyApp", owner("u", "other"), Reason.NOT_OWNED, 'is controlled by MyApp "other"'),
    ("of a MyApp of another group", owner("u", api="x.org/v1"), Reason.NOT_OWNED, 'is controlled by MyApp "myapp"'),
    ("of an earlier MyApp of this name", owner("u"), Reason.WAITING, "still belongs to an earlier MyApp of this name"),
]


@pytest.mark.parametrize(("of", "reason", "words"), [pytest.param(*row[1:], id=row[0]) for row in FOREIGN])
def test_an_object_that_is_not_ours_is_left_alone_and_told(of: Owner | None, reason: Reason, words: str) -> None:
    todo = make(with_deployment(owner=of, applied="old"))
    assert todo.steps == ()
    verdict = todo.obstacles[DEPLOYMENT].verdict
    assert isinstance(verdict, Refused)
    assert verdict.reason is reason
    assert words in verdict.message
    assert todo.obstacles[DEPLOYMENT].lasting


def test_not_owned_says_what_to_do() -> None:
    assert plan.foreign(SERVICE, app(), None).message == (
        'Service "myapp-service" exists and is not controlled by this MyApp: '
        "delete it, give the MyApp another name, or let the MyApp take it over, to live and die with it: "
        "kubectl -n default annotate service myapp-service apps.example.com/adopt=true"
    )


def test_what_somebody_else_controls_is_not_offered_to_be_taken_over() -> None:
    assert plan.foreign(SERVICE, app(), owner("u", "shop", "Shop", "x/v1")).message == (
        'Service "myapp-service" is controlled by Shop "shop": delete it, or give the MyApp another name'
    )


def test_a_foreign_object_does_not_stop_the_other_child() -> None:
    assert only_step(make({DEPLOYMENT: replace(FINE[DEPLOYMENT], owner=None)})).kind == SERVICE


# What is no longer wanted


def test_a_child_that_is_no_longer_wanted_is_deleted() -> None:
    step = only_step(make(FINE, wants=WANTED | {SERVICE: Wanted(SERVICE)}))
    assert (step.verb, step.name, step.uid, step.resource_version) == (Verb.DELETE, "myapp-service", "uid-child", 20)


@pytest.mark.parametrize(
    "found",
    [
        pytest.param({}, id="it is not there"),
        pytest.param({SERVICE: replace(FINE[SERVICE], owner=None)}, id="it is not ours"),
        pytest.param({SERVICE: replace(FINE[SERVICE], owner=owner("other"))}, id="it is of another MyApp"),
        pytest.param({SERVICE: replace(FINE[SERVICE], deleting=True)}, id="it ends already"),
    ],
)
def test_nothing_is_deleted_that_we_did_not_make(found: dict[Kind, Child]) -> None:
    todo = make({DEPLOYMENT: FINE[DEPLOYMENT], **found}, wants=WANTED | {SERVICE: Wanted(SERVICE)})
    assert todo.steps == ()
    assert todo.obstacles == {}


# What failed


def attempt(kind: Kind = DEPLOYMENT, **changes: object) -> dict[Kind, Attempt]:
    tried = Attempt(WANTED[kind].applied, FORBIDDEN, count=1, since=NOW - 1, not_before=NOW + 4)
    return {kind: replace(tried, **changes)}  # type: ignore[arg-type]


def test_a_refused_write_waits_for_its_time_and_is_told() -> None:
    todo = make({SERVICE: FINE[SERVICE]}, attempts=attempt())
    assert todo.steps == ()
    assert todo.obstacles == {DEPLOYMENT: Obstacle(FORBIDDEN, lasting=True)}
    assert todo.again == 4.0


def test_a_refused_write_is_tried_again_when_its_time_has_come() -> None:
    todo = make({SERVICE: FINE[SERVICE]}, attempts=attempt(), now=NOW + 4)
    assert only_step(todo).verb is Verb.CREATE
    assert todo.again is None


def test_another_spec_does_not_wait_for_the_failures_of_the_last_one() -> None:
    assert only_step(make({SERVICE: FINE[SERVICE]}, wants=wanted(replicas=3), attempts=attempt())).verb is Verb.CREATE


def test_the_first_of_several_pauses_counts() -> None:
    assert make({}, attempts=attempt() | attempt(SERVICE, not_before=NOW + 2)).again == 2.0


@pytest.mark.parametrize(("seconds", "lasting"), [(14.9, False), (15.0, True)])
def test_a_failure_that_may_pass_is_told_once_it_lasts(seconds: float, lasting: bool) -> None:
    retry = Retry("overloaded")
    todo = make({SERVICE: FINE[SERVICE]}, attempts=attempt(verdict=retry, since=NOW - seconds))
    assert todo.obstacles == {DEPLOYMENT: Obstacle(retry, lasting)}


# Nudges: the controller of a Deployment that was refused pods pauses for minutes; an annotation wakes it up


def nudge_of(step: Step) -> str | None:
    annotations = step.body["metadata"]["annotations"]
    assert annotations[names.APPLIED] == WANTED[DEPLOYMENT].applied
    return annotations.get(names.NUDGE)  # type: ignore[no-any-return]


def test_a_deployment_that_was_refused_pods_is_nudged() -> None:
    step = only_step(make(with_deployment(rollout=NO_PODS, nudge=4)))
    assert (step.verb, step.attempt, step.uid, step.resource_version) == (Verb.APPLY, NUDGING, "uid-child", 20)
    assert nudge_of(step) == "5"


def test_a_deployment_that_was_refused_a_replica_set_is_nudged_though_it_never_answers() -> None:
    """After some tries its controller gives up for good."""
    refused = rollout(conditions=progressing("ReplicaSetCreateError"))
    assert only_step(make(with_deployment(rollout=refused, generation=2))).attempt == NUDGING
    assert make(with_deployment(rollout=refused, generation=2, awaited=True)).steps == ()


def test_a_nudge_carries_on_what_the_deployment_remembers() -> None:
    noted = {**WANTED, DEPLOYMENT: replace(WANTED[DEPLOYMENT], notes={names.LAST_READY: "5d9f"})}
    todo = make(with_deployment(rollout=NO_PODS), wants=noted)
    assert only_step(todo).body["metadata"]["annotations"][names.LAST_READY] == "5d9f"


def test_the_next_nudge_waits_longer_and_is_no_obstacle() -> None:
    before = tried_before.nudged(Step(Verb.APPLY, DEPLOYMENT, "myapp-deployment", attempt=NUDGING), None, NOW)
    todo = make(with_deployment(rollout=NO_PODS, nudge=1), attempts={DEPLOYMENT: before})
    assert (todo.steps, todo.obstacles, todo.again) == ((), {}, 1.0)
    second = tried_before.nudged(Step(Verb.APPLY, DEPLOYMENT, "myapp-deployment", attempt=NUDGING), before, NOW)
    assert second.not_before - NOW == 2.0


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"rollout": rollout()}, id="all pods are there"),
        pytest.param({"rollout": rollout(conditions=progressing("ReplicaSetUpdated"))}, id="it rolls out"),
        pytest.param({"rollout": NO_PODS, "generation": 2}, id="it has not looked at our last write"),
        pytest.param({"rollout": NO_PODS, "awaited": True}, id="our last write is not back"),
        pytest.param({"rollout": NO_PODS, "owner": None}, id="it is not ours"),
    ],
)
def test_no_nudge_where(changes: dict[str, object]) -> None:
    assert make(with_deployment(**changes)).steps == ()


def test_a_change_is_applied_at_once_whatever_was_nudged_and_keeps_the_count() -> None:
    tried = Attempt(NUDGING, None, 9, NOW, NOW + 60)
    found = with_deployment(rollout=NO_PODS, nudge=9, fields='{"f:metadata":{}}')
    step = only_step(make(found, attempts={DEPLOYMENT: tried}))
    assert step.attempt == WANTED[DEPLOYMENT].applied
    assert nudge_of(step) == "9"


def test_without_a_nudge_nothing_of_it_is_written() -> None:
    step = only_step(make(with_deployment(fields='{"f:metadata":{}}')))
    assert nudge_of(step) is None


# Fights: the next revert waits


def in_a_fight(children: Mapping[Kind, Child], *, wants: Mapping[Kind, Wanted] = WANTED, now: float = NOW) -> Todo:
    fight = Fight("spec.replicas", "flux", not_before=NOW + 30, until=NOW + 600)
    return plan.hold_back(make(children, wants=wants, now=now), {DEPLOYMENT: fight}, {}, now)


def test_a_revert_waits_for_the_end_of_the_pause_and_the_child_counts_as_lost() -> None:
    todo = in_a_fight(with_deployment(fields=NO_REPLICAS))
    assert (todo.steps, todo.again) == ((), 30)
    assert todo.fights[DEPLOYMENT].lost
    assert DEPLOYMENT not in todo.as_wanted


def test_a_revert_is_made_when_the_pause_is_over() -> None:
    todo = in_a_fight(with_deployment(fields=NO_REPLICAS), now=NOW + 30)
    assert only_step(todo).reverts
    assert not todo.fights[DEPLOYMENT].lost


def test_a_child_as_wanted_is_not_lost_and_the_fight_is_looked_at_again_when_it_is_forgotten() -> None:
    todo = in_a_fight(FINE)
    assert (todo.steps, todo.again) == ((), 600)
    assert not todo.fights[DEPLOYMENT].lost


def test_a_change_of_the_myapp_does_not_wait() -> None:
    assert only_step(in_a_fight(FINE, wants=wanted(image="other:1"))).kind == DEPLOYMENT


def test_a_fight_about_one_child_does_not_hold_up_the_other() -> None:
    only = in_a_fight(with_deployment(fields=NO_REPLICAS) | {SERVICE: replace(FINE[SERVICE], fields="")})
    assert only_step(only).kind == SERVICE


IN_BOTH = (
    {SERVICE: Fight("spec.ports", "kubectl", not_before=NOW + 300, until=NOW + 600)},
    {SERVICE: Fight(EXISTENCE, "", not_before=NOW - 100, until=NOW + 400)},
)
"""The Service is fought for twice: its next revert waits, its next recreation does not."""


def test_a_revert_waits_for_its_own_fight_where_the_child_was_deleted_again_and_again_too() -> None:
    todo = plan.hold_back(make(FINE | {SERVICE: replace(FINE[SERVICE], fields="")}), *IN_BOTH, NOW)
    assert (todo.steps, todo.again) == ((), 300)
    assert todo.fights[SERVICE].path == "spec.ports"
    assert todo.fights[SERVICE].lost


def test_a_recreation_waits_for_its_own_fight_where_the_child_is_changed_again_and_again_too() -> None:
    missing = make({DEPLOYMENT: FINE[DEPLOYMENT]})
    recreation = replace(missing, steps=tuple(replace(step, recreates=True) for step in missing.steps))
    assert only_step(plan.hold_back(recreation, *IN_BOTH, NOW)).recreates
    paused = {SERVICE: replace(IN_BOTH[1][SERVICE], not_before=NOW + 30)}
    todo = plan.hold_back(recreation, IN_BOTH[0], paused, NOW)
    assert (todo.steps, todo.again) == ((), 30)
    assert todo.fights[SERVICE].path == EXISTENCE


def test_without_a_fight_the_plan_is_what_it_was() -> None:
    todo = make({SERVICE: FINE[SERVICE]}, attempts=attempt())
    assert plan.hold_back(todo, {}, {}, NOW) == todo


# What an app may do without

BUDGET, ROUTE = names.PDB, names.ROUTE
THREE = wanted(replicas=3, disruptionBudget={"minAvailable": 2})


def with_budget(**changes: object) -> dict[Kind, Child]:
    return FINE | {BUDGET: replace(applied(THREE[BUDGET]), **changes)}  # type: ignore[arg-type]


def test_what_is_no_longer_wanted_is_deleted_just_as_it_was_seen() -> None:
    step = only_step(make(with_budget(uid="uid-pdb", resource_version=33)))
    assert (step.verb, step.name, step.uid, step.resource_version) == (Verb.DELETE, "myapp-pdb", "uid-pdb", 33)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"owner": None}, id="nobody's"),
        pytest.param({"owner": owner("other", "shop", "Shop")}, id="another controller's"),
        pytest.param({"owner": owner("uid-earlier")}, id="of an earlier MyApp of this name"),
        pytest.param({"owner": None, "offered": True}, id="offered to whoever wants it"),
        pytest.param({"deleting": True}, id="on its way already"),
        pytest.param({"awaited": True}, id="deleted a moment ago"),
    ],
)
def test_what_is_not_wanted_and_not_ours_is_neither_deleted_nor_told(changes: dict[str, object]) -> None:
    todo = make(with_budget(**changes))
    assert (todo.steps, todo.obstacles) == ((), {})


def test_what_the_cluster_has_no_api_for_is_not_tried_but_told_only_to_who_wants_it() -> None:
    with_route = wanted(route={"gateway": {"name": "public"}})
    todo = plan.keep_off(make({}, wants=with_route), with_route.values(), {ROUTE})
    assert [step.kind for step in todo.steps] == [DEPLOYMENT, SERVICE]
    assert todo.obstacles == {ROUTE: Obstacle(plan.not_installed(ROUTE))}
    assert plan.not_installed(ROUTE).reason is Reason.REFERENCE_MISSING
    without = plan.keep_off(make({}), WANTED.values(), {ROUTE})
    assert (len(without.steps), without.obstacles) == (2, {})


def test_a_child_that_cannot_be_read_is_left_alone_and_told() -> None:
    todo = make(FINE | {SERVICE: replace(FINE[SERVICE], owner=None, problem=True)})
    assert todo.steps == ()
    assert todo.obstacles[SERVICE] == Obstacle(
        Refused(
            Reason.REJECTED,
            'Service "myapp-service" cannot be read: delete it with kubectl -n default delete service myapp-service',
        )
    )
