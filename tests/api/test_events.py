"""What happened to an app is told in events on it: what was taken back and from whom, what is refused."""

import json
from typing import Any

from tests.api.conftest import Kubectl
from tests.harness import NO_KEY, Api, OperatorProcess, hasty, never, wait_for

Json = dict[str, Any]


def ready(api: Api, **spec: Any) -> None:
    api.create("myapps", hasty(**spec))
    wait_for("Ready", api.is_ready)


def replicas(api: Api) -> int:
    return int((api.get("deployments", "myapp-deployment") or {})["spec"]["replicas"])


def scale(api: Api, number: int, by: str = "kubectl-edit") -> None:
    """As somebody who goes past the MyApp; waits until it is taken back."""
    api.patch("deployments", "myapp-deployment", {"spec": {"replicas": number}}, manager=by)
    wait_for("taken back", lambda: replicas(api) == 2)


def reverted(api: Api, times: int = 1) -> list[str]:
    """The messages of what was taken back, once there are so many events."""
    events = wait_for("the events", lambda: (found := api.events("Reverted"))[times - 1 :] and found)
    return [each["message"] for each in events]


def test_what_is_taken_back_is_told_with_values_and_culprit(
    kubectl: Kubectl, api: Api, operator: OperatorProcess
) -> None:
    ready(api)
    scale(api, 5)
    instead = "change the MyApp instead: spec.replicas"
    assert reverted(api) == [f"Deployment: reverted spec.replicas 5 → 2 (changed by kubectl-edit): {instead}"]
    printed = kubectl("-n", api.namespace, "describe", "myapp", "myapp").stdout
    assert "Reverted" in printed
    assert "spec.replicas 5 → 2" in printed
    assert "myapp-operator" in printed


def test_a_plain_creation_a_rollout_and_a_restart_by_others_are_no_revert(api: Api, operator: OperatorProcess) -> None:
    ready(api)
    api.edit("myapp", image="other:1", replicas=1)
    wait_for("Ready", api.is_ready)
    scale_up = {"spec": {"template": {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "now"}}}}}
    api.patch("deployments", "myapp-deployment", scale_up)
    never("an event on the app", lambda: api.events("Reverted") or api.events("Refused"), seconds=2)


def test_the_same_thing_told_twice_is_one_event_with_a_count(api: Api, operator: OperatorProcess) -> None:
    ready(api)
    scale(api, 5)
    scale(api, 5)
    wait_for("counted", lambda: [each["count"] for each in api.events("Reverted")] == [2])
    scale(api, 6)
    assert len(reverted(api, times=2)) == 2


def test_what_several_changed_at_once_is_told_in_one_event(api: Api, operator: OperatorProcess) -> None:
    ready(api)
    patch = {"spec": {"replicas": 4, "paused": True, "minReadySeconds": 3, "revisionHistoryLimit": 1}}
    api.patch("deployments", "myapp-deployment", patch, manager="kubectl-edit")
    (message,) = reverted(api)
    assert message.startswith("Deployment: reverted spec.replicas 4 → 2, spec.minReadySeconds 3 → 0, ")
    assert " and 1 more (changed by kubectl-edit): change the MyApp instead: spec.replicas" in message


def test_what_was_removed_is_told_without_a_culprit(api: Api, operator: OperatorProcess) -> None:
    ready(api)
    api.patch("services", "myapp-service", {"metadata": {"labels": {"app": None}}})
    assert reverted(api) == ["Service: reverted metadata.labels.app (removed): change the MyApp instead: spec.labels"]


def test_a_changed_annotation_of_ours_is_told(api: Api, operator: OperatorProcess) -> None:
    ready(api)
    api.patch("services", "myapp-service", {"metadata": {"annotations": {"apps.example.com/applied": "other"}}})
    assert reverted(api) == ["Service: reverted what the operator notes down for itself (changed by somebody)"]


def test_a_refusal_is_told_once(api: Api, operator: OperatorProcess) -> None:
    api.create("myapps", hasty(env=[NO_KEY]))
    wait_for("Rejected", lambda: api.reason() == "Rejected")
    (refused,) = wait_for("told", lambda: api.events("Refused"))
    assert refused["message"].startswith("Rejected: the Deployment is refused: ")
    assert refused["type"] == "Warning"
    assert refused["source"]["component"] == "myapp-operator"
    api.edit("myapp", env=None)
    wait_for("healed", api.is_ready)
    assert [each["count"] for each in api.events("Refused")] == [1]


def test_an_operator_that_may_write_no_events_does_all_else(
    kubectl: Kubectl, api: Api, operator: OperatorProcess
) -> None:
    role = json.loads(kubectl("-n", api.namespace, "get", "role", "myapp-operator", "-o", "json", check=True).stdout)
    role["rules"] = [rule for rule in role["rules"] if "events" not in rule["resources"]]
    kubectl("-n", api.namespace, "replace", "-f", "-", stdin=json.dumps(role), check=True)
    account = f"system:serviceaccount:{api.namespace}:myapp-operator"
    may = ("-n", api.namespace, "auth", "can-i", "create", "events", f"--as={account}")
    wait_for("the right is gone", lambda: kubectl(*may).returncode != 0)
    ready(api)
    scale(api, 5)
    wait_for("said in the log", lambda: "cannot write an event" in operator.output())
    scale(api, 6)
    wait_for("Ready", api.is_ready)
    assert api.events("Reverted") == []
