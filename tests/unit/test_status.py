"""What the user reads: numbers and conditions, when they move, and when they are worth a write."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from myapp_operator import events, names, plan, status
from myapp_operator.causes import Cause
from myapp_operator.deployment_status import Rollout
from myapp_operator.fights import Fight
from myapp_operator.grammar import Json
from myapp_operator.looks import Looks
from myapp_operator.model import Status
from myapp_operator.names import Kind, Reason
from myapp_operator.observed import App, Child
from myapp_operator.refusals import Obstacle, Refused, Retry, Stale
from myapp_operator.rollback_note import RolledBack
from myapp_operator.seen import Seen
from myapp_operator.status import Judged, due, judge, judge_invalid, judge_terminating
from tests.unit.samples import NOW, app, child, children, condition, progressing, refused_pods, rollout, seen, spec

Obstacles = dict[names.Kind, Obstacle]

DEPLOYMENT, SERVICE = names.DEPLOYMENT, names.SERVICE
FORBIDDEN = {SERVICE: Obstacle(Refused(Reason.FORBIDDEN, "no"))}
ROLLING = children(rollout(replicas=3, updated=1, ready=1, available=1, conditions=progressing("ReplicaSetUpdated")))
GIVEN_UP = children(rollout(replicas=3, updated=1, conditions=progressing("ProgressDeadlineExceeded")))

FAILED = RolledBack(1, "CrashLoopBackOff", "it crashes", "2030-01-01T11:50:00Z")


def stored(saw: Seen, **changes: Any) -> App:
    """The MyApp after the judgement was written to it."""
    return replace(saw.app, status=judge(saw).status, **changes)


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def truths(shown: Json) -> dict[str, str]:
    return {each["type"]: each["status"] for each in shown["conditions"]}


def test_a_complete_app() -> None:
    shown = judge(seen()).status
    assert {key: value for key, value in shown.items() if key != "conditions"} == {
        "observedGeneration": 1,
        "replicas": 2,
        "readyReplicas": 2,
        "updatedReplicas": 2,
        "ready": "2/2",
        "selector": "app=myapp,app.kubernetes.io/instance=myapp,app.kubernetes.io/managed-by=myapp-operator",
        "url": "http://myapp-service.default.svc",
        "image": "myapp:latest",
        "message": 'all pods run image "myapp:latest"',
    }
    assert truths(shown) == {"Ready": "True", "Available": "True", "Reconciling": "False", "Stalled": "False"}
    assert {each["observedGeneration"] for each in shown["conditions"]} == {1}


@pytest.mark.parametrize("saw", [seen(), seen(children=children(rolled_back=FAILED))], ids=["Ready", "RolledBack"])
def test_what_is_shown_is_what_the_crd_knows(saw: Seen) -> None:
    shown = judge(saw).status
    assert Status.model_validate(shown, extra="forbid").model_dump(by_alias=True, exclude_none=True) == shown


def test_an_app_of_which_nothing_was_written() -> None:
    shown = judge(seen(children={})).status
    assert (shown["ready"], shown["replicas"]) == ("0/2", 0)
    assert truths(shown) == {"Ready": "False", "Available": "False", "Reconciling": "True", "Stalled": "False"}
    assert condition(shown, "Ready")["reason"] == "RollingOut"


def test_an_app_that_rolls_out_stays_available() -> None:
    shown = judge(seen(children=ROLLING)).status
    assert truths(shown) == {"Ready": "False", "Available": "True", "Reconciling": "True", "Stalled": "False"}
    assert shown["ready"] == "1/2"


def test_an_app_without_a_service_is_not_available() -> None:
    assert truths(judge(seen(children={DEPLOYMENT: children()[DEPLOYMENT]})).status)["Available"] == "False"


@pytest.mark.parametrize("name", [SERVICE, DEPLOYMENT], ids=str)
def test_a_foreign_child_is_not_counted(name: names.Kind) -> None:
    shown = judge(seen(children=children() | {name: replace(children()[name], owner=None)})).status
    assert truths(shown)["Available"] == "False"
    assert truths(shown)["Ready"] == "False"


def test_a_stalled_app() -> None:
    shown = judge(seen(children=GIVEN_UP)).status
    assert truths(shown) == {"Ready": "False", "Available": "True", "Reconciling": "False", "Stalled": "True"}
    assert condition(shown, "Stalled")["reason"] == "ProgressDeadlineExceeded"
    assert condition(shown, "Stalled")["message"] == shown["message"]


def test_the_url_names_a_port_other_than_80() -> None:
    assert judge(seen(spec=spec(service={"port": 8000}))).status["url"] == "http://myapp-service.default.svc:8000"


INGRESS, ROUTE = names.INGRESS, names.ROUTE
HOST, GATEWAY = {"host": "shop.example.com", "path": "/shop"}, {"name": "public"}


@pytest.mark.parametrize(
    ("fields", "there", "url"),
    [
        ({"ingress": HOST}, (INGRESS,), "http://shop.example.com/shop"),
        ({"ingress": HOST | {"tls": {"secretName": "shop"}}}, (INGRESS,), "https://shop.example.com/shop"),
        ({"ingress": {"host": "*.example.com"}}, (INGRESS,), "http://myapp-service.default.svc"),
        ({"ingress": HOST}, (), "http://myapp-service.default.svc"),
        (
            {"ingress": HOST, "route": {"gateway": GATEWAY, "hostnames": ["*.example.com", "a.example.com"]}},
            (INGRESS, ROUTE),
            "http://a.example.com/",
        ),
        ({"ingress": HOST, "route": {"gateway": GATEWAY}}, (INGRESS, ROUTE), "http://shop.example.com/shop"),
        (
            {"ingress": HOST, "route": {"gateway": GATEWAY, "hostnames": ["a.example.com"]}},
            (INGRESS,),
            "http://shop.example.com/shop",
        ),
    ],
)
def test_the_url_is_the_most_public_address_that_there_is(
    fields: dict[str, Any], there: tuple[names.Kind, ...], url: str
) -> None:
    found = children() | {kind: child(uid=f"uid-{kind}") for kind in there}
    assert judge(seen(spec=spec(**fields), children=found)).status["url"] == url


def test_a_budget_that_is_lowered_is_told() -> None:
    words = "the disruptionBudget would allow no eviction, so it is lowered to allow one"
    of = spec(disruptionBudget={"minAvailable": 2})
    assert judge(seen(spec=of)).status["message"] == f'all pods run image "myapp:latest"; {words}'


# What runs in the place of a child without being ours


def not_owned(*kinds: Kind) -> dict[Kind, Obstacle]:
    return {kind: Obstacle(Refused(Reason.NOT_OWNED, "not ours")) for kind in kinds}


@pytest.mark.parametrize("kind", [DEPLOYMENT, SERVICE])
def test_what_is_not_owned_any_more_and_answers_is_counted(kind: Kind) -> None:
    """Somebody has taken away the ownerReference."""
    there = children()
    lost = {**there, kind: replace(there[kind], owner=None, applied="hash")}
    shown = judge(seen(children=lost, obstacles=not_owned(kind))).status
    assert (shown["ready"], condition(shown, "Ready")["reason"]) == ("2/2", "NotOwned")
    assert truths(shown) == {"Ready": "False", "Available": "True", "Reconciling": "False", "Stalled": "True"}


@pytest.mark.parametrize(
    "changes",
    [
        {DEPLOYMENT: {"rollout": rollout(selector='{"app":"theirs"}')}},
        {DEPLOYMENT: {"rollout": rollout(ready=0)}},
        {SERVICE: {"applied": ""}},
    ],
    ids=["other pods", "no pod is ready", "a Service that we never made"],
)
def test_what_others_have_put_there_answers_nobody_for_the_app(changes: dict[Kind, dict[str, Any]]) -> None:
    there = {kind: replace(child, **{"applied": "hash", **changes.get(kind, {})}) for kind, child in children().items()}
    theirs = {kind: replace(there[kind], owner=None) for kind in changes}
    shown = judge(seen(children={**there, **theirs}, obstacles=not_owned(*changes))).status
    assert truths(shown)["Available"] == "False"


# lastTransitionTime


def test_a_condition_keeps_its_time_while_its_status_stays() -> None:
    before = stored(seen(children=ROLLING))
    shown = judge(seen(app=before, children=GIVEN_UP, now=later(60))).status
    moved = {each["type"] for each in shown["conditions"] if each["lastTransitionTime"] == "2030-01-01T12:01:00Z"}
    assert moved == {"Reconciling", "Stalled"}
    assert condition(shown, "Ready")["lastTransitionTime"] == "2030-01-01T12:00:00Z"
    assert condition(shown, "Ready")["reason"] == "ProgressDeadlineExceeded"


def test_the_same_judgement_again_is_the_same_status() -> None:
    before = stored(seen())
    assert judge(seen(app=before, now=later(3600))).status == before.status


# The deadline of what is refused


def test_what_is_refused_may_pass_until_the_deadline() -> None:
    limited = spec(rollout={"progressDeadlineSeconds": 60})
    first = seen(spec=limited, obstacles=FORBIDDEN)
    assert truths(judge(first).status)["Reconciling"] == "True"
    assert judge(first).again == 60
    before = stored(first)
    assert judge(replace(first, app=before, now=later(59))).again == 1
    judged = judge(replace(first, app=before, now=later(60)))
    assert truths(judged.status) == {"Ready": "False", "Available": "True", "Reconciling": "False", "Stalled": "True"}
    assert condition(judged.status, "Ready")["reason"] == "Forbidden"
    assert judged.again is None


def test_what_stalled_stays_stalled() -> None:
    limited = spec(rollout={"progressDeadlineSeconds": 60})
    first = seen(spec=limited, obstacles=FORBIDDEN)
    reconciling = replace(first, app=stored(first), now=later(60))
    stalled = replace(first, app=stored(reconciling), now=later(120))
    assert truths(judge(stalled).status)["Stalled"] == "True"


def test_a_refusal_of_an_app_that_was_ready_for_days_may_still_pass() -> None:
    """Its Reconciling has been False for days; the deadline counts from the moment at which it becomes True."""
    before = stored(seen(), generation=2)
    judged = judge(seen(app=before, obstacles=FORBIDDEN, now=later(3 * 86400)))
    assert truths(judged.status)["Reconciling"] == "True"
    assert judged.again == 600


def test_a_new_generation_of_a_stalled_app_gets_a_deadline_of_its_own() -> None:
    before = stored(seen(children=GIVEN_UP), generation=2)
    refused = {DEPLOYMENT: Obstacle(Refused(Reason.FORBIDDEN, "no"))}
    judged = judge(seen(app=before, children=GIVEN_UP, obstacles=refused, now=later(3600)))
    assert truths(judged.status)["Reconciling"] == "True"
    assert judged.again == 600


def test_while_the_deployment_rolls_out_its_own_deadline_decides() -> None:
    judged = judge(seen(app=stored(seen(children=ROLLING)), children=ROLLING, obstacles=FORBIDDEN, now=later(3600)))
    assert truths(judged.status)["Reconciling"] == "True"
    assert judged.again is None
    judged = judge(seen(app=stored(seen(children=ROLLING)), children=GIVEN_UP, obstacles=FORBIDDEN, now=later(3600)))
    assert truths(judged.status)["Stalled"] == "True"
    assert condition(judged.status, "Ready")["reason"] == "Forbidden"


def test_the_account_of_an_earlier_generation_stops_no_deadline() -> None:
    """The Deployment could not be written, so its own rollout, which never ends, says nothing of this generation."""
    refused = {DEPLOYMENT: Obstacle(Refused(Reason.FORBIDDEN, "no"))}
    assert judge(seen(children=ROLLING, obstacles=refused)).again == 600


def test_pods_over_quota_stall_after_the_deadline_when_scaling() -> None:
    over = children(rollout(conditions=refused_pods('pods "a" is forbidden: exceeded quota: q')))
    first = seen(children=over, spec=spec(replicas=3))
    assert judge(first).again == 600
    assert truths(judge(replace(first, app=stored(first), now=later(600))).status)["Stalled"] == "True"


CRASHED = Cause(Reason.CRASH_LOOP_BACK_OFF, "it crashes")


def test_pods_that_fail_stall_when_the_deployment_gives_up() -> None:
    shown = judge(seen(children=ROLLING, cause=CRASHED)).status
    assert truths(shown) == {"Ready": "False", "Available": "True", "Reconciling": "True", "Stalled": "False"}
    shown = judge(seen(children=GIVEN_UP, cause=CRASHED)).status
    assert truths(shown) == {"Ready": "False", "Available": "True", "Reconciling": "False", "Stalled": "True"}
    assert condition(shown, "Stalled")["reason"] == "CrashLoopBackOff"


def test_a_child_that_hangs_in_deletion_stalls_after_the_deadline() -> None:
    """It is waited for as long as something may still move; then somebody must see to its finalizer."""
    going = child(deleting=True, finalizers=("example.com/lb",))
    begins = seen(
        children=children() | {SERVICE: going}, obstacles={SERVICE: Obstacle(plan.ending(SERVICE, app(), going))}
    )
    waits = judge(replace(begins, app=stored(begins), now=later(599)))
    assert (truths(waits.status)["Stalled"], waits.again) == ("False", pytest.approx(1))
    stalls = judge(replace(begins, app=stored(begins), now=later(601)))
    assert truths(stalls.status)["Stalled"] == "True"
    assert condition(stalls.status, "Ready")["reason"] == "Waiting"
    assert '"example.com/lb"' in stalls.status["message"]


def test_pods_that_fail_after_the_rollout_stall_when_the_deadline_is_over() -> None:
    lost = children(rollout(ready=1, available=1))
    first = seen(children=lost, cause=CRASHED)
    assert judge(first).again == 600
    assert truths(judge(replace(first, app=stored(first), now=later(600))).status)["Stalled"] == "True"


def test_an_image_name_that_is_none_stalls_at_once() -> None:
    judged = judge(seen(children=ROLLING, cause=Cause(Reason.INVALID_IMAGE_NAME, "no")))
    assert (truths(judged.status)["Stalled"], judged.again) == ("True", None)


@pytest.mark.parametrize("found", [children(), ROLLING, GIVEN_UP, {}], ids=["ready", "rolling", "given up", "new"])
def test_nothing_else_changes_by_time_alone(found: dict[names.Kind, Child]) -> None:
    assert judge(seen(children=found)).again is None


# Failures that may pass


def test_a_failure_that_lasts_adds_the_words_of_the_server() -> None:
    words = "https://user:secret@example.com/hook\nis down " + "x" * 600
    shown = judge(seen(obstacles={SERVICE: Obstacle(Retry(words), lasting=True)})).status
    assert condition(shown, "Ready")["reason"] == "RollingOut"
    assert "the API server does not take changes now: https://***@example.com/hook is down" in shown["message"]
    assert len(shown["message"]) <= 512


def test_a_refused_app_keeps_its_reason_while_the_server_takes_no_changes() -> None:
    refused = Refused(Reason.QUOTA_EXCEEDED, "exceeded quota: pods")
    shown = judge(seen(obstacles={DEPLOYMENT: Obstacle(refused, outage=Retry("is down"))})).status
    assert condition(shown, "Ready")["reason"] == "QuotaExceeded"
    assert shown["message"] == (
        "the Deployment is refused: exceeded quota: pods; the API server does not take changes now: is down"
    )


@pytest.mark.parametrize("lost", [True, False], ids=["lost just now", "won just now"])
def test_a_fight_is_told_in_the_message(lost: bool) -> None:
    fight = Fight("spec.replicas", "flux", 0, 0, lost=lost)
    message = judge(seen(fights={names.DEPLOYMENT: fight})).status["message"]
    assert message.endswith(
        "; spec.replicas of the Deployment is changed again and again by flux: "
        "stop it, or let it change the MyApp instead"
    )


FIGHT = Fight("spec.replicas", "flux", 0, 0, lost=False)
LONG_CRASH = Cause(Reason.CRASH_LOOP_BACK_OFF, "exits with code 1: " + "x" * 900)


def test_a_fight_and_an_outage_are_told_although_the_cause_is_long() -> None:
    outage = {SERVICE: Obstacle(Refused(Reason.FORBIDDEN, "x" * 900), outage=Retry("is down"))}
    message = judge(seen(obstacles=outage, fights={DEPLOYMENT: FIGHT})).status["message"]
    assert len(message) == 512
    assert message.startswith("the Service is refused: xxx")
    assert message.endswith("let it change the MyApp instead; the API server does not take changes now: is down")


def test_what_is_told_beside_a_cause_is_not_told_twice_after_a_restart() -> None:
    saw = seen(children=GIVEN_UP, cause=LONG_CRASH, fights={DEPLOYMENT: FIGHT})
    restarted = replace(saw, app=stored(saw), looks=Looks(standing=True))
    assert judge(restarted).status["message"] == judge(saw).status["message"]
    assert judge(restarted).status["message"].count("again and again") == 1


def test_a_failure_that_does_not_last_is_not_told() -> None:
    shown = judge(seen(obstacles={SERVICE: Obstacle(Retry("secret words"), lasting=False)})).status
    assert "secret words" not in shown["message"]


# When a judgement is worth a write

READY = judge(seen())
SETTLE = status._SETTLE_SECONDS


def unsettled(judged: Judged) -> Judged:
    return replace(judged, settled=False)


def other(judged: Judged, **changes: Any) -> Judged:
    return replace(judged, status={**judged.status, **changes})


@pytest.mark.parametrize(
    ("old", "judged", "since_status", "unsettled_for", "wait"),
    [
        pytest.param(READY.status, READY, 99.0, 0.0, None, id="nothing new: never"),
        pytest.param(READY.status, unsettled(READY), 99.0, 0.0, None, id="nothing new, unsettled: never"),
        pytest.param({}, READY, 1e9, 0.0, 0.0, id="the first: now"),
        pytest.param({"observedGeneration": -1}, unsettled(READY), 1e9, 0.0, 0.0, id="the first, unsettled: now"),
        pytest.param(READY.status, judge(seen(children=ROLLING)), 0.0, 0.0, 0.0, id="another reason: now"),
        pytest.param(READY.status, judge(seen(app=app(generation=2))), 0.0, 0.0, 0.0, id="another generation: now"),
        pytest.param(READY.status, other(READY, replicas=3), 4.0, 0.0, 6.0, id="a number: ten seconds after the last"),
        pytest.param(READY.status, other(READY, replicas=3), 10.0, 0.0, 0.0, id="a number, ten seconds after: now"),
        pytest.param(READY.status, other(READY, message="x"), 4.0, 0.0, 6.0, id="a message: as a number"),
        pytest.param(
            READY.status, unsettled(judge(seen(children={}))), 99.0, 0.0, SETTLE, id="nothing is known: patience"
        ),
        pytest.param(
            READY.status, unsettled(judge(seen(children={}))), 99.0, SETTLE, 0.0, id="nothing known for long: now"
        ),
    ],
)
def test_due(old: Json, judged: Judged, since_status: float, unsettled_for: float, wait: float | None) -> None:
    assert due(old, judged, since_status, unsettled_for) == wait


def test_an_app_that_stalls_is_told_at_once_although_the_reason_stays() -> None:
    first = seen(spec=spec(rollout={"progressDeadlineSeconds": 60}), obstacles=FORBIDDEN)
    judged = judge(replace(first, app=stored(first), now=later(60)))
    assert due(judge(first).status, judged, 0.0, 0.0) == 0.0


def test_what_a_watch_has_brought_is_told_at_once_although_the_reason_stays() -> None:
    """Nobody should read for ten seconds that something is missing that was made."""

    def missing(name: str, reason: Reason = Reason.REFERENCE_MISSING) -> Judged:
        refused = Refused(reason, f'ConfigMap "{name}" does not exist')
        return judge(seen(obstacles={DEPLOYMENT: Obstacle(refused)}))

    assert due(missing("a").status, missing("b"), 0.0, 0.0) == 0.0
    assert due(missing("a").status, missing("b"), 0.0, 0.0, at_once=False) == 10.0
    rejected = missing("a", Reason.REJECTED).status, missing("b", Reason.REJECTED)
    assert due(*rejected, 0.0, 0.0) == 10.0, "which the server may word in another way each time"
    odd = {**missing("a").status, "conditions": [{"type": "Ready", "reason": ["x"]}]}
    assert due(odd, missing("a"), 0.0, 0.0) == 0.0


def test_available_alone_can_wait() -> None:
    """It changes a moment before or after the reason: one write for both."""
    before = judge(seen(children=ROLLING))
    gone = judge(seen(children=children(replace(rollout(), ready=0, available=0, updated=1))))
    assert truths(gone.status) != truths(before.status)
    assert due(before.status, gone, 2.0, 0.0) == 8.0


@pytest.mark.parametrize(
    ("found", "obstacles", "settled"),
    [
        pytest.param(children(), {}, True, id="all have answered"),
        pytest.param({}, FORBIDDEN, True, id="refused for good"),
        pytest.param(children(awaited=True), {}, False, id="our write is not back yet"),
        pytest.param(children(generation=2), {}, False, id="the Deployment has not looked yet"),
        pytest.param(children() | {SERVICE: child(awaited=True)}, {}, False, id="the Service is not back yet"),
        pytest.param(children(), {SERVICE: Obstacle(Stale(), lasting=False)}, False, id="somebody was faster"),
    ],
)
def test_settled(found: dict[names.Kind, Child], obstacles: dict[names.Kind, Obstacle], settled: bool) -> None:
    assert judge(seen(children=found, obstacles=obstacles)).settled is settled


# A stored spec that breaks the rules


def test_an_invalid_spec_is_rejected_and_the_numbers_stay() -> None:
    before = stored(seen(), generation=2)
    judged = judge_invalid(before, "spec.image: too long", later(60), {})
    assert judged.status["ready"] == "2/2"
    assert judged.status["observedGeneration"] == 2
    assert judged.status["message"] == "spec.image: too long"
    assert truths(judged.status) == {"Ready": "False", "Available": "True", "Reconciling": "False", "Stalled": "True"}
    assert condition(judged.status, "Ready")["reason"] == "Rejected"


def test_an_invalid_spec_does_not_hide_that_the_pods_that_run_are_gone() -> None:
    before = stored(seen(), generation=2)
    judged = judge_invalid(before, "spec.image: too long", NOW, children(rollout(ready=0, available=0)))
    assert judged.status["ready"] == "0/2"
    assert truths(judged.status)["Available"] == "False"
    judged = judge_invalid(before, "spec.image: too long", NOW, children(rollout(ready=0), owner=None))
    assert judged.status["ready"] == "2/2", "a foreign Deployment is not counted"


def test_an_invalid_spec_that_was_never_looked_at_is_told() -> None:
    new = app(status={"observedGeneration": -1})
    judged = judge_invalid(new, "spec.image: too long", NOW, {})
    assert due(new.status, judged, 1e9, 0.0) == 0.0
    assert truths(judged.status)["Available"] == "False"


# Being deleted

KEPT = app(deleting=True, deleted_at="2030-01-01T11:59:00Z", finalizers=("example.org/keep",), generation=2)


def test_a_myapp_that_others_hold_says_so_and_counts_what_is_left() -> None:
    before = replace(KEPT, status=judge(seen()).status)
    shown = judge_terminating(before, NOW, children()).status
    assert shown["message"] == (
        "this MyApp is being deleted since 2030-01-01T11:59:00Z, and nothing of it is made or put back any more; it is "
        'held by "example.org/keep": see that the controller of that finalizer runs, or remove the finalizer with: '
        "kubectl -n default edit myapp myapp"
    )
    assert (shown["observedGeneration"], shown["ready"]) == (2, "2/2")
    assert truths(shown) == {"Ready": "False", "Available": "True", "Reconciling": "True", "Stalled": "False"}
    without_service = {DEPLOYMENT: children()[DEPLOYMENT]}
    assert truths(judge_terminating(before, NOW, without_service).status)["Available"] == "False"
    empty = judge_terminating(before, NOW, {}).status
    assert (empty["ready"], truths(empty)["Available"]) == ("0/0", "False")


def test_a_myapp_that_waits_for_its_children_to_go_says_so() -> None:
    shown = judge_terminating(replace(KEPT, finalizers=("foregroundDeletion",)), NOW, children()).status
    assert shown["message"].endswith("it waits until all that it owns is gone: look for pods that do not end")


def test_the_name_of_a_finalizer_steers_no_terminal() -> None:
    shown = judge_terminating(replace(KEPT, finalizers=("example.org/\x1b[2J",)), NOW, {}).status
    assert "\x1b" not in shown["message"]


# Gone back to an earlier version


def test_a_rollback_shows_what_the_deployment_remembers() -> None:
    shown = judge(seen(children=children(rolled_back=FAILED))).status
    expected = {"generation": 1, "cause": "CrashLoopBackOff: it crashes", "time": "2030-01-01T11:50:00Z"}
    assert shown["rollback"] == expected
    assert truths(shown) == {"Ready": "False", "Available": "True", "Reconciling": "False", "Stalled": "True"}
    told = "change the image or another setting of its pods in the MyApp to try anew. The cause was CrashLoopBackOff"
    assert f"{told}: it crashes" in shown["message"]
    failed = replace(FAILED, version="v1", configuration={names.CONFIGURATION[names.CONFIG_MAP]: "digest"})
    saw = replace(seen(children=children(rolled_back=failed)), version="v1", configuration=failed.configuration)
    assert "of its pods in the MyApp, or the ConfigMap that they use, to try anew." in judge(saw).status["message"]


@pytest.mark.parametrize(
    ("status", "words"),
    [(rollout(ready=0, available=0), "is started again: "), (rollout(ready=1, available=1), "runs again: ")],
    ids=["no pod is ready", "one can answer"],
)
def test_a_rollback_says_runs_only_of_what_runs(status: Rollout, words: str) -> None:
    shown = judge(seen(children=children(status, rolled_back=FAILED))).status
    assert shown["message"].startswith(f"this version failed, so the last one that was Ready {words}")


def test_where_the_version_gone_back_to_is_not_known_that_is_said() -> None:
    shown = judge(replace(seen(children=children(rolled_back=FAILED)), unknown=True)).status
    assert shown["message"].endswith("so the Deployment is left alone")


# What runs now, where the reason is about something else

DOWN = rollout(ready=0, available=0)
MISSING = {DEPLOYMENT: Obstacle(Refused(Reason.REFERENCE_MISSING, "create it"))}
CLOSED = {DEPLOYMENT: Obstacle(Refused(Reason.SERVICE_ACCOUNT_NOT_ALLOWED, "choose another"))}
FOREIGN = {SERVICE: Obstacle(Refused(Reason.NOT_OWNED, "delete it"))}
CRASH = Cause(Reason.CRASH_LOOP_BACK_OFF, "it crashes")


@pytest.mark.parametrize(
    ("obstacles", "reason"),
    [
        (MISSING, Reason.REFERENCE_MISSING),
        (CLOSED, Reason.SERVICE_ACCOUNT_NOT_ALLOWED),
        (FOREIGN, Reason.NOT_OWNED),
        (FORBIDDEN, Reason.FORBIDDEN),
        ({}, Reason.ROLLED_BACK),
    ],
    ids=str,
)
def test_pods_that_run_now_and_crash_are_told_beside_the_reason(obstacles: Obstacles, reason: Reason) -> None:
    facts = {} if obstacles else {"rolled_back": FAILED}
    saw = seen(children=children(DOWN, **facts), obstacles=obstacles, cause=CRASH)
    shown = judge(saw).status
    assert condition(shown, "Ready")["reason"] == reason
    assert shown["message"].endswith("; what runs now: CrashLoopBackOff: it crashes")
    restarted = replace(saw, app=stored(saw), looks=Looks(standing=True))
    assert judge(restarted).status == shown, "until a look has said otherwise"
    looked = replace(restarted, looks=Looks())
    assert "what runs now" not in judge(looked).status["message"]


def test_pods_that_are_refused_are_told_beside_the_reason() -> None:
    quota = refused_pods('pods "myapp-1" is forbidden: exceeded quota: small, limited: pods=1')
    shown = judge(seen(children=children(rollout(conditions=quota)), obstacles=MISSING)).status
    assert "; what runs now: QuotaExceeded: pods are refused: exceeded quota: small" in shown["message"]


def test_what_an_earlier_version_did_is_not_told_of_one_that_is_not_written_yet() -> None:
    saw = seen(children=children(DOWN, generation=2), obstacles=MISSING, cause=CRASH)
    assert "what runs now" not in judge(saw).status["message"]


def test_a_rollback_of_an_earlier_generation_is_not_shown() -> None:
    assert "rollback" not in judge(seen(app=app(generation=2), children=children(rolled_back=FAILED))).status


def test_an_app_that_has_no_way_back_says_so_once_it_is_stalled() -> None:
    no_way = "; there is no way back"
    assert judge(replace(seen(children=GIVEN_UP), stranded="there is no way back")).status["message"].endswith(no_way)
    assert no_way not in judge(seen(children=GIVEN_UP)).status["message"]
    assert no_way not in judge(replace(seen(children=ROLLING), stranded="there is no way back")).status["message"]


ODD_TIMES = ["2024-01-01T00:00:00+99:99", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59", "", None, 5, [], {}]


@pytest.mark.parametrize("since", ODD_TIMES, ids=repr)
def test_a_time_that_is_none_is_absent_from_the_old_status(since: object) -> None:
    told = judge(seen()).status
    conditions = [{**each, "lastTransitionTime": since} for each in told["conditions"]]
    again = judge(seen(app=app(status={**told, "conditions": conditions}))).status
    assert condition(again, "Ready")["lastTransitionTime"] == NOW.strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize("conditions", [None, 5, "text", {}, [None, 5, "text", [], {}, {"type": "Ready"}]], ids=repr)
@pytest.mark.parametrize("generation", [1, "1", None, 2**70, []], ids=repr)
def test_an_old_status_may_hold_anything(conditions: object, generation: object) -> None:
    old = {"observedGeneration": generation, "conditions": conditions}
    saw = seen(app=app(status=old))
    judged = judge(saw)
    assert condition(judged.status, "Ready")["status"] == "True"
    assert due(old, judged, 1e9, 1e9) == 0
    assert not app(status=old).never_judged or generation != 1
    events.of_status(old, judged.status)
    judge_invalid(saw.app, "no", NOW, saw.children)
