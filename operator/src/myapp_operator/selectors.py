"""The labels by which pods are selected, where they are not those of a new app. Pure.

The selector of a Deployment is immutable. So one that was made by an earlier release, or adopted, keeps the one it has,
and its pods carry more labels than it asks for. What else selects pods (Service, budget, NetworkPolicy) asks for all
labels of `names.selector`; but pods from before an adoption may lack some. As long as there are such pods, an adopted
object selects as the Deployment does: docs/decisions/0019-selectors.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import orjson

from myapp_operator import digests, names
from myapp_operator.desired import Wanted, with_spec
from myapp_operator.grammar import Json
from myapp_operator.names import Kind
from myapp_operator.observed import App, Child
from myapp_operator.owners import controller
from myapp_operator.printable import cut

_FIELDS: Mapping[Kind, str] = {names.SERVICE: "selector", names.PDB: "selector", names.NETWORK_POLICY: "podSelector"}
"""Where the spec of what selects pods says so. Each of these can be changed at any time."""
_LONGEST = 80
"""Characters of a selector in a message."""
_MOST_VERSIONS = 50
"""Versions of an app whose pods are left out by the API server; those of others are left out here."""
MAY_ANSWER = "status.phase!=Succeeded,status.phase!=Failed"
"""Field selector of pods that may get requests; the others are no trouble to anybody."""


def of(deployment: Child | None, app: str) -> Mapping[str, str]:
    """The labels by which the Deployment of this app selects its pods; none where it asks for more than labels."""
    kept = deployment.rollout.selector if deployment and deployment.rollout else ""
    labels: Mapping[str, str] = orjson.loads(kept) if kept else names.selector(app)
    return labels


def kept(wanted: Sequence[Wanted], children: Mapping[Kind, Child], app: App) -> Sequence[Wanted]:
    """What is wanted, with the selector that the Deployment in its place has already, if the pods would carry it."""
    deployment = children.get(names.DEPLOYMENT)
    if deployment is None or deployment.rollout is None or not deployment.rollout.selector:
        return wanted
    labels = of(deployment, app.key.name)
    bodies = (want.body for want in wanted if want.kind == names.DEPLOYMENT)
    carried = any(body and labels and not missing(labels, body) for body in bodies)
    if not carried or not (deployment.is_controlled_by(app) or deployment.may_be_adopted):
        return wanted
    older = _may_have_older_pods(deployment, app)
    return [_selecting(want, labels, children.get(want.kind), app, older=older) for want in wanted]


def missing(labels: Mapping[str, str], deployment: Json) -> Mapping[str, str]:
    """Those of these labels that the pods of this Deployment would not carry."""
    carried = deployment["spec"]["template"]["metadata"]["labels"]
    return {key: value for key, value in labels.items() if carried.get(key) != value}


def told(labels: Mapping[str, str]) -> str:
    """Labels as in messages."""
    return cut(names.selector_text(labels), _LONGEST)


def version_of(replica_set: Json) -> Json:
    """What `besides` and `strangers` need of a ReplicaSet."""
    metadata = replica_set["metadata"]
    version = (metadata.get("labels") or {}).get(names.TEMPLATE_HASH, "")
    return {"metadata": {"uid": metadata["uid"], "labels": {names.TEMPLATE_HASH: version}}}


def besides(app: str, replica_sets: Sequence[Json] | None) -> str:
    """Selects the pods with the label of this app that belong to none of its ReplicaSets, as far as those are known."""
    if replica_sets is None:
        return f"app={app},{names.MANAGED_BY_SELECTOR.replace('=', '!=')}"
    hashes = {str((each["metadata"].get("labels") or {}).get(names.TEMPLATE_HASH, "")) for each in replica_sets}
    known = sorted(filter(None, hashes))[:_MOST_VERSIONS]
    return f"app={app}" + (f",{names.TEMPLATE_HASH} notin ({','.join(known)})" if known else "")


def strangers(pods: Sequence[Json], replica_sets: Sequence[Json]) -> list[str]:
    """The names of those of these pods that no ReplicaSet of the app controls, each with its controller."""
    uids = {each["metadata"]["uid"] for each in replica_sets}
    owners = [(pod["metadata"]["name"], controller(pod["metadata"])) for pod in pods]
    return [f"{name} ({owner or 'no controller'})" for name, owner in owners if owner is None or owner.uid not in uids]


def sentence(app: str) -> str:
    """What is to be said of such pods. Their names change too often for a status."""
    return f"pods of others carry the label app={app} too: kubectl myapp explain {app} names them"


def _selecting(want: Wanted, labels: Mapping[str, str], child: Child | None, app: App, *, older: bool) -> Wanted:
    """The same child, which selects pods by these labels if it must."""
    if want.body is None:
        return want
    if want.kind == names.DEPLOYMENT:
        return with_spec(want, {**want.body["spec"], "selector": {"matchLabels": {**labels}}})
    if not older or child is None or want.kind not in _FIELDS:
        return want
    selector = {**labels} if want.kind == names.SERVICE else {"matchLabels": {**labels}}
    wide = with_spec(want, {**want.body["spec"], _FIELDS[want.kind]: selector})
    adopts = child.may_be_adopted and not child.is_controlled_by(app)
    return wide if adopts or digests.is_hash(child.applied, wide.applied) else want


def _may_have_older_pods(deployment: Child, app: App) -> bool:
    """Whether pods may be left from before the Deployment was adopted; what is not ours yet has no other ones."""
    rollout = deployment.rollout
    if rollout is None or not deployment.is_controlled_by(app) or not deployment.settled:
        return True
    return rollout.updated != rollout.replicas
