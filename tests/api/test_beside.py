"""What an app may have beside its Deployment and Service: made, kept, and removed with the part that asked for it."""

from typing import Any

import pytest

from tests.harness import Api, Audit, OperatorProcess, hasty, never, wait_for

Json = dict[str, Any]

PER_POD = {
    "type": "Pods",
    "pods": {"metric": {"name": "asks"}, "target": {"type": "AverageValue", "averageValue": "9"}},
}
ISSUER, SCRAPED = "cert-manager.io/issuer", "prometheus.io/path"  # allowed everywhere
PARTS: dict[str, tuple[str, Json]] = {
    "ingresses": (
        "myapp-ingress",
        {"ingress": {"host": "shop.example.com", "annotations": {ISSUER: "1", SCRAPED: "2"}}},
    ),
    "horizontalpodautoscalers": (
        "myapp-hpa",
        {"autoscaling": {"minReplicas": 2, "maxReplicas": 4, "metrics": [PER_POD]}},
    ),
    "poddisruptionbudgets": ("myapp-pdb", {"disruptionBudget": {"maxUnavailable": 1}}),
    "networkpolicies": (
        "myapp-networkpolicy",
        {"networkPolicy": {"allowFrom": [{"namespace": "one"}, {"namespace": "two"}], "allowSameNamespace": False}},
    ),
}
EDITS: dict[str, tuple[Json, ...]] = {
    "ingresses": (
        {"spec": {"rules": [{"host": "other.example.com"}]}},
        {"metadata": {"annotations": {ISSUER: "other"}}},
        {"metadata": {"labels": {"app": None}}},
    ),
    "horizontalpodautoscalers": (
        {"spec": {"maxReplicas": 9}},
        {"spec": {"minReplicas": None}},
        {"spec": {"metrics": None}},
        {"spec": {"scaleTargetRef": {"name": "other"}}},
    ),
    "poddisruptionbudgets": (
        {"spec": {"maxUnavailable": 0}},
        {"spec": {"maxUnavailable": None, "minAvailable": 2}},
        {"spec": {"unhealthyPodEvictionPolicy": None}},
        {"spec": {"selector": {"matchLabels": {"app": "other"}}}},
    ),
    "networkpolicies": (
        {"spec": {"ingress": [{}]}},
        {"spec": {"podSelector": {"matchLabels": {"app": "other"}}}},
        {"spec": {"policyTypes": ["Ingress", "Egress"]}},
    ),
}
EVERYTHING: Json = {key: value for _, part in PARTS.values() for key, value in part.items()}


def names(api: Api) -> list[str]:
    """The names of all objects of these kinds."""
    return [each["metadata"]["name"] for plural in PARTS for each in api.list(plural)]


def spec_of(api: Api, plural: str) -> Json:
    found: Json = (api.get(plural, PARTS[plural][0]) or {"spec": {}})["spec"]
    return found


def essence(api: Api, plural: str) -> Json:
    """What was applied, as stored; the annotation with the hash is gone for a moment of a taking back."""
    stored = api.get(plural, PARTS[plural][0]) or {"metadata": {}, "spec": {}}
    kept = {key: stored["metadata"].get(key) for key in ("labels", "annotations", "ownerReferences")}
    return {"metadata": kept, "spec": stored["spec"]}


@pytest.mark.parametrize("plural", PARTS)
def test_whatever_others_change_comes_back(api: Api, operator: OperatorProcess, plural: str) -> None:
    name, part = PARTS[plural]
    api.create("myapps", hasty(**part))
    wait_for("Ready", api.is_ready)
    before = essence(api, plural)
    for edit in EDITS[plural]:
        api.patch(plural, name, edit, manager="kubectl-edit")
        wait_for(f"{edit} is taken back", lambda: essence(api, plural) == before)
    api.delete(plural, name)
    wait_for("it is made again", lambda: spec_of(api, plural) == before["spec"])
    wait_for("Ready", api.is_ready)


def test_a_part_that_is_taken_out_takes_its_child_along_and_nothing_else(
    api: Api, operator: OperatorProcess, audit: Audit
) -> None:
    api.create("myapps", hasty(**EVERYTHING))
    wait_for("Ready", api.is_ready)
    there = [name for name, _ in PARTS.values()]
    assert names(api) == there
    for name, part in PARTS.values():
        api.edit("myapp", **dict.fromkeys(part))
        there.remove(name)
        wait_for(f"{name} is gone", lambda there=there: names(api) == there)
        wait_for("Ready", api.is_ready)
    assert [each.verb for each in audit.writes() if each.verb == "delete"] == ["delete"] * len(PARTS)


def test_deleting_an_app_removes_what_it_had_beside(api: Api, operator: OperatorProcess) -> None:
    api.create("myapps", hasty(**EVERYTHING))
    wait_for("Ready", api.is_ready)
    api.delete("myapps", "myapp")
    wait_for("everything is gone", lambda: names(api) == [])


def test_a_list_that_shrinks_shrinks_in_the_child(api: Api, operator: OperatorProcess) -> None:
    api.create("myapps", hasty(**EVERYTHING))
    wait_for("Ready", api.is_ready)
    assert len(spec_of(api, "networkpolicies")["ingress"][0]["from"]) == 2
    api.edit("myapp", networkPolicy={"allowFrom": [{"namespace": "two"}]}, ingress={"annotations": {SCRAPED: None}})
    wait_for("one peer is left", lambda: len(spec_of(api, "networkpolicies")["ingress"][0]["from"]) == 1)
    wait_for("Ready", api.is_ready)
    annotations = essence(api, "ingresses")["metadata"]["annotations"]
    assert annotations[ISSUER] == "1"
    assert SCRAPED not in annotations
    api.edit("myapp", networkPolicy={"allowFrom": None})
    wait_for("nobody is let in", lambda: "ingress" not in spec_of(api, "networkpolicies"))


def theirs(plural: str) -> Json:
    """Somebody's own object in the place of a child."""
    name = PARTS[plural][0]
    backend = {"service": {"name": "theirs", "port": {"number": 80}}}
    specs: dict[str, Json] = {
        "ingresses": {"defaultBackend": backend},
        "horizontalpodautoscalers": {
            "maxReplicas": 7,
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "theirs"},
        },
        "poddisruptionbudgets": {"minAvailable": 7, "selector": {"matchLabels": {"app": "theirs"}}},
        "networkpolicies": {"podSelector": {"matchLabels": {"app": "theirs"}}, "policyTypes": ["Egress"]},
    }
    labels = {"app.kubernetes.io/managed-by": "myapp-operator", "owner": "me"}
    return {"metadata": {"name": name, "labels": labels}, "spec": specs[plural]}


@pytest.mark.parametrize("plural", PARTS)
def test_somebody_elses_object_is_never_touched_and_told_only_while_the_app_wants_its_place(
    api: Api, operator: OperatorProcess, audit: Audit, plural: str
) -> None:
    name, part = PARTS[plural]
    stored = api.create(plural, theirs(plural))
    api.create("myapps", hasty())
    wait_for("Ready", api.is_ready)
    api.edit("myapp", **part)
    wait_for("NotOwned", lambda: api.reason() == "NotOwned")
    assert f'"{name}" exists and is not controlled by this MyApp' in api.message()
    api.edit("myapp", **dict.fromkeys(part))
    wait_for("Ready", api.is_ready)
    never("it is written to", lambda: [each for each in audit.attempts() if each.verb == "delete"], seconds=2)
    now = api.get(plural, name) or {}
    assert (now["metadata"]["uid"], now["spec"]) == (stored["metadata"]["uid"], stored["spec"])
    assert "myapp-operator" not in [entry["manager"] for entry in now["metadata"]["managedFields"]]


@pytest.mark.parametrize("plural", PARTS)
def test_an_object_that_its_owner_offers_becomes_as_if_it_had_been_made_for_the_app(
    api: Api, operator: OperatorProcess, plural: str
) -> None:
    name, part = PARTS[plural]
    api.create("myapps", hasty("other", **part))
    wait_for("Ready", lambda: api.is_ready("other"))
    api.create(plural, theirs(plural) | {"metadata": {"name": name, "annotations": {"apps.example.com/adopt": "true"}}})
    app = api.create("myapps", hasty(**part))
    wait_for("Ready", api.is_ready)
    stored = api.get(plural, name) or {}
    fresh = api.get(plural, name.replace("myapp", "other")) or {}
    assert stored["metadata"]["ownerReferences"][0]["uid"] == app["metadata"]["uid"]
    assert "apps.example.com/adopt" not in stored["metadata"]["annotations"]
    assert str(stored["spec"]).replace("myapp", "other") == str(fresh["spec"]).replace("myapp", "other")
