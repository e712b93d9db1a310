"""Who says how many pods there are: the MyApp, or an autoscaler. Pure.

While an autoscaler scales the Deployment we apply it without `spec.replicas`. But server-side apply puts a field that
its only owner no longer names back to its default, here 1. So before we let go of the number a second field manager
holds it as it is (see `Hold`); the autoscaler takes it from there with its first change. Whatever ends the operator in
between, the metadata of the Deployment tells how far this has come.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from myapp_operator import names
from myapp_operator.desired import Wanted, with_spec
from myapp_operator.grammar import Json
from myapp_operator.json_objects import mapping
from myapp_operator.names import Kind
from myapp_operator.observed import App, Child


@dataclass(frozen=True)
class Hold:
    """The number of pods to hold while we let go of it."""

    replicas: int
    force: bool = False
    """Whether it is another number than the present one, because an autoscaler does nothing at 0."""


def are_left_to_others(body: Json) -> bool:
    """Whether this Deployment is wanted without a number of pods."""
    return body["kind"] == names.DEPLOYMENT.kind and "replicas" not in body["spec"]


def counted(body: Json, number: int) -> Json:
    """The same Deployment with this number of pods. Its hash stays that of the one without."""
    return {**body, "spec": {"replicas": number, **body["spec"]}}


def as_many(body: Json, present: Json) -> Json:
    """What to apply to an object whose fields were all made ours just now: else the number would go to its default."""
    return counted(body, present["spec"]["replicas"]) if are_left_to_others(body) else body


def hold(body: Json, child: Child, fewest: int) -> Hold | None:
    """What to hold before this Deployment is applied; None where we have nothing to let go of."""
    if not are_left_to_others(body) or not _are_ours(child) or child.rollout is None:
        return None
    present = child.rollout.wanted
    return Hold(present) if present else Hold(fewest, force=True)


def fewest(wanted: Iterable[Wanted]) -> int:
    """The pods with which an autoscaled app begins: the least number of its own autoscaler."""
    bodies = [each.body for each in wanted if each.kind == names.HPA and each.body]
    return int(bodies[0]["spec"]["minReplicas"]) if bodies else 1


def is_handed_over(deployment: Wanted, child: Child | None, app: App) -> bool:
    """Whether an autoscaler may be written: the number of pods is no longer ours, or is to stay ours beside it."""
    if child is None or not child.is_controlled_by(app) or deployment.body is None:
        return False
    return not are_left_to_others(deployment.body) or not _are_ours(child)


def left_to_scaler(wanted: Iterable[Wanted], children: Mapping[Kind, Child], app: App, scaler: str) -> list[Wanted]:
    """What is wanted, with the number of pods left to an autoscaler that is there although the app asks for none.

    That is our own which is not gone yet, or `scaler`, somebody else's. An app of no pods keeps them at 0.
    """
    own = children.get(names.HPA)
    if not scaler and (own is None or not own.is_controlled_by(app)):
        return [*wanted]
    return [_without_number(each) if each.kind == names.DEPLOYMENT else each for each in wanted]


def are_scaled_by_others(deployment: Wanted, child: Child | None, app: App) -> bool:
    """Whether others have set the number of pods that the app asks for, as an autoscaler does, and maybe one did.

    In an adoption that matters as well, and after it, when the number is held by both.
    """
    if child is None or deployment.body is None or not (child.is_controlled_by(app) or child.may_be_adopted):
        return False
    return bool(deployment.body["spec"].get("replicas")) and child.scaled


Target = tuple[str, str, str]
"""What an autoscaler scales: API group, kind and name."""


def of_deployment(app: App) -> Target:
    """The Deployment of this app."""
    return "apps", names.DEPLOYMENT.kind, names.DEPLOYMENT.name_for(app.key.name)


def of_myapp(app: App) -> Target:
    """The MyApp itself."""
    return names.GROUP, names.KIND, app.key.name


def scalers(listed: Iterable[Json], app: App, target: Target) -> list[str]:
    """The autoscalers of others, by name, that scale this target."""
    found = []
    for raw in listed:
        ref = mapping(mapping(mapping(raw).get("spec")).get("scaleTargetRef"))
        group = str(ref.get("apiVersion") or target[0]).partition("/")[0]
        if (group, ref.get("kind"), ref.get("name")) == target and not Child.from_json(raw).is_controlled_by(app):
            found.append(raw["metadata"]["name"])
    return sorted(found)


def _are_ours(child: Child) -> bool:
    return "f:replicas" in mapping(json.loads(child.fields or "{}").get("f:spec"))


def _without_number(deployment: Wanted) -> Wanted:
    """The Deployment as it is wanted beside an autoscaler, with the hash of that."""
    spec = (deployment.body or {}).get("spec", {})
    if not spec.get("replicas"):
        return deployment
    return with_spec(deployment, {key: value for key, value in spec.items() if key != "replicas"})
