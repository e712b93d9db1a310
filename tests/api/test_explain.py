"""`kubectl myapp explain`: how an app is doing on one screen, with the rights of whoever asks."""

import json
from pathlib import Path

import yaml

from dev.cluster import Cluster
from tests.api.conftest import Kubectl
from tests.harness import Api, OperatorProcess, kubectl_myapp, myapp, wait_for


def test_a_healthy_app_is_shown_with_its_children_pods_and_events(
    cluster: Cluster, api: Api, operator: OperatorProcess
) -> None:
    api.create("myapps", myapp())
    wait_for("Ready", api.is_ready)

    def shown() -> str:
        done = kubectl_myapp(cluster.kubeconfig, "explain", "-n", api.namespace, "myapp")
        assert done.exit_code == 0, done.stderr
        return done.stdout if "Scaled up replica set" in done.stdout else ""

    text = wait_for("the event of the Deployment's controller, which comes when it likes", shown)
    lines = text.splitlines()
    assert lines[0] == f"MyApp {api.namespace}/myapp: Ready, 2/2 ready"
    assert "  Deployment  myapp-deployment  2/2 ready, 2 available, 2 of the new version" in lines
    assert len([line for line in lines if line.startswith("  myapp-deployment-") and " Running " in line]) == 2
    assert "Could not be read" not in lines
    assert "\x1b[" not in text, "colour is for terminals"

    data = json.loads(kubectl_myapp(cluster.kubeconfig, "explain", "-n", api.namespace, "myapp", "-o", "json").stdout)
    assert (data["status"], data["ready"], len(data["pods"]), data["log"]) == ("Ready", "2/2", 2, None)
    assert {each["type"]: each["status"] for each in data["conditions"]}["Ready"] == "True"


def test_a_foreign_child_and_a_missing_one_are_told_apart(cluster: Cluster, api: Api) -> None:
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "myapp-service"}}
    api.create("services", {**service, "spec": {"ports": [{"port": 80}]}})
    api.create("myapps", myapp())
    done = kubectl_myapp(cluster.kubeconfig, "explain", "-n", api.namespace, "myapp", "-o", "yaml")
    data = yaml.safe_load(done.stdout)
    states = {each["kind"]: each["state"] for each in data["children"]}
    assert states == {"Deployment": "does not exist", "Service": "is not controlled by this MyApp"}
    assert "the operator has not looked at this version of the MyApp yet" in data["notes"][0], "none runs here"


def test_what_may_not_be_read_is_said_in_a_line_and_the_rest_is_shown(
    api: Api, account: Path, kubectl: Kubectl
) -> None:
    api.create("myapps", myapp())
    role = "--resource=myapps.apps.example.com,deployments.apps"
    kubectl("-n", api.namespace, "create", "role", "little", "--verb=get", role, check=True)
    kubectl("-n", api.namespace, "delete", "rolebinding", "myapp-operator", check=True)
    binding = ("rolebinding", "little", "--role=little", f"--serviceaccount={api.namespace}:myapp-operator")
    kubectl("-n", api.namespace, "create", *binding, check=True)

    def shown() -> str:
        done = kubectl_myapp(account, "explain", "-n", api.namespace, "myapp")
        assert (done.exit_code, done.stderr) == (0, "")
        return done.stdout if "the MyApp:" not in done.stdout and "the Service:" in done.stdout else ""

    text = wait_for("the new rights count", shown)
    assert "  Deployment  myapp-deployment  does not exist" in text.splitlines()
    unread = text.split("Could not be read\n")[1].splitlines()
    parts = [line.split(":")[0].strip() for line in unread]
    assert parts == ["the Service", "the events", "the pods"], "there is no Deployment of which to read ReplicaSets"
    assert 'cannot list resource "pods"' in text


def test_an_app_that_does_not_exist_is_said_not_to(cluster: Cluster, namespace: str) -> None:
    done = kubectl_myapp(cluster.kubeconfig, "explain", "-n", namespace, "nope")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == (
        f'Error: there is no MyApp "nope" in namespace "{namespace}": '
        f"`kubectl get myapps -n {namespace}` lists those that there are\n"
    )


def test_without_a_name_all_that_are_not_ready_are_shown_and_without_the_right_it_is_named(
    cluster: Cluster, api: Api, account: Path, kubectl: Kubectl
) -> None:
    api.create("myapps", myapp("one"))
    api.create("myapps", myapp("two", ingress={"host": "shop.example.com"}))
    done = kubectl_myapp(cluster.kubeconfig, "explain", "-n", api.namespace)
    heads = [line for line in done.stdout.splitlines() if line.startswith("MyApp ")]
    assert heads == [f"MyApp {api.namespace}/{name}: no status yet" for name in ("one", "two")]
    found = kubectl_myapp(cluster.kubeconfig, "explain", "-A", "myapp/two", "-o", "json")
    assert (api.namespace, "two") in [(each["namespace"], each["name"]) for each in json.loads(found.stdout)]

    kubectl("-n", api.namespace, "delete", "rolebinding", "myapp-operator", check=True)

    def hidden() -> str:
        done = kubectl_myapp(account, "explain", "-n", api.namespace, "myapp/one")
        return done.stdout if "you may not read the MyApp" in done.stdout else ""

    text = wait_for("the rights are gone", hidden)
    right = f'the right to get myapps.apps.example.com in namespace "{api.namespace}"'
    assert text.splitlines()[0].endswith(f"not shown, since you may not read the MyApp: it takes {right}")
    listed = kubectl_myapp(account, "explain", "-A")
    assert (listed.exit_code, listed.stdout) == (1, "")
    assert "takes the right to list myapps.apps.example.com in all namespaces" in listed.stderr
