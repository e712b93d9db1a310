"""The plan where somebody's object stands in the place of a child: when it is taken over, and when not yet."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from myapp_operator import names, plan
from myapp_operator.attempts import Attempt, Step, Verb
from myapp_operator.desired import Wanted
from myapp_operator.names import Kind, Reason
from myapp_operator.observed import Child
from myapp_operator.plan import Todo
from myapp_operator.refusals import Held, Obstacle, Refused
from tests.unit.samples import app, applied, owner, rollout, wanted, written

DEPLOYMENT, SERVICE = names.DEPLOYMENT, names.SERVICE
WANTED = wanted()
FINE = {kind: applied(want, rollout=rollout()) for kind, want in WANTED.items() if want.body}
FORBIDDEN = Refused(Reason.FORBIDDEN, "no")
NOW = 1000.0


def make(
    children: Mapping[Kind, Child],
    *,
    wants: Mapping[Kind, Wanted] = WANTED,
    attempts: Mapping[Kind, Attempt] | None = None,
) -> Todo:
    return plan.make(wants.values(), children, app(), attempts or {}, NOW)


def only_step(todo: Todo) -> Step:
    (step,) = todo.steps
    return step


def tried(what: str, verdict: Refused) -> dict[Kind, Attempt]:
    return {DEPLOYMENT: Attempt(what, verdict, count=1, since=NOW - 1, not_before=NOW + 4)}


def offered(kind: Kind = DEPLOYMENT, **changes: object) -> dict[Kind, Child]:
    """Somebody's object, annotated, beside a child that is as wanted."""
    theirs: dict[str, Any] = {"owner": None, "applied": "", "offered": True}
    return FINE | {kind: replace(FINE[kind], **theirs | changes)}


@pytest.mark.parametrize(
    ("selector", "words"),
    [
        ("", "exists and is not controlled"),
        ('{"app":"myapp"}', "exists and is not controlled"),
        ('{"app":"theirs"}', "cannot be taken over: it selects its pods by app=theirs for ever"),
        ("{}", "cannot be taken over: it selects its pods by more than labels for ever"),
    ],
)
def test_a_deployment_that_can_never_be_taken_over_is_told_before_it_is_offered(selector: str, words: str) -> None:
    todo = make(offered(offered=False, rollout=rollout(selector=selector)))
    verdict = todo.obstacles[DEPLOYMENT].verdict
    assert isinstance(verdict, Refused)
    assert words in verdict.message


def test_what_its_owner_lets_us_take_over_is_adopted_by_a_write_to_just_that_object() -> None:
    todo = make(offered())
    step = only_step(todo)
    assert (step.verb, step.uid, step.resource_version) == (Verb.ADOPT, "uid-child", 20)
    assert step.body == written(WANTED[DEPLOYMENT])
    assert todo.adopts
    assert todo.obstacles == {}


@pytest.mark.parametrize(
    "changes",
    [pytest.param({"owner": owner("u", "shop", "Shop")}, id="controlled"), pytest.param({"deleting": True}, id="ends")],
)
def test_not_adopted_whatever_its_annotation_says_is_what_is(changes: dict[str, object]) -> None:
    todo = make(offered(**changes))
    assert todo.steps == ()
    assert todo.obstacles.keys() == {DEPLOYMENT}


def test_what_the_app_does_not_want_is_not_adopted() -> None:
    assert make(offered(SERVICE), wants=WANTED | {SERVICE: Wanted(SERVICE)}).steps == ()


def test_a_service_is_adopted_once_our_deployment_has_an_available_pod() -> None:
    assert only_step(make(offered(SERVICE))).verb is Verb.ADOPT


@pytest.mark.parametrize(
    "deployment",
    [
        pytest.param({"rollout": rollout(available=0)}, id="has no available pod"),
        pytest.param({"rollout": rollout(updated=0)}, id="has older pods alone"),
        pytest.param({"rollout": rollout(replicas=3, updated=1)}, id="has a new pod that is not available yet"),
        pytest.param({"rollout": rollout(replicas=1, available=1, updated=1)}, id="is new and has one pod of two"),
        pytest.param({"rollout": None}, id="was not seen yet"),
        pytest.param({"awaited": True}, id="was written just now"),
        pytest.param({"owner": None}, id="is not ours"),
    ],
)
def test_a_service_keeps_its_endpoints_while_our_deployment(deployment: dict[str, object]) -> None:
    found = offered(SERVICE) | {DEPLOYMENT: replace(FINE[DEPLOYMENT], **deployment)}  # type: ignore[arg-type]
    todo = make(found)
    assert todo.steps == ()
    assert todo.obstacles[SERVICE] == Obstacle(
        Held('Service "myapp-service" is taken over as soon as the Deployment has available pods of this version')
    )


def test_a_service_is_adopted_once_a_new_pod_is_available_before_the_last_older_one_goes() -> None:
    """One that selects by more than the Deployment does would have nobody after that."""
    found = offered(SERVICE) | {
        DEPLOYMENT: replace(FINE[DEPLOYMENT], rollout=rollout(replicas=3, available=3, updated=1))
    }
    assert only_step(make(found)).verb is Verb.ADOPT


def test_a_service_waits_for_the_creation_of_our_deployment() -> None:
    found = offered(SERVICE)
    del found[DEPLOYMENT]
    assert only_step(make(found)).kind == DEPLOYMENT


def test_a_service_of_an_app_without_pods_waits_for_none() -> None:
    found = offered(SERVICE) | {DEPLOYMENT: replace(FINE[DEPLOYMENT], rollout=rollout(0))}
    assert only_step(make(found)).verb is Verb.ADOPT


def test_an_adoption_does_not_wait_for_the_pause_after_not_owned() -> None:
    before = tried(WANTED[DEPLOYMENT].applied, Refused(Reason.NOT_OWNED, "whose?"))
    assert only_step(make(offered(), attempts=before)).verb is Verb.ADOPT


def test_a_refused_adoption_waits_for_its_time() -> None:
    step = only_step(make(offered()))
    todo = make(offered(), attempts=tried(step.attempt, FORBIDDEN))
    assert (todo.steps, todo.again) == ((), 4.0)
    assert todo.obstacles == {DEPLOYMENT: Obstacle(FORBIDDEN)}


# The other kinds

BESIDE = wanted(
    replicas=3,
    ingress={"host": "shop.example.com"},
    route={"gateway": {"name": "public"}},
    disruptionBudget={"minAvailable": 2},
    networkPolicy={},
)
ALL = {kind: applied(want, rollout=rollout(3)) for kind, want in BESIDE.items() if want.body}
LEADING, GUARDING = (names.INGRESS, names.ROUTE), (names.PDB, names.NETWORK_POLICY)


def beside(kind: Kind, **others: dict[str, object]) -> Todo:
    """The plan where somebody offers an object of this kind, and the other children are as given."""
    changed = {each: replace(ALL[each], **others[each.suffix]) for each in ALL if each.suffix in others}  # type: ignore[arg-type]
    theirs = replace(ALL[kind], owner=None, applied="", offered=True)
    return make(ALL | changed | {kind: theirs}, wants=BESIDE)


@pytest.mark.parametrize("kind", [*LEADING, *GUARDING], ids=str)
def test_every_kind_is_adopted_once_the_pods_serve(kind: Kind) -> None:
    assert only_step(beside(kind)).verb is Verb.ADOPT


@pytest.mark.parametrize("kind", LEADING, ids=str)
@pytest.mark.parametrize(
    "others",
    [
        pytest.param({"deployment": {"rollout": rollout(3, available=0)}}, id="no pod is available"),
        pytest.param({"service": {"owner": None, "offered": False}}, id="the Service is not ours"),
    ],
)
def test_what_leads_requests_waits_until_somebody_takes_them(kind: Kind, others: dict[str, dict[str, object]]) -> None:
    todo = beside(kind, **others)
    assert todo.steps == ()
    assert isinstance(todo.obstacles[kind].verdict, Held)


@pytest.mark.parametrize("kind", GUARDING, ids=str)
def test_what_guards_the_pods_does_not_wait_for_them(kind: Kind) -> None:
    todo = beside(kind, deployment={"rollout": rollout(3, available=0)})
    assert [step.kind for step in todo.steps if step.verb is Verb.ADOPT] == [kind]
