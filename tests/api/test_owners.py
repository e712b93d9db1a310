"""Fields of many owners: what the MyApp decides is as it says, whoever else holds a field; the rest stays theirs."""

import json
from typing import Any

import pytest

from tests.api.conftest import Kubectl
from tests.harness import Api, Audit, OperatorProcess, hasty, never, wait_for

Json = dict[str, Any]

DEPLOYMENT, SERVICE = "myapp-deployment", "myapp-service"


def pod(**fields: Any) -> Json:
    return {"spec": {"template": {"spec": fields}}}


def container(**fields: Any) -> Json:
    return pod(containers=[{"name": "myapp", **fields}])


OPEN = {
    "command": container(command=["sh"]),
    "args": container(args=["x"]),
    "variable": container(env=[{"name": "EXTRA", "value": "1"}]),
    "variables of a Secret": container(envFrom=[{"secretRef": {"name": "s", "optional": True}}]),
    "limits": container(resources={"limits": {"cpu": "2"}}),
    "probe": container(livenessProbe={"tcpSocket": {"port": 5000}}),
    "capability": container(securityContext={"capabilities": {"add": ["NET_ADMIN"]}}),
    "sidecar": pod(containers=[{"name": "foreign", "image": "foreign:1"}]),
    "init container": pod(initContainers=[{"name": "first", "image": "foreign:1"}]),
    "volume": pod(volumes=[{"name": "v", "emptyDir": {}}]),
    "nodeSelector": pod(nodeSelector={"type": "kwok"}),
    "toleration": pod(tolerations=[{"key": "spot", "operator": "Exists"}]),
    "pull secret": pod(imagePullSecrets=[{"name": "other"}]),
}
REACHED = {
    "another port": {"spec": {"ports": [{"name": "admin", "port": 9, "targetPort": 9}]}},
    "external addresses": {"spec": {"externalIPs": ["192.0.2.1"]}},
    "external name": {"spec": {"externalName": "other.example.com"}},
    "traffic policy": {"spec": {"internalTrafficPolicy": "Local"}},
}


def essence(api: Api, plural: str, name: str) -> Json:
    stored = api.get(plural, name) or {}
    annotations = stored["metadata"].get("annotations", {})
    return {"spec": stored["spec"], "applied": annotations.get("apps.example.com/applied")}


def strategic(kubectl: Kubectl, api: Api, what: str, patch: Json) -> None:
    command = ("-n", api.namespace, "patch", what, "--type=strategic", "--field-manager=kubectl-edit")
    kubectl(*command, "-p", json.dumps(patch), check=True)


@pytest.mark.parametrize(
    ("plural", "additions"),
    [("deployments", OPEN), ("services", REACHED)],
    ids=["deployment", "service"],
)
def test_what_the_myapp_leaves_open_is_open_to_nobody_else(
    kubectl: Kubectl, api: Api, operator: OperatorProcess, plural: str, additions: dict[str, Json]
) -> None:
    name = f"myapp-{plural.removesuffix('s')}"
    api.create("myapps", hasty(replicas=1))
    wait_for("Ready", api.is_ready)
    before = essence(api, plural, name)
    for what, patch in additions.items():
        strategic(kubectl, api, f"{plural}/{name}", patch)
        wait_for(f"{what} is gone", lambda: essence(api, plural, name) == before)
    wait_for("Ready", api.is_ready)
    told = [each["message"] for each in api.events("Reverted")]
    assert all("(changed by kubectl-edit)" in each for each in told)


def test_an_undone_rollout_is_undone_as_a_whole(kubectl: Kubectl, api: Api, operator: OperatorProcess) -> None:
    old = hasty(
        replicas=1,
        env=[{"name": "LEGACY", "value": "1"}],
        sidecars=[{"name": "side", "image": "myapp:latest"}],
        podMetadata={"annotations": {"old": "1"}},
    )
    api.create("myapps", old)
    wait_for("Ready", api.is_ready)
    api.edit("myapp", env=[{"name": "NEW", "value": "1"}], sidecars=None, podMetadata=None)
    wait_for("Ready", api.is_ready)
    before = essence(api, "deployments", DEPLOYMENT)
    kubectl("-n", api.namespace, "rollout", "undo", f"deployment/{DEPLOYMENT}", check=True)
    told = wait_for("told", lambda: api.events("Reverted"))[0]["message"]
    wait_for("as before", lambda: essence(api, "deployments", DEPLOYMENT) == before)
    wait_for("Ready", api.is_ready)
    assert "(changed by kubectl): change the MyApp instead: spec." in told
    assert "apps.example.com/" not in told
    assert "deployment.kubernetes.io/" not in told


def test_a_tool_that_applies_the_whole_object_keeps_nothing_that_the_myapp_drops(
    kubectl: Kubectl, api: Api, operator: OperatorProcess
) -> None:
    api.create(
        "myapps",
        hasty(
            replicas=1,
            env=[{"name": "DROPPED", "value": "1"}],
            service={"annotations": {"cert-manager.io/issuer": "1"}},
        ),
    )
    wait_for("Ready", api.is_ready)
    for what in (f"deployment/{DEPLOYMENT}", f"service/{SERVICE}"):
        whole = json.loads(kubectl("-n", api.namespace, "get", what, "-o", "json", check=True).stdout)
        del whole["metadata"]["resourceVersion"]
        command = (
            "-n",
            api.namespace,
            "apply",
            "--server-side",
            "--force-conflicts",
            "--field-manager=argo",
            "-f",
            "-",
        )
        kubectl(*command, stdin=json.dumps(whole), check=True)
    api.edit("myapp", env=[{"name": "NEW", "value": "1"}], service={"annotations": None})
    wait_for("Ready", api.is_ready)
    deployment, service = api.get("deployments", DEPLOYMENT) or {}, api.get("services", SERVICE) or {}
    env = deployment["spec"]["template"]["spec"]["containers"][0]["env"]
    assert [each["name"] for each in env] == ["PORT", "NEW"]
    assert "cert-manager.io/issuer" not in service["metadata"]["annotations"]


def test_kubectl_set_env_is_taken_back_and_told_without_the_value(
    kubectl: Kubectl, api: Api, operator: OperatorProcess, audit: Audit
) -> None:
    api.create("myapps", hasty(replicas=1))
    wait_for("Ready", api.is_ready)
    audit.restart()
    kubectl("-n", api.namespace, "set", "env", f"deployment/{DEPLOYMENT}", "EXTRA=swordfish", check=True)
    told = wait_for("told", lambda: api.events("Reverted"))[0]["message"]
    assert told == (
        "Deployment: reverted spec.template.spec.containers[myapp].env[EXTRA] (added) (changed by kubectl-set): "
        "change the MyApp instead: spec.env"
    )
    wait_for("Ready", api.is_ready)
    changes = [each for each in audit.writes() if each.resource == "deployments" and each.code == 200]
    assert len(changes) == 2, "fields made ours, and the apply that removes them"


def test_labels_annotations_restarts_and_what_the_api_does_not_offer_stay_with_others(
    kubectl: Kubectl, api: Api, operator: OperatorProcess, audit: Audit
) -> None:
    api.create("myapps", hasty(replicas=1))
    wait_for("Ready", api.is_ready)
    audit.restart()
    strategic(kubectl, api, f"deployments/{DEPLOYMENT}", pod(dnsConfig={"searches": ["example.com"]}))
    marks = {"metadata": {"annotations": {"keel": "1"}}}
    strategic(kubectl, api, f"deployments/{DEPLOYMENT}", {**marks, "spec": {"template": marks}})
    kubectl("-n", api.namespace, "rollout", "restart", f"deployment/{DEPLOYMENT}", check=True)
    wait_for("Ready", api.is_ready)
    never("a write", lambda: [each for each in audit.writes() if each.resource == "deployments"], seconds=3)


def test_additions_that_come_again_and_again_are_a_fight(kubectl: Kubectl, api: Api, operator: OperatorProcess) -> None:
    api.create("myapps", hasty(replicas=1))
    wait_for("Ready", api.is_ready)

    def nodes() -> Json | None:
        found: Json | None = api.get("deployments", DEPLOYMENT)["spec"]["template"]["spec"].get("nodeSelector")  # type: ignore[index]
        return found

    for _ in range(6):
        strategic(kubectl, api, f"deployments/{DEPLOYMENT}", OPEN["nodeSelector"])
        wait_for("taken back", lambda: nodes() is None)
    strategic(kubectl, api, f"deployments/{DEPLOYMENT}", OPEN["nodeSelector"])
    words = "spec.template.spec.nodeSelector of the Deployment is changed again and again by kubectl-edit"
    wait_for("it is told", lambda: words in api.message())
    never("taken back", lambda: nodes() is None, seconds=3)


@pytest.mark.parametrize("writes", [0, 1])
def test_it_heals_whenever_the_operator_is_killed(
    kubectl: Kubectl, api: Api, operator: OperatorProcess, writes: int
) -> None:
    """Before the fields are made ours, or between that and the apply."""
    api.create("myapps", hasty(replicas=1))
    wait_for("Ready", api.is_ready)
    before = essence(api, "deployments", DEPLOYMENT)
    operator.stop()
    strategic(kubectl, api, f"deployments/{DEPLOYMENT}", OPEN["sidecar"])
    operator.start(wait=False, lives=writes)
    operator.wait()
    operator.start()
    wait_for("as before", lambda: essence(api, "deployments", DEPLOYMENT) == before)
    wait_for("Ready", api.is_ready)
