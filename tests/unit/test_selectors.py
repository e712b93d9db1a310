"""By which labels pods are selected, where the Deployment was there before and keeps its selector."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
import yaml

from myapp_operator import desired, names, plan, selectors, takeover
from myapp_operator.deployment_status import NO_LABELS, Rollout
from myapp_operator.desired import Wanted
from myapp_operator.grammar import Json
from myapp_operator.model import parse_spec
from myapp_operator.names import Kind, Reason
from myapp_operator.observed import Child
from myapp_operator.refusals import Refused
from tests.unit import golden
from tests.unit.samples import app, app_of, applied, deployment, rollout, wanted

DEPLOYMENT, SERVICE = names.DEPLOYMENT, names.SERVICE
BEFORE = {"app": "myapp"}
"""The selector of earlier releases, and of the usual tutorial."""
USUAL = names.selector("myapp")
EVERY_KIND = {
    "replicas": 3,
    "disruptionBudget": {"minAvailable": 1},
    "networkPolicy": {},
    "podMetadata": {"labels": {"tier": "web"}},
}
ROLLING = {"replicas": 3, "updated": 1}


def raw(labels: Any, name: str = "myapp-deployment") -> Json:
    return {"metadata": {"name": name}, "spec": {"selector": labels, "replicas": 3}}


def there(labels: Mapping[str, str], *, of: Rollout | None = None, **changes: Any) -> Child:
    """A Deployment that selects by these labels."""
    kept = Rollout.from_json(raw({"matchLabels": labels})).selector
    return deployment(replace(of or rollout(3), selector=kept), **changes)


def kept(children: Mapping[Kind, Child], **fields: Any) -> dict[Kind, Wanted]:
    found = selectors.kept([*wanted(**EVERY_KIND | fields).values()], children, app())
    return {each.kind: each for each in found if each.body}


def selected(found: Mapping[Kind, Wanted]) -> dict[str, Any]:
    specs = {kind.kind: (want.body or {})["spec"] for kind, want in found.items()}
    return {
        "Deployment": specs["Deployment"]["selector"]["matchLabels"],
        "Service": specs["Service"]["selector"],
        "PodDisruptionBudget": specs["PodDisruptionBudget"]["selector"]["matchLabels"],
        "NetworkPolicy": specs["NetworkPolicy"]["podSelector"]["matchLabels"],
    }


def test_the_selector_of_a_new_deployment_costs_no_memory() -> None:
    assert Rollout.from_json(raw({"matchLabels": USUAL})).selector == ""
    assert selectors.of(deployment(), "myapp") == selectors.of(None, "myapp") == USUAL


@pytest.mark.parametrize("labels", [BEFORE, {"tier": "web"}, {**BEFORE, "tier": "web"}], ids=str)
def test_another_selector_is_kept_as_it_is(labels: Mapping[str, str]) -> None:
    assert selectors.of(there(labels), "myapp") == labels


@pytest.mark.parametrize(
    "labels",
    [
        {"matchLabels": BEFORE, "matchExpressions": [{"key": "a", "operator": "Exists"}]},
        {"matchLabels": {f"{number:0>300}": "a" for number in range(100)}},
    ],
    ids=["expressions", "too many"],
)
def test_what_is_no_label_alone_or_too_much_is_not_kept(labels: Json) -> None:
    assert Rollout.from_json(raw(labels)).selector == NO_LABELS


def test_a_new_app_selects_by_three_labels_everywhere() -> None:
    assert set(map(json.dumps, selected(kept({})).values())) == {json.dumps(USUAL)}
    assert [*wanted(**EVERY_KIND).values()] == selectors.kept(
        [*wanted(**EVERY_KIND).values()], {DEPLOYMENT: deployment()}, app()
    )


def test_a_deployment_that_is_there_keeps_its_selector_and_the_hash_of_earlier_releases() -> None:
    found = kept({DEPLOYMENT: there(BEFORE)})
    assert selected(found) == {"Deployment": BEFORE} | dict.fromkeys(
        ("Service", "PodDisruptionBudget", "NetworkPolicy"), USUAL
    )


@pytest.mark.parametrize(
    ("case", "applied_by_the_first_release"),
    [("smallest", "365e7f7d3ccfb15c"), ("everything", "0f7783109e611aed"), ("beside", "ee1a8346396d6884")],
)
def test_a_deployment_of_an_earlier_release_is_as_wanted(case: str, applied_by_the_first_release: str) -> None:
    """Its hash is that of the goldens of then: an upgrade writes to no Deployment."""
    file = yaml.safe_load(golden.source(case).read_text(encoding="utf-8"))
    stored = app_of(file, "uid-1")
    child = deployment(replace(rollout(), selector=json.dumps({"app": stored.key.name})))
    found, *_ = selectors.kept(desired.build(stored, parse_spec(file["spec"])), {DEPLOYMENT: child}, stored)
    assert (found.body or {})["metadata"]["annotations"][names.APPLIED] == found.applied
    assert found.applied.startswith(applied_by_the_first_release)


@pytest.mark.parametrize(
    "child",
    [
        there({"app": "theirs"}, offered=True, owner=None),
        there(BEFORE, owner=None),
        there({**BEFORE, "tier": "db"}),
        deployment(replace(rollout(3), selector=NO_LABELS)),
    ],
    ids=["does not fit", "is not ours", "does not fit any more", "is no label alone"],
)
def test_a_selector_is_not_taken_over_from_a_deployment_that(child: Child) -> None:
    assert selected(kept({DEPLOYMENT: child}))["Deployment"] == USUAL


SELECTING = (SERVICE, names.PDB, names.NETWORK_POLICY)


@pytest.mark.parametrize("kind", SELECTING, ids=str)
@pytest.mark.parametrize(
    "child",
    [
        there({"tier": "web"}, offered=True, owner=None),
        there({"tier": "web"}, of=rollout(3, **ROLLING)),
        there({"tier": "web"}, awaited=True),
    ],
    ids=["is not ours yet", "replaces its pods", "has not answered yet"],
)
def test_an_adopted_object_selects_as_the_deployment_does_while_that(child: Child, kind: Kind) -> None:
    """Older pods may lack our labels: what they have, such as a share of the requests, would be lost to them."""
    theirs = replace(applied(wanted(**EVERY_KIND)[kind]), owner=None, applied="", offered=True)
    found = kept({DEPLOYMENT: child, kind: theirs})
    assert selected(found)[kind.kind] == {"tier": "web"}
    after = replace(theirs, owner=child.owner or deployment().owner, applied=found[kind].applied)
    assert selected(kept({DEPLOYMENT: replace(child, owner=deployment().owner), kind: after}))[kind.kind] == (
        {"tier": "web"} if child.awaited or (child.rollout and child.rollout.updated == 1) else USUAL
    )
    done = {DEPLOYMENT: there({"tier": "web"}), kind: after}
    assert selected(kept(done))[kind.kind] == USUAL, "and by all labels as soon as no older pod is left"


@pytest.mark.parametrize("kind", SELECTING, ids=str)
def test_what_selects_by_all_labels_never_goes_back_to_fewer(kind: Kind) -> None:
    narrow = applied(wanted(**EVERY_KIND)[kind])
    rolling = there(BEFORE, of=rollout(3, **ROLLING))
    assert selected(kept({DEPLOYMENT: rolling, kind: narrow}))[kind.kind] == USUAL
    changed = kept({DEPLOYMENT: rolling, kind: narrow}, service={"port": 81}, replicas=9)
    assert selected(changed)[kind.kind] == USUAL


def test_a_deployment_is_adopted_with_any_selector_that_its_pods_carry() -> None:
    for labels in (BEFORE, {"tier": "web"}, {**USUAL, "tier": "web"}):
        want = kept({DEPLOYMENT: there(labels, offered=True, owner=None)})[DEPLOYMENT]
        assert takeover.hindrance(DEPLOYMENT, {"selector": {"matchLabels": labels}}, want.body or {}) is None


def test_pods_that_lose_a_label_by_which_their_deployment_selects_are_refused_with_what_to_do() -> None:
    child = there({**BEFORE, "tier": "web"})
    wants = selectors.kept([*wanted().values()], {DEPLOYMENT: child}, app())
    todo = plan.make(wants, {DEPLOYMENT: child}, app(), {}, 0.0)
    assert DEPLOYMENT not in {step.kind for step in todo.steps}
    assert todo.obstacles[DEPLOYMENT].verdict == Refused(
        Reason.REJECTED,
        "it selects its pods for ever by tier=web, which those of this version do not carry: write that into "
        "spec.podMetadata.labels again, or delete the Deployment (myapp-deployment), and the MyApp makes its own",
    )


def test_a_deployment_of_ours_that_selects_by_more_than_labels_is_refused_with_what_to_do() -> None:
    child = deployment(replace(rollout(3), selector=NO_LABELS))
    todo = plan.make([*wanted().values()], {DEPLOYMENT: child}, app(), {}, 0.0)
    assert isinstance(verdict := todo.obstacles[DEPLOYMENT].verdict, Refused)
    assert verdict.message.startswith("it selects its pods for ever by more than labels: delete")
    assert verdict.message.endswith("delete the Deployment (myapp-deployment), and the MyApp makes its own")


def replica_set(template_hash: str) -> Json:
    return {"metadata": {"uid": f"uid-{template_hash}", "labels": {names.TEMPLATE_HASH: template_hash}}}


def pod(name: str, kind: str = "", uid: str = "") -> Json:
    owner = {"apiVersion": "v1", "kind": kind, "name": "x", "uid": uid, "controller": True}
    return {"metadata": {"name": name, "ownerReferences": [owner] if kind else []}}


def test_pods_of_others_are_those_that_no_version_of_the_app_controls() -> None:
    versions = [replica_set("h2"), replica_set("h1")]
    assert selectors.besides("shop", versions) == "app=shop,pod-template-hash notin (h1,h2)"
    assert selectors.besides("shop", []) == "app=shop"
    assert selectors.besides("shop", None) == "app=shop,app.kubernetes.io/managed-by!=myapp-operator"
    listed = [pod("ours", "ReplicaSet", "uid-h1"), pod("nightly-1", "Job", "uid-job"), pod("by-hand")]
    assert selectors.strangers(listed, versions) == ['nightly-1 (Job "x")', "by-hand (no controller)"]


def test_not_too_many_versions_are_named_in_a_request() -> None:
    many = [replica_set(f"h{number}") for number in range(1000)]
    assert len(selectors.besides("shop", many)) < 400
    assert selectors.strangers([pod("ours", "ReplicaSet", "uid-h999")], many) == []
