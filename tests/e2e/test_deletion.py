"""Deleting leaves nothing behind, whenever it happens."""

import time

import pytest

from tests.harness import Api, Audit, Kubectl, OperatorPod, hasty, never, wait_for

CHILDREN = ("deployments", "services")


def leftovers(api: Api, kubectl: Kubectl) -> list[str]:
    """Everything that an app may have left."""
    made = "deployments,replicasets,pods,services,endpointslices,configmaps,secrets"
    names = kubectl("get", made, "-o", "name").split()
    return [name for name in names if name != "configmap/kube-root-ca.crt"]


def test_deleting_an_app_leaves_nothing(api: Api, kubectl: Kubectl) -> None:
    api.create("myapps", hasty())
    wait_for("Ready", api.is_ready)
    assert leftovers(api, kubectl)
    kubectl("delete", "myapp", "myapp")
    wait_for("nothing is left", lambda: not leftovers(api, kubectl))


def test_deleting_apps_while_they_are_created_leaves_nothing(api: Api, kubectl: Kubectl) -> None:
    names = [f"app-{number}" for number in range(6)]
    for number, name in enumerate(names):
        api.create("myapps", hasty(name, replicas=1))
        time.sleep(number * 0.05)  # a different moment of the creation each time
        api.delete("myapps", name)
    wait_for("nothing is left", lambda: not leftovers(api, kubectl))
    never("anything comes back", lambda: leftovers(api, kubectl), seconds=2, every=0.5)


def test_an_app_recreated_at_once_under_its_name_gets_children_of_its_own(api: Api) -> None:
    api.create("myapps", hasty())
    wait_for("Ready", api.is_ready)
    for number in range(3):
        api.delete("myapps", "myapp")
        wait_for("the name is free", lambda: api.get("myapps", "myapp") is None)
        app = api.create("myapps", hasty(env=[{"name": "ROUND", "value": str(number)}]))
    wait_for("Ready", api.is_ready)
    for plural in CHILDREN:
        assert [child["metadata"]["ownerReferences"][0]["uid"] for child in api.list(plural)] == [
            app["metadata"]["uid"]
        ]

    def only_new_pods() -> bool:
        rounds = [pod["spec"]["containers"][0]["env"][-1]["value"] for pod in api.list("pods")]
        return rounds == ["2", "2"]

    wait_for("only pods of the last app", only_new_pods)


@pytest.mark.usefixtures("restricted")
def test_a_namespace_with_apps_goes_away_and_nothing_is_made_in_it(
    api: Api, kubectl: Kubectl, audit: Audit, operator: OperatorPod
) -> None:
    names = [f"app-{number}" for number in range(3)]
    for name in names:
        api.create("myapps", hasty(name, replicas=1))
    wait_for("Ready", lambda: all(api.is_ready(name) for name in names))
    before = operator.pod
    audit.restart()
    kubectl("delete", "namespace", api.namespace, "--timeout=180s")
    made = [each for each in audit.writes() if each.resource in CHILDREN]
    assert made == []
    assert operator.pod["metadata"]["uid"] == before["metadata"]["uid"]
    assert operator.container["restartCount"] == before["status"]["containerStatuses"][0]["restartCount"]
