"""An object that stood there before becomes a child once its owner says so, equal to one made by the operator."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.api.conftest import Kubectl
from tests.api.hand_made import ADOPT, NAMES, essence, hand_made
from tests.harness import Api, OperatorProcess, myapp, wait_for

Json = dict[str, Any]


def by_create(api: Api, kubectl: Kubectl, body: Json) -> None:
    api.create(_plural(body), body)


def by_client_side_apply(api: Api, kubectl: Kubectl, body: Json) -> None:
    kubectl("apply", "--namespace", api.namespace, "-f", "-", stdin=json.dumps(body), check=True)


def by_server_side_apply(api: Api, kubectl: Kubectl, body: Json) -> None:
    kubectl("apply", "--server-side", "--namespace", api.namespace, "-f", "-", stdin=json.dumps(body), check=True)


def by_replace(api: Api, kubectl: Kubectl, body: Json) -> None:
    api.create(
        _plural(body), {**body, "spec": {**body["spec"], "sessionAffinity": "None"}} if "type" in body["spec"] else body
    )
    kubectl(
        "replace", "--field-manager=theirs", "--namespace", api.namespace, "-f", "-", stdin=json.dumps(body), check=True
    )


def by_one_who_clears_managed_fields(api: Api, kubectl: Kubectl, body: Json) -> None:
    api.create(_plural(body), body)
    patch = json.dumps([{"op": "replace", "path": "/metadata/managedFields", "value": [{}]}])
    kubectl(
        "patch",
        body["kind"],
        body["metadata"]["name"],
        "--namespace",
        api.namespace,
        "--type=json",
        "-p",
        patch,
        check=True,
    )


def _plural(body: Json) -> str:
    return f"{body['kind'].lower()}s"


def assert_it_becomes_as_if_made_by_the_operator(api: Api, plural: str, stored: Json) -> None:
    """Compares with what comes back once it is deleted."""
    name, uid = stored["metadata"]["name"], stored["metadata"]["uid"]
    wait_for("Ready", api.is_ready)
    adopted = api.get(plural, name) or {}
    assert adopted["metadata"]["uid"] == uid
    api.delete(plural, name)
    new = lambda: (api.get(plural, name) or adopted)["metadata"]["uid"] != uid  # noqa: E731
    wait_for("one made by the operator", new)
    wait_for("Ready", api.is_ready)
    made = api.get(plural, name) or {}
    if plural == "deployments":  # which can never change its selector, and what was applied has it
        assert adopted["spec"].pop("selector") == stored["spec"]["selector"] != made["spec"].pop("selector")
        for each in (adopted, made):
            del each["metadata"]["annotations"]["apps.example.com/applied"]
    assert essence(adopted) == essence(made)


WRITERS = [by_create, by_client_side_apply, by_server_side_apply, by_replace, by_one_who_clears_managed_fields]


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("plural", NAMES)
def test_an_adopted_object_equals_one_made_by_the_operator(
    api: Api, kubectl: Kubectl, operator: OperatorProcess, plural: str, write: Callable[[Api, Kubectl, Json], None]
) -> None:
    write(api, kubectl, hand_made(plural, annotations=ADOPT))
    stored = api.get(plural, NAMES[plural]) or {}
    api.create("myapps", myapp(rollout={"minReadySeconds": 0}))
    assert_it_becomes_as_if_made_by_the_operator(api, plural, stored)


def test_a_service_keeps_the_address_that_its_clients_may_know(api: Api, operator: OperatorProcess) -> None:
    stored = api.create("services", hand_made("services", annotations=ADOPT))
    body = {**hand_made("services", annotations=ADOPT, clusterIP=stored["spec"]["clusterIP"])}
    api.delete("services", "myapp-service")
    wait_for("it is gone", lambda: api.get("services", "myapp-service") is None)
    api.create("services", body)  # now it is somebody's choice, which the MyApp does not name
    api.create("myapps", myapp(rollout={"minReadySeconds": 0}))
    wait_for("Ready", api.is_ready)
    assert (api.get("services", "myapp-service") or {})["spec"]["clusterIP"] == stored["spec"]["clusterIP"]


def forbid_owners(api: Api, kubectl: Kubectl) -> None:
    """A policy by which no Deployment gets an owner: the last of the writes of an adoption fails."""
    rules = {"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["UPDATE"], "resources": ["deployments"]}
    here = {"matchLabels": {"kubernetes.io/metadata.name": api.namespace}}
    policy = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": api.namespace},
        "spec": {
            "matchConstraints": {"namespaceSelector": here, "resourceRules": [rules]},
            "validations": [{"expression": "!has(object.metadata.ownerReferences)", "message": "no owners here"}],
        },
    }
    binding = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": api.namespace},
        "spec": {"policyName": api.namespace, "validationActions": ["Deny"]},
    }
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": [policy, binding]})
    kubectl("apply", "-f", "-", stdin=text, check=True)
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "x", "uid": "x"}
    patch = json.dumps({"metadata": {"ownerReferences": [owner]}})
    probe = ("-n", api.namespace, "patch", "deployment", "myapp-deployment", "--dry-run=server", "-p", patch)
    wait_for("the policy counts", lambda: kubectl(*probe).returncode != 0)


@pytest.mark.parametrize("write", [by_create, by_one_who_clears_managed_fields])
def test_an_adoption_that_was_cut_before_its_last_write_goes_on_in_the_next_process(
    api: Api, kubectl: Kubectl, operator: OperatorProcess, write: Callable[[Api, Kubectl, Json], None]
) -> None:
    write(api, kubectl, hand_made("deployments", annotations=ADOPT))
    stored = api.get("deployments", "myapp-deployment") or {}
    try:
        forbid_owners(api, kubectl)
        api.create("myapps", myapp(rollout={"minReadySeconds": 0}))
        wait_for("Forbidden", lambda: "no owners here" in api.message())
        assert (api.get("deployments", "myapp-deployment") or {})["spec"] == stored["spec"]
        operator.kill()
        kubectl("delete", "validatingadmissionpolicybinding", api.namespace, check=True)
        operator.start()
        assert_it_becomes_as_if_made_by_the_operator(api, "deployments", stored)
    finally:
        for kind in ("validatingadmissionpolicybinding", "validatingadmissionpolicy"):
            kubectl("delete", kind, api.namespace, "--ignore-not-found")
