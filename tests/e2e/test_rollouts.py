"""New versions: kubectl's own words for rollouts keep their meaning."""

from typing import Any

from tests.harness import Api, Kubectl, hasty, wait_for

RESTARTED = "kubectl.kubernetes.io/restartedAt"


def template(api: Api) -> dict[str, Any]:
    """The pod template of the app's Deployment."""
    found: dict[str, Any] = (api.get("deployments", "myapp-deployment") or {})["spec"]["template"]
    return found


def test_kubectl_rollout_restart_replaces_the_pods_once_and_is_not_undone(api: Api, kubectl: Kubectl) -> None:
    api.create("myapps", hasty())
    wait_for("Ready", api.is_ready)
    before = {pod["metadata"]["uid"] for pod in api.list("pods")}
    kubectl("rollout", "restart", "deployment/myapp-deployment")
    kubectl("rollout", "status", "deployment/myapp-deployment", "--timeout=180s")
    wait_for("Ready", api.is_ready)
    after = {pod["metadata"]["uid"] for pod in api.list("pods") if "deletionTimestamp" not in pod["metadata"]}
    assert len(after) == 2
    assert not before & after
    assert RESTARTED in template(api)["metadata"]["annotations"]
    kubectl("scale", "myapp", "myapp", "--replicas=3")
    wait_for("Ready", api.is_ready)
    assert RESTARTED in template(api)["metadata"]["annotations"]
    assert after < {pod["metadata"]["uid"] for pod in api.list("pods")}


def test_kubectl_rollout_undo_is_reverted(api: Api, kubectl: Kubectl) -> None:
    api.create("myapps", hasty())
    wait_for("Ready", api.is_ready)
    api.edit("myapp", env=[{"name": "VERSION", "value": "2"}])
    wait_for("Ready", api.is_ready)
    wanted = template(api)
    kubectl("rollout", "undo", "deployment/myapp-deployment")
    wait_for("the described version", lambda: template(api) == wanted)
    wait_for("Ready", api.is_ready)


def test_scaled_to_zero_and_back(api: Api, kubectl: Kubectl) -> None:
    api.create("myapps", hasty())
    wait_for("Ready", api.is_ready)
    kubectl("scale", "myapp", "myapp", "--replicas=0")
    wait_for("ScaledToZero", lambda: api.reason() == "ScaledToZero")
    kubectl("wait", "--for=condition=Ready", "myapp/myapp", "--timeout=120s")
    assert kubectl("get", "myapps", "--no-headers").split()[1:3] == ["0/0", "ScaledToZero"]
    wait_for("no pods", lambda: not api.list("pods"))
    kubectl("scale", "myapp", "myapp", "--replicas=2")
    wait_for("Ready", lambda: api.reason() == "Ready")
    assert kubectl("get", "myapps", "--no-headers").split()[1:3] == ["2/2", "Ready"]


def test_suspended_and_resumed(api: Api, kubectl: Kubectl) -> None:
    api.create("myapps", hasty())
    wait_for("Ready", api.is_ready)
    service = (api.get("services", "myapp-service") or {})["spec"]["clusterIP"]
    api.edit("myapp", suspend=True)
    wait_for("Suspended", lambda: api.reason() == "Suspended")
    wait_for("no pods", lambda: not api.list("pods"))
    assert kubectl("get", "myapps", "--no-headers").split()[1:3] == ["0/0", "Suspended"]
    api.edit("myapp", suspend=False)
    wait_for("Ready", lambda: api.reason() == "Ready")
    assert (api.get("services", "myapp-service") or {})["spec"]["clusterIP"] == service
