"""What deploy/ promises: few rights, a restricted pod, samples that the API takes."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from myapp_operator import admission
from myapp_operator.model import parse_spec

OPTIONAL = ("ingresses", "httproutes", "horizontalpodautoscalers", "poddisruptionbudgets", "networkpolicies")
"""The children that an app may do without, and which the operator therefore deletes."""
DEPLOY = Path(__file__).resolve().parents[3] / "deploy"
SAMPLES = sorted((DEPLOY / "samples").glob("*.yaml"))


def documents(name: str) -> list[Any]:
    return [*yaml.safe_load_all((DEPLOY / name).read_text())]


def test_the_operator_has_no_right_beyond_its_job() -> None:
    granted = {
        (resource, verb)
        for rule in documents("operator/role.yaml")[0]["rules"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
    read, write = {"get", "list", "watch"}, {"create", "patch"}
    assert granted == {
        *(("myapps", verb) for verb in read),
        ("myapps/status", "patch"),
        ("myapps/finalizers", "update"),
        *(("deployments", verb) for verb in read | write),
        *(("services", verb) for verb in read | write),
        *((kind, verb) for kind in OPTIONAL for verb in read | write | {"delete"}),
        *(("configmaps", verb) for verb in read),
        *((resource, verb) for resource in ("persistentvolumeclaims", "serviceaccounts") for verb in ("list", "watch")),
        *((resource, "list") for resource in ("pods", "replicasets", "events")),
        *(("events", verb) for verb in write),
    }


def test_of_leases_it_may_make_one_and_change_its_own() -> None:
    role, binding = documents("operator/lease.yaml")
    assert (role["kind"], binding["kind"]) == ("Role", "RoleBinding"), "in its own namespace alone"
    granted = [(tuple(rule["verbs"]), rule.get("resourceNames"), rule["resources"]) for rule in role["rules"]]
    assert granted == [(("create",), None, ["leases"]), (("get", "update"), ["myapp-operator"], ["leases"])]


def test_of_other_installations_it_sees_the_lease_and_the_rights_and_nothing_more() -> None:
    role, binding = documents("operator/installations.yaml")
    assert (role["kind"], binding["kind"]) == ("ClusterRole", "ClusterRoleBinding")
    granted = [(tuple(rule["verbs"]), rule.get("resourceNames"), rule["resources"]) for rule in role["rules"]]
    assert granted == [(("list",), ["myapp-operator"], ["leases"]), (("create",), None, ["subjectaccessreviews"])]


def test_in_one_namespace_it_asks_for_no_right_on_the_cluster() -> None:
    patches = documents("overlays/namespaced/kustomization.yaml")[0]["patches"]
    deleted = [yaml.safe_load(each["patch"]) for each in patches if "$patch: delete" in each["patch"]]
    assert [(each["kind"], each["metadata"]["name"]) for each in deleted] == [
        (document["kind"], document["metadata"]["name"]) for document in documents("operator/installations.yaml")
    ]


def test_during_an_update_there_is_always_one_that_may_lead() -> None:
    spec = documents("operator/deployment.yaml")[0]["spec"]
    container = spec["template"]["spec"]["containers"][0]
    assert spec["replicas"] == 2
    assert spec["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    assert "--lease-namespace=$(POD_NAMESPACE)" in container["args"]


def test_secrets_are_a_right_of_their_own_that_is_off_by_default() -> None:
    (patch,) = documents("components/secrets/kustomization.yaml")[0]["patches"]
    (change,) = yaml.safe_load(patch["patch"])
    assert change["value"] == {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "list", "watch"]}
    for name in ("kustomization.yaml", "operator/kustomization.yaml", "overlays/namespaced/kustomization.yaml"):
        assert "components" not in documents(name)[0]


def test_the_operators_pod_is_what_restricted_asks_for_and_writes_nowhere() -> None:
    pod = documents("operator/deployment.yaml")[0]["spec"]["template"]["spec"]
    container = pod["containers"][0]
    assert pod["securityContext"] == {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert "volumes" not in pod


def test_the_operators_pods_are_spread_and_one_stays_while_nodes_are_drained() -> None:
    deployment = documents("operator/deployment.yaml")[0]["spec"]
    (spread,) = deployment["template"]["spec"]["topologySpreadConstraints"]
    assert spread == {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": deployment["selector"],
        "matchLabelKeys": ["pod-template-hash"],
    }
    budget = documents("operator/disruptionbudget.yaml")[0]["spec"]
    assert budget["selector"] == deployment["selector"]
    assert budget["maxUnavailable"] == 1


def test_the_operator_has_room_for_twice_what_ten_thousand_apps_take() -> None:
    container = documents("operator/deployment.yaml")[0]["spec"]["template"]["spec"]["containers"][0]
    assert container["resources"]["limits"] == {"cpu": "2", "memory": "512Mi"}


def test_its_namespace_enforces_restricted() -> None:
    labels = documents("namespace.yaml")[0]["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_every_sample_is_a_myapp_without_unknown_fields(sample: Path) -> None:
    (app,) = [each for each in yaml.safe_load_all(sample.read_text()) if each["kind"] != "ConfigMap"]
    assert (app["apiVersion"], app["kind"]) == ("apps.example.com/v1", "MyApp")
    parse_spec(app["spec"], strict=True)


def test_the_readme_shows_every_sample_once() -> None:
    gallery = (DEPLOY.parent / "README.md").read_text().partition("\n## Gallery\n")[2].partition("\n## ")[0]
    shown = re.findall(r"\]\(deploy/samples/(\S+)\)", gallery)
    assert sorted(shown) == [path.name for path in SAMPLES]


def test_the_guard_passes_the_trials_of_new_children_and_nothing_that_is_stored() -> None:
    patches = documents("components/guard/kustomization.yaml")[0]["patches"]
    (conditions,) = (each["value"] for patch in patches for each in yaml.safe_load(patch["patch"]))
    trial = admission.under_another_name({"metadata": {"name": "myapp-deployment"}})["metadata"]["name"]
    (passes,) = (each["expression"] for each in conditions if each["name"] == "is-no-trial")
    assert trial.endswith("-trial")
    for part in ("request.operation == 'CREATE'", "request.?dryRun.orValue(false)", "endsWith('-trial')"):
        assert part in passes
