"""What is kept of an object that a watch brings."""

import json
from dataclasses import replace
from typing import Any

import pytest

from myapp_operator import names
from myapp_operator.deployment_status import Condition, Rollout, containers_of
from myapp_operator.field_managers import readable
from myapp_operator.grammar import Json
from myapp_operator.names import LAST_READY, Key
from myapp_operator.observed import App, Child
from myapp_operator.owners import Owner
from myapp_operator.rollback_note import RolledBack
from tests.unit.samples import app, child, deployment, owner, rollout

METADATA: Json = {"name": "myapp", "namespace": "web", "uid": "uid-1", "resourceVersion": "7"}


def raw_app(**changes: Any) -> Json:
    return {"metadata": METADATA | {"generation": 3}, "spec": {"image": "a"}, **changes}


def raw_child(**metadata: Any) -> Json:
    return {"metadata": METADATA | metadata}


def entry(**changes: Any) -> Json:
    return {"manager": names.MANAGER, "operation": "Apply", "fieldsV1": {"f:spec": {}}, **changes}


def test_an_app() -> None:
    found = App.from_json(raw_app(status={"observedGeneration": 2}))
    assert found == App(Key("web", "myapp"), "uid-1", 7, 3, False, {"image": "a"}, {"observedGeneration": 2})


@pytest.mark.parametrize("part", ["spec", "status"])
@pytest.mark.parametrize("value", [None, {}])
def test_an_app_of_which_a_part_is_missing(part: str, value: Json | None) -> None:
    assert getattr(App.from_json(raw_app() | {part: value}), part) == {}


def test_an_app_that_is_being_deleted() -> None:
    gone = raw_app(metadata=METADATA | {"deletionTimestamp": "2030-01-01T00:00:00Z"})
    assert App.from_json(gone).deleting


@pytest.mark.parametrize(
    ("status", "never"),
    [
        ({}, True),
        ({"observedGeneration": -1}, True),
        ({"observedGeneration": 0}, False),
        ({"observedGeneration": 1}, False),
    ],
)
def test_an_app_that_was_never_judged(status: Json, never: bool) -> None:
    assert app(status=status).never_judged is never


def test_a_child_by_its_metadata() -> None:
    references = [
        {"apiVersion": "v1", "kind": "ConfigMap", "name": "c", "uid": "u"},
        {"apiVersion": names.API_VERSION, "kind": "MyApp", "name": "myapp", "uid": "uid-1", "controller": True},
    ]
    annotations = {names.APPLIED: "hash", names.NUDGE: "4"}
    found = Child.from_json(
        raw_child(generation=2, annotations=annotations, ownerReferences=references, managedFields=[entry()])
    )
    assert found == Child("uid-1", 7, 2, False, owner(), "hash", 4, '{"f:spec":{}}')


def test_a_child_without_anything() -> None:
    assert Child.from_json(raw_child()) == Child("uid-1", 7, 0, False, None, "", 0, "")


def test_an_owner_that_is_no_controller_is_none() -> None:
    reference = {"apiVersion": names.API_VERSION, "kind": "MyApp", "name": "myapp", "uid": "uid-1"}
    assert Child.from_json(raw_child(ownerReferences=[reference])).owner is None


@pytest.mark.parametrize(
    ("of", "ours"),
    [(owner(), True), (owner("uid-0"), False), (None, False)],
    ids=["by uid", "the name alone proves nothing", "nobody"],
)
def test_a_child_is_ours_by_uid(of: Owner | None, ours: bool) -> None:
    assert child(owner=of).is_controlled_by(app()) is ours


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(entry(manager="kubectl"), id="of somebody else"),
        pytest.param(entry(operation="Update"), id="of an update under our name"),
        pytest.param(entry(subresource="status"), id="of the status"),
    ],
)
def test_only_our_own_apply_entry_counts(other: Json) -> None:
    assert Child.from_json(raw_child(managedFields=[other])).fields == ""
    assert json.loads(Child.from_json(raw_child(managedFields=[other, entry()])).fields) == {"f:spec": {}}


@pytest.mark.parametrize("nudge", ["", "x", "-1", "1.5", "²"])
def test_a_nudge_that_somebody_wrote_badly_counts_as_none(nudge: str) -> None:
    assert Child.from_json(raw_child(annotations={names.NUDGE: nudge})).nudge == 0


def test_a_nudge_of_many_digits_does_not_stop_the_operator() -> None:
    Child.from_json(raw_child(annotations={names.NUDGE: "9" * 5000}))


# What a Deployment remembers for us

FAILED = RolledBack(2, "CrashLoopBackOff", "it crashes", "2030-01-01T12:00:00Z", "v1", {"key": "digest"})
NOTES = {names.LAST_READY: "5d9f", names.ROLLED_BACK: FAILED.text, names.FAILED_VERSION: FAILED.failed}


def noted(by: Json) -> Child:
    """A Deployment whose notes belong to whoever has this entry of managedFields."""
    fields = {"f:metadata": {"f:annotations": {f"f:{name}": {} for name in NOTES}}}
    return Child.from_json(raw_child(annotations=NOTES, managedFields=[{**by, "fieldsV1": fields}]))


def test_what_we_have_noted_is_known_again() -> None:
    found = noted(entry())
    assert (found.last_ready, found.rolled_back) == ("5d9f", FAILED)
    assert found.rolled_back is not None
    assert found.rolled_back.cause == "CrashLoopBackOff: it crashes"


def test_what_others_have_noted_in_our_words_is_void() -> None:
    """`kubectl rollout undo` puts the annotations of an earlier version over ours."""
    found = noted(entry(manager="kubectl-rollout", operation="Update"))
    assert (found.last_ready, found.rolled_back) == ("", None)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "[]",
        "{}",
        '{"generation": 1}',
        '{"generation": true, "reason": "r", "message": "m", "time": "t"}',
        '{"generation": 1, "reason": "r", "message": "m", "time": 5}',
        '{"generation": 1, "reason": "r", "message": "m", "time": "t", "more": 1}',
        '{"generation": 1, "reason": "r", "message": "m", "time": "t", "version": 1}',
        '{"generation": 1, "reason": "r", "message": "m", "time": "t", "configuration": ["x"]}',
        '{"generation": 1, "reason": "r", "message": "m", "time": "t", "configuration": {"x": 1}}',
        "[" * 50000,
    ],
)
def test_a_rollback_that_nobody_could_have_noted_so_is_none(text: str) -> None:
    assert RolledBack.from_text(text) is None


def test_a_version_that_failed_is_known_again_by_its_pods_and_their_configuration() -> None:
    failed = RolledBack(2, "Evicted", "it was put out", "2030-01-01T12:00:00Z", "v1", {"key": "digest"})
    assert RolledBack.from_text(failed.text, failed.failed) == failed
    assert failed.is_of(3, "v1", {"key": "digest"}), "the MyApp has changed elsewhere"
    assert not failed.is_of(2, "v2", {"key": "digest"})
    assert not failed.is_of(2, "v1", {"key": "another"})
    assert not failed.is_of(2, "", {}), "nobody asks for it to be gone back from any more"


def test_the_first_release_can_read_why_a_version_was_gone_back_from() -> None:
    """It takes these keys and no other ones; else it would try the failed version again after a downgrade."""
    assert json.loads(FAILED.text).keys() == {"generation", "reason", "message", "time"}


@pytest.mark.parametrize("failed", ["x", "[]", '{"version": 1}', '{"reason": "r"}', "[" * 50000, " " * 2**15], ids=len)
def test_a_failed_version_that_nobody_could_have_noted_so_is_none(failed: str) -> None:
    assert RolledBack.from_text(FAILED.text, failed) is None


def test_a_note_of_an_earlier_release_tells_the_generation() -> None:
    earlier = RolledBack.from_text('{"generation": 2, "reason": "r", "message": "m", "time": "t"}')
    assert earlier is not None
    assert earlier.is_of(2, "v1", {})
    assert not earlier.is_of(3, "v1", {})


def test_a_deployment_that_was_never_looked_at() -> None:
    assert Rollout.from_json({"spec": {"replicas": 2}}) == Rollout(0, 2, 0, 0, 0, 0, {}, containers=containers_of({}))
    assert Rollout.from_json({"spec": {}, "status": {"terminatingReplicas": 1}}).terminating == 1


def deployment_of(*containers: Json) -> Child:
    raw = raw_child(name="myapp-deployment")
    return Child.from_json({**raw, "spec": {"replicas": 1, "template": {"spec": {"containers": [*containers]}}}})


def test_the_image_of_a_deployment_is_that_of_the_container_of_the_app_and_steers_no_terminal() -> None:
    found = deployment_of({"name": "side", "image": "side:1"}, {"name": "myapp", "image": "\x1b[2J" + 2000 * "x"})
    assert found.rollout is not None
    assert (found.rollout.image[-3:], len(found.rollout.image), "\x1b" in found.rollout.image) == ("xx…", 512, False)
    for containers in ([], [{"name": "side", "image": "side:1"}], [{"name": "myapp"}]):
        other = deployment_of(*containers).rollout
        assert other is not None
        assert other.image == ""


def test_a_deployment_in_full() -> None:
    status = {
        "observedGeneration": 4,
        "replicas": 3,
        "readyReplicas": 2,
        "availableReplicas": 1,
        "updatedReplicas": 3,
        "conditions": [{"type": "Progressing", "status": "True", "reason": "ReplicaSetUpdated", "message": "m"}],
    }
    found = Child.from_json({**raw_child(generation=4), "spec": {"replicas": 3}, "status": status})
    conditions = {"Progressing": Condition(True, "ReplicaSetUpdated", "m")}
    assert found.rollout == Rollout(4, 3, 3, 2, 1, 3, conditions, containers=containers_of({}))


@pytest.mark.parametrize(
    ("found", "settled"),
    [
        pytest.param(deployment(), True, id="it has looked at what was written"),
        pytest.param(deployment(generation=2), False, id="it has not"),
        pytest.param(deployment(rollout(observed_generation=3), generation=2), True, id="it has looked at more"),
        pytest.param(deployment(awaited=True), False, id="our write is not back"),
        pytest.param(child(), False, id="nothing is known of it"),
    ],
)
def test_settled(found: Child, settled: bool) -> None:
    assert found.settled is settled


# Whatever anybody has written into an object

ODD_FIELDS = [None, [], 5, "text", {"f:spec": 5}, {"f:metadata": {"f:annotations": []}}]


@pytest.mark.parametrize("fields", ODD_FIELDS, ids=repr)
def test_managed_fields_may_hold_any_json(fields: object) -> None:
    scale = {"manager": "x", "operation": "Update", "subresource": "scale", "fieldsV1": fields}
    entries = [scale, {**entry(), "fieldsV1": fields}, None, [], 5]
    found = Child.from_json(raw_child(managedFields=entries, annotations={LAST_READY: "hash"}))
    assert not found.scaled
    assert found.last_ready == ""


@pytest.mark.parametrize("entries", [None, {}, "text", 5])
def test_managed_fields_that_are_no_list_are_absent(entries: object) -> None:
    assert Child.from_json(raw_child(managedFields=entries)).fields == ""


@pytest.mark.parametrize("levels", [300, 900])
def test_fields_under_our_name_that_are_nested_too_deep_are_cut(levels: int) -> None:
    deep: Json = {}
    for _ in range(levels):
        deep = {"f:a": deep}
    child = Child.from_json(raw_child(managedFields=[{**entry(), "fieldsV1": deep}]))
    assert 0 < child.fields.count("f:a") <= 100
    read = readable(raw_child(managedFields=[{**entry(), "fieldsV1": deep, "manager": "other"}, 5]))
    (cut,) = read["metadata"]["managedFields"]
    assert json.dumps(cut).count("f:a") <= 100


@pytest.mark.parametrize("owners", [None, {}, 5, [None, 5, {"controller": True}]], ids=repr)
def test_owner_references_may_hold_any_json(owners: object) -> None:
    assert not Child.from_json(raw_child(ownerReferences=owners)).is_controlled_by(app())


def test_a_megabyte_under_our_name_is_not_kept_of_what_is_nobodys_child() -> None:
    large = {f"f:{number}": {} for number in range(10_000)}
    assert Child.from_json(raw_child(managedFields=[{**entry(), "fieldsV1": large}])).fields == ""


def test_of_the_finalizers_of_a_child_that_is_being_deleted_the_first_few_are_kept() -> None:
    held = {"finalizers": ["a/b", "x" * 1_000_000, "c/d", "e/f"]}
    assert Child.from_json(raw_child(**held)).finalizers == ()
    going = Child.from_json(raw_child(**held, deletionTimestamp="2030-01-01T00:00:00Z"))
    assert going.finalizers == ("a/b", "x" * 150, "c/d")


def test_megabytes_in_owners_and_annotations_are_not_kept() -> None:
    megabyte = "x" * 2**20
    references = [
        {"apiVersion": "v1", "kind": "ConfigMap", "name": f"c{number}", "uid": "u"} for number in range(30_000)
    ]
    controller = {"apiVersion": megabyte, "kind": megabyte, "name": megabyte, "uid": megabyte, "controller": True}
    noted = [names.APPLIED, names.NUDGE, names.LAST_READY, names.ROLLED_BACK, names.FAILED_VERSION, names.TEMPLATE]
    noted_by_us = {"f:metadata": {"f:annotations": {f"f:{each}": {} for each in noted}}}
    raw = raw_child(
        annotations=dict.fromkeys([*noted, "other"], megabyte),
        ownerReferences=[*references, controller],
        managedFields=[entry(fieldsV1=noted_by_us)],
    )
    template = {"metadata": {"annotations": dict.fromkeys(names.CONFIGURATION.values(), megabyte)}}
    found = Child.from_json({**raw, "spec": {"replicas": 1, "template": template}})
    assert len(repr(found)) < 4000
    assert len(str(found.owner)) < 600, "it stands in messages"


def test_a_long_note_of_a_rollback_is_none() -> None:
    said = RolledBack(3, "CrashLoopBackOff", "it crashes", "2030-01-01T00:00:00Z")
    assert RolledBack.from_text(said.text) == said
    assert RolledBack.from_text(replace(said, message="x" * 2**16).text) is None


REPLICAS = {"f:spec": {"f:replicas": {}}}
ALL = {"f:spec": {"f:replicas": {}, "f:image": {}, "f:autoscaling": {}}}


@pytest.mark.parametrize(
    ("entries", "file", "sets"),
    [
        pytest.param([{"operation": "Update", "fieldsV1": ALL}], None, False, id="a creation owns the defaults"),
        pytest.param([{"operation": "Apply", "fieldsV1": ALL}], None, True, id="applied"),
        pytest.param([{"operation": "Update", "fieldsV1": REPLICAS}], None, True, id="edited"),
        pytest.param([{"operation": "Update", "subresource": "scale", "fieldsV1": REPLICAS}], None, True, id="scaled"),
        pytest.param([{"operation": "Update", "fieldsV1": ALL}], '{"spec":{"replicas":2}}', True, id="in the file"),
        pytest.param([{"operation": "Update", "fieldsV1": ALL}], '{"spec":{"image":"a"}}', False, id="not in the file"),
        pytest.param([{"operation": "Apply", "fieldsV1": [5]}, 7], '"replicas" {', False, id="nonsense"),
    ],
)
def test_whether_somebody_has_set_the_number_of_pods(entries: list[Any], file: str | None, sets: bool) -> None:
    metadata: Json = {"namespace": "n", "name": "a", "uid": "u", "resourceVersion": "1", "managedFields": entries}
    if file:
        metadata["annotations"] = {names.LAST_APPLIED: file}
    spec: Json = {"image": "a", "replicas": 2, "autoscaling": {"maxReplicas": 3}}
    assert App.from_json({"metadata": metadata, "spec": spec}).sets_replicas is sets
    del spec["autoscaling"]
    assert not App.from_json({"metadata": metadata, "spec": spec}).sets_replicas


def test_of_an_object_that_is_no_child_of_a_myapp_no_megabyte_is_kept() -> None:
    fields = {f"f:key-{number}": {} for number in range(50_000)}
    entries = [entry(fieldsV1={"f:spec": fields}), entry(manager="somebody", fieldsV1={"f:spec": fields})]
    other = {"apiVersion": "v1", "kind": "ConfigMap", "name": "myapp", "uid": "u", "controller": True}
    found = Child.from_json(raw_child(ownerReferences=[other], managedFields=entries))
    assert len(repr(found)) < 4000
    foreign = {**other, "kind": names.KIND, "name": "another"}
    assert len(repr(Child.from_json(raw_child(ownerReferences=[foreign], managedFields=entries)))) < 4000
