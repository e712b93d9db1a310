"""Why an app is or is not Ready: each reason from what was seen, and which of two wins."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from myapp_operator import adoption, names, plan
from myapp_operator.causes import Cause
from myapp_operator.deployment_status import Condition, Rollout
from myapp_operator.desired import BUILDERS
from myapp_operator.fights import Fight
from myapp_operator.looks import Looks
from myapp_operator.names import FROM_PODS, Kind, Reason
from myapp_operator.observed import App, Child
from myapp_operator.refusals import Held, Obstacle, Refused, Retry, Stale
from myapp_operator.rollback_note import RolledBack
from myapp_operator.seen import Seen, past_own_deadline
from myapp_operator.status import judge
from myapp_operator.verdicts import Outlook, decide, sentence
from myapp_operator.verdicts import told as what_was_told
from tests.unit.samples import (
    app,
    child,
    children,
    deployment,
    owner,
    progressing,
    refused_pods,
    rollout,
    seen,
    spec,
)

Obstacles = Mapping[Kind, Obstacle]
QUOTA = 'pods "myapp-deployment-7f9c-x2b4z" is forbidden: exceeded quota: small, limited: pods=1'
GONE_ON = rollout(replicas=3, updated=1, conditions=progressing("ReplicaSetUpdated"))
CRASH = Cause(Reason.CRASH_LOOP_BACK_OFF, "it crashes")
GIVEN_UP = rollout(replicas=3, updated=1, conditions=progressing("ProgressDeadlineExceeded"))

FAILED = RolledBack(1, "CrashLoopBackOff", "it crashes", "2030-01-01T11:50:00Z")


def refused(reason: Reason, words: str = "no") -> Obstacle:
    return Obstacle(Refused(reason, words))


def only(kind: Kind, found: Child) -> dict[Kind, Child]:
    return {kind: found}


CASES: list[tuple[str, Seen, Reason, Outlook]] = [
    ("complete", seen(), Reason.READY, Outlook.READY),
    (
        "complete at zero",
        seen(spec=spec(replicas=0), children=children(rollout(0))),
        Reason.SCALED_TO_ZERO,
        Outlook.READY,
    ),
    ("suspended", seen(spec=spec(suspend=True), children=children(rollout(0))), Reason.SUSPENDED, Outlook.READY),
    (
        "suspended, pods still end",
        seen(spec=spec(suspend=True), children=children(rollout(0, replicas=1, updated=1))),
        Reason.SCALING,
        Outlook.PROGRESSING,
    ),
    ("nothing written yet", seen(children={}), Reason.ROLLING_OUT, Outlook.PROGRESSING),
    ("a new version comes", seen(children=children(GONE_ON)), Reason.ROLLING_OUT, Outlook.PROGRESSING),
    (
        "back to an old version",
        seen(children=children(rollout(updated=1))),
        Reason.ROLLING_OUT,
        Outlook.PROGRESSING,
    ),
    (
        "no account of progress yet",
        seen(children=children(rollout(conditions={}))),
        Reason.ROLLING_OUT,
        Outlook.PROGRESSING,
    ),
    ("one pod is lost", seen(children=children(rollout(available=1, ready=1))), Reason.SCALING, Outlook.PROGRESSING),
    (
        "a pod is ready, but not for long enough",
        seen(children=children(rollout(available=1))),
        Reason.SCALING,
        Outlook.PROGRESSING,
    ),
    (
        "given up",
        seen(children=children(GIVEN_UP)),
        Reason.PROGRESS_DEADLINE_EXCEEDED,
        Outlook.STALLED,
    ),
    (
        "pods over quota",
        seen(children=children(rollout(conditions=refused_pods(QUOTA)))),
        Reason.QUOTA_EXCEEDED,
        Outlook.PROGRESSING,
    ),
    (
        "pods refused by pod security",
        seen(children=children(rollout(conditions=refused_pods('pods "a-1" is forbidden: violates PodSecurity')))),
        Reason.FORBIDDEN,
        Outlook.PROGRESSING,
    ),
    (
        "pods refused in other words",
        seen(children=children(rollout(conditions=refused_pods('Pod "a-1" is invalid: spec.x')))),
        Reason.FORBIDDEN,
        Outlook.PROGRESSING,
    ),
    (
        "a Service that is not ours yet waits for our pods",
        seen(children=only(names.DEPLOYMENT, deployment()), obstacles={names.SERVICE: Obstacle(Held("later"))}),
        Reason.WAITING,
        Outlook.PROGRESSING,
    ),
    (
        "pods that others wait for are refused",
        seen(
            children=only(names.DEPLOYMENT, deployment(rollout(conditions=refused_pods(QUOTA)))),
            obstacles={names.SERVICE: Obstacle(Held("later"))},
        ),
        Reason.QUOTA_EXCEEDED,
        Outlook.PROGRESSING,
    ),
    *[
        (
            f"{reason} {kind}",
            seen(obstacles={kind: refused(reason)}),
            reason,
            outlook,
        )
        for reason, outlook in {
            Reason.NOT_OWNED: Outlook.STALLED,
            Reason.REJECTED: Outlook.STALLED,
            Reason.SERVICE_ACCOUNT_NOT_ALLOWED: Outlook.STALLED,
            Reason.QUOTA_EXCEEDED: Outlook.PROGRESSING,
            Reason.FORBIDDEN: Outlook.PROGRESSING,
            Reason.REFERENCE_MISSING: Outlook.PROGRESSING,
            Reason.WAITING: Outlook.PROGRESSING,
        }.items()
        for kind in (names.DEPLOYMENT, names.SERVICE)
    ],
    *[
        (
            f"{reason} of pods",
            seen(children=children(GONE_ON), cause=Cause(reason, "why")),
            reason,
            Outlook.STALLED if reason is Reason.INVALID_IMAGE_NAME else Outlook.PROGRESSING,
        )
        for reason in sorted(FROM_PODS)
    ],
    (
        "gone back to an earlier version, which is complete",
        seen(children=children(rolled_back=FAILED)),
        Reason.ROLLED_BACK,
        Outlook.STALLED,
    ),
    (
        "gone back to an earlier version just now",
        seen(children=children(GIVEN_UP, rolled_back=FAILED, awaited=True)),
        Reason.ROLLED_BACK,
        Outlook.STALLED,
    ),
    (
        "gone back to an earlier version, and changed since",
        seen(app=app(generation=2), children=children(rolled_back=FAILED)),
        Reason.READY,
        Outlook.READY,
    ),
    (
        "suspended, pods end that no longer count",
        seen(spec=spec(suspend=True), children=children(rollout(0, terminating=1))),
        Reason.SCALING,
        Outlook.PROGRESSING,
    ),
    (
        "all old pods are gone, new ones not made yet",
        seen(spec=spec(rollout={"strategy": "Recreate"}), children=children(rollout(0, wanted=2))),
        Reason.ROLLING_OUT,
        Outlook.PROGRESSING,
    ),
    (
        "a pod was lost, is back, and was not looked at",
        seen(looks=Looks(lost=True)),
        Reason.SCALING,
        Outlook.PROGRESSING,
    ),
    (
        "complete, but it crashed a moment ago",
        seen(cause=Cause(Reason.CRASH_LOOP_BACK_OFF, "why")),
        Reason.CRASH_LOOP_BACK_OFF,
        Outlook.PROGRESSING,
    ),
]


@pytest.mark.parametrize(("saw", "reason", "outlook"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_reason(saw: Seen, reason: Reason, outlook: Outlook) -> None:
    verdict = decide(saw)
    assert (verdict.reason, verdict.outlook) == (reason, outlook)
    assert verdict.message


def test_every_reason_is_made_here() -> None:
    told_without_a_look_at_anything = {Reason.TERMINATING}
    assert {reason for _, _, reason, _ in CASES} | told_without_a_look_at_anything == set(Reason)


DEPLOYMENT, SERVICE = names.DEPLOYMENT, names.SERVICE
NOT_READY: list[tuple[str, dict[Kind, Child], Obstacles]] = [
    ("no Deployment", only(SERVICE, child()), {}),
    ("no Service", only(DEPLOYMENT, deployment()), {}),
    ("Deployment of an older generation", children(generation=2), {}),
    ("our write of the Deployment not seen yet", children(awaited=True), {}),
    ("our write of the Service not seen yet", children() | only(SERVICE, child(awaited=True)), {}),
    ("Deployment ends", children(deleting=True), {}),
    ("Service ends", children() | only(SERVICE, child(deleting=True)), {}),
    ("Deployment of somebody else", children(owner=owner("other")), {}),
    ("Deployment of nobody", children(owner=None), {}),
    ("Service of somebody else", children() | only(SERVICE, child(owner=owner("other"))), {}),
    ("Deployment known by its metadata alone", children() | only(DEPLOYMENT, child()), {}),
    ("the server is overloaded", children(), {SERVICE: Obstacle(Retry("no"), lasting=False)}),
    ("somebody was faster", children(), {SERVICE: Obstacle(Stale(), lasting=False)}),
    ("wanted number not written yet", children(rollout(3)), {}),
    ("as many pods as wanted, by chance", children(rollout(2, wanted=3)), {}),
]


@pytest.mark.parametrize(("found", "obstacles"), [pytest.param(*case[1:], id=case[0]) for case in NOT_READY])
def test_never_ready_while_anything_is_open(found: dict[Kind, Child], obstacles: Obstacles) -> None:
    assert decide(seen(children=found, obstacles=obstacles)).outlook is Outlook.PROGRESSING


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        pytest.param(
            rollout(replicas=3, updated=1, conditions={**GONE_ON.conditions, **refused_pods(QUOTA)}),
            Reason.QUOTA_EXCEEDED,
            id="what stops a rollout, not that it is one",
        ),
        pytest.param(
            replace(GIVEN_UP, conditions={**refused_pods(QUOTA), **GIVEN_UP.conditions}),
            Reason.QUOTA_EXCEEDED,
            id="the cause of a missed deadline, not the deadline",
        ),
    ],
)
@pytest.mark.parametrize("cause", [None, CRASH], ids=["", "and not what the pods do"])
def test_the_most_telling_reason_wins(status: Rollout, reason: Reason, cause: Cause | None) -> None:
    assert decide(seen(children=children(status), cause=cause)).reason is reason


def test_why_pods_fail_is_told_and_not_that_time_is_up() -> None:
    assert decide(seen(children=children(GIVEN_UP), cause=CRASH)).reason is Reason.CRASH_LOOP_BACK_OFF


@pytest.mark.parametrize(
    ("words", "reason", "message"),
    [
        (
            "exceeded quota: small, requested: count/replicasets.apps=1, used: count/replicasets.apps=9, "
            "limited: count/replicasets.apps=9",
            Reason.QUOTA_EXCEEDED,
            "the ReplicaSet is refused: exceeded quota: small, requested: count/replicasets.apps=1, "
            "limited: count/replicasets.apps=9",
        ),
        (
            "ValidatingAdmissionPolicy 'p' denied request: no",
            Reason.FORBIDDEN,
            "the ReplicaSet is refused: ValidatingAdmissionPolicy 'p' denied request: no",
        ),
    ],
)
def test_a_replica_set_that_is_refused_is_told_though_the_deployment_never_answers(
    words: str, reason: Reason, message: str
) -> None:
    """Its own deadline does not count then, so that of the status does."""
    said = f'Failed to create new replica set "myapp-deployment-7f9c": replicasets.apps "x" is forbidden: {words}'
    conditions = {"Progressing": Condition(False, "ReplicaSetCreateError", said)}
    refused = seen(children=children(rollout(conditions=conditions), generation=2))
    assert (decide(refused).reason, decide(refused).message) == (reason, message)
    answered = seen(children=children(rollout(conditions=conditions)))
    assert decide(answered).reason is Reason.ROLLING_OUT, "it was made after all"


def test_why_pods_fail_is_told_although_another_child_is_late() -> None:
    late = {**children(GONE_ON), names.SERVICE: child(uid="uid-service", awaited=True)}
    assert decide(seen(children=late, cause=CRASH)).reason is Reason.CRASH_LOOP_BACK_OFF
    assert decide(seen(children=late)).reason is Reason.ROLLING_OUT


def test_the_old_pods_are_not_blamed_for_a_new_version_that_is_not_written_yet() -> None:
    assert decide(seen(children=children(generation=2), cause=CRASH)).reason is Reason.ROLLING_OUT


@pytest.mark.parametrize(
    ("newest", "reason"),
    [
        (None, Reason.QUOTA_EXCEEDED),
        ('Error creating: pods "myapp-deployment-7f9c-aaaaa" is forbidden: maximum memory is 1Gi', Reason.FORBIDDEN),
    ],
)
def test_the_newest_refusal_of_pods_is_told_where_a_look_brought_it(newest: str | None, reason: Reason) -> None:
    """The Deployment may go on with the words of an earlier one for minutes."""
    status = rollout(conditions=refused_pods(QUOTA))
    verdict = decide(seen(children=children(status), looks=Looks(refusal=newest)))
    assert verdict.reason is reason
    assert verdict.message.startswith("pods are refused: ")
    assert ("maximum memory" in verdict.message) is bool(newest)


# What an earlier run of the operator has found


def told(reason: Reason, message: str = "why", generation: int = 1) -> App:
    return app(
        status={
            "observedGeneration": generation,
            "conditions": [{"type": "Ready", "status": "False", "reason": str(reason), "message": message}],
        }
    )


STANDING = Looks(standing=True)
OVER_QUOTA = children(rollout(conditions=refused_pods(QUOTA)))


@pytest.mark.parametrize("found", [children(GONE_ON), children()], ids=["rolling out", "complete"])
def test_what_was_found_before_a_restart_stands_until_a_look(found: dict[Kind, Child]) -> None:
    verdict = decide(seen(app=told(Reason.OOM_KILLED), children=found, looks=STANDING))
    assert (verdict.reason, verdict.message) == (Reason.OOM_KILLED, "why")
    assert decide(seen(app=told(Reason.OOM_KILLED), children=found)).reason is not Reason.OOM_KILLED


def test_the_newest_refusal_of_pods_stands_as_long_as_they_are_refused() -> None:
    before = told(Reason.FORBIDDEN, "pods are refused: the newest words")
    assert decide(seen(app=before, children=OVER_QUOTA, looks=STANDING)).message == "pods are refused: the newest words"
    assert decide(seen(app=before, looks=STANDING)).reason is Reason.READY


def test_that_pods_name_what_does_not_exist_stands_over_a_restart_as_long_as_they_are_refused() -> None:
    words = 'pods are refused: PriorityClass "urgent" does not exist: create it, or change the MyApp'
    before = told(Reason.REFERENCE_MISSING, words)
    verdict = decide(seen(app=before, children=OVER_QUOTA, looks=STANDING))
    assert (verdict.reason, verdict.message) == (Reason.REFERENCE_MISSING, words)
    assert decide(seen(app=before, looks=STANDING)).reason is Reason.READY


def test_a_hopeless_cause_stays_hopeless_over_a_restart() -> None:
    before = told(Reason.INVALID_IMAGE_NAME)
    assert decide(seen(app=before, children=children(GONE_ON), looks=STANDING)).outlook is Outlook.STALLED


@pytest.mark.parametrize(
    ("before", "is_told"),
    [
        (told(Reason.NOT_READY), True),
        (told(Reason.NOT_READY, generation=0), False),
        (told(Reason.READY), False),
        (told(Reason.FORBIDDEN), False),
        (app(), False),
    ],
)
def test_only_what_a_look_can_find_of_this_generation_may_stand(before: App, is_told: bool) -> None:
    assert (what_was_told(seen(app=before)) is not None) is is_told


def test_an_app_is_not_ready_while_a_child_stands_as_others_want_it() -> None:
    """Complete by the Deployment's own account, but with somebody else's image, or behind somebody else's Service."""
    lost = Fight("spec.ports", "flux", 0, 0, lost=True)
    verdict = decide(seen(fights={names.SERVICE: lost}))
    assert (verdict.reason, verdict.outlook) == (Reason.ROLLING_OUT, Outlook.PROGRESSING)
    assert decide(seen(fights={names.SERVICE: replace(lost, lost=False)})).reason is Reason.READY


def test_a_deployment_with_other_replicas_in_a_fight_is_scaling() -> None:
    lost = Fight("spec.replicas", "flux", 0, 0, lost=True)
    saw = seen(children=children(rollout(7)), fights={names.DEPLOYMENT: lost})
    assert decide(saw).reason is Reason.SCALING


def test_what_needs_a_hand_is_told_before_what_may_pass() -> None:
    obstacles = {DEPLOYMENT: refused(Reason.QUOTA_EXCEEDED), SERVICE: refused(Reason.NOT_OWNED, "theirs")}
    assert decide(seen(obstacles=obstacles)).message == "theirs"


def test_of_two_alike_the_first_kind_is_told() -> None:
    obstacles = {DEPLOYMENT: refused(Reason.FORBIDDEN, "one"), SERVICE: refused(Reason.FORBIDDEN, "two")}
    assert decide(seen(obstacles=obstacles)).message == "the Deployment is refused: one"


def test_a_failure_of_replicas_that_is_over_is_not_told() -> None:
    conditions = refused_pods(QUOTA)
    over = {**conditions, "ReplicaFailure": replace(conditions["ReplicaFailure"], status=False)}
    assert decide(seen(children=children(rollout(conditions=over)))).reason is Reason.READY


@pytest.mark.parametrize(
    "message",
    [
        QUOTA,
        'Pod "myapp-deployment-7f9c-x2b4z" is invalid: spec.containers[0].image: Required value',
        'Error creating: Pod "myapp-deployment-7f9c-x2b4z" is invalid: spec.containers[0].image: Required value',
    ],
)
def test_the_random_name_of_a_pod_is_not_told(message: str) -> None:
    """Every try has another one, and each would be a write of status."""
    verdict = decide(seen(children=children(rollout(conditions=refused_pods(message)))))
    assert "x2b4z" not in verdict.message
    whole = {QUOTA: "pods are refused: exceeded quota: "}.get(message, "pods are refused: the pod is invalid: spec.")
    assert verdict.message.startswith(whole)


@pytest.mark.parametrize(
    ("of_deployment", "obstacles", "past"),
    [
        pytest.param({}, {}, True, id="of this generation"),
        pytest.param({}, {SERVICE: refused(Reason.FORBIDDEN)}, True, id="of this generation, the Service is refused"),
        pytest.param({"generation": 2}, {}, False, id="of an older generation"),
        pytest.param({"awaited": True}, {}, False, id="of what was there before our last write"),
        pytest.param({}, {DEPLOYMENT: refused(Reason.FORBIDDEN)}, False, id="of what we could not replace"),
        pytest.param({"owner": None}, {}, False, id="of a Deployment that is not ours"),
    ],
)
def test_only_a_deadline_of_what_is_wanted_now_counts(
    of_deployment: dict[str, object], obstacles: Obstacles, past: bool
) -> None:
    assert past_own_deadline(seen(children=children(GIVEN_UP, **of_deployment), obstacles=obstacles)) is past


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("one\n  two\tthree", "one two three"),
        ("cannot pull https://user:secret@example.com/x", "cannot pull https://***@example.com/x"),
        ("postgres://user:p@ss@db/x failed", "postgres://***@db/x failed"),
        ("a http://a:b@c/d and http://e:f@g/h", "a http://***@c/d and http://***@g/h"),
        ("see https://example.com/@team", "see https://example.com/@team"),
        ("\x1b[31mred\x1b[0m and \x9b1A", "red and �1A"),
        ("x" * 512, "x" * 512),
        ("x" * 513, "x" * 511 + "…"),
    ],
)
def test_a_message_is_one_short_line_without_credentials(text: str, line: str) -> None:
    assert sentence(text) == line


def in_the_way(*kinds: Kind) -> dict[Kind, Obstacle]:
    return {kind: Obstacle(plan.foreign(kind, app(), None)) for kind in kinds}


def test_all_that_may_be_taken_over_is_named_at_once_with_one_command() -> None:
    told = (
        'Deployment "myapp-deployment" and Service "myapp-service" exist and are not controlled by this MyApp: delete '
        "them, give the MyApp another name, or let the MyApp take them over, to live and die with it: kubectl -n "
        "default annotate deployment/myapp-deployment service/myapp-service apps.example.com/adopt=true"
    )
    for kinds in [(DEPLOYMENT, names.SERVICE), (names.SERVICE, DEPLOYMENT)]:
        assert decide(seen(obstacles=in_the_way(*kinds))).message == told, "in whatever order they were found"


def test_what_cannot_be_taken_over_is_named_beside_what_can() -> None:
    owned = Obstacle(plan.foreign(names.SERVICE, app(), owner("u", "shop", "Shop", "x/v1")))
    message = decide(seen(obstacles={names.SERVICE: owned, **in_the_way(DEPLOYMENT)})).message
    assert (
        'annotate deployment myapp-deployment apps.example.com/adopt=true; Service "myapp-service" is cont' in message
    )


def test_the_command_is_whole_however_much_is_in_the_way() -> None:
    every = [*BUILDERS]
    long = app("a" * 55)
    message = decide(seen(app=long, obstacles=in_the_way(*every))).message
    assert message.startswith("7 objects exist and are not controlled by this MyApp: ")
    assert message.endswith(" apps.example.com/adopt=true")
    assert len(message) <= 512
    assert adoption.offer(long, every[:3]).startswith("3 objects exist"), "there is no room for all names twice"


def test_a_sentence_of_ours_keeps_the_name_of_the_app_although_a_variable_holds_it() -> None:
    """`FLASK_APP=myapp` is in every tutorial."""
    named = spec(image="myapp:2", env=[{"name": "FLASK_APP", "value": "myapp"}, {"name": "TAG", "value": "myapp:2"}])
    in_the_way = plan.foreign(DEPLOYMENT, app(), None)
    message = decide(seen(spec=named, obstacles={DEPLOYMENT: Obstacle(in_the_way)})).message
    assert message.endswith("kubectl -n default annotate deployment myapp-deployment apps.example.com/adopt=true")
    fight = Fight("spec.replicas", "flux", 0, 0)
    assert (
        judge(seen(spec=named, fights={DEPLOYMENT: fight}))
        .status["message"]
        .startswith('all pods run image "myapp:2"; spec.replicas of the Deployment')
    )


def test_values_of_variables_are_hidden_in_why_pods_are_refused() -> None:
    secret = spec(env=[{"name": "A", "value": "hunter2hunter2"}])
    found = children(rollout(conditions=refused_pods('pods "x" is forbidden: no hunter2hunter2 here')))
    assert decide(seen(spec=secret, children=found)).message == "pods are refused: no *** here"


def test_at_zero_the_advice_is_what_would_start_pods() -> None:
    none = children(rollout(0))
    load = {"minReplicas": 2, "maxReplicas": 4, "cpu": 80}
    fixed = seen(spec=spec(replicas=0), children=none)
    scaled = seen(spec=spec(autoscaling=load, resources={"requests": {"cpu": "1"}}), children=none)
    idle = "scaled to zero: scale the Deployment up, since at zero an autoscaler does nothing"
    assert decide(fixed).message == "scaled to zero: raise spec.replicas to start pods"
    assert decide(scaled).message == decide(replace(seen(children=none), scaler="theirs")).message == idle


def test_replicas_beside_autoscaling_are_told_to_be_ignored_only_where_they_were_set() -> None:
    words = "replicas is ignored while autoscaling is set"
    load, cpu = {"maxReplicas": 4, "cpu": 80}, {"requests": {"cpu": "1"}}
    scaled = seen(spec=spec(autoscaling=load, resources=cpu))
    assert words not in decide(scaled).message
    assert words in decide(replace(scaled, app=replace(scaled.app, sets_replicas=True))).message
    assert words in decide(replace(scaled, spec=spec(autoscaling=load, resources=cpu, replicas=5))).message
