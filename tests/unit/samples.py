"""Small builders of what the pure modules look at: MyApps, children, rollouts, refusals.

Every test says only what it is about; the rest is a healthy app of two pods.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from myapp_operator import desired, names, plan
from myapp_operator.causes import Cause
from myapp_operator.deployment_status import Condition, Rollout
from myapp_operator.desired import Wanted
from myapp_operator.errors import ApiError
from myapp_operator.fights import Fight
from myapp_operator.grammar import Json
from myapp_operator.looks import Looks
from myapp_operator.model import Spec, parse_spec
from myapp_operator.names import Key, Kind
from myapp_operator.observed import App, Child
from myapp_operator.owners import Owner
from myapp_operator.refusals import Obstacle
from myapp_operator.seen import Seen

KEY = Key("default", "myapp")
NOW = datetime(2030, 1, 1, 12, 0, 0, tzinfo=UTC)
COMPLETE = Condition(True, "NewReplicaSetAvailable", 'ReplicaSet "myapp-deployment-1" has successfully progressed.')


def app(name: str = "myapp", uid: str = "uid-1", **changes: Any) -> App:
    """A MyApp that was stored but never looked at."""
    stored = App(Key("default", name), uid, 10, 1, deleting=False, spec={"image": "myapp:latest"})
    return replace(stored, **changes)


def app_of(raw: Json, uid: str) -> App:
    """A stored MyApp of what a user's file holds."""
    stored = {"namespace": "default", "uid": uid, "resourceVersion": "10", "generation": 1}
    return App.from_json({**raw, "metadata": {**stored, **raw["metadata"]}})


def spec(**fields: Any) -> Spec:
    """A spec with some fields, in the words of the API, such as `replicas=3`."""
    return parse_spec({"image": "myapp:latest", **fields}, strict=True)


def owner(uid: str = "uid-1", name: str = "myapp", kind: str = names.KIND, api: str = names.API_VERSION) -> Owner:
    """The controller of a child: by default our MyApp."""
    return Owner(api, kind, name, uid)


def rollout(pods: int = 2, **changes: Any) -> Rollout:
    """A Deployment's account of itself: complete, with this many pods."""
    return replace(Rollout(1, pods, pods, pods, pods, pods, {"Progressing": COMPLETE}), **changes)


def progressing(reason: str) -> Mapping[str, Condition]:
    """The conditions of a Deployment that rolls out, or has given up."""
    return {"Progressing": Condition(reason != "ProgressDeadlineExceeded", reason, "")}


def refused_pods(message: str) -> Mapping[str, Condition]:
    """The conditions of a complete Deployment whose next pods are refused."""
    return {"Progressing": COMPLETE, "ReplicaFailure": Condition(True, "FailedCreate", message)}


def child(**changes: Any) -> Child:
    """A child of our MyApp which the watch has brought."""
    return replace(Child("uid-child", 20, 1, False, owner(), "", 0, ""), **changes)


def deployment(status: Rollout | None = None, **changes: Any) -> Child:
    """The Deployment of our MyApp, complete."""
    return child(rollout=status or rollout(), **changes)


def children(status: Rollout | None = None, **of_deployment: Any) -> dict[Kind, Child]:
    """Both children; the keyword arguments are about the Deployment."""
    return {names.DEPLOYMENT: deployment(status, **of_deployment), names.SERVICE: child(uid="uid-service")}


_APP, _SPEC, _CHILDREN = app(), spec(), children()


def seen(
    *,
    app: App = _APP,
    spec: Spec = _SPEC,
    children: Mapping[Kind, Child] = _CHILDREN,
    obstacles: Mapping[Kind, Obstacle] | None = None,
    now: datetime = NOW,
    looks: Looks | None = None,
    cause: Cause | None = None,
    fights: Mapping[Kind, Fight] | None = None,
) -> Seen:
    """All that a judgement rests on: by default a complete app. `cause` is what the last look at its pods has found."""
    return Seen(app, spec, children, obstacles or {}, now, looks or Looks(cause=cause), fights=fights or {})


def wanted(of: App | None = None, **fields: Any) -> dict[Kind, Wanted]:
    """What the builders want for an app."""
    return {each.kind: each for each in desired.build(of or app(), spec(**fields))}


def written(want: Wanted) -> Json:
    """What is sent to the API server where `want` is applied."""
    return plan.with_notes(want.body or {}, want.carried)


def applied(want: Wanted, **changes: Any) -> Child:
    """The child that stands there after `want` was applied and nobody has touched it since."""
    fields = '{"f:metadata":{},"f:spec":{}}'
    stands = {"applied": want.applied, "fields": fields, "template": want.carried.get(names.TEMPLATE, "")}
    return child(**{**stands, **changes})


def condition(status: Json, kind: str) -> Json:
    """One condition of a status."""
    found: Json = next(each for each in status["conditions"] if each["type"] == kind)
    return found


def refusal(status: int, message: str, *causes: str, reason: str = "", **details: Any) -> ApiError:
    """An answer of the API server."""
    return ApiError(status, reason, message, {**details, "causes": [{"reason": each} for each in causes]})
