"""What is not ours is never written nor deleted; what is ours goes with its MyApp."""

import time
from typing import Any

import pytest

from myapp_operator import names
from tests.harness import Api, Audit, Door, OperatorProcess, myapp, never, wait_for

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
KINDS = ("deployments", "services")
LABEL = {"app.kubernetes.io/managed-by": "myapp-operator"}


def name_of(plural: str) -> str:
    return f"myapp-{plural.removesuffix('s')}"


def owner_of(api: Api, plural: str) -> str:
    """The uid of the only owner of a child."""
    (owner,) = (api.get(plural, name_of(plural)) or {})["metadata"]["ownerReferences"]
    return str(owner["uid"])


def pods_of(api: Api) -> set[str]:
    return {pod["metadata"]["uid"] for pod in api.list("pods")}


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
    can_be_taken_over = (
        f'{kind} "{name}" exists and is not controlled by this MyApp: delete it, give the MyApp another '
        "name, or let the MyApp take it over, to live and die with it: "
        f"kubectl -n {api.namespace} annotate {kind.lower()} {name} apps.example.com/adopt=true"
    )
    cannot = f'{kind} "{name}" cannot be taken over: it selects its pods by app=theirs for ever'
    assert api.message().startswith(cannot if plural == "deployments" else can_be_taken_over)
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
    tries = lambda: [each for each in audit.attempts() if each.resource == "services"]  # noqa: E731
    never("a write to the Service", tries, seconds=3)


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


def test_orphaned_children_are_taken_over_by_a_new_app_without_a_new_pod(api: Api, operator: OperatorProcess) -> None:
    api.create("myapps", myapp(rollout={"minReadySeconds": 0}))
    wait_for("Ready", api.is_ready)
    first = pods_of(api)
    restarted = {"kubectl.kubernetes.io/restartedAt": "now"}
    api.patch("deployments", "myapp-deployment", {"spec": {"template": {"metadata": {"annotations": restarted}}}})
    wait_for("new pods alone", lambda: len(pods_of(api)) == 2 and not pods_of(api) & first)
    wait_for("Ready", api.is_ready)
    pods = pods_of(api)
    api.delete("myapps", "myapp", "Orphan")
    wait_for("the app is gone", lambda: api.get("myapps", "myapp") is None)
    app = api.create("myapps", myapp(rollout={"minReadySeconds": 0}))
    wait_for("NotOwned", lambda: api.reason() == "NotOwned")
    assert "apps.example.com/adopt=true" in api.message()
    for plural in KINDS:
        api.patch(plural, name_of(plural), {"metadata": {"annotations": {"apps.example.com/adopt": "true"}}})
    wait_for("Ready", api.is_ready)
    assert [owner_of(api, plural) for plural in KINDS] == [app["metadata"]["uid"]] * 2
    assert pods_of(api) == pods
    template = (api.get("deployments", "myapp-deployment") or {})["spec"]["template"]
    assert template["metadata"]["annotations"] == restarted


def test_a_child_is_handed_over_to_another_controller_and_back(
    api: Api, operator: OperatorProcess, audit: Audit
) -> None:
    api.create("myapps", myapp(rollout={"minReadySeconds": 0}))
    wait_for("Ready", api.is_ready)
    ours = (api.get("services", "myapp-service") or {})["metadata"]["ownerReferences"]
    other = api.create("configmaps", {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "release"}})
    theirs = {"apiVersion": "v1", "kind": "ConfigMap", "name": "release", "uid": other["metadata"]["uid"]}
    api.patch("services", "myapp-service", {"metadata": {"ownerReferences": [theirs | {"controller": True}]}})
    wait_for("NotOwned", lambda: api.reason() == "NotOwned")
    assert 'is controlled by ConfigMap "release"' in api.message()
    audit.restart()
    api.patch("services", "myapp-service", {"spec": {"selector": {"app": "theirs"}}})
    tries = lambda: [each for each in audit.attempts() if each.resource == "services"]  # noqa: E731
    never("a write to the Service", tries, seconds=3)
    api.patch("services", "myapp-service", {"metadata": {"ownerReferences": ours}})
    wait_for("Ready", api.is_ready)
    assert (api.get("services", "myapp-service") or {})["spec"]["selector"] == names.selector("myapp")


@pytest.mark.parametrize("plural", FOREIGN)
def test_an_object_that_somebody_made_anew_in_the_place_of_a_child_is_theirs(
    api: Api, operator: OperatorProcess, plural: str
) -> None:
    app = api.create("myapps", myapp(rollout={"minReadySeconds": 0}))
    wait_for("Ready", api.is_ready)
    operator.stop()  # else it would be faster
    api.delete(plural, name_of(plural))
    wait_for("it is gone", lambda: api.get(plural, name_of(plural)) is None)
    theirs = api.create(plural, FOREIGN[plural])
    operator.start()
    wait_for("NotOwned", lambda: api.reason() == "NotOwned")
    now = api.get(plural, name_of(plural)) or {}
    assert (now["metadata"]["uid"], now["spec"]) == (theirs["metadata"]["uid"], theirs["spec"])
    api.delete(plural, name_of(plural))
    wait_for("ours again", api.is_ready)
    assert owner_of(api, plural) == app["metadata"]["uid"]


def test_a_child_that_somebody_made_anew_from_a_copy_is_ours(api: Api, operator: OperatorProcess) -> None:
    """As a backup that is restored does: our label and our owner, under another uid, with other fields."""
    api.create("myapps", myapp(rollout={"minReadySeconds": 0}))
    wait_for("Ready", api.is_ready)
    copy = api.get("services", "myapp-service") or {}
    kept = {key: copy["metadata"][key] for key in ("name", "labels", "annotations", "ownerReferences")}
    operator.stop()
    api.delete("services", "myapp-service")
    wait_for("it is gone", lambda: api.get("services", "myapp-service") is None)
    copy = api.create("services", {**copy, "metadata": kept, "spec": {**copy["spec"], "selector": {"app": "stale"}}})
    operator.start()
    wait_for("repaired", lambda: (api.get("services", "myapp-service") or copy)["spec"]["selector"]["app"] == "myapp")
    wait_for("Ready", api.is_ready)
    assert (api.get("services", "myapp-service") or {})["metadata"]["uid"] == copy["metadata"]["uid"]


def test_a_child_that_lost_our_label_while_nobody_could_watch_comes_back(
    api: Api, operator_behind_door: tuple[OperatorProcess, Door]
) -> None:
    """The next list does not hold it, and is newer than it; asking for it each second must lead somewhere."""
    _, door = operator_behind_door
    api.create("myapps", myapp(rollout={"minReadySeconds": 0}))
    wait_for("Ready", api.is_ready)
    door.shut()
    api.patch("services", "myapp-service", {"metadata": {"labels": {"app.kubernetes.io/managed-by": "other"}}})
    api.patch("myapps", "myapp", {"metadata": {"labels": {"newer": "than-that"}}})
    door.open()
    wait_for("our label is back", lambda: api.list("services", "app.kubernetes.io/managed-by=myapp-operator"))
    wait_for("Ready", api.is_ready)


@pytest.mark.parametrize("plural", KINDS)
def test_a_child_that_has_lost_its_owner_is_not_owned_and_what_answers_is_counted(
    api: Api, operator: OperatorProcess, plural: str
) -> None:
    api.create("myapps", myapp(rollout={"minReadySeconds": 0}))
    wait_for("Ready", api.is_ready)
    api.patch(plural, name_of(plural), {"metadata": {"ownerReferences": None}})
    wait_for("NotOwned", lambda: api.reason() == "NotOwned")
    app = api.get("myapps", "myapp") or {}
    assert (app["status"]["ready"], Api.condition(app, "Available")["status"]) == ("2/2", "True")
    api.delete(plural, name_of(plural))
    wait_for("Ready", api.is_ready)


def test_an_app_waits_for_the_children_of_an_earlier_one_of_its_name(api: Api, operator: OperatorProcess) -> None:
    api.create("myapps", myapp())
    wait_for("Ready", api.is_ready)
    api.patch("deployments", "myapp-deployment", {"metadata": {"finalizers": ["test.example.com/held"]}})
    api.delete("myapps", "myapp")
    wait_for("the app is gone", lambda: api.get("myapps", "myapp") is None)
    api.create("myapps", myapp())
    wait_for("Waiting", lambda: api.reason() == "Waiting")
    held = (
        'Deployment "myapp-deployment" is being deleted, and is made anew as soon as it is gone; it is held by "test.ex'
    )
    wait_for("what holds it is named", lambda: api.message().startswith(held))
    assert Api.condition(api.get("myapps", "myapp") or {}, "Stalled")["status"] == "False"
    api.patch("deployments", "myapp-deployment", {"metadata": {"finalizers": None}})
    wait_for("Ready", api.is_ready)


@pytest.mark.parametrize("plural", KINDS)
def test_a_child_that_hangs_in_deletion_is_told_with_what_holds_it_and_stalls_after_the_deadline(
    api: Api, operator: OperatorProcess, plural: str
) -> None:
    """Such as a Service whose load balancer a cloud does not give back."""
    api.create("myapps", myapp(rollout={"minReadySeconds": 0, "progressDeadlineSeconds": 10}))
    wait_for("Ready", api.is_ready)
    api.patch(plural, name_of(plural), {"metadata": {"finalizers": ["test.example.com/held"]}})
    api.delete(plural, name_of(plural))
    wait_for("Waiting", lambda: api.reason() == "Waiting")
    assert "is being deleted" in api.message()
    assert 'it is held by "test.example.com/held": see that the controller of that finalizer runs' in api.message()
    wait_for("Stalled", lambda: Api.condition(api.get("myapps", "myapp") or {}, "Stalled")["status"] == "True")
    api.patch(plural, name_of(plural), {"metadata": {"finalizers": None}})
    wait_for("Ready", api.is_ready)


def test_a_child_in_foreground_deletion_is_said_to_wait_for_its_pods(api: Api, operator: OperatorProcess) -> None:
    api.create("myapps", myapp(rollout={"minReadySeconds": 0}))
    wait_for("Ready", api.is_ready)
    pod = api.list("pods")[0]["metadata"]["name"]
    api.patch("pods", pod, {"metadata": {"finalizers": ["test.example.com/held"]}})
    api.delete("deployments", "myapp-deployment", "Foreground")
    wait_for("Waiting", lambda: api.reason() == "Waiting")
    assert api.message().endswith("it waits until all that it owns is gone: look for pods that do not end")
    api.patch("pods", pod, {"metadata": {"finalizers": None}})
    wait_for("Ready", api.is_ready)
