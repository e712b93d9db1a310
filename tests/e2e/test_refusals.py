"""What the cluster refuses: its own words reach the user, and the app heals by itself when the cause is gone."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.harness import Api, Kubectl, hasty, wait_for

Json = dict[str, Any]


def create(kubectl: Kubectl, kind: str, spec: Json, api_version: str = "v1", name: str = "tight") -> None:
    """Creates an object of the test's own."""
    body = {"apiVersion": api_version, "kind": kind, "metadata": {"name": name}, "spec": spec}
    kubectl("create", "-f", "-", stdin=json.dumps(body))


def create_quota(kubectl: Kubectl, what: str, hard: str) -> None:
    """A quota that counts already."""
    create(kubectl, "ResourceQuota", {"hard": {what: hard}})
    wait_for("the quota counts", lambda: what in kubectl("get", "quota", "tight", "-o", "jsonpath={.status.used}"))


def wait_told(api: Api, reason: str) -> str:
    """Waits for the word in STATUS and for what it means; returns the sentence beside it."""
    began = time.monotonic()
    wait_for(reason, lambda: api.reason() == reason)
    print(f"{reason}: {time.monotonic() - began:.1f} s after the MyApp was applied")
    app = api.get("myapps", "myapp") or {}
    final = reason in ("NotOwned", "Rejected")
    assert Api.condition(app, "Ready")["status"] == "False"
    assert Api.condition(app, "Reconciling")["status"] == str(not final)
    assert Api.condition(app, "Stalled")["status"] == str(final)
    return api.message()


def tire_out(api: Api) -> None:
    """Each failed attempt doubles the pause of the controller that makes the pods: now it is minutes, unless something
    happens to its pods."""
    wait_for("the one pod is ready", lambda: api.list("replicasets")[0]["status"].get("availableReplicas") == 1)
    (replicaset,) = api.list("replicasets")
    for attempt in range(18):
        api.patch("replicasets", replicaset["metadata"]["name"], {"metadata": {"annotations": {"try": str(attempt)}}})
        time.sleep(0.1)  # or two patches would be one attempt


def test_a_quota_on_pods_is_told_in_the_servers_words_and_the_app_heals_when_it_is_lifted(
    api: Api, kubectl: Kubectl
) -> None:
    create_quota(kubectl, "pods", "1")
    api.create("myapps", hasty(replicas=2))
    message = wait_told(api, "QuotaExceeded")
    assert message.startswith("pods are refused: exceeded quota: tight, requested: pods=1")
    assert "limited: pods=1" in message
    assert kubectl("get", "myapps", "--no-headers").split()[2] == "QuotaExceeded"
    tire_out(api)
    kubectl("delete", "quota", "tight")
    wait_for("healed", api.is_ready)


def test_a_quota_on_deployments_is_told_and_healed_when_it_is_lifted(api: Api, kubectl: Kubectl) -> None:
    create_quota(kubectl, "count/deployments.apps", "0")
    api.create("myapps", hasty(replicas=1))
    assert wait_told(api, "QuotaExceeded").startswith("the Deployment is refused: exceeded quota: tight, requested: ")
    kubectl("delete", "quota", "tight")
    wait_for("healed", api.is_ready)


def test_a_limit_range_is_told_and_healed_when_it_is_lifted(api: Api, kubectl: Kubectl) -> None:
    create(kubectl, "LimitRange", {"limits": [{"type": "Container", "max": {"cpu": "100m"}}]})
    resources = {"requests": {"cpu": "200m"}, "limits": {"cpu": "200m"}}
    api.create("myapps", hasty(replicas=1, resources=resources))
    assert wait_told(api, "Forbidden") == (
        "pods are refused: maximum cpu usage per Container is 100m, but limit is 200m"
    )
    kubectl("delete", "limitrange", "tight")
    wait_for("healed", api.is_ready)


@pytest.fixture
def policy(kubectl: Kubectl) -> Iterator[str]:
    """The name of an admission policy for the test's namespace alone, which counts already."""
    group, name = "admissionregistration.k8s.io/v1", kubectl.namespace
    resources = {"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["*"], "resources": ["deployments"]}
    here = {"matchLabels": {"kubernetes.io/metadata.name": name}}
    rules = {
        "matchConstraints": {"namespaceSelector": here, "resourceRules": [resources]},
        "validations": [{"expression": "object.spec.replicas < 2", "message": "two are too many here"}],
    }
    create(kubectl, "ValidatingAdmissionPolicy", rules, group, name)
    binding = {"policyName": name, "validationActions": ["Deny"]}
    create(kubectl, "ValidatingAdmissionPolicyBinding", binding, group, name)
    try_out = ("create", "deployment", "probe", "--image=x", "--replicas=2", "--dry-run=server")
    wait_for("the policy counts", lambda: not kubectl.succeeds(*try_out))
    yield name
    for kind in ("validatingadmissionpolicybinding", "validatingadmissionpolicy"):
        kubectl("delete", kind, name, "--ignore-not-found")


def test_the_words_of_an_admission_policy_are_told_and_the_app_heals_when_it_is_lifted(
    api: Api, kubectl: Kubectl, policy: str
) -> None:
    api.create("myapps", hasty(replicas=2))
    assert "two are too many here" in wait_told(api, "Forbidden")
    kubectl("delete", "validatingadmissionpolicybinding", policy)
    wait_for("healed", api.is_ready)


def test_a_child_whose_immutable_fields_differ_is_told_and_the_app_heals_once_it_is_gone(
    api: Api, kubectl: Kubectl
) -> None:
    """Somebody has made the Deployment by hand and given it to the MyApp as it was."""
    kubectl("create", "deployment", "myapp-deployment", "--image=theirs:1", "--replicas=0")
    app = api.create("myapps", hasty(replicas=1))
    wait_told(api, "NotOwned")
    given = {key: app[key] for key in ("apiVersion", "kind")} | {"name": "myapp", "uid": app["metadata"]["uid"]}
    metadata = {
        "labels": {"app.kubernetes.io/managed-by": "myapp-operator"},
        "ownerReferences": [{**given, "controller": True}],
    }
    api.patch("deployments", "myapp-deployment", {"metadata": metadata})
    assert "selects its pods for ever by app=myapp-deployment" in wait_told(api, "Rejected")
    kubectl("delete", "deployment", "myapp-deployment")
    wait_for("healed", api.is_ready)
