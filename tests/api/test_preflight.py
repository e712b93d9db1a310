"""What an app refers to is looked for before its pods are made; what is missing holds back a new version alone."""

from pathlib import Path
from typing import Any

import pytest

from tests.api.conftest import Kubectl, may
from tests.harness import Api, Audit, OperatorProcess, hasty, never, wait_for

Json = dict[str, Any]

URL = {"name": "URL", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "url"}}}
REFERABLE = {"configmaps", "secrets", "persistentvolumeclaims", "serviceaccounts"}


def config_map(name: str = "settings", /, **data: str) -> Json:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def secret(name: str = "db", /, **data: str) -> Json:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": data}


def account(name: str = "robot", **labels: str) -> Json:
    usable = {f"apps.example.com/{key}": value for key, value in labels.items()}
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "labels": usable}}


def template(api: Api) -> Json:
    """The pod template that the Deployment has."""
    found: Json = (api.get("deployments", "myapp-deployment") or {})["spec"]["template"]
    return found


def versions(api: Api) -> int:
    """How many versions of the pods there were."""
    return len(api.list("replicasets", "app=myapp"))


def told(api: Api, reason: str) -> str:
    """Waits for the word in STATUS; returns the sentence beside it."""
    wait_for(reason, lambda: api.reason() == reason)
    return api.message()


def is_settled(api: Api, generation: int) -> bool:
    app = api.get("myapps", "myapp") or {}
    return bool(app["status"]["observedGeneration"] == generation)


def test_no_deployment_is_made_until_what_it_refers_to_is_there(
    api: Api, operator: OperatorProcess, audit: Audit
) -> None:
    api.create("myapps", hasty(replicas=1, env=[URL]))
    words = told(api, "ReferenceMissing")
    assert words == (
        'ConfigMap "settings" does not exist (env URL of container "myapp"): '
        "create what is missing, or change the MyApp"
    )
    app = api.get("myapps", "myapp") or {}
    assert {each["type"]: each["status"] for each in app["status"]["conditions"]} == {
        "Ready": "False",
        "Available": "False",
        "Reconciling": "True",
        "Stalled": "False",
    }
    assert api.get("deployments", "myapp-deployment") is None
    assert api.get("services", "myapp-service"), "the other children are made"

    api.create("configmaps", {"metadata": {"name": "settings"}})
    wait_for("the key is missing", lambda: 'ConfigMap "settings" has no key "url"' in api.message())
    api.patch("configmaps", "settings", {"data": {"colour": "blue"}})
    never("a Deployment", lambda: api.get("deployments", "myapp-deployment"), seconds=3)

    api.patch("configmaps", "settings", {"data": {"url": "http://db"}})
    wait_for("Ready", api.is_ready)


def test_what_stays_missing_is_stalled_after_the_deadline_and_heals_all_the_same(
    api: Api, operator: OperatorProcess
) -> None:
    api.create("myapps", hasty(replicas=1, env=[URL], rollout={"progressDeadlineSeconds": 4}))
    wait_for("Stalled", lambda: api.condition(api.get("myapps", "myapp") or {}, "Stalled").get("status") == "True")
    assert api.reason() == "ReferenceMissing"
    api.edit("myapp", rollout={"progressDeadlineSeconds": 600})
    api.create("configmaps", config_map(url="http://db"))
    wait_for("Ready", api.is_ready)


def test_a_new_version_waits_and_the_running_one_goes_on(api: Api, operator: OperatorProcess) -> None:
    api.create("myapps", hasty(replicas=1))
    wait_for("Ready", api.is_ready)
    before = template(api)

    api.edit("myapp", env=[URL], port=8080)
    told(api, "ReferenceMissing")
    assert api.condition(api.get("myapps", "myapp") or {}, "Available")["status"] == "True"
    assert template(api) == before
    assert (api.get("services", "myapp-service") or {})["spec"]["ports"][0]["targetPort"] == 5000

    api.edit("myapp", replicas=3)
    wait_for("three pods", lambda: (api.get("deployments", "myapp-deployment") or {})["status"].get("replicas") == 3)
    api.patch("deployments", "myapp-deployment", {"spec": {"replicas": 5}})
    wait_for("drift is taken back", lambda: "spec.replicas 5 → 3" in str(api.events("Reverted")))
    other = {"spec": {"template": {"spec": {"enableServiceLinks": True}}}}
    api.patch("deployments", "myapp-deployment", other)
    wait_for("so is that of the pods", lambda: template(api)["spec"]["enableServiceLinks"] is False)
    assert template(api) == before
    told(api, "ReferenceMissing")

    operator.kill()
    operator.start()
    never("another template", lambda: template(api) != before, seconds=3)

    api.create("configmaps", config_map(url="http://db"))
    wait_for("Ready", api.is_ready)
    assert template(api)["spec"]["containers"][0]["ports"][0]["containerPort"] == 8080
    assert (api.get("services", "myapp-service") or {})["spec"]["ports"][0]["targetPort"] == 8080


def test_going_back_to_the_version_that_runs_makes_no_new_pods(api: Api, operator: OperatorProcess) -> None:
    api.create("myapps", hasty(replicas=1))
    wait_for("Ready", api.is_ready)
    api.edit("myapp", env=[URL])
    told(api, "ReferenceMissing")
    api.edit("myapp", env=None)
    wait_for("Ready", api.is_ready)
    assert versions(api) == 1


def test_what_is_lost_later_does_not_change_ready(api: Api, operator: OperatorProcess) -> None:
    api.create("configmaps", config_map(url="http://db"))
    api.create("myapps", hasty(replicas=1, env=[URL]))
    wait_for("Ready", api.is_ready)
    api.delete("configmaps", "settings")
    never("not Ready", lambda: not api.is_ready(), seconds=4)
    edited = api.edit("myapp", replicas=2)
    wait_for("looked at", lambda: is_settled(api, edited["metadata"]["generation"]))
    wait_for("Ready with two pods", api.is_ready)

    operator.kill()
    operator.start()
    never("not Ready", lambda: not api.is_ready(), seconds=4)
    assert versions(api) == 1

    api.edit("myapp", image="myapp:2")
    told(api, "ReferenceMissing")
    assert versions(api) == 1


def test_what_is_optional_is_never_missing_and_without_the_right_secrets_are_not_checked(
    api: Api, operator: OperatorProcess, audit: Audit
) -> None:
    audit.restart()
    optional = [{"configMapRef": {"name": "settings", "optional": True}}, {"secretRef": {"name": "db"}}]
    api.create("myapps", hasty(replicas=1, envFrom=optional))
    wait_for("Ready", api.is_ready)
    assert [each for each in audit.reads() if each.resource in REFERABLE] == []
    assert operator.output().count("secrets are not checked in") == 1


def test_a_claim_that_does_not_exist(api: Api, operator: OperatorProcess) -> None:
    claim = {"persistentVolumeClaim": {"claimName": "files"}}
    api.create("myapps", hasty(replicas=1, volumes=[{"name": "files", **claim}]))
    assert told(api, "ReferenceMissing").startswith('PersistentVolumeClaim "files" does not exist (volume "files")')


@pytest.fixture
def reader(kubectl: Kubectl, account: Path, namespace: str) -> None:
    """The right to read Secrets, as deploy/components/secrets grants it."""
    role = ("--namespace", namespace, "--verb=get,list,watch", "--resource=secrets")
    kubectl("create", "role", "secrets", *role, check=True)
    binding = ("--role=secrets", f"--serviceaccount={namespace}:myapp-operator", "--namespace", namespace)
    kubectl("create", "rolebinding", "secrets", *binding, check=True)
    wait_for("the right counts", lambda: may(kubectl, namespace, "list", "secrets"))


def test_with_the_right_a_missing_secret_is_found_too(reader: None, api: Api, operator: OperatorProcess) -> None:
    password = {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}}
    api.create("myapps", hasty(replicas=1, env=[password]))
    assert told(api, "ReferenceMissing").startswith('Secret "db" does not exist (env PASSWORD of container "myapp")')
    api.create("secrets", secret(user="me"))
    wait_for("the key is missing", lambda: 'Secret "db" has no key "password"' in api.message())
    api.patch("secrets", "db", {"stringData": {"password": "swordfish-1"}})
    wait_for("Ready", api.is_ready)
    assert "swordfish-1" not in operator.output()


def test_an_account_must_be_open_to_myapps(api: Api, operator: OperatorProcess) -> None:
    api.create("serviceaccounts", account())
    api.create("myapps", hasty(replicas=1, serviceAccountName="robot"))
    words = told(api, "ServiceAccountNotAllowed")
    assert words.startswith('ServiceAccount "robot" is not open to MyApps: ')
    assert words.endswith("kubectl label serviceaccount robot apps.example.com/usable=true")
    assert api.condition(api.get("myapps", "myapp") or {}, "Stalled")["status"] == "True"
    assert api.get("deployments", "myapp-deployment") is None

    api.patch("serviceaccounts", "robot", {"metadata": {"labels": {"apps.example.com/usable": "true"}}})
    wait_for("Ready", api.is_ready)


def open_account(api: Api, usable: str | None) -> None:
    api.patch("serviceaccounts", "robot", {"metadata": {"labels": {"apps.example.com/usable": usable}}})


def test_an_account_that_is_closed_later_stops_the_next_version_and_is_told(
    api: Api, operator: OperatorProcess
) -> None:
    api.create("serviceaccounts", account(usable="true"))
    api.create("myapps", hasty(replicas=1, serviceAccountName="robot"))
    wait_for("Ready", api.is_ready)
    before = template(api)

    open_account(api, None)
    assert 'ServiceAccount "robot" is not open to MyApps' in told(api, "ServiceAccountNotAllowed")
    api.edit("myapp", replicas=2)
    wait_for("what runs is scaled", lambda: (api.get("deployments", "myapp-deployment") or {})["spec"]["replicas"] == 2)
    api.edit("myapp", image="myapp:2")
    for end in (operator.stop, operator.kill):
        end()
        operator.start()
        never("another template", lambda: template(api) != before, seconds=3)
        told(api, "ServiceAccountNotAllowed")
    assert versions(api) == 1

    open_account(api, "true")
    wait_for("Ready", lambda: api.is_ready() and versions(api) == 2)


def test_an_account_that_does_not_exist_is_missing(api: Api, operator: OperatorProcess) -> None:
    api.create("myapps", hasty(replicas=1, serviceAccountName="robot"))
    words = told(api, "ReferenceMissing")
    assert words.startswith('ServiceAccount "robot" does not exist (spec.serviceAccountName)')


# What it costs


def test_an_app_without_references_costs_no_read_of_any(api: Api, operator: OperatorProcess, audit: Audit) -> None:
    audit.restart()
    api.create("configmaps", config_map(url="http://db"))
    api.create("myapps", hasty(replicas=1))
    wait_for("Ready", api.is_ready)
    api.patch("configmaps", "settings", {"data": {"url": "http://other"}})
    api.edit("myapp", replicas=2)
    wait_for("Ready", api.is_ready)
    assert [each for each in audit.reads() if each.resource in REFERABLE] == []


def test_an_object_is_read_once_for_each_of_its_versions(api: Api, operator: OperatorProcess, audit: Audit) -> None:
    api.create("configmaps", config_map(url="http://db"))
    audit.restart()
    for name in ("one", "two"):
        api.create("myapps", hasty(name, replicas=1, env=[URL]))

    def reads() -> list[str]:
        return [each.resource for each in audit.reads() if each.resource in REFERABLE]

    for name in ("one", "two"):
        wait_for("Ready", lambda name=name: api.is_ready(name))  # type: ignore[misc]
    assert reads() == ["configmaps"]
    api.patch("configmaps", "settings", {"data": {"url": "http://other"}})
    wait_for("read anew", lambda: len(reads()) == 2)
    never("more reads", lambda: len(reads()) > 2, seconds=3)
