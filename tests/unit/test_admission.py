"""What admission made of a write: told from what was applied and what the API server answered."""

import copy
from dataclasses import replace
from typing import Any

import pytest

from myapp_operator import admission, names, plan, reverting, status
from myapp_operator.admission import Admitted
from myapp_operator.attempts import ADMISSION
from myapp_operator.deployment_status import containers_of
from myapp_operator.grammar import Json
from myapp_operator.names import Reason
from tests.unit import samples
from tests.unit.samples import condition, seen, wanted

DEPLOYMENT, SERVICE = names.DEPLOYMENT, names.SERVICE


def sent(kind: names.Kind = DEPLOYMENT, **fields: Any) -> Json:
    body = wanted(**fields)[kind].body
    assert body is not None
    return body


def stored(body: Json) -> Json:
    """As the API server answers: with what it fills in by itself."""
    found = copy.deepcopy(body)
    if found["kind"] == "Service":
        found["spec"] |= {"clusterIP": "10.0.0.1", "internalTrafficPolicy": "Cluster", "ipFamilies": ["IPv4"]}
        del found["spec"]["publishNotReadyAddresses"]
        return found
    pod = found["spec"]["template"]["spec"]
    pod |= {"dnsPolicy": "ClusterFirst", "restartPolicy": "Always", "schedulerName": "default-scheduler"}
    for name in ("hostNetwork", "hostPID", "hostIPC"):
        del pod[name]
    for each in pod["containers"]:
        each["terminationMessagePath"] = "/dev/termination-log"
        each.setdefault("resources", {})
    del found["spec"]["paused"]
    return found


def app_container(answer: Json) -> Json:
    found: Json = answer["spec"]["template"]["spec"]["containers"][0]
    return found


def told(body: Json, answer: Json) -> list[str]:
    return [f"{each.path}{' (added)' if each.added else ''}" for each in admission.mutations(body, answer)]


def test_what_the_server_does_by_itself_is_no_change() -> None:
    for kind in (DEPLOYMENT, SERVICE):
        assert told(sent(kind), stored(sent(kind))) == []


def test_the_same_quantity_in_other_words_is_no_change() -> None:
    body = sent(resources={"limits": {"cpu": "0.5", "memory": "1024Mi"}})
    answer = stored(body)
    app_container(answer)["resources"] = {"limits": {"cpu": "500m", "memory": "1Gi"}}
    assert told(body, answer) == []
    app_container(answer)["resources"] = {"limits": {"cpu": "501m", "memory": "1Gi"}}
    assert told(body, answer) == ["spec.template.spec.containers[myapp].resources.limits.cpu"]


@pytest.mark.parametrize(
    ("change", "path", "decisive"),
    [
        (lambda it: it["spec"].update(replicas=3), "spec.replicas", True),
        (lambda it: app_container(it).update(image="x"), "spec.template.spec.containers[myapp].image", True),
        (
            lambda it: app_container(it).update(command=["x"]),
            "spec.template.spec.containers[myapp].command (added)",
            True,
        ),
        (
            lambda it: it["spec"]["template"]["spec"].update(nodeSelector={"a": "b"}),
            "spec.template.spec.nodeSelector (added)",
            False,
        ),
        (
            lambda it: it["spec"]["template"]["spec"]["containers"].append({"name": "side", "image": "x"}),
            "spec.template.spec.containers[side] (added)",
            False,
        ),
        (
            lambda it: app_container(it).update(resources={"limits": {"cpu": "1"}}),
            "spec.template.spec.containers[myapp].resources (added)",
            False,
        ),
        (lambda it: it["metadata"]["labels"].update(app="other"), "metadata.labels.app", False),
    ],
)
def test_what_is_changed_is_named_and_weighed(change: Any, path: str, decisive: bool) -> None:
    body = sent()
    answer = stored(body)
    change(answer)
    (found,) = admission.mutations(body, answer)
    assert f"{found.path}{' (added)' if found.added else ''}" == path
    assert found.decisive is decisive


@pytest.mark.parametrize("where", ["labels", "annotations"])
def test_labels_and_annotations_that_are_added_are_left_to_others(where: str) -> None:
    body = sent()
    answer = stored(body)
    answer["metadata"].setdefault(where, {})["team"] = "blue"
    answer["spec"]["template"]["metadata"].setdefault(where, {})["team"] = "blue"
    assert told(body, answer) == []


def test_values_of_the_environment_are_never_told() -> None:
    body = sent(env=[{"name": "PASSWORD", "value": "swordfish"}])
    answer = stored(body)
    app_container(answer)["env"][1]["value"] = "herring-red"
    app_container(answer)["image"] = "myapp:other"
    words = reverting.admitted(DEPLOYMENT, admission.mutations(body, answer))
    assert words == (
        "the Deployment is changed by an admission policy or webhook: spec.template.spec.containers[myapp].image "
        "myapp:latest → myapp:other, spec.template.spec.containers[myapp].env[PASSWORD].value: "
        "change the policy or the MyApp"
    )


def test_what_was_changed_is_put_back_in_an_order_that_keeps_the_places_of_list_items() -> None:
    body = sent()
    answer = stored(body)
    answer["spec"]["template"]["spec"]["containers"] += [{"name": "a", "image": "a"}, {"name": "b", "image": "b"}]
    app_container(answer)["ports"][0]["containerPort"] = 6000
    patch = admission.restoring("7", admission.mutations(body, answer))
    containers = "/spec/template/spec/containers"
    assert patch == [
        {"op": "test", "path": "/metadata/resourceVersion", "value": "7"},
        {"op": "add", "path": f"{containers}/0/ports/0/containerPort", "value": 5000},
        {"op": "remove", "path": f"{containers}/2"},
        {"op": "remove", "path": f"{containers}/1"},
    ]


def test_a_trial_has_another_name_that_is_not_longer() -> None:
    name = admission.under_another_name(sent(SERVICE))["metadata"]["name"]
    assert name != sent(SERVICE)["metadata"]["name"]
    assert len(name) == len(sent(SERVICE)["metadata"]["name"])


ADMITTED = Admitted("hash", "the Deployment is changed by an admission policy or webhook: …", decisive=True)


def judged(admitted: Admitted, **of_rollout: Any) -> Json:
    children = samples.children(samples.rollout(**of_rollout), applied="hash")
    return status.judge(replace(seen(children=children), admitted={DEPLOYMENT: admitted})).status


def test_an_app_of_another_image_or_number_of_pods_is_not_ready() -> None:
    found = judged(ADMITTED, pods=3)
    assert condition(found, "Ready")["reason"] == Reason.FORBIDDEN
    assert condition(found, "Reconciling")["status"] == "True"
    assert found["message"] == ADMITTED.words
    assert admission.is_told(found)


def test_what_changes_nothing_that_runs_is_told_beside_the_rest() -> None:
    found = judged(replace(ADMITTED, decisive=False))
    assert condition(found, "Ready")["reason"] == Reason.READY
    assert found["message"].endswith(ADMITTED.words)


def test_what_was_changed_of_an_earlier_write_is_not_told_any_more() -> None:
    assert condition(judged(replace(ADMITTED, applied="another")), "Ready")["reason"] == Reason.READY


def step(**of_rollout: Any) -> str:
    """What is tried next with a Deployment that was applied and that nobody has touched since."""
    want = wanted()[DEPLOYMENT]
    assert want.body is not None
    rollout = samples.rollout(containers=containers_of(want.body["spec"]["template"]))
    child = samples.applied(want, rollout=replace(rollout, **of_rollout))
    todo = plan.make([want], {DEPLOYMENT: child}, samples.app(), {}, 0.0)
    return todo.steps[0].attempt if todo.steps else ""


def test_a_deployment_that_runs_something_else_than_was_applied_is_applied_once_more() -> None:
    """Its fields count as ours: an admission policy changed it after managedFields were written."""
    assert step() == ""
    assert step(containers="other") == ADMISSION
    assert step(wanted=3) == ADMISSION


def test_a_child_that_is_known_to_be_changed_is_asked_for_again() -> None:
    (want,) = plan.doubting(
        [wanted()[SERVICE]], {SERVICE: Admitted(wanted()[SERVICE].applied, "", decisive=False)}, set()
    )
    todo = plan.make([want], {SERVICE: samples.applied(want)}, samples.app(), {}, 0.0)
    assert [each.attempt for each in todo.steps] == [ADMISSION]
    assert plan.make([wanted()[SERVICE]], {SERVICE: samples.applied(want)}, samples.app(), {}, 0.0).steps == ()
