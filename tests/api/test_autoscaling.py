"""Autoscaling is switched on and off without a pod less, whatever ends the operator in between.

The pods are simulated and nobody measures them, so an autoscaler here keeps the number as it is, if its bounds allow.
"""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.api.hand_made import ADOPT, hand_made
from tests.harness import Api, Audit, OperatorProcess, Witness, hasty, never, wait_for

Json = dict[str, Any]

REQUESTS = {"requests": {"cpu": "10m"}}
BOUNDS = {"minReplicas": 2, "maxReplicas": 20, "cpu": 80}
IGNORED = "replicas is ignored while autoscaling is set"


@pytest.fixture
def deployments(api: Api) -> Iterator[Witness]:
    """Sees every version of the Deployments."""
    witness = Witness(api, "deployments")
    yield witness
    witness.close()


def app(**spec: Any) -> Json:
    return hasty(**{"replicas": 10, "resources": REQUESTS} | spec)


def deployment(api: Api) -> Json:
    return api.get("deployments", "myapp-deployment") or {"spec": {}, "status": {}}


def number(api: Api) -> int:
    return int(deployment(api)["spec"]["replicas"])


def managers(api: Api) -> set[str]:
    """Who holds the number of pods."""
    entries = deployment(api)["metadata"]["managedFields"]
    return {each["manager"] for each in entries if "f:replicas" in each["fieldsV1"].get("f:spec", {})}


def has_hpa(api: Api) -> bool:
    return api.get("horizontalpodautoscalers", "myapp-hpa") is not None


def fewest(witness: Witness, since: int) -> tuple[int, int]:
    """The fewest pods that the Deployment asked for and had, in any version from this one on."""
    witness.catch_up()
    seen = witness.versions[since:]
    return min(each["spec"]["replicas"] for each in seen), min(each["status"].get("replicas", 0) for each in seen)


def scale(api: Api, pods: int) -> None:
    """As an autoscaler does."""
    api.patch("deployments", "myapp-deployment", {"spec": {"replicas": pods}}, subresource="scale", manager="an-hpa")


def test_switched_on_and_off_it_never_makes_fewer_pods_and_in_between_leaves_the_number_alone(
    api: Api, operator: OperatorProcess, deployments: Witness, audit: Audit
) -> None:
    api.create("myapps", app())
    wait_for("Ready", api.is_ready)
    deployments.catch_up()
    since = len(deployments.versions) - 1
    api.edit("myapp", autoscaling=BOUNDS)
    wait_for("Ready under the autoscaler", lambda: has_hpa(api) and api.is_ready())
    assert api.message().endswith(IGNORED)
    assert managers(api) == {"myapp-operator-replicas"}
    scale(api, 13)
    wait_for(
        "Ready with 13", lambda: api.is_ready() and (api.get("myapps", "myapp") or {})["status"]["ready"] == "13/13"
    )
    api.edit("myapp", image="myapp:2")
    wait_for("a new version is Ready", api.is_ready)
    never("the number is taken back", lambda: number(api) != 13, seconds=2)
    api.edit("myapp", autoscaling=None)
    wait_for("the number is the app's again", lambda: not has_hpa(api) and number(api) == 10)
    wait_for("Ready", lambda: api.is_ready() and managers(api) == {"myapp-operator"})
    assert fewest(deployments, since) >= (10, 10)
    assert [each.verb for each in audit.writes() if each.resource == "horizontalpodautoscalers"] == ["patch", "delete"]


def test_an_autoscaler_on_the_myapp_beside_its_own_one_is_told(api: Api, operator: OperatorProcess) -> None:
    target = {"apiVersion": "apps.example.com/v1", "kind": "MyApp", "name": "myapp"}
    bounds = {"minReplicas": 3, "maxReplicas": 4}
    theirs = {"metadata": {"name": "theirs"}, "spec": {"scaleTargetRef": target, **bounds}}
    api.create("horizontalpodautoscalers", theirs)
    api.create("myapps", app(autoscaling=BOUNDS))
    wait_for("Ready", api.is_ready)
    api.patch("myapps", "myapp", {"spec": {"replicas": 4}}, subresource="scale", manager="an-hpa")
    told = 'HorizontalPodAutoscaler "theirs" targets the MyApp itself and does nothing while autoscaling is set'
    wait_for("told", lambda: told in api.message())
    api.edit("myapp", autoscaling=None)
    wait_for("Ready, and it counts", lambda: api.is_ready() and told not in api.message() and not has_hpa(api))


@pytest.mark.timeout(900)
def test_whatever_write_is_its_last_there_are_never_fewer_pods(
    api: Api, operator: OperatorProcess, deployments: Witness
) -> None:
    api.create("myapps", app())
    wait_for("Ready", api.is_ready)
    deployments.catch_up()
    since = len(deployments.versions) - 1
    operator.stop()
    assert sum(die_at_each_write(api, operator, None, BOUNDS)) >= 3, "hold, let go, autoscaler"
    assert sum(die_at_each_write(api, operator, BOUNDS, None)) >= 2, "deletion of the autoscaler, the number"
    assert fewest(deployments, since) >= (10, 10)


def die_at_each_write(api: Api, operator: OperatorProcess, before: Json | None, after: Json | None) -> Iterator[bool]:
    """Dies before the first write of this change, is started again and finishes; then before the second, and so on."""
    for lives in itertools.count():
        reset(api, operator, before)
        api.edit("myapp", autoscaling=after)
        operator.start(wait=False, lives=lives)
        wait_for("it dies or is done", lambda: not operator.running or settled(api, after))
        died = not operator.running
        if died:
            operator.start()
            wait_for("the next one finishes", lambda: settled(api, after))
        operator.stop()
        yield died
        if not died:
            return


def settled(api: Api, autoscaling: Json | None) -> bool:
    return (
        api.is_ready()
        and has_hpa(api) is bool(autoscaling)
        and ("myapp-operator" in managers(api)) is not bool(autoscaling)
    )


def reset(api: Api, operator: OperatorProcess, autoscaling: Json | None) -> None:
    """The app as it was before, by an operator that lives."""
    api.edit("myapp", autoscaling=autoscaling)
    operator.start()
    wait_for("it is as before", lambda: settled(api, autoscaling))
    operator.stop()


def test_a_deployment_that_lost_its_label_unseen_keeps_its_pods_too(
    api: Api, operator: OperatorProcess, deployments: Witness
) -> None:
    api.create("myapps", app())
    wait_for("Ready", api.is_ready)
    operator.stop()
    deployments.catch_up()
    since = len(deployments.versions) - 1
    api.patch("deployments", "myapp-deployment", {"metadata": {"labels": {"app.kubernetes.io/managed-by": None}}})
    api.edit("myapp", autoscaling=BOUNDS)
    operator.start()
    wait_for("Ready under the autoscaler", lambda: settled(api, BOUNDS))
    assert fewest(deployments, since) >= (10, 10)


def test_a_new_app_begins_with_the_least_number(api: Api, operator: OperatorProcess, deployments: Witness) -> None:
    api.create("myapps", app(autoscaling=BOUNDS | {"minReplicas": 3}))
    wait_for("Ready", lambda: has_hpa(api) and api.is_ready())
    deployments.catch_up()
    assert {each["spec"]["replicas"] for each in deployments.versions} == {3}
    assert "myapp-operator" not in managers(api)


def test_suspended_it_keeps_its_autoscaler_and_resumed_it_begins_with_the_least_number(
    api: Api, operator: OperatorProcess
) -> None:
    api.create("myapps", app(autoscaling=BOUNDS))
    wait_for("Ready", lambda: has_hpa(api) and api.is_ready())
    scale(api, 5)
    wait_for("5 pods", lambda: api.is_ready() and number(api) == 5)
    api.edit("myapp", suspend=True)
    wait_for("suspended", lambda: api.is_ready() and api.reason() == "Suspended")
    assert has_hpa(api)
    never("it gets pods", lambda: number(api) != 0, seconds=2)
    api.edit("myapp", suspend=False)
    wait_for("Ready", lambda: api.is_ready() and number(api) == 2)
    assert "myapp-operator" not in managers(api)


THEIRS = {
    "metadata": {"name": "theirs"},
    "spec": {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "myapp-deployment"},
        "minReplicas": 4,
        "maxReplicas": 9,
    },
}


def test_adopted_with_its_autoscaler_it_keeps_its_pods(
    api: Api, operator: OperatorProcess, deployments: Witness
) -> None:
    api.create("deployments", hand_made("deployments", annotations=ADOPT))
    api.create("horizontalpodautoscalers", THEIRS)
    wait_for("it is scaled", lambda: number(api) == 4)
    deployments.catch_up()
    since = len(deployments.versions) - 1
    api.create("myapps", app(replicas=2))
    words = 'HorizontalPodAutoscaler "theirs" scales the Deployment, so replicas is ignored'
    wait_for("it is named", lambda: api.is_ready() and words in api.message())
    assert fewest(deployments, since)[0] == 4


def test_somebody_elses_autoscaler_is_named_and_not_fought(api: Api, operator: OperatorProcess, audit: Audit) -> None:
    api.create("myapps", app(replicas=2))
    wait_for("Ready", api.is_ready)
    api.create("horizontalpodautoscalers", THEIRS)
    words = 'HorizontalPodAutoscaler "theirs" scales the Deployment, so replicas is ignored'
    wait_for("it is named", lambda: api.is_ready() and words in api.message())
    assert number(api) == 4
    assert (api.get("myapps", "myapp") or {})["status"]["ready"] == "4/4"
    api.edit("myapp", image="myapp:2")
    wait_for("a new version", lambda: api.is_ready() and "myapp:2" in api.message())
    assert number(api) == 4
    assert api.events("Reverted") == []
    api.delete("horizontalpodautoscalers", "theirs")
    wait_for("the number is the app's again", lambda: number(api) == 2)


SAMPLE = Path(__file__).resolve().parents[2] / "deploy/samples/autoscaled.yaml"


def test_the_sample_comes_up(api: Api, operator: OperatorProcess) -> None:
    sample = yaml.safe_load(SAMPLE.read_text())
    api.create("myapps", sample)
    name = sample["metadata"]["name"]
    wait_for("Ready", lambda: api.is_ready(name))
    assert api.get("horizontalpodautoscalers", f"{name}-hpa") is not None
