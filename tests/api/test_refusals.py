"""What the API server refuses reaches the status in its own words, and heals by itself once it is lifted."""

import json
from typing import Any

from tests.api.conftest import Kubectl
from tests.harness import NO_KEY, Api, Audit, OperatorProcess, myapp, never, wait_for


def quota(**hard: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "tight"}, "spec": {"hard": hard}}


def test_a_quota_on_deployments_is_told_and_healed_when_lifted(api: Api, operator: OperatorProcess) -> None:
    api.create("resourcequotas", quota(**{"count/deployments.apps": "0"}))
    wait_for("the quota counts", lambda: (api.get("resourcequotas", "tight") or {})["status"].get("hard"))
    api.create("myapps", myapp())
    wait_for("its words", lambda: "the Deployment is refused: exceeded quota: tight" in api.message())
    assert api.reason() == "QuotaExceeded"
    assert api.get("services", "myapp-service"), "a refused child is no reason to leave out the others"
    api.delete("resourcequotas", "tight")
    wait_for("healed", api.is_ready)


def test_a_quota_on_pods_is_told_and_healed_when_lifted(api: Api, operator: OperatorProcess, audit: Audit) -> None:
    api.create("resourcequotas", quota(pods="1"))
    wait_for("the quota counts", lambda: (api.get("resourcequotas", "tight") or {})["status"].get("hard"))
    api.create("myapps", myapp())
    wait_for("its words", lambda: api.message().startswith("pods are refused: exceeded quota: tight"))
    assert api.reason() == "QuotaExceeded"
    audit.restart()
    never("more than the growing pause allows", lambda: audit.attempts()[4:], seconds=10)
    api.delete("resourcequotas", "tight")
    wait_for("healed", api.is_ready)


def test_a_quota_on_replica_sets_is_told_and_healed_when_lifted(api: Api, operator: OperatorProcess) -> None:
    """The Deployment never answers then, and its controller gives up after some tries."""
    api.create("resourcequotas", quota(**{"count/replicasets.apps": "0"}))
    wait_for("the quota counts", lambda: (api.get("resourcequotas", "tight") or {})["status"].get("hard"))
    api.create("myapps", myapp(replicas=1))
    wait_for("its words", lambda: api.message().startswith("the ReplicaSet is refused: exceeded quota: tight"))
    assert api.reason() == "QuotaExceeded"
    api.delete("resourcequotas", "tight")
    wait_for("healed", api.is_ready)


def test_a_quota_that_wants_limits_to_be_named_is_told_as_a_quota(api: Api, operator: OperatorProcess) -> None:
    api.create("resourcequotas", quota(**{"limits.memory": "1Gi"}))
    wait_for("the quota counts", lambda: (api.get("resourcequotas", "tight") or {})["status"].get("hard"))
    api.create("myapps", myapp(replicas=1))
    words = "pods are refused: failed quota: tight: must specify limits.memory"
    wait_for("its words", lambda: api.message().startswith(words))
    assert api.reason() == "QuotaExceeded"


def test_pods_that_name_a_priority_class_that_does_not_exist_are_told_so(api: Api, operator: OperatorProcess) -> None:
    told = 'pods are refused: PriorityClass "urgent" does not exist: create it, or change the MyApp'
    api.create("myapps", myapp(scheduling={"priorityClassName": "urgent"}))
    wait_for("told", lambda: (api.reason(), api.message()) == ("ReferenceMissing", told))
    api.edit("myapp", scheduling=None)
    wait_for("healed", api.is_ready)


def test_a_refusal_that_outlives_the_deadline_is_a_stall(api: Api, operator: OperatorProcess) -> None:
    api.create("resourcequotas", quota(**{"count/services": "0"}))
    wait_for("the quota counts", lambda: (api.get("resourcequotas", "tight") or {})["status"].get("hard"))
    api.create("myapps", myapp(rollout={"progressDeadlineSeconds": 8}))
    stalled = lambda: Api.condition(api.get("myapps", "myapp") or {}, "Stalled").get("status") == "True"  # noqa: E731
    assert not stalled()
    wait_for("Stalled", stalled)
    assert api.reason() == "QuotaExceeded"
    api.edit("myapp", replicas=1, rollout={"progressDeadlineSeconds": 600})
    wait_for("a new try", lambda: api.reason() == "QuotaExceeded" and not stalled())


def test_the_words_of_an_admission_policy_reach_the_status(
    kubectl: Kubectl, api: Api, operator: OperatorProcess
) -> None:
    policy = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": api.namespace},
        "spec": {
            "matchConstraints": {
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": api.namespace}},
                "resourceRules": [
                    {"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["*"], "resources": ["deployments"]}
                ],
            },
            "validations": [{"expression": "object.spec.replicas < 5", "message": "five is too many here"}],
        },
    }
    binding = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": api.namespace},
        "spec": {"policyName": api.namespace, "validationActions": ["Deny"]},
    }
    try:
        kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": [policy, binding]}))
        probe = ("-n", api.namespace, "create", "deployment", "probe", "--image=x", "--replicas=6", "--dry-run=server")
        wait_for("the policy counts", lambda: kubectl(*probe).returncode != 0)
        api.create("myapps", myapp(replicas=6))
        wait_for("Forbidden", lambda: api.reason() == "Forbidden")
        assert "five is too many here" in api.message()
        kubectl("delete", "validatingadmissionpolicybinding", api.namespace, check=True)
        wait_for("healed", api.is_ready)
    finally:
        for kind in ("validatingadmissionpolicybinding", "validatingadmissionpolicy"):
            kubectl("delete", kind, api.namespace, "--ignore-not-found")


def test_what_the_server_finds_invalid_is_told_in_its_words_until_the_app_is_changed(
    api: Api, operator: OperatorProcess
) -> None:
    """And of the field of the MyApp: in the Deployment another variable stands before it."""
    api.create("myapps", myapp(env=[NO_KEY]))
    wait_for("Rejected", lambda: api.reason() == "Rejected")
    assert 'is invalid: spec.env[0].valueFrom.configMapKeyRef.key: Invalid value: ".."' in api.message()
    assert Api.condition(api.get("myapps", "myapp") or {}, "Stalled")["status"] == "True"
    api.edit("myapp", env=None)
    wait_for("healed", api.is_ready)


def test_nothing_is_written_into_a_namespace_that_ends(
    kubectl: Kubectl, api: Api, operator: OperatorProcess, audit: Audit
) -> None:
    api.create("myapps", myapp())
    wait_for("Ready", api.is_ready)
    held = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "held", "finalizers": ["test.example.com/x"]}}
    kubectl("-n", api.namespace, "apply", "-f", "-", stdin=json.dumps(held), check=True)
    audit.restart()
    kubectl("delete", "namespace", api.namespace, "--wait=false", check=True)
    wait_for("the children are gone", lambda: not api.list("deployments") and not api.list("services"))
    never("a write that succeeds", lambda: [each for each in audit.writes() if each.code == 201], seconds=3)
    kubectl("-n", api.namespace, "patch", "configmap", "held", "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
    gone = lambda: kubectl("get", "namespace", api.namespace).returncode != 0  # noqa: E731
    wait_for("the namespace is gone", gone)
    assert operator.running
