"""Whatever others do to the children, they come back as described; what others add stays."""

from typing import Any

import pytest

from tests.harness import Api, Audit, OperatorProcess, myapp, never, wait_for

Json = dict[str, Any]

CONTAINER = {"name": "myapp"}


def template(**pod: Any) -> Json:
    return {"spec": {"template": {"spec": pod}}}


DEPLOYMENT = {
    "replicas": {"spec": {"replicas": 7}},
    "image": template(containers=[CONTAINER | {"image": "other:1"}]),
    "port in the environment": template(containers=[CONTAINER | {"env": [{"name": "PORT", "value": "1"}]}]),
    "privileged": template(containers=[CONTAINER | {"securityContext": {"allowPrivilegeEscalation": True}}]),
    "pull policy": template(containers=[CONTAINER | {"imagePullPolicy": "Always"}]),
    "drain": template(containers=[CONTAINER | {"lifecycle": None}]),
    "probe": template(containers=[CONTAINER | {"readinessProbe": {"periodSeconds": 9}}]),
    "kind of probe": template(
        containers=[CONTAINER | {"readinessProbe": {"tcpSocket": None, "httpGet": {"port": 5000, "path": "/"}}}]
    ),
    "host network": template(hostNetwork=True),
    "user": template(securityContext={"runAsUser": 1}),
    "account": template(serviceAccountName="other", serviceAccount="other"),
    "grace": template(terminationGracePeriodSeconds=6),
    "labels of the pods": {"spec": {"template": {"metadata": {"labels": {"app.kubernetes.io/name": "other"}}}}},
    "paused": {"spec": {"paused": True}},
    "strategy": {"spec": {"strategy": {"rollingUpdate": {"maxSurge": 1}}}},
    "deadline": {"spec": {"progressDeadlineSeconds": 9}},
    "history": {"spec": {"revisionHistoryLimit": 1}},
    "our label": {"metadata": {"labels": {"app.kubernetes.io/managed-by": "other"}}},
    "our annotation": {"metadata": {"annotations": {"apps.example.com/applied": "other"}}},
}
SERVICE = {
    "selector": {"spec": {"selector": {"app": "other"}}},
    "port": {"spec": {"ports": [{"port": 80, "$patch": "delete"}, {"name": "http", "port": 81, "targetPort": 1}]}},
    "type": {"spec": {"type": "NodePort"}},
    "affinity": {"spec": {"sessionAffinity": "ClientIP"}},
    "unready addresses": {"spec": {"publishNotReadyAddresses": True}},
    "label": {"metadata": {"labels": {"app": None}}},
}


def essence(stored: Json) -> Json:
    """What was applied, as stored, less what the server counts, and what a change of type leaves behind."""
    metadata = {key: stored["metadata"].get(key) for key in ("labels", "ownerReferences")}
    applied = (
        stored["metadata"].get("annotations", {}).get("apps.example.com/applied")
    )  # gone for a moment of a taking back
    return {"metadata": metadata, "applied": applied, "spec": stored["spec"]}


def strategic(api: Api, plural: str, name: str, patch: Json) -> None:
    root = "/apis/apps/v1" if plural == "deployments" else "/api/v1"
    path = f"{root}/namespaces/{api.namespace}/{plural}/{name}?fieldManager=kubectl-edit"
    api.request("PATCH", path, patch, content="application/strategic-merge-patch+json")


@pytest.mark.parametrize(
    ("plural", "name", "changes"),
    [("deployments", "myapp-deployment", DEPLOYMENT), ("services", "myapp-service", SERVICE)],
    ids=["deployment", "service"],
)
def test_every_changed_field_comes_back(
    api: Api, operator: OperatorProcess, plural: str, name: str, changes: dict[str, Json]
) -> None:
    api.create("myapps", myapp(rollout={"minReadySeconds": 0}))
    wait_for("Ready", api.is_ready)
    before = essence(api.get(plural, name) or {})
    for what, patch in changes.items():
        strategic(api, plural, name, patch)
        wait_for(f"{what} is back", lambda: essence(api.get(plural, name) or {}) == before)
    wait_for("Ready", api.is_ready)


def test_what_others_add_stays_and_is_not_fought(api: Api, operator: OperatorProcess, audit: Audit) -> None:
    api.create("myapps", myapp(rollout={"minReadySeconds": 0}))
    wait_for("Ready", api.is_ready)
    restarted = {"spec": {"template": {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "now"}}}}}
    api.patch("deployments", "myapp-deployment", restarted)
    api.patch("services", "myapp-service", {"metadata": {"annotations": {"mesh": "on"}}})
    wait_for("Ready after the restart", api.is_ready)
    never(
        "a write to a child",
        lambda: [each for each in audit.writes() if each.verb == "patch" and "status" not in each.resource][2:],
        seconds=2,
    )
    deployment, service = api.get("deployments", "myapp-deployment"), api.get("services", "myapp-service")
    assert deployment is not None
    assert service is not None
    assert "kubectl.kubernetes.io/restartedAt" in deployment["spec"]["template"]["metadata"]["annotations"]
    assert service["metadata"]["annotations"]["mesh"] == "on"


@pytest.mark.parametrize(("plural", "name"), [("deployments", "myapp-deployment"), ("services", "myapp-service")])
def test_a_deleted_child_comes_back(api: Api, operator: OperatorProcess, plural: str, name: str) -> None:
    api.create("myapps", myapp())
    wait_for("Ready", api.is_ready)
    uid = (api.get(plural, name) or {})["metadata"]["uid"]
    api.delete(plural, name)
    wait_for("a new one", lambda: ((api.get(plural, name) or {}).get("metadata", {})).get("uid", uid) != uid)
    wait_for("Ready", api.is_ready)


def test_changes_made_while_the_operator_was_down_are_reverted(api: Api, operator: OperatorProcess) -> None:
    api.create("myapps", myapp())
    api.create("myapps", myapp("other"))
    wait_for("Ready", lambda: api.is_ready() and api.is_ready("other"))
    operator.kill()
    api.patch("deployments", "myapp-deployment", {"spec": {"replicas": 5}})
    api.delete("services", "myapp-service")
    api.edit("other", replicas=3)
    operator.start()
    wait_for("the Service is back", lambda: api.get("services", "myapp-service"))
    wait_for("Ready", lambda: api.is_ready() and api.is_ready("other"))
    assert (api.get("deployments", "myapp-deployment") or {})["spec"]["replicas"] == 2
    assert (api.get("deployments", "other-deployment") or {})["spec"]["replicas"] == 3


def test_a_child_that_lost_our_label_comes_back_even_if_others_keep_writing_to_it(
    api: Api, operator: OperatorProcess
) -> None:
    """Our watch selects by that label, so it brings nothing of the child until the label is back."""
    api.create("myapps", myapp(rollout={"minReadySeconds": 0}))
    wait_for("Ready", api.is_ready)
    label = {"app.kubernetes.io/managed-by": "other"}
    for count in range(40):
        metadata = {"annotations": {"count": str(count)}, **({} if count else {"labels": label})}
        api.patch("deployments", "myapp-deployment", {"metadata": metadata})

    def labelled() -> bool:
        labels = (api.get("deployments", "myapp-deployment") or {})["metadata"]["labels"]
        return bool(labels["app.kubernetes.io/managed-by"] == "myapp-operator")

    wait_for("our label is back", labelled)
    wait_for("Ready", api.is_ready)


def test_an_edit_that_cannot_be_applied_over_is_taken_back_also_when_the_app_changed_meanwhile(
    api: Api, operator: OperatorProcess
) -> None:
    api.create("myapps", myapp(rollout={"minReadySeconds": 0}))
    wait_for("Ready", api.is_ready)
    operator.stop()
    strategic(api, "services", "myapp-service", SERVICE["port"])
    api.edit("myapp", port=8000)
    operator.start()
    wait_for("Ready", api.is_ready)
    (port,) = (api.get("services", "myapp-service") or {})["spec"]["ports"]
    assert (port["port"], port["targetPort"]) == (80, 8000)
