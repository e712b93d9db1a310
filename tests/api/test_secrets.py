"""No value of a variable and no password in a URL is ever shown: a canary is put wherever others quote, and looked for
in all that the operator writes."""

import json
from typing import Any

import pytest

from tests.api.conftest import Kubectl
from tests.harness import Api, OperatorProcess, hasty, wait_for

Json = dict[str, Any]

PASSWORD = 'canary-"swordfish\\1'  # noqa: S105  what must be escaped where it is quoted
IN_URL = "canary-in-url"
CANARY = "canary"
URL = f"postgres://admin:{IN_URL}@db/shop"
ENV = [{"name": "PASSWORD", "value": PASSWORD}, {"name": "DATABASE", "value": URL}]
OF_A_DEPLOYMENT = ("apps", "deployments", "object.spec.template.spec.containers[0].env")
OF_A_POD = ("", "pods", "object.spec.containers[0].env")


def policy(namespace: str, group_of_kind: str, plural: str, env: str) -> list[Json]:
    """Refuses all objects of a kind that have a password, and quotes their whole environment."""
    group = "admissionregistration.k8s.io/v1"
    rule = {"apiGroups": [group_of_kind], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": [plural]}
    matched = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
        "resourceRules": [rule],
    }
    quoted = f"{env}.map(each, each.?value.orValue('')).join(' and ')"
    refused = {
        "expression": f"!{env}.exists(each, each.name == 'PASSWORD')",
        "messageExpression": f"'refused with ' + {quoted} + ' and http://a:{IN_URL}@b/'",
    }
    spec = {"matchConstraints": matched, "validations": [refused]}
    bound = {"policyName": namespace, "validationActions": ["Deny"]}
    metadata = {"name": namespace}
    return [
        {"apiVersion": group, "kind": "ValidatingAdmissionPolicy", "metadata": metadata, "spec": spec},
        {"apiVersion": group, "kind": "ValidatingAdmissionPolicyBinding", "metadata": metadata, "spec": bound},
    ]


def probe(kind: tuple[str, str, str]) -> Json:
    """An object that the policy refuses."""
    pod = {"containers": [{"name": "x", "image": "x", "env": [{"name": "PASSWORD", "value": "x"}]}]}
    if kind == OF_A_POD:
        return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "probe"}, "spec": pod}
    labels = {"probe": "x"}
    template = {"metadata": {"labels": labels}, "spec": pod}
    spec = {"selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "probe"}, "spec": spec}


def shown(api: Api, operator: OperatorProcess) -> str:
    """All that the operator wrote for others to read."""
    events = [each for each in api.list("events") if each["source"].get("component") == "myapp-operator"]
    status = (api.get("myapps", "myapp") or {}).get("status")
    return f"{json.dumps(status, ensure_ascii=False)}\n{json.dumps(events, ensure_ascii=False)}\n{operator.output()}"


@pytest.mark.parametrize("kind", [OF_A_DEPLOYMENT, OF_A_POD], ids=["of the Deployment", "of pods"])
def test_what_a_policy_quotes_is_masked_in_status_event_and_log(
    kubectl: Kubectl, api: Api, operator: OperatorProcess, kind: tuple[str, str, str]
) -> None:
    objects = {"apiVersion": "v1", "kind": "List", "items": policy(api.namespace, *kind)}
    canary = {"apiVersion": "v1", "kind": "List", "items": [probe(kind)]}
    try:
        kubectl("apply", "-f", "-", stdin=json.dumps(objects), check=True)
        dry = ("-n", api.namespace, "create", "--dry-run=server", "-f", "-")
        wait_for("the policy counts", lambda: kubectl(*dry, stdin=json.dumps(canary)).returncode != 0)
        api.create("myapps", hasty(env=ENV))
        wait_for("told", lambda: api.reason() == "Forbidden" and api.events("Refused"))
        assert "refused with 5000 and *** and *** and http://***@b/" in api.message()
        assert CANARY not in shown(api, operator)
    finally:
        for each in objects["items"]:
            kubectl("delete", each["kind"], api.namespace, "--ignore-not-found")


def crash(api: Api, words: str) -> None:
    """Has every pod say these words and crash, as a kubelet would report it."""
    state = {
        "name": "myapp",
        "ready": False,
        "restartCount": 3,
        "image": "myapp:latest",
        "imageID": "",
        "state": {"waiting": {"reason": "CrashLoopBackOff", "message": f"back-off, last words: {words}"}},
        "lastState": {"terminated": {"exitCode": 1, "reason": "Error", "message": words}},
    }
    condition = {"type": "Ready", "status": "False", "reason": "ContainersNotReady", "message": words}
    status = {"phase": "Running", "containerStatuses": [state], "conditions": [condition]}
    for pod in api.list("pods", "app=myapp"):
        path = f"/api/v1/namespaces/{api.namespace}/pods/{pod['metadata']['name']}/status"
        api.request("PATCH", path, {"status": status}, content="application/merge-patch+json")


def test_what_an_app_says_before_it_crashes_is_masked(api: Api, operator: OperatorProcess) -> None:
    api.create("myapps", hasty(replicas=1, env=ENV))
    wait_for("Ready", api.is_ready)
    words = f"KeyError: no account for {json.dumps(PASSWORD)} at {URL}"

    def told() -> object:
        crash(api, words)  # again and again: the simulated node makes its pods well
        return [each for each in api.events("Failed") if "KeyError: no account for" in each["message"]]

    wait_for("told", told, every=1)
    assert CANARY not in shown(api, operator)


@pytest.mark.parametrize(
    "pod",
    [
        pytest.param({"env": [{"name": "PASSWORD", "value": CANARY}]}, id="a variable"),
        pytest.param({"command": ["serve", f"--password={CANARY}"]}, id="a command"),
        pytest.param({"args": [f"--password={CANARY}"]}, id="arguments"),
        pytest.param({"image": f"http://admin:{CANARY}@example.com/x"}, id="a URL"),
    ],
)
def test_what_others_wrote_into_a_child_is_not_quoted(api: Api, operator: OperatorProcess, pod: Json) -> None:
    api.create("myapps", hasty(env=ENV, command=["serve"], args=["all"]))
    wait_for("Ready", api.is_ready)
    path = f"/apis/apps/v1/namespaces/{api.namespace}/deployments/myapp-deployment?fieldManager=kubectl-edit"
    patch = {"spec": {"template": {"spec": {"containers": [{"name": "myapp"} | pod]}}}}
    api.request("PATCH", path, patch, content="application/strategic-merge-patch+json")
    (event,) = wait_for("told", lambda: api.events("Reverted"))
    (field,) = pod
    assert f"spec.template.spec.containers[myapp].{field}" in event["message"]
    wait_for("Ready", api.is_ready)
    assert CANARY not in shown(api, operator)
