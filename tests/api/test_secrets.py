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
QUOTED = "object.spec.template.spec.containers[0].env.map(each, each.?value.orValue('')).join(' and ')"


def policy(name: str, namespace: str) -> list[Json]:
    """Refuses Deployments of more than five replicas, and quotes the whole environment."""
    group = "admissionregistration.k8s.io/v1"
    rule = {"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["*"], "resources": ["deployments"]}
    matched = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
        "resourceRules": [rule],
    }
    refused = {
        "expression": "object.spec.replicas < 5",
        "messageExpression": f"'five is too many with ' + {QUOTED} + ' and http://a:{IN_URL}@b/'",
    }
    spec = {"matchConstraints": matched, "validations": [refused]}
    bound = {"policyName": name, "validationActions": ["Deny"]}
    metadata = {"name": name}
    return [
        {"apiVersion": group, "kind": "ValidatingAdmissionPolicy", "metadata": metadata, "spec": spec},
        {"apiVersion": group, "kind": "ValidatingAdmissionPolicyBinding", "metadata": metadata, "spec": bound},
    ]


def shown(api: Api, operator: OperatorProcess) -> str:
    """All that the operator wrote for others to read."""
    events = [each for each in api.list("events") if each["source"].get("component") == "myapp-operator"]
    status = (api.get("myapps", "myapp") or {}).get("status")
    return f"{json.dumps(status, ensure_ascii=False)}\n{json.dumps(events, ensure_ascii=False)}\n{operator.output()}"


def test_what_a_policy_quotes_is_masked_in_status_event_and_log(
    kubectl: Kubectl, api: Api, operator: OperatorProcess
) -> None:
    objects = {"apiVersion": "v1", "kind": "List", "items": policy(api.namespace, api.namespace)}
    try:
        kubectl("apply", "-f", "-", stdin=json.dumps(objects), check=True)
        probe = ("-n", api.namespace, "create", "deployment", "probe", "--image=x", "--replicas=6", "--dry-run=server")
        wait_for("the policy counts", lambda: kubectl(*probe).returncode != 0)
        api.create("myapps", hasty(replicas=6, env=ENV))
        wait_for("told", lambda: api.reason() == "Forbidden" and api.events("Refused"))
        assert "five is too many with 5000 and *** and *** and http://***@b/" in api.message()
        assert CANARY not in shown(api, operator)
    finally:
        for each in objects["items"]:
            kubectl("delete", each["kind"], api.namespace, "--ignore-not-found")


def test_what_the_server_quotes_of_an_invalid_value_is_masked(api: Api, operator: OperatorProcess) -> None:
    """The value of a variable that is not one: the server names it in its answer."""
    probe = {"exec": {"command": ["check", PASSWORD]}, "successThreshold": 2}
    api.create("myapps", hasty(env=ENV, podLabels=None, probes={"liveness": probe}))
    wait_for("told", lambda: api.reason() == "Rejected" and api.events("Refused"))
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
