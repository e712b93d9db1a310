"""A release that fails goes back to the last version that was Ready, and stays there until the spec changes."""

from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from click.testing import Result

from tests.api.conftest import Kubectl
from tests.harness import Api, Audit, OperatorProcess, Witness, hasty, kubectl_myapp, wait_for

Json = dict[str, Any]

TOO_MUCH = {"requests": {"cpu": "100000"}}
CAUSE = "Unschedulable: no node fits: Insufficient cpu"
NO_WAY_BACK = "no other version is known to have been Ready, so there is none to go back to"
LAST_READY = "apps.example.com/last-ready"
DEPLOYMENT = "myapp-deployment"


def good(**spec: Any) -> Json:
    """An app that asks to be rolled back."""
    return hasty(rollout={"autoRollback": True}, **spec)


def release(api: Api, image: str, **spec: Any) -> None:
    """A version that comes up."""
    api.edit("myapp", image=image, resources=None, rollout={"progressDeadlineSeconds": 600}, **spec)
    wait_for("Ready", api.is_ready)


def release_bad(api: Api, image: str, deadline: int = 2, **spec: Any) -> None:
    """A version that no node takes."""
    api.edit("myapp", image=image, resources=TOO_MUCH, rollout={"progressDeadlineSeconds": deadline}, **spec)


def fail(api: Api, image: str, **spec: Any) -> None:
    """A version of which the cause is told before its deadline passes."""
    release_bad(api, image, deadline=600, **spec)
    wait_for("the cause", lambda: api.reason() == "Unschedulable")
    release_bad(api, image)


def deployment(api: Api) -> Json:
    return api.get("deployments", DEPLOYMENT) or {}


def runs(api: Api) -> str:
    """The image of the version that the Deployment has."""
    return str(deployment(api)["spec"]["template"]["spec"]["containers"][0]["image"])


def wait_rolled_back(api: Api) -> Json:
    wait_for("RolledBack", lambda: api.reason() == "RolledBack")
    return api.get("myapps", "myapp") or {}


@pytest.fixture
def ready(api: Api, operator: OperatorProcess) -> OperatorProcess:
    """The operator; an app is Ready with the image app:1."""
    api.create("myapps", good(image="app:1"))
    wait_for("Ready", api.is_ready)
    return operator


def test_a_failed_release_goes_back_and_says_why(api: Api, ready: OperatorProcess, witness: Witness) -> None:
    fail(api, "app:2")
    app = wait_rolled_back(api)
    assert runs(api) == "app:1"
    assert app["status"]["message"].endswith(f"in the MyApp to try anew. The cause was {CAUSE}")
    assert app["status"]["rollback"]["generation"] == app["metadata"]["generation"]
    assert app["status"]["rollback"]["cause"] == CAUSE
    assert app["status"]["image"] == "app:1", "what runs"
    said = {kind: Api.condition(app, kind)["status"] for kind in ("Ready", "Available", "Reconciling", "Stalled")}
    assert said == {"Ready": "False", "Available": "True", "Reconciling": "False", "Stalled": "True"}
    assert len(api.list("replicasets")) == 2, "the earlier version has its ReplicaSet again"
    (event,) = wait_for("told", lambda: api.events("RolledBack"))
    assert (event["count"], event["type"], event["message"]) == (1, "Warning", app["status"]["message"])
    witness.catch_up()
    assert {each["status"]["readyReplicas"] for each in witness.versions} == {2}, "the app has served all along"


def test_service_and_network_policy_follow_the_version_that_runs(api: Api, ready: OperatorProcess) -> None:
    api.edit("myapp", networkPolicy={"allowFrom": [{"namespace": "web"}]})
    wait_for("Ready", api.is_ready)
    release_bad(api, "app:2", port=8080)
    wait_rolled_back(api)
    assert target_port(api) == 5000
    assert 5000 in ports_let_in(api)
    release(api, "app:3")
    assert target_port(api) == 8080
    assert ports_let_in(api) == [8080]


def ports_let_in(api: Api) -> list[int]:
    policy = api.get("networkpolicies", "myapp-networkpolicy") or {}
    return [each["port"] for rule in policy["spec"]["ingress"] for each in rule["ports"]]


def target_port(api: Api) -> int:
    return int((api.get("services", "myapp-service") or {})["spec"]["ports"][0]["targetPort"])


def test_a_second_bad_release_goes_back_to_the_same_version_and_an_edit_heals(api: Api, ready: OperatorProcess) -> None:
    release_bad(api, "app:2")
    first = wait_rolled_back(api)
    release_bad(api, "app:3")
    second = wait_rolled_back(api)
    assert runs(api) == "app:1"
    assert second["status"]["rollback"]["generation"] == first["status"]["rollback"]["generation"] + 1
    release(api, "app:4")
    healed = api.get("myapps", "myapp") or {}
    assert "rollback" not in healed["status"]
    assert "apps.example.com/rolled-back" not in deployment(api)["metadata"]["annotations"]


def test_the_same_release_is_tried_again_when_its_pods_change_and_for_nothing_else(
    api: Api, ready: OperatorProcess, audit: Audit
) -> None:
    release_bad(api, "app:2")
    wait_rolled_back(api)
    audit.restart()
    api.edit("myapp", replicas=3)
    wait_for("scaled", lambda: deployment(api)["spec"]["replicas"] == 3)
    wait_for("told", lambda: (api.reason(), judged_generation(api)) == ("RolledBack", generation(api)))
    assert runs(api) == "app:1"
    written = [each for each in audit.writes() if each.resource == "deployments" and each.code == 200]
    assert len(written) == 1, "the failed version did not come up in between"
    api.edit("myapp", podMetadata={"annotations": {"example.org/try": "2"}})
    wait_for("tried again", lambda: runs(api) == "app:2")
    wait_rolled_back(api)


def judged_generation(api: Api) -> int:
    return int((api.get("myapps", "myapp") or {})["status"]["observedGeneration"])


def generation(api: Api) -> int:
    return int((api.get("myapps", "myapp") or {})["metadata"]["generation"])


def test_it_goes_back_to_the_newest_version_that_was_ready(api: Api, ready: OperatorProcess) -> None:
    release(api, "app:2")
    release_bad(api, "app:3", deadline=600)
    wait_for("rolling out", lambda: runs(api) == "app:3")
    release_bad(api, "app:4")
    wait_rolled_back(api)
    assert runs(api) == "app:2"


def test_a_release_fails_whatever_is_refused_beside_its_pods(api: Api, ready: OperatorProcess) -> None:
    api.create("resourcequotas", {"metadata": {"name": "small"}, "spec": {"hard": {"services": "0"}}})
    wait_for("the quota counts", lambda: (api.get("resourcequotas", "small") or {})["status"].get("hard"))
    api.delete("services", "myapp-service")
    wait_for("the Service is refused", lambda: api.reason() == "QuotaExceeded")
    release_bad(api, "app:2")
    wait_for("rolling out", lambda: runs(api) == "app:2")
    wait_for("gone back", lambda: runs(api) == "app:1")
    api.delete("resourcequotas", "small")
    app = wait_rolled_back(api)
    assert not app["status"]["rollback"]["cause"].startswith("QuotaExceeded")


def test_a_version_that_is_ready_is_no_reason_for_a_write(api: Api, ready: OperatorProcess, audit: Audit) -> None:
    audit.restart()
    release(api, "app:2")
    written = [each for each in audit.writes() if each.resource == "deployments" and each.code == 200]
    assert len(written) == 1, "the release itself"
    assert LAST_READY in deployment(api)["metadata"]["annotations"]


def test_a_restart_for_a_changed_configuration_goes_back_too(api: Api, operator: OperatorProcess) -> None:
    api.create("configmaps", {"metadata": {"name": "config"}, "data": {"COLOR": "red"}})
    rollout = {"autoRollback": True, "restartOnConfigChange": True, "progressDeadlineSeconds": 10}
    api.create("myapps", hasty(envFrom=[{"configMapRef": {"name": "config"}}], rollout=rollout))
    wait_for("Ready", api.is_ready)
    before = deployment(api)["spec"]["template"]
    api.create("resourcequotas", {"metadata": {"name": "small"}, "spec": {"hard": {"pods": "2"}}})
    wait_for("the quota counts", lambda: (api.get("resourcequotas", "small") or {})["status"].get("hard"))
    api.patch("configmaps", "config", {"data": {"COLOR": "blue"}})
    app = wait_rolled_back(api)
    assert app["status"]["rollback"]["cause"].startswith("QuotaExceeded: pods are refused: exceeded quota: small")
    assert deployment(api)["spec"]["template"] == before
    assert "or the ConfigMap that they use, to try anew" in app["status"]["message"]
    api.delete("resourcequotas", "small")
    api.patch("configmaps", "config", {"data": {"COLOR": "green"}})
    wait_for("tried again", api.is_ready)
    assert deployment(api)["spec"]["template"] != before


def test_a_diff_shows_a_change_and_nothing_of_what_failed(api: Api, ready: OperatorProcess) -> None:
    release_bad(api, "app:2")
    app = wait_rolled_back(api)

    def diff(**spec: Any) -> Result:
        file = {**app, "metadata": {"name": "myapp"}, "spec": app["spec"] | spec}
        return kubectl_myapp(api.kubeconfig, "diff", "-n", api.namespace, "-", stdin=yaml.safe_dump(file))

    same, other = diff(), diff(image="app:3")
    assert (same.exit_code, same.stdout) == (0, ""), same.output
    assert other.exit_code == 1
    images = [(line[0], line.split()[-1]) for line in other.stdout.splitlines() if "image: " in line]
    of_the_app, of_the_deployment = images[:2], images[2:]
    assert of_the_app == [("-", "app:2"), ("+", "app:3")]
    assert of_the_deployment == [("-", "app:1"), ("+", "app:3")]


# The operator ends


def test_it_goes_back_although_the_operator_was_away_when_the_deadline_passed(api: Api, ready: OperatorProcess) -> None:
    release_bad(api, "app:2", deadline=600)
    wait_for("the cause", lambda: api.reason() == "Unschedulable")
    release_bad(api, "app:2", deadline=5)
    wait_for("written", lambda: deployment(api)["spec"]["progressDeadlineSeconds"] == 5)
    ready.kill()
    wait_for("given up", lambda: "ProgressDeadlineExceeded" in progress(api))
    ready.start()
    app = wait_rolled_back(api)
    assert runs(api) == "app:1"
    assert app["status"]["rollback"]["cause"] == CAUSE


def progress(api: Api) -> Iterator[str]:
    return (each["reason"] for each in deployment(api)["status"]["conditions"])


def test_a_new_run_of_the_operator_leaves_the_earlier_version_and_goes_on_with_it(
    api: Api, ready: OperatorProcess, audit: Audit
) -> None:
    release_bad(api, "app:2")
    wait_rolled_back(api)
    ready.kill()
    audit.restart()
    ready.start()
    patch = {"spec": {"replicas": 5, "template": {"spec": {"containers": [{"name": "myapp", "image": "app:evil"}]}}}}
    before = deployment(api)
    api.request("PATCH", api.path("deployments", DEPLOYMENT), patch, content="application/strategic-merge-patch+json")
    wait_for("taken back", lambda: (deployment(api)["spec"]["replicas"], runs(api)) == (2, "app:1"))
    assert deployment(api)["spec"] == before["spec"]
    assert api.reason() == "RolledBack"
    written = [each for each in audit.writes() if each.resource == "deployments" and each.code == 200]
    assert len(written) == 1, "the start of the operator has written nothing"


# There is nothing to go back to


def test_a_first_release_that_fails_has_nothing_to_go_back_to(api: Api, operator: OperatorProcess) -> None:
    spec = {"image": "app:1", "resources": TOO_MUCH}
    api.create("myapps", hasty(rollout={"autoRollback": True, "progressDeadlineSeconds": 2}, **spec))
    told = f"no node fits: Insufficient cpu; {NO_WAY_BACK}"
    wait_for("said", lambda: (api.reason(), api.message()) == ("Unschedulable", told))


def test_nobody_else_says_where_to_go_back_to(api: Api, ready: OperatorProcess) -> None:
    """`kubectl rollout undo` puts the annotations of an earlier version over ours."""
    release_bad(api, "app:2", deadline=600)
    wait_for("rolling out", lambda: runs(api) == "app:2")
    api.patch("deployments", DEPLOYMENT, {"metadata": {"annotations": {LAST_READY: "other"}}})
    release_bad(api, "app:2")
    wait_for("said", lambda: api.message().endswith(NO_WAY_BACK))
    assert runs(api) == "app:2"


def test_an_undo_while_rolled_back_ends_where_it_began(kubectl: Kubectl, api: Api, ready: OperatorProcess) -> None:
    release_bad(api, "app:2")
    wait_rolled_back(api)
    place = ("--namespace", api.namespace)
    kubectl(*place, "rollout", "undo", "deployment", DEPLOYMENT, check=True)
    wait_for("back again", lambda: runs(api) == "app:1")
    wait_rolled_back(api)


def test_without_auto_rollback_the_failed_version_stays(api: Api, operator: OperatorProcess, audit: Audit) -> None:
    api.create("myapps", hasty(image="app:1"))
    wait_for("Ready", api.is_ready)
    release_bad(api, "app:2")
    wait_for("stalled", lambda: Api.condition(api.get("myapps", "myapp") or {}, "Stalled").get("status") == "True")
    wait_for("the cause", lambda: api.message() == "no node fits: Insufficient cpu")
    assert runs(api) == "app:2"
