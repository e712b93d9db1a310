"""What `kubectl apply` would make of a stored MyApp."""

import json
from typing import Any

import pytest

from myapp_operator.showing.applying import merge_patch, replacing

NOTE = "kubectl.kubernetes.io/last-applied-configuration"


def file(**spec: Any) -> dict[str, Any]:
    return {"kind": "MyApp", "metadata": {"name": "shop", "namespace": "web"}, "spec": spec}


def stored(last: str) -> dict[str, Any]:
    return {"metadata": {"annotations": {NOTE: last}}, "spec": {"replicas": 9}}


def applied(**spec: Any) -> dict[str, Any]:
    return stored(json.dumps(file(**spec)))


def test_what_was_applied_and_is_gone_from_the_file_goes_at_any_depth() -> None:
    before = applied(image="a", port=8080, rollout={"maxSurge": 1, "minReadySeconds": 3})
    patch = merge_patch(file(image="a", rollout={"maxSurge": 1}), before)
    assert patch["spec"] == {"image": "a", "port": None, "rollout": {"maxSurge": 1, "minReadySeconds": None}}


def test_what_others_set_stays_unless_the_file_names_it() -> None:
    assert "replicas" not in merge_patch(file(image="a"), applied(image="a"))["spec"]
    assert merge_patch(file(image="a", replicas=2), applied(image="a"))["spec"]["replicas"] == 2


@pytest.mark.parametrize("last", ["", "no JSON", "[]", '{"spec": 1}', "{}"])
def test_where_kubectl_noted_nothing_of_use_nothing_goes(last: str) -> None:
    assert merge_patch(file(image="a"), stored(last))["spec"] == {"image": "a"}


def test_identity_and_status_of_a_stored_file_are_not_sent() -> None:
    raw = file(image="a") | {"status": {"ready": "1/1"}}
    raw["metadata"] |= {"uid": "u", "resourceVersion": "3", "labels": {"team": "blue"}}
    patch = merge_patch(raw, applied(image="a"))
    assert patch == {"kind": "MyApp", "metadata": {"labels": {"team": "blue"}}, "spec": {"image": "a"}}


def deployment(**annotations: str) -> dict[str, Any]:
    return {"spec": {"template": {"metadata": {"labels": {"app": "shop"}, "annotations": annotations}, "spec": {}}}}


def test_a_restart_that_somebody_asked_for_is_not_shown_to_be_undone() -> None:
    """The operator leaves its mark there."""
    mark = {"kubectl.kubernetes.io/restartedAt": "2030-01-01T00:00:00Z"}
    then = replacing(deployment(ours="y")["spec"], deployment(theirs="x", **mark)["spec"])
    assert then == deployment(ours="y", **mark)["spec"]


@pytest.mark.parametrize("stored", [deployment()["spec"], {"template": {}}, {"ports": []}], ids=str)
def test_without_a_restart_the_spec_is_shown_as_it_will_be_applied(stored: dict[str, Any]) -> None:
    assert replacing(deployment(ours="y")["spec"], stored) == deployment(ours="y")["spec"]
    assert replacing({"ports": [80]}, stored) == {"ports": [80]}
