"""Drift is told from real managedFields: tests/unit/seen holds what an API server made of each edit (see record.py)."""

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from myapp_operator import desired, drift, names
from myapp_operator.desired import Wanted
from myapp_operator.grammar import Json
from myapp_operator.model import parse_spec
from myapp_operator.names import Kind
from myapp_operator.observed import Child
from tests.unit import golden
from tests.unit.samples import app_of, child, wanted

FOLDER = Path(__file__).parent / "seen"
SEEN: dict[str, dict[str, dict[str, Json]]] = {
    case: json.loads((FOLDER / f"{case}.json").read_text(encoding="utf-8")) for case in golden.CASES
}
CONTAINER = "spec.template.spec.containers[everything]"
NEVER_STORED = ["spec.paused", *(f"spec.template.spec.{each}" for each in ("hostNetwork", "hostPID", "hostIPC"))]

DEPLOYMENT: dict[str, list[str]] = {
    "kubectl scale": ["spec.replicas"],
    "kubectl set image": [f"{CONTAINER}.image"],
    "kubectl set env": [f"{CONTAINER}.env[PORT].value"],
    "kubectl set resources": [f"{CONTAINER}.resources.limits.cpu"],
    "kubectl rollout pause": ["spec.paused"],
    "label changed": ["metadata.labels.app"],
    "label removed": ["metadata.labels[app.kubernetes.io/name]"],
    "our annotation removed": ["metadata.annotations"],
    "our annotation changed": ["metadata.annotations"],
    "variable removed": [f"{CONTAINER}.env[GREETING]"],
    "all variables removed": [f"{CONTAINER}.env"],
    "port changed": [f"{CONTAINER}.ports", f"{CONTAINER}.ports[9/TCP]"],
    "command changed": [f"{CONTAINER}.command"],
    "probe removed": [f"{CONTAINER}.livenessProbe"],
    "drain removed": [f"{CONTAINER}.lifecycle"],
    "pull secret removed": ["spec.template.spec.imagePullSecrets"],
    "host network": ["spec.template.spec.hostNetwork"],
    "capability dropped no longer": [f"{CONTAINER}.securityContext.capabilities"],
    "strategy changed": ["spec.strategy"],
    "managedFields cleared": ["every field"],
    "kubectl set env of a new variable": [f"{CONTAINER}.env[EXTRA]"],
    "port added": [f"{CONTAINER}.ports[9/TCP]"],
    "sidecar added": ["spec.template.spec.containers[foreign]"],
    # A zero value is not stored and a quantity is stored in other words: to the server another value was applied.
    "applied by another with our values": [
        *NEVER_STORED,
        f"{CONTAINER}.resources.requests.cpu",
        f"{CONTAINER}.resources.limits.cpu",
    ],
}
SERVICE = {
    "port changed": ["spec.ports", "spec.ports[81/TCP]"],
    "targetPort changed": ["spec.ports[http].targetPort"],
    "type changed": ["spec.type", "spec.externalTrafficPolicy"],
    "selector changed": ["spec.selector"],
    "selector added": ["spec.selector"],
    "port added": ["spec.ports[9/TCP]"],
    "label removed": ["metadata.labels.app"],
    "applied by another with our values": ["spec.publishNotReadyAddresses"],
}
REVERTED = [(names.DEPLOYMENT, *each) for each in DEPLOYMENT.items()] + [
    (names.SERVICE, *each) for each in SERVICE.items()
]
LEFT_ALONE = [
    (names.DEPLOYMENT, "nobody touched it"),
    (names.DEPLOYMENT, "kubectl scale to what it is"),
    (names.DEPLOYMENT, "kubectl rollout restart"),
    (names.DEPLOYMENT, "the same quantity in other words"),
    (names.DEPLOYMENT, "label added"),
    (names.SERVICE, "nobody touched it"),
]


def seen(case: str, kind: Kind, edit: str) -> Child:
    """The child as the watch brings it after an edit."""
    raw = SEEN[case][kind.kind][edit]
    owner = next(iter(raw["metadata"].get("ownerReferences", ())), {})
    named = {"name": kind.name_for(owner.get("name", case)), **raw["metadata"]}
    return Child.from_json({**raw, "metadata": named})


def applied(case: str, kind: Kind) -> Wanted:
    """What was applied to it, and is still wanted."""
    raw = yaml.safe_load(golden.source(case).read_text(encoding="utf-8"))
    raw["metadata"] |= {"namespace": "recording", "name": case}
    owner = seen(case, kind, "nobody touched it").owner
    assert owner is not None
    children = desired.build(app_of(raw, uid=owner.uid), parse_spec(raw["spec"]))
    return next(each for each in children if each.kind == kind)


def drifted(want: Wanted, child: Child) -> bool:
    assert want.body is not None
    return drift.drifted(want.body, want.applied, child)


def added(want: Wanted, child: Child) -> tuple[str, ...]:
    assert want.body is not None
    return drift.surplus(want.body, child)


def lost(want: Wanted, child: Child) -> list[str]:
    assert want.body is not None
    return list(drift.lost(want.body, child))


@pytest.mark.parametrize(("kind", "edit", "fields"), REVERTED, ids=lambda it: str(it) if isinstance(it, Kind) else None)
def test_an_edit_of_what_the_myapp_decides_is_found_and_named(kind: Kind, edit: str, fields: list[str]) -> None:
    want, child = applied("everything", kind), seen("everything", kind, edit)
    assert [*lost(want, child), *added(want, child)] == fields
    assert drifted(want, child)


@pytest.mark.parametrize(("kind", "edit"), LEFT_ALONE, ids=str)
def test_what_others_add_where_the_myapp_has_no_say_is_none_of_our_business(kind: Kind, edit: str) -> None:
    want, child = applied("everything", kind), seen("everything", kind, edit)
    assert lost(want, child) == []
    assert added(want, child) == ()
    assert not drifted(want, child)


JUST_APPLIED = [(case, kind) for case in golden.CASES for kind in desired.BUILDERS if kind.kind in SEEN[case]]


@pytest.mark.parametrize(("case", "kind"), JUST_APPLIED, ids=str)
def test_what_was_just_applied_has_not_drifted(case: str, kind: Kind) -> None:
    want, child = applied(case, kind), seen(case, kind, "nobody touched it")
    assert lost(want, child) == []
    assert not drifted(want, child)


def test_every_recorded_edit_is_judged() -> None:
    judged = {(kind.kind, edit) for kind, edit in (*LEFT_ALONE, *((kind, edit) for kind, edit, _ in REVERTED))}
    assert judged == {(kind, edit) for kind, edits in SEEN["everything"].items() for edit in edits}


def test_another_spec_is_drift_although_nobody_touched_the_child() -> None:
    assert drifted(wanted(image="myapp:2")[names.DEPLOYMENT], seen("smallest", names.DEPLOYMENT, "nobody touched it"))


def taken(want: Wanted, child: Child) -> tuple[str, ...]:
    assert want.body is not None
    return drift.taken(want.body, want.applied, child)


@pytest.mark.parametrize(
    "edit", ["kubectl scale", "our annotation removed", "our annotation changed", "managedFields cleared"]
)
def test_an_edit_is_told_from_a_change_of_the_myapp(edit: str) -> None:
    want, child = applied("everything", names.DEPLOYMENT), seen("everything", names.DEPLOYMENT, edit)
    assert taken(want, child) == (*lost(want, child), *added(want, child))


def test_a_change_of_the_myapp_takes_nothing_back_from_anybody() -> None:
    """Even where somebody edited the child as well: what is told then could not be told from the change."""
    want = replace(applied("everything", names.DEPLOYMENT), applied="another")
    assert taken(want, seen("everything", names.DEPLOYMENT, "nobody touched it")) == ()
    assert taken(want, seen("everything", names.DEPLOYMENT, "kubectl scale")) == ()


@pytest.mark.parametrize("name", sorted(names.CARRIED))
def test_what_every_apply_carries_on_is_no_drift(name: str) -> None:
    """It stands outside the hash, so it may be there, missing, or somebody else's."""
    want = applied("smallest", names.DEPLOYMENT)
    assert want.body is not None
    annotations = {**want.body["metadata"]["annotations"], name: "3"}
    body = {**want.body, "metadata": {**want.body["metadata"], "annotations": annotations}}
    assert not drift.drifted(body, want.applied, seen("smallest", names.DEPLOYMENT, "nobody touched it"))


def test_looking_for_drift_leaves_the_body_alone() -> None:
    want = applied("everything", names.DEPLOYMENT)
    before = json.dumps(want.body)
    drifted(want, seen("everything", names.DEPLOYMENT, "kubectl scale"))
    assert json.dumps(want.body) == before


def test_the_hash_tells_bodies_apart_whatever_the_order_of_their_keys() -> None:
    one: Json = {"metadata": {"name": "a"}, "spec": {"x": 1, "y": 2}}
    assert drift.fingerprint(one) == drift.fingerprint({"spec": {"y": 2, "x": 1}, "metadata": {"name": "a"}})
    assert drift.fingerprint(one) != drift.fingerprint({"metadata": {"name": "a"}, "spec": {"x": 1, "y": 3}})
    owned = {"metadata": {"name": "a", "ownerReferences": [{"uid": "u"}]}, "spec": {"x": 1, "y": 2}}
    assert drift.fingerprint(one) == drift.fingerprint(owned)


@pytest.mark.parametrize(
    ("value", "fields", "fine"),
    [
        pytest.param(["a", "b"], {'v:"a"': {}, 'v:"b"': {}}, True, id="a set"),
        pytest.param(["a", "b"], {'v:"a"': {}}, False, id="a set that lost one"),
        pytest.param(
            [{"port": 1}], {'k:{"port":1,"protocol":"TCP"}': {"f:port": {}}}, True, id="a key left to default"
        ),
        pytest.param([{"port": 1}], {'k:{"port":2,"protocol":"TCP"}': {"f:port": {}}}, False, id="another item"),
        pytest.param([{"a": {"b": 1}}], {}, True, id="owned as a whole"),
    ],
)
def test_list_items_are_found_by_their_keys(value: list[object], fields: Json, fine: bool) -> None:
    body: Json = {"metadata": {"name": "a"}, "spec": {"list": value}}
    entry = {"f:metadata": {"f:annotations": {}}, "f:spec": {"f:list": fields}}
    assert (list(drift.lost(body, child(fields=json.dumps(entry)))) == []) is fine


MANY = [{"name": f"VARIABLE_{number}", "value": "x"} for number in range(4000)]


def test_an_environment_of_thousands_of_variables_costs_no_time() -> None:
    """All of it is gone through in every pass."""
    named = {f'k:{{"name":"{each["name"]}"}}': {"f:name": {}, "f:value": {}} for each in MANY}
    fields = json.dumps({"f:metadata": {}, "f:spec": {"f:env": named}})
    body = {"metadata": {}, "spec": {"env": [*MANY, {"name": "TAKEN", "value": "x"}]}}
    began = time.process_time()
    assert list(drift.lost(body, child(fields=fields))) == ["spec.env[TAKEN]"]
    assert time.process_time() - began < 3


def test_of_a_list_item_with_a_default_in_its_key_nothing_is_lost() -> None:
    fields = json.dumps({"f:metadata": {}, "f:spec": {"f:ports": {'k:{"port":80,"protocol":"TCP"}': {"f:port": {}}}}})
    body = {"metadata": {}, "spec": {"ports": [{"port": 80}, {"port": 81}]}}
    assert list(drift.lost(body, child(fields=fields))) == ["spec.ports[]"]


def test_of_the_fields_that_one_edit_took_a_hundred_are_named() -> None:
    body = {"metadata": {}, "data": {f"key-{number}": "x" for number in range(5000)}}
    edited = child(fields='{"f:metadata": {}, "f:data": {"f:other": {}}}', applied="hash")
    assert len(drift.taken(body, "hash", edited)) == 100
    assert drift.drifted(body, "hash", edited)
