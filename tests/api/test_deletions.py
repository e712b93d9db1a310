"""Whoever deletes a child as often as it is made again is told so, and the recreations come at longer intervals."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.harness import Api, Audit, OperatorProcess, hasty, never, wait_for

Json = dict[str, Any]

PARTS = {
    "deployments": ("myapp-deployment", {}),
    "services": ("myapp-service", {}),
    "horizontalpodautoscalers": ("myapp-hpa", {"autoscaling": {"minReplicas": 2, "maxReplicas": 3, "cpu": 80}}),
    "poddisruptionbudgets": ("myapp-pdb", {"disruptionBudget": {"minAvailable": 1}}),
    "ingresses": ("myapp-ingress", {"ingress": {"host": "shop.example.com"}}),
    "networkpolicies": ("myapp-networkpolicy", {"networkPolicy": {}}),
}
"""Every kind of child of a cluster without add-ons, its name, and what asks for it."""


def uid(api: Api, plural: str, name: str) -> str:
    return str(((api.get(plural, name) or {}).get("metadata") or {}).get("uid", ""))


def deleted(api: Api, plural: str, name: str) -> None:
    """Somebody deletes a child; waits until there is another one."""
    before = wait_for("it is there", lambda: uid(api, plural, name))
    api.delete(plural, name)
    wait_for("a new one", lambda: uid(api, plural, name) not in ("", before), every=0.02)


def creations(audit: Audit, plural: str) -> int:
    """How often such a child was created."""
    return len([each for each in audit.writes() if (each.resource, each.code) == (plural, 201)])


def test_a_child_of_any_kind_that_is_deleted_is_recreated_and_told(api: Api, operator: OperatorProcess) -> None:
    spec: Json = {"resources": {"requests": {"cpu": "1m"}}}
    for _, part in PARTS.values():
        spec |= part
    api.create("myapps", hasty(**spec))
    wait_for("Ready", api.is_ready)
    assert api.events("Recreated") == []
    for plural, (name, _) in PARTS.items():
        deleted(api, plural, name)
    told = wait_for("all are told", lambda: (found := api.events("Recreated"))[len(PARTS) - 1 :] and found)
    assert {each["type"] for each in told} == {"Normal"}
    assert any(
        each["message"] == 'recreated Service "myapp-service", which was deleted: change the MyApp instead'
        for each in told
    )
    wait_for("Ready", api.is_ready)


@pytest.fixture
def held(api: Api, operator: OperatorProcess) -> Iterator[None]:
    """A MyApp that was Ready, is deleted, and is held by somebody's finalizer."""
    api.create("myapps", hasty())
    wait_for("Ready", api.is_ready)
    api.patch("myapps", "myapp", {"metadata": {"finalizers": ["example.org/keep"]}})
    api.delete("myapps", "myapp")
    yield
    api.patch("myapps", "myapp", {"metadata": {"finalizers": None}})
    wait_for("it is gone", lambda: api.get("myapps", "myapp") is None)


@pytest.mark.usefixtures("held")
def test_a_myapp_that_a_finalizer_holds_says_so_and_nothing_of_it_is_made_again(api: Api) -> None:
    wait_for("told", lambda: api.reason() == "Terminating")
    app = api.get("myapps", "myapp") or {}
    since = app["metadata"]["deletionTimestamp"]
    assert api.message().startswith(f"this MyApp is being deleted since {since}, and nothing of it is made")
    assert 'it is held by "example.org/keep": see that the controller of that finalizer runs' in api.message()
    assert app["status"]["observedGeneration"] == app["metadata"]["generation"]
    assert Api.condition(app, "Available")["status"] == "True"
    api.delete("services", "myapp-service")
    gone = {"type": "Available", "status": "False"}.items()
    wait_for("seen", lambda: gone <= Api.condition(api.get("myapps", "myapp") or {}, "Available").items())
    assert api.get("services", "myapp-service") is None
    assert api.reason() == "Terminating"


@pytest.mark.parametrize("plural", ["deployments", "services", "poddisruptionbudgets"])
def test_a_child_that_is_deleted_in_a_loop_is_recreated_at_longer_intervals_and_the_status_says_why(
    api: Api, operator: OperatorProcess, audit: Audit, plural: str
) -> None:
    name, part = PARTS[plural]
    api.create("myapps", hasty(**part))
    wait_for("Ready", api.is_ready)
    for _ in range(6):
        deleted(api, plural, name)
    api.delete(plural, name)
    words = "is deleted again and again: look up in the audit log of the API server what deletes it, and stop that"
    wait_for("said", lambda: words in api.message())
    assert api.reason() == "RollingOut"
    never("it is created", lambda: api.get(plural, name), seconds=10)
    assert creations(audit, plural) == 7
    (warning,) = [each for each in api.events("Recreated") if words in each["message"]]
    assert warning["type"] == "Warning"
    api.edit("myapp", port=5001)  # of these children only the Deployment and the Service change
    if plural != "poddisruptionbudgets":
        wait_for("a change of the MyApp does not wait", lambda: api.get(plural, name))
    else:
        wait_for("it is back after the pause", lambda: api.get(plural, name))
    wait_for("Ready", api.is_ready)


def test_what_the_myapp_itself_does_without_for_a_while_is_not_told(api: Api, operator: OperatorProcess) -> None:
    name, autoscaling = PARTS["horizontalpodautoscalers"]
    resources = {"requests": {"cpu": "1m"}}
    api.create("myapps", hasty(resources=resources, **autoscaling))
    for _ in range(3):
        wait_for("Ready", api.is_ready)
        wait_for("there", lambda: api.get("horizontalpodautoscalers", name))
        api.edit("myapp", autoscaling=None)
        wait_for("gone", lambda: api.get("horizontalpodautoscalers", name) is None)
        api.edit("myapp", **autoscaling)
    api.edit("myapp", suspend=True)
    wait_for("Suspended", lambda: api.reason() == "Suspended")
    api.edit("myapp", suspend=False)
    wait_for("Ready", api.is_ready)
    api.delete("myapps", "myapp")
    wait_for("all is gone", lambda: not api.get("deployments", "myapp-deployment"))
    api.create("myapps", hasty())
    wait_for("Ready", api.is_ready)
    assert api.events("Recreated") == []


def test_a_recreation_after_a_restart_of_the_operator_is_told_if_it_saw_the_child(
    api: Api, operator: OperatorProcess
) -> None:
    api.create("myapps", hasty())
    wait_for("Ready", api.is_ready)
    operator.stop()
    operator.start()
    never("an event", lambda: api.events("Recreated"), seconds=1)
    deleted(api, "services", "myapp-service")
    wait_for("told", lambda: api.events("Recreated"))
