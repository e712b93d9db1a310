"""What is taken back of the spec of a child, from recorded managedFields (see record.py)."""

import json
from pathlib import Path
from typing import Any

import pytest

from myapp_operator import names, takeover
from myapp_operator.grammar import Json

SEEN = json.loads((Path(__file__).parent / "seen/everything.json").read_text(encoding="utf-8"))
CONTAINER = 'k:{"name":"everything"}'


def metadata(edit: str, kind: str = "Deployment") -> Json:
    found: Json = SEEN[kind][edit]["metadata"]
    return found


def patch(edit: str, kind: str = "Deployment") -> dict[str, Any]:
    """The operations by their path."""
    operations = takeover.patch(metadata(edit, kind), takeover.whole_spec)
    assert operations is not None
    return {each["path"]: each["value"] for each in operations}


def ours(entries: list[Json]) -> Json:
    (entry,) = [each for each in entries if each["manager"] == names.MANAGER]
    return entry


def of_container(entry: Json) -> Json:
    found: Json = entry["fieldsV1"]["f:spec"]["f:template"]["f:spec"]["f:containers"][CONTAINER]
    return found


@pytest.mark.parametrize(
    "edit",
    ["nobody touched it", "label added", "kubectl rollout restart", "our annotation changed", "managedFields cleared"],
)
def test_there_is_nothing_to_take_where_the_spec_is_ours(edit: str) -> None:
    assert takeover.patch(metadata(edit), takeover.whole_spec) is None


def test_what_the_editor_wrote_becomes_ours() -> None:
    """Two ports of one name are refused; a port that is ours and not applied is removed."""
    entries = patch("port changed")["/metadata/managedFields"]
    assert 'k:{"containerPort":9,"protocol":"TCP"}' in of_container(ours(entries))["f:ports"]
    assert [each["manager"] for each in entries] == [names.MANAGER], "nothing is left of the editor's entry"


def test_what_was_ours_stays_ours() -> None:
    before = set(paths(ours(metadata("kubectl set image")["managedFields"])["fieldsV1"]))
    after = set(paths(ours(patch("kubectl set image")["/metadata/managedFields"])["fieldsV1"]))
    assert after - before == {f".f:spec.f:template.f:spec.f:containers.{CONTAINER}.f:image"}
    assert before <= after


def paths(fields: Json, path: str = "") -> list[str]:
    return [path] if not fields else [each for key in fields for each in paths(fields[key], f"{path}.{key}")]


def test_it_holds_for_just_the_version_that_was_read() -> None:
    (first, *_) = takeover.patch(metadata("port changed"), takeover.whole_spec) or [{}]
    assert first == {
        "op": "test",
        "path": "/metadata/resourceVersion",
        "value": metadata("port changed")["resourceVersion"],
    }


def test_left_half_done_it_shows_as_drift() -> None:
    annotations = patch("port changed")["/metadata/annotations"]
    assert names.APPLIED not in annotations
    assert annotations == {
        key: value for key, value in metadata("port changed")["annotations"].items() if key != names.APPLIED
    }


def test_a_restart_that_somebody_asked_for_stays_theirs() -> None:
    """Taking its mark would restart every pod once more."""
    mixed = metadata("kubectl rollout restart") | {
        "managedFields": [
            *metadata("kubectl rollout restart")["managedFields"],
            *(each for each in metadata("port changed")["managedFields"] if each["manager"] != names.MANAGER),
        ]
    }
    operations = takeover.patch(mixed, takeover.whole_spec)
    assert operations is not None
    entries = next(each["value"] for each in operations if each["path"] == "/metadata/managedFields")
    template = ours(entries)["fieldsV1"]["f:spec"]["f:template"]
    assert "f:annotations" not in template["f:metadata"]
    assert any("kubectl.kubernetes.io/restartedAt" in json.dumps(each) for each in entries if each != ours(entries))


def test_labels_and_annotations_of_others_stay_theirs() -> None:
    taken = [each for each in metadata("label added")["managedFields"] if each["manager"] != names.MANAGER]
    mixed = metadata("port changed") | {"managedFields": [*metadata("port changed")["managedFields"], *taken]}
    entries = next(
        each["value"]
        for each in takeover.patch(mixed, takeover.whole_spec) or ()
        if each["path"] == "/metadata/managedFields"
    )
    assert taken[0] in entries


def test_the_entry_of_a_controller_for_the_status_stays() -> None:
    status = {"manager": "kube-controller-manager", "operation": "Update", "subresource": "status", "fieldsV1": {}}
    mixed = metadata("port changed") | {"managedFields": [*metadata("port changed")["managedFields"], status]}
    entries = next(
        each["value"]
        for each in takeover.patch(mixed, takeover.whole_spec) or ()
        if each["path"] == "/metadata/managedFields"
    )
    assert status in entries


def test_an_object_that_was_never_ours_is_not_taken() -> None:
    entries = [each for each in metadata("port changed")["managedFields"] if each["manager"] != names.MANAGER]
    assert takeover.patch(metadata("port changed") | {"managedFields": entries}, takeover.whole_spec) is None
