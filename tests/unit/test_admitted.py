"""The template that was let through last, found again in the Deployment, in a ReplicaSet, or not at all."""

from typing import Any

from myapp_operator import admitted, names, versions
from myapp_operator.grammar import Json
from myapp_operator.observed import Child
from tests.unit.versions import NEW, OLD, replica_set

WHOLE: Json = {}
EVIL = {**NEW, "spec": {"containers": [{**NEW["spec"]["containers"][0], "image": "evil:2"}]}}
TAKEN: Json = {
    "f:metadata": {},
    "f:spec": {"f:containers": {'k:{"name":"myapp"}': {"f:name": {}, "f:ports": {}}}},
}
"""Our fields of the template after others have taken the image."""
NOTED, BEFORE = versions.version(NEW), versions.version(OLD)


def deployment(template: Json, fields: Json, note: str = NOTED, *, ours: bool = True, **others: Json) -> Json:
    """As the API server has it; `ours`: whether the note is ours still, `others`: what other managers hold."""
    noted: Json = {"f:annotations": {f"f:{names.TEMPLATE}": {}}} if ours else {}
    entries: list[Json] = [
        {
            "manager": names.MANAGER,
            "operation": "Apply",
            "fieldsV1": {"f:metadata": noted, "f:spec": {"f:template": fields}},
        }
    ]
    entries += [
        {"manager": each, "operation": "Update", "fieldsV1": {"f:spec": {"f:template": held}}}
        for each, held in others.items()
    ]
    annotations = {names.TEMPLATE: note} if note else {}
    metadata = {"uid": "uid-child", "resourceVersion": "1", "annotations": annotations, "managedFields": entries}
    return {"metadata": metadata, "spec": {"template": template}}


def noting(note: str, raw: Json) -> Json:
    """The ReplicaSet with the note that its controller has copied."""
    return {
        **raw,
        "metadata": {**raw["metadata"], "annotations": {**raw["metadata"]["annotations"], names.TEMPLATE: note}},
    }


def found(raw: Json, *replica_sets: Json) -> Any:
    return admitted.standing(raw) or admitted.earlier(raw, replica_sets)


def test_what_stands_there_is_it_if_it_has_the_noted_hash() -> None:
    assert admitted.standing(deployment(NEW, WHOLE)) == NEW
    assert admitted.standing(deployment(EVIL, TAKEN)) is None
    assert admitted.standing(deployment(NEW, WHOLE, ours=False)) is None, "the note of others"


def test_where_others_changed_it_the_replica_set_has_it() -> None:
    good, evil = noting(NOTED, replica_set("h1", 1, template=NEW)), noting(NOTED, replica_set("h2", 2, template=EVIL))
    assert found(deployment(EVIL, TAKEN), good, evil) == NEW
    assert found(deployment(EVIL, TAKEN), evil) is None
    assert found(deployment(EVIL, TAKEN), noting(NOTED, replica_set("h1", of="uid-other", template=NEW))) is None


def test_after_an_undo_it_is_the_newest_one_that_has_the_template_of_its_note() -> None:
    """The annotations of the Deployment are those of the earlier version, and not ours any more."""
    good, undone = noting(NOTED, replica_set("h2", 2, template=NEW)), noting(BEFORE, replica_set("h1", 3, template=OLD))
    left: Json = {"f:metadata": {}, "f:spec": {"f:containers": {'k:{"name":"myapp"}': {".": {}, "f:name": {}}}}}
    assert found(deployment(OLD, left, BEFORE, ours=False), good, undone) == NEW


def test_without_our_notes_the_replica_sets_tell() -> None:
    evil, good = replica_set("h2", 2, template=EVIL), noting(NOTED, replica_set("h1", 1, template=NEW))
    assert found(deployment(EVIL, TAKEN, "", ours=False), good, evil) == NEW
    assert found(deployment(NEW, WHOLE, "", ours=False), good) == NEW, "the note alone was removed"


def test_of_an_earlier_release_it_counts_if_nobody_else_holds_anything_in_it() -> None:
    restart: Json = {"f:metadata": {"f:annotations": {".": {}, f"f:{names.RESTARTED_AT}": {}}}}
    for note in ("", NOTED[:16]):
        assert found(deployment(NEW, WHOLE, note)) == NEW
        assert found(deployment(NEW, WHOLE, note, rollout=restart)) == NEW
        assert found(deployment(EVIL, TAKEN, note, edit={"f:spec": {"f:containers": {}}})) is None
        assert found(deployment(EVIL, TAKEN, note, label={"f:metadata": {"f:labels": {"f:x": {}}}})) is None


def test_a_version_that_others_changed_is_not_the_one_that_was_ready() -> None:
    ready = Child.from_json(deployment(NEW, WHOLE))
    assert admitted.of_replica_set(replica_set(template=NEW), ready) == NEW
    assert admitted.of_replica_set(replica_set(template=EVIL), ready) is None
