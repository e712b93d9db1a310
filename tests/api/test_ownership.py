"""What is not ours is never written nor deleted; what is ours goes with its MyApp."""

import time
from typing import Any

import pytest

from tests.harness import Api, Audit, OperatorProcess, myapp, never, wait_for

FOREIGN: dict[str, Any] = {
    "deployments": {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "myapp-deployment"},
        "spec": {
            "selector": {"matchLabels": {"app": "theirs"}},
            "template": {
                "metadata": {"labels": {"app": "theirs"}},
                "spec": {"containers": [{"name": "x", "image": "theirs:1"}]},
            },
        },
    },
    "services": {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "myapp-service"},
        "spec": {"selector": {"app": "theirs"}, "ports": [{"port": 80}]},
    },
}
LABEL = {"app.kubernetes.io/managed-by": "myapp-operator"}


@pytest.mark.parametrize("labels", [{}, LABEL], ids=["unlabelled", "with our label"])
@pytest.mark.parametrize("plural", FOREIGN)
def test_a_foreign_object_in_the_way_is_named_and_left_alone_until_its_owner_removes_it(
    api: Api, operator: OperatorProcess, plural: str, labels: dict[str, str]
) -> None:
    body = FOREIGN[plural] | {"metadata": FOREIGN[plural]["metadata"] | {"labels": labels}}
    name = body["metadata"]["name"]
    stored = api.create(plural, body)
    api.create("myapps", myapp())
    wait_for("NotOwned", lambda: api.reason() == "NotOwned")
    kind = body["kind"]
    assert api.message() == (
        f'{kind} "{name}" exists and is not controlled by this MyApp: '
        "delete or rename it, or give the MyApp another name"
    )
    stalled = Api.condition(api.get("myapps", "myapp") or {}, "Stalled")
    assert stalled["status"] == "True"
    now = api.get(plural, name) or {}
    assert now["spec"] == stored["spec"]
    assert [
        entry["manager"] for entry in now["metadata"]["managedFields"] if entry["manager"] == "myapp-operator"
    ] == []
    api.delete(plural, name)
    wait_for("healed", api.is_ready)


def test_a_child_whose_owner_was_taken_away_is_not_taken_back(
    api: Api, operator: OperatorProcess, audit: Audit
) -> None:
    api.create("myapps", myapp())
    wait_for("Ready", api.is_ready)
    api.patch("services", "myapp-service", {"metadata": {"ownerReferences": None}})
    wait_for("NotOwned", lambda: api.reason() == "NotOwned")
    audit.restart()
    never("a write to the Service", lambda: [each for each in audit.writes() if each.resource == "services"], seconds=3)


def test_deleting_an_app_removes_its_children_and_nothing_brings_them_back(
    api: Api, operator: OperatorProcess, audit: Audit
) -> None:
    api.create("myapps", myapp())
    wait_for("Ready", api.is_ready)
    audit.restart()
    api.delete("myapps", "myapp")
    gone = lambda: not api.list("deployments") and not api.list("services") and not api.list("pods")  # noqa: E731
    wait_for("everything is gone", gone)
    never("a write", audit.writes, seconds=2)


def test_recreating_an_app_at_once_leaves_no_child_of_the_earlier_one(api: Api, operator: OperatorProcess) -> None:
    for round_ in range(10):
        api.create("myapps", myapp(env=[{"name": "ROUND", "value": str(round_)}]))
        time.sleep(round_ * 0.03)  # a different moment of the creation each time
        api.delete("myapps", "myapp")
    app = api.create("myapps", myapp(env=[{"name": "ROUND", "value": "last"}]))
    wait_for("Ready", api.is_ready)
    for plural in ("deployments", "services"):
        owners = [each["metadata"]["ownerReferences"][0]["uid"] for each in api.list(plural)]
        assert owners == [app["metadata"]["uid"]]
    container = api.list("deployments")[0]["spec"]["template"]["spec"]["containers"][0]
    assert {"name": "ROUND", "value": "last"} in container["env"]


def test_children_orphaned_on_purpose_stay_and_are_in_the_way_of_a_new_app(api: Api, operator: OperatorProcess) -> None:
    api.create("myapps", myapp())
    wait_for("Ready", api.is_ready)
    before = {plural: api.list(plural)[0]["metadata"]["uid"] for plural in ("deployments", "services")}
    api.delete("myapps", "myapp", "Orphan")
    wait_for("the app is gone", lambda: api.get("myapps", "myapp") is None)
    api.create("myapps", myapp())
    wait_for("NotOwned", lambda: api.reason() == "NotOwned")
    assert {plural: api.list(plural)[0]["metadata"]["uid"] for plural in ("deployments", "services")} == before


def test_an_app_waits_for_the_children_of_an_earlier_one_of_its_name(api: Api, operator: OperatorProcess) -> None:
    api.create("myapps", myapp())
    wait_for("Ready", api.is_ready)
    api.patch("deployments", "myapp-deployment", {"metadata": {"finalizers": ["test.example.com/held"]}})
    api.delete("myapps", "myapp")
    wait_for("the app is gone", lambda: api.get("myapps", "myapp") is None)
    api.create("myapps", myapp())
    wait_for("Waiting", lambda: api.reason() == "Waiting")
    assert api.message() == (
        'Deployment "myapp-deployment" still belongs to an earlier MyApp of this name and is being removed'
    )
    assert Api.condition(api.get("myapps", "myapp") or {}, "Stalled")["status"] == "False"
    api.patch("deployments", "myapp-deployment", {"metadata": {"finalizers": None}})
    wait_for("Ready", api.is_ready)
