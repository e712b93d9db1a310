"""What an adoption makes ours, what it leaves to others, and what can never be adopted."""

import json
from pathlib import Path
from typing import Any

import pytest

from myapp_operator import names, takeover
from myapp_operator.grammar import Json
from tests.unit.samples import wanted

SEEN = json.loads((Path(__file__).parent / "seen/everything.json").read_text(encoding="utf-8"))
DEPLOYMENT, SERVICE = names.DEPLOYMENT, names.SERVICE


def entry(fields: Json, manager: str = "editor", version: str = "apps/v1", **more: Any) -> Json:
    return {"manager": manager, "operation": "Update", "apiVersion": version, "fieldsV1": fields, **more}


def adoption(*entries: Json) -> list[Json]:
    """The entries of managedFields afterwards."""
    operations = takeover.adoption({"resourceVersion": "7", "managedFields": [*entries]}, "apps/v1")
    found: list[Json] = next(each["value"] for each in operations if each["path"] == "/metadata/managedFields")
    return found


def paths(fields: Json, path: str = "") -> set[str]:
    return {path} if not fields else {each for key in fields for each in paths(fields[key], f"{path}.{key}")}


def test_all_fields_of_all_managers_become_ours() -> None:
    """As recorded from a server, after `kubectl set image` and a label."""
    edits = ("kubectl set image", "label added")
    found = [each for edit in edits for each in SEEN["Deployment"][edit]["metadata"]["managedFields"]]
    (mine,) = adoption(*found)
    assert (mine["manager"], mine["operation"]) == (names.MANAGER, "Apply")
    for each in found:
        assert paths(each["fieldsV1"]) <= paths(mine["fieldsV1"])


def test_it_holds_for_just_the_version_that_was_read() -> None:
    first, _ = takeover.adoption({"resourceVersion": "7", "managedFields": []}, "v1")
    assert first == {"op": "test", "path": "/metadata/resourceVersion", "value": "7"}


def test_once_more_changes_nothing() -> None:
    """It may be cut before the next write, and is then done again."""
    once = adoption(entry({"f:spec": {"f:paused": {}}}), entry({"f:status": {}}, subresource="status"))
    assert adoption(*once) == once


def test_a_field_and_what_is_under_it_become_both_ours() -> None:
    (mine,) = adoption(entry({"f:a": {}}), entry({"f:a": {"f:b": {}}}, manager="other"))
    assert mine["fieldsV1"] == {"f:a": {".": {}, "f:b": {}}}


@pytest.mark.parametrize(
    "kept",
    [
        pytest.param(entry({"f:status": {"f:replicas": {}}}, subresource="status"), id="the status of a controller"),
        pytest.param(entry({"f:spec": {"f:replicas": {}}}, subresource="scale"), id="a subresource"),
        pytest.param(entry({"f:spec": {"f:x": {}}}, version="apps/v1beta1"), id="the words of another version"),
        pytest.param(entry({"f:metadata": {"f:finalizers": {'v:"a.example.com/b"': {}}}}), id="finalizers"),
        pytest.param(
            entry(
                {
                    "f:spec": {
                        "f:template": {
                            "f:metadata": {"f:annotations": {"f:kubectl.kubernetes.io/restartedAt": {}}},
                        }
                    }
                }
            ),
            id="the mark of a restart",
        ),
    ],
)
def test_left_to_others_is(kept: Json) -> None:
    mine, other = adoption(entry({"f:metadata": {"f:labels": {}}}, manager="other"), kept)
    assert other == kept
    assert mine["fieldsV1"] == {"f:metadata": {"f:labels": {}}}


def test_a_status_that_came_with_the_object_is_nobodys() -> None:
    """Where managedFields were cleared, the server records all of the object as one manager's."""
    (mine,) = adoption(entry({"f:spec": {"f:paused": {}}, "f:status": {"f:replicas": {}}}))
    assert mine["fieldsV1"] == {"f:spec": {"f:paused": {}}}


def test_what_stays_beside_a_finalizer_becomes_ours() -> None:
    mine, other = adoption(entry({"f:metadata": {"f:finalizers": {"v:1": {}}, "f:labels": {"f:a": {}}}}))
    assert mine["fieldsV1"] == {"f:metadata": {"f:labels": {"f:a": {}}}}
    assert other["fieldsV1"] == {"f:metadata": {"f:finalizers": {"v:1": {}}}}


def test_the_identity_of_an_object_is_its_name_and_nothing_that_could_change_it() -> None:
    assert takeover.identity(wanted()[SERVICE].body or {}) == {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "myapp-service", "namespace": "default"},
    }


# What can never become ours

SELECTORS = [
    ({"matchLabels": {"app": "web"}}, "by app=web for ever"),
    ({"matchLabels": {"app": "myapp", "tier": "web"}}, "by app=myapp,tier=web for ever"),
    ({"matchLabels": {"app": "myapp"}, "matchExpressions": [{"key": "a"}]}, "by app=myapp and expressions for ever"),
]


@pytest.mark.parametrize(("selector", "words"), SELECTORS)
def test_a_deployment_with_another_selector_is_told_with_a_way_that_stops_no_pod(selector: Json, words: str) -> None:
    said = takeover.hindrance(DEPLOYMENT, {"selector": selector}, wanted()[DEPLOYMENT].body or {})
    assert said
    assert words in said
    assert "kubectl -n default delete deployment myapp-deployment --cascade=orphan" in said


@pytest.mark.parametrize(
    ("selector", "never"), [*((each, True) for each, _ in SELECTORS), ({"matchLabels": {"app": "myapp"}}, False)]
)
def test_what_can_never_be_taken_over_is_known_before_it_is_offered(selector: Json, never: bool) -> None:
    """A selector that the pods would carry is kept once it is offered."""
    body = wanted()[DEPLOYMENT].body or {}
    assert (takeover.foreseen(DEPLOYMENT, {"selector": selector}, body) is not None) is never
    assert takeover.foreseen(SERVICE, {"clusterIP": "None"}, wanted()[SERVICE].body or {})


def test_a_headless_service_is_told() -> None:
    said = takeover.hindrance(SERVICE, {"clusterIP": "None"}, wanted()[SERVICE].body or {})
    assert said
    assert "headless" in said


CUT_OFF = [
    ({"type": "NodePort"}, "ClusterIP", ["is a NodePort", "asks for ClusterIP", "set spec.service.type: NodePort"]),
    ({"type": "LoadBalancer"}, "NodePort", ["is a LoadBalancer", "asks for NodePort", "administrator must allow"]),
    ({"type": "ExternalName", "externalName": "db.example.com"}, "ClusterIP", ["stands for db.example.com"]),
    ({"type": "ClusterIP", "externalIPs": ["192.0.2.1"]}, "ClusterIP", ["externalIPs"]),
]


@pytest.mark.parametrize(("spec", "asked", "words"), CUT_OFF)
def test_a_service_is_not_taken_from_who_reaches_it_in_a_way_that_the_myapp_does_not_ask_for(
    spec: Json, asked: str, words: list[str]
) -> None:
    said = takeover.hindrance(SERVICE, spec, wanted(service={"type": asked})[SERVICE].body or {})
    assert said
    for each in [*words, "cannot be taken over", "another name"]:
        assert each in said


@pytest.mark.parametrize("asked", ["NodePort", "LoadBalancer"])
def test_a_service_that_is_reached_as_the_myapp_asks_is_not_hindered_nor_is_one_that_gets_a_further_way(
    asked: str,
) -> None:
    body = wanted(service={"type": asked})[SERVICE].body or {}
    assert takeover.hindrance(SERVICE, {"type": asked, "clusterIP": "10.0.0.1"}, body) is None
    assert takeover.hindrance(SERVICE, {"type": "ClusterIP", "clusterIP": "10.0.0.1"}, body) is None


def test_what_can_become_ours_is_not_hindered() -> None:
    assert takeover.hindrance(SERVICE, {"clusterIP": "10.0.0.1"}, wanted()[SERVICE].body or {}) is None
    same = {"selector": {"matchLabels": names.selector("myapp")}}
    assert takeover.hindrance(DEPLOYMENT, same, wanted()[DEPLOYMENT].body or {}) is None
