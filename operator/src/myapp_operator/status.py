"""What to say of an app: one reason, one sentence, four conditions. Pure; the time comes in as an argument.

The conditions follow kstatus (Reconciling and Stalled are True only while they apply), so that `kubectl wait`, Flux and
Helm understand them without a plug-in: https://github.com/kubernetes-sigs/cli-utils/tree/master/pkg/kstatus
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from myapp_operator import names, rollouts, selectors, unmeasured
from myapp_operator.deletion import why_still_there
from myapp_operator.deployment_status import Rollout
from myapp_operator.grammar import Json
from myapp_operator.json_objects import condition
from myapp_operator.moments import moment
from myapp_operator.names import Kind, Reason
from myapp_operator.observed import App, Child
from myapp_operator.refusals import Stale
from myapp_operator.seen import (
    Seen,
    changed_by_admission,
    current_rollout,
    is_rolled_out,
    past_own_deadline,
    rolled_back,
)
from myapp_operator.verdicts import (
    LEFT_ALONE,
    MAY_PASS,
    Outlook,
    Verdict,
    beside,
    decide,
    kept_message,
    sentence,
    with_more,
)

_WATCHED = frozenset({Reason.REFERENCE_MISSING, Reason.SERVICE_ACCOUNT_NOT_ALLOWED, Reason.WAITING})
"""The reasons whose words change only with what a watch brings."""
_QUIET_SECONDS = 10.0
_SETTLE_SECONDS = 3.0
_BURST = 20
"""Changed reasons that are written at once one after the other."""


@dataclass(frozen=True, slots=True)
class Budget:
    """How many changed reasons may still be written at once: a reason that alternates must not make a write each time.

    It is full at first, and gets one back every `_QUIET_SECONDS`.
    """

    left: float = _BURST
    at: float = 0.0
    """When `left` was counted, in monotonic seconds."""

    def allows(self, now: float) -> bool:
        """Whether a changed reason may be written at once."""
        return self._available(now) >= 1

    def spent(self, now: float) -> Budget:
        """The budget after a write."""
        return Budget(max(0.0, self._available(now) - 1), now)

    def _available(self, now: float) -> float:
        return min(float(_BURST), self.left + (now - self.at) / _QUIET_SECONDS)


@dataclass(frozen=True)
class Judged:
    """The status to show."""

    status: Json
    again: float | None = None
    """Seconds after which the passing of time alone may change it; None: never."""
    settled: bool = True
    """Whether the children have answered to all that was written to them; until then nothing is known."""


def judge(seen: Seen) -> Judged:
    """Says how the app is doing."""
    verdict = decide(seen)
    verdict, again = _apply_deadline(verdict, seen)
    trouble = beside(seen, verdict)
    more = [*([trouble] if trouble else []), *(fight.sentence(kind) for kind, fight in seen.fights.items())]
    if seen.unknown:
        more.append(LEFT_ALONE)
    if seen.closed and seen.closed not in verdict.message:
        more.append(f"the version that runs goes on, but {seen.closed}")
    more += [each.words for each in changed_by_admission(seen) if not each.decisive]
    if seen.stranded and verdict.outlook is Outlook.STALLED:
        more.append(seen.stranded)
    if seen.looks.strangers and verdict.outlook is not Outlook.READY:
        more.append(selectors.sentence(seen.app.key.name))
    if words := next((outage.words for each in seen.obstacles.values() if (outage := each.lasting_outage)), ""):
        more.append(f"the API server does not take changes now: {words}")
    message = kept_message(seen, verdict) or with_more(verdict.message, more)
    if verdict.outlook is Outlook.READY:
        again = unmeasured.left(seen) or None
    return Judged(_status(verdict, message, seen), again, _settled(seen))


def judge_invalid(app: App, message: str, now: datetime, children: Mapping[Kind, Child]) -> Judged:
    """Says that the stored spec breaks the rules of this version of the API. What runs goes on, and is counted."""
    rollout = _rollout_of(app, children)
    available = bool(rollout.ready and names.SERVICE in children) if rollout else _was_true(app, "Available")
    numbers = _numbers(rollout, rollout.wanted) if rollout else {}
    verdict = Verdict(Reason.REJECTED, sentence(message), Outlook.STALLED)
    return _without_spec(verdict, app, now, numbers, available=available)


def judge_terminating(app: App, now: datetime, children: Mapping[Kind, Child]) -> Judged:
    """Says that the MyApp is being deleted, and what holds it. What is left of its children goes when it goes."""
    since = f" since {app.deleted_at}" if app.deleted_at else ""
    edit = f"kubectl -n {app.key.namespace} edit {names.KIND.lower()} {app.key.name}"
    why = why_still_there(app.finalizers, edit) or "it is there until what holds it lets go"
    message = f"this {names.KIND} is being deleted{since}, and nothing of it is made or put back any more; {why}"
    rollout = _rollout_of(app, children)
    verdict = Verdict(Reason.TERMINATING, sentence(message), Outlook.PROGRESSING)
    numbers = _numbers(rollout, rollout.wanted if rollout else 0)
    available = bool(rollout and rollout.ready and names.SERVICE in children)
    return _without_spec(verdict, app, now, numbers, available=available)


def _rollout_of(app: App, children: Mapping[Kind, Child]) -> Rollout | None:
    deployment = children.get(names.DEPLOYMENT)
    return deployment.rollout if deployment and deployment.is_controlled_by(app) else None


def _without_spec(verdict: Verdict, app: App, now: datetime, numbers: Json, *, available: bool) -> Judged:
    """A judgement for which the spec does not matter; what is told of that stands as it was."""
    told = {key: value for key, value in app.status.items() if key != "conditions"}
    return Judged(
        told
        | numbers
        | {"observedGeneration": app.generation, "message": verdict.message}
        | {"conditions": _conditions(verdict, verdict.message, app, now, available=available)}
    )


def due(old: Json, judged: Judged, since_status: float, unsettled_for: float, *, at_once: bool = True) -> float | None:
    """Seconds until the judgement should be written over `old`: 0 means now, None means never.

    Status writes are the dearest of all. A changed reason is told at once as long as the `Budget` allows it
    (`at_once`), a changed generation always, anything else (numbers of pods) at most every ten seconds. While the
    children are unsettled nothing is known: a little patience saves a write that the next one would contradict.
    Only the first status does not wait.
    """
    new = judged.status
    if old == new:
        return None
    told_before = type(generation := old.get("observedGeneration")) is int and generation >= 0
    if not judged.settled and unsettled_for < _SETTLE_SECONDS and told_before:
        return _SETTLE_SECONDS - unsettled_for
    if old.get("observedGeneration") != new.get("observedGeneration") or (at_once and _headline(old) != _headline(new)):
        return 0.0
    return max(0.0, _QUIET_SECONDS - since_status)


def _headline(status: Json) -> tuple[object, ...]:
    """What is told at once: Available is left out, since it changes a moment before or after the reason of Ready. What
    the watches bring is told in the words too: nobody should read that something is missing when it has come."""
    ready, stalled = condition(status, "Ready"), condition(status, "Stalled")
    reason = ready.get("reason")
    words = ready.get("message") if isinstance(reason, str) and reason in _WATCHED else ""
    return reason, ready.get("status"), stalled.get("status"), words


def _apply_deadline(verdict: Verdict, seen: Seen) -> tuple[Verdict, float | None]:
    """Turns a refusal or a failure of pods that lasts into a stall; also gives the seconds until that happens.

    While the Deployment rolls out its own deadline decides; otherwise the same number of seconds counts from the moment
    at which the app began to reconcile.
    """
    if verdict.outlook is not Outlook.PROGRESSING or verdict.reason not in MAY_PASS:
        return verdict, None
    stalled = replace(verdict, outlook=Outlook.STALLED)
    still = seen.app.status.get("observedGeneration") == seen.app.generation and _was_true(seen.app, "Stalled")
    if past_own_deadline(seen) or still:
        return stalled, None
    if current_rollout(seen) is not None and not is_rolled_out(seen):
        return verdict, None
    began = (_since(seen.app, "Reconciling") if _was_true(seen.app, "Reconciling") else None) or seen.now
    left = (began + timedelta(seconds=seen.spec.rollout.progress_deadline_seconds) - seen.now).total_seconds()
    return (stalled, None) if left <= 0 else (verdict, left)


def _settled(seen: Seen) -> bool:
    deployment = seen.child(names.DEPLOYMENT)
    return (
        not any(child.awaited for child in seen.children.values())
        and not any(isinstance(each.verdict, Stale) for each in seen.obstacles.values())
        and (deployment is None or deployment.settled)
    )


def _status(verdict: Verdict, message: str, seen: Seen) -> Json:
    spec, rollout = seen.spec, seen.standing
    available = bool(rollout and rollout.ready) and seen.has_service
    return {
        "observedGeneration": seen.app.generation,
        **_numbers(rollout, rollout.wanted if rollout else seen.wanted),
        "selector": _selector(seen),
        "url": _url(seen),
        "image": rollouts.image(seen.child(names.DEPLOYMENT)) or spec.image,
        "message": message,
        **_rollback(seen),
        "conditions": _conditions(verdict, message, seen.app, seen.now, available=available),
    }


def _numbers(rollout: Rollout | None, wanted: int) -> Json:
    ready = rollout.ready if rollout else 0
    return {
        "replicas": rollout.replicas if rollout else 0,
        "readyReplicas": ready,
        "updatedReplicas": rollout.updated if rollout else 0,
        "ready": f"{ready}/{wanted}",
    }


def _selector(seen: Seen) -> str:
    """That of the Deployment, which an autoscaler on the MyApp uses."""
    name = seen.app.key.name
    return names.selector_text(selectors.of(seen.child(names.DEPLOYMENT), name) or names.selector(name))


def _rollback(seen: Seen) -> Json:
    """A copy of what the Deployment remembers."""
    facts = rolled_back(seen)
    return {"rollback": {"generation": facts.generation, "cause": facts.cause, "time": facts.time}} if facts else {}


def _url(seen: Seen) -> str:
    """The most public address there is. A name with a * is none, and a route without names has those of its Gateway."""
    route, ingress = seen.spec.route, seen.spec.ingress
    if route and seen.child(names.ROUTE) and (hosts := [each for each in route.hostnames or () if "*" not in each]):
        return f"http://{hosts[0]}{route.path}"
    if ingress and seen.child(names.INGRESS) and "*" not in ingress.host:
        return f"{'https' if ingress.tls else 'http'}://{ingress.host}{ingress.path}"
    port = "" if seen.spec.service.port == 80 else f":{seen.spec.service.port}"
    return f"http://{names.SERVICE.name_for(seen.app.key.name)}.{seen.app.key.namespace}.svc{port}"


def _conditions(verdict: Verdict, message: str, app: App, now: datetime, *, available: bool) -> list[Json]:
    """Ready tells the cause alone: an operator that starts goes on with what it reads there (`verdicts.told`)."""
    ready, outlook = verdict.outlook is Outlook.READY, verdict.outlook
    answer = ("EndpointsReady", "at least one pod can answer") if available else ("NoEndpoints", "no pod can answer")
    reason = str(verdict.reason)
    because = (reason, message)
    facts = (
        ("Ready", ready, reason, verdict.message),
        ("Available", available, *answer),
        ("Reconciling", outlook is Outlook.PROGRESSING, *because),
        ("Stalled", outlook is Outlook.STALLED, *because),
    )
    return [
        {
            "type": kind,
            "status": "True" if holds else "False",
            "reason": why,
            "message": words,
            "lastTransitionTime": _transition(app, kind, holds, now),
            "observedGeneration": app.generation,
        }
        for kind, holds, why, words in facts
    ]


def _transition(app: App, kind: str, holds: bool, now: datetime) -> str:
    """When the condition began to be what it is now."""
    since = (_since(app, kind) if _was_true(app, kind) == holds else None) or now
    return since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _was_true(app: App, kind: str) -> bool:
    return condition(app.status, kind).get("status") == "True"


def _since(app: App, kind: str) -> datetime | None:
    return moment(condition(app.status, kind).get("lastTransitionTime"))
