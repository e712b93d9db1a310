"""`kubectl myapp diff`: what would change, from what the API server says to a dry run, and the exit code of it."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import Result

from dev.cluster import Cluster
from tests.api.conftest import Kubectl
from tests.api.hand_made import ADOPT, HAND_MADE
from tests.harness import PROGRAMS, Api, OperatorProcess, hasty, kubectl_myapp, myapp, wait_for

SAME, DIFFERENT, ERROR = 0, 1, 2
Diff = Callable[..., Result]


@pytest.fixture
def diff(cluster: Cluster, namespace: str) -> Diff:
    """`kubectl myapp diff` of a MyApp, in the test's namespace."""

    def run(app: dict[str, Any], *arguments: str) -> Result:
        text = yaml.safe_dump(app)
        return kubectl_myapp(cluster.kubeconfig, "diff", "-n", namespace, *arguments, "-", stdin=text)

    return run


@pytest.fixture
def apply(kubectl: Kubectl, namespace: str) -> Callable[[dict[str, Any]], None]:
    """`kubectl apply` in the test's namespace."""

    def run(app: dict[str, Any]) -> None:
        kubectl("-n", namespace, "apply", "-f", "-", stdin=json.dumps(app), check=True)

    return run


def changed(done: Result) -> list[str]:
    """The lines of children that go or come, without their place."""
    assert done.exit_code == DIFFERENT, done.stderr
    return [line for heading, line in told(done) if not heading.startswith("--- MyApp ")]


def of_the_app(done: Result) -> list[str]:
    """The same of the MyApp itself."""
    return [line for heading, line in told(done) if heading.startswith("--- MyApp ")]


def told(done: Result) -> list[tuple[str, str]]:
    """Each line that goes or comes, with the heading above it."""
    found, heading = [], ""
    for line in done.stdout.splitlines():
        if line.startswith("--- "):
            heading = line
        elif line[0] in "+-" and not line.startswith("+++ "):
            found.append((heading, f"{line[0]}{line[1:].strip()}"))
    return found


def specs(api: Api) -> list[tuple[str, Any]]:
    """What a write of ours would change; not resourceVersions, which the cluster's own controllers move too."""
    stored = [each for plural in ("myapps", "deployments", "services") for each in api.list(plural)]
    return [(each["metadata"]["uid"], each["spec"]) for each in stored]


def test_an_app_that_does_not_exist_yet_is_shown_as_new_and_nothing_is_written(api: Api, diff: Diff) -> None:
    done = diff(myapp(port=8080))
    assert done.exit_code == DIFFERENT, done.stderr
    assert f"--- Deployment {api.namespace}/myapp-deployment (does not exist)" in done.stdout
    assert f"--- Service {api.namespace}/myapp-service (does not exist)" in done.stdout
    assert f"--- MyApp {api.namespace}/myapp (does not exist)" in done.stdout
    assert "+        - containerPort: 8080" in done.stdout
    assert "\x1b[" not in done.stdout, "colour is for terminals"
    assert specs(api) == []


def test_a_running_app_differs_by_just_what_its_file_changes(
    api: Api, operator: OperatorProcess, diff: Diff, apply: Callable[[dict[str, Any]], None]
) -> None:
    apply(myapp(port=8080))
    wait_for("Ready", api.is_ready)
    operator.stop()
    before = specs(api)

    done = diff(myapp(port=8080))
    assert (done.exit_code, done.stdout, done.stderr) == (SAME, "", "")
    other = diff(myapp(port=8080, image="myapp:2"))
    assert changed(other) == of_the_app(other) == ["-image: myapp:latest", "+image: myapp:2"]
    assert "+targetPort: 5000" in changed(diff(myapp())), "what is gone from the file goes"

    (own, change) = json.loads(diff(myapp(port=8080, replicas=3), "-o", "json").stdout)
    assert (own["change"], own["kind"], own["after"]["spec"]["replicas"]) == ("change", "MyApp", 3)
    assert (change["change"], change["kind"], change["name"]) == ("change", "Deployment", "myapp-deployment")
    assert (change["before"]["spec"]["replicas"], change["after"]["spec"]["replicas"]) == (2, 3)
    assert specs(api) == before, "nothing is written"

    api.edit("myapp", replicas=5)
    scaled = changed(diff(myapp(port=8080)))
    assert scaled == ["-replicas: 2", "+replicas: 5"], "what others set and the file does not name stays"


def test_what_others_changed_in_a_child_is_shown_to_be_taken_back(
    api: Api, operator: OperatorProcess, diff: Diff
) -> None:
    api.create("myapps", myapp())
    wait_for("Ready", api.is_ready)
    operator.stop()
    api.patch("deployments", "myapp-deployment", {"spec": {"paused": True}})
    assert changed(diff(myapp())) == ["-paused: true"]
    api.patch("deployments", "myapp-deployment", {"spec": {"paused": None}})
    api.request(
        "PATCH",
        f"/api/v1/namespaces/{api.namespace}/services/myapp-service",
        {"spec": {"ports": [{"name": "http", "port": 81, "targetPort": 5000}]}},
        content="application/merge-patch+json",
    )
    assert changed(diff(myapp())) == ["-port: 81", "+port: 80"], "an edit that a plain apply cannot take back"


def test_a_child_that_is_gone_is_shown_as_new(api: Api, operator: OperatorProcess, diff: Diff) -> None:
    api.create("myapps", myapp())
    wait_for("Ready", api.is_ready)
    operator.stop()
    api.delete("services", "myapp-service")
    done = diff(myapp())
    assert done.exit_code == DIFFERENT
    assert "Deployment" not in done.stdout
    assert f"--- Service {api.namespace}/myapp-service (does not exist)" in done.stdout
    assert "kind: MyApp" in done.stdout, "its owner is known"


def test_a_file_may_be_applied_by_the_server_and_in_the_name_of_another_manager(
    api: Api, diff: Diff, kubectl: Kubectl
) -> None:
    ours = ("-n", api.namespace, "apply", "--server-side", "--field-manager=ci", "-f", "-")
    kubectl(*ours, stdin=json.dumps(myapp(replicas=3, port=8080)), check=True)
    same_owner = diff(myapp(replicas=3), "--server-side", "--field-manager", "ci")
    assert of_the_app(same_owner) == ["-port: 8080", "+port: 5000"], "what its owner leaves out goes"
    another = diff(myapp(replicas=5), "--server-side")
    assert (another.exit_code, another.stdout) == (ERROR, "")
    assert ".spec.replicas" in another.stderr
    forced = diff(myapp(replicas=5), "--server-side", "--force-conflicts")
    assert of_the_app(forced) == ["-replicas: 3", "+replicas: 5"], "and what another one owns stays"
    assert api.get("myapps", "myapp")["spec"]["replicas"] == 3


def test_what_the_operator_would_refuse_by_its_settings_is_refused(api: Api, diff: Diff) -> None:
    exposed = myapp(service={"type": "NodePort"})
    done = diff(exposed)
    assert (done.exit_code, done.stdout) == (ERROR, "")
    assert "spec.service.type: NodePort is not allowed by this operator's settings" in done.stderr
    assert "give it to this command too" in done.stderr
    allowed = diff(exposed, "--allow-service-type", "NodePort")
    assert allowed.exit_code == DIFFERENT, allowed.stderr
    assert "+  type: NodePort" in allowed.stdout


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        pytest.param({"image": "no name"}, "image must be a name such as", id="rule"),
        pytest.param({"nope": 1}, 'unknown field "spec.nope"', id="unknown field"),
        pytest.param({"replicas": "two"}, "spec.replicas: Invalid value", id="type"),
    ],
)
def test_a_myapp_that_the_server_would_refuse_is_an_error_in_its_words(
    api: Api, diff: Diff, spec: dict[str, Any], words: str
) -> None:
    done = diff(myapp("shop", **spec))
    assert (done.exit_code, done.stdout) == (ERROR, "")
    assert done.stderr.startswith(f"MyApp {api.namespace}/shop: ")
    assert words in done.stderr
    api.create("myapps", myapp("shop"))
    assert words in diff(myapp("shop", **spec)).stderr, "also for one that exists"


def test_a_foreign_object_in_the_way_and_a_refused_child_are_errors_and_the_rest_is_shown(api: Api, diff: Diff) -> None:
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "myapp-service"}}
    api.create("services", {**service, "spec": {"ports": [{"port": 80}]}})
    hard = {"count/deployments.apps": "0"}
    api.create(
        "resourcequotas",
        {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "tight"}, "spec": {"hard": hard}},
    )
    wait_for("the quota counts", lambda: "exceeded quota" in diff(myapp()).stderr)
    done = diff(myapp())
    assert (done.exit_code, "--- Deployment" in done.stdout, "--- Service" in done.stdout) == (ERROR, False, False)
    assert done.stderr.splitlines() == [
        f"Deployment {api.namespace}/myapp-deployment: the Deployment would be refused: "
        "exceeded quota: tight, requested: count/deployments.apps=1, limited: count/deployments.apps=0",
        f'Service {api.namespace}/myapp-service: Service "myapp-service" exists and is not controlled by this MyApp: '
        "delete it, give the MyApp another name, or let the MyApp take it over, to live and die with it: "
        f"kubectl -n {api.namespace} annotate service myapp-service apps.example.com/adopt=true",
    ]
    api.delete("services", "myapp-service")
    wait_for("the Service is gone", lambda: not api.get("services", "myapp-service"))
    done = diff(myapp())
    assert done.exit_code == ERROR
    assert f"--- Service {api.namespace}/myapp-service (does not exist)" in done.stdout


def test_what_an_adoption_would_make_of_an_object_is_shown(api: Api, diff: Diff) -> None:
    app = myapp("shop")
    for plural, made in HAND_MADE.items():
        name = f"shop-{made['kind'].lower()}"
        spec = {**made["spec"], **({"selector": {"matchLabels": {"app": "shop"}}} if plural == "deployments" else {})}
        if plural == "deployments":
            spec["template"] = {**spec["template"], "metadata": {"labels": {"app": "shop", "tier": "web"}}}
        api.create(plural, {**made, "metadata": {**made["metadata"], "name": name, "annotations": ADOPT}, "spec": spec})
    before = specs(api)
    lines = changed(diff(app))
    assert "-replicas: 3" in lines
    assert "+replicas: 2" in lines
    assert "-team: blue" in lines
    assert any(line.startswith("-apps.example.com/adopt: ") for line in lines)
    assert specs(api) == before


def test_who_may_read_nothing_is_told_so(namespace: str, account: Path, kubectl: Kubectl) -> None:
    kubectl("-n", namespace, "delete", "rolebinding", "myapp-operator", check=True)

    def refused() -> Result | None:
        done = kubectl_myapp(account, "diff", "-n", namespace, "-", stdin=yaml.safe_dump(myapp()))
        return done if 'cannot get resource "myapps"' in done.stderr else None

    done = wait_for("the rights are gone", refused)
    assert done is not None
    assert (done.exit_code, done.stdout) == (ERROR, "")
    assert "Traceback" not in done.stderr


def test_kubectl_finds_the_plugin(cluster: Cluster, namespace: str) -> None:
    done = subprocess.run(
        [str(cluster.kubectl), "myapp", "diff", "-n", namespace, "deploy/samples/myapp.yaml"],
        env={**os.environ, "KUBECONFIG": str(cluster.kubeconfig), "PATH": f"{PROGRAMS}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == DIFFERENT, done.stderr
    assert f"+++ Deployment {namespace}/myapp-deployment (then)" in done.stdout


def test_an_autoscaler_that_is_switched_on_is_one_more_child_and_changes_no_number(
    api: Api, operator: OperatorProcess, diff: Diff
) -> None:
    resources = {"requests": {"cpu": "10m"}}
    api.create("myapps", hasty(replicas=3, resources=resources))
    wait_for("Ready", api.is_ready)
    scaled = hasty(replicas=3, resources=resources, autoscaling={"maxReplicas": 9, "cpu": 80})
    done = diff(scaled)
    assert done.exit_code == DIFFERENT, done.stderr
    assert f"--- HorizontalPodAutoscaler {api.namespace}/myapp-hpa (does not exist)" in done.stdout
    assert "--- Deployment " not in done.stdout
    api.edit("myapp", **scaled["spec"])
    there = "horizontalpodautoscalers", "myapp-hpa"
    wait_for("Ready", lambda: api.get(*there) is not None and api.is_ready())
    wait_for("nothing more to change", lambda: diff(scaled).exit_code == SAME)
    done = diff(hasty(replicas=3, resources=resources, autoscaling=None))
    assert f"+++ HorizontalPodAutoscaler {api.namespace}/myapp-hpa (deleted)" in done.stdout
