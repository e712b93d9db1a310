"""All that is done to an app in its life, in two minutes, and nobody who uses it notices."""

from collections import Counter

import pytest

from tests.harness import Api, Kubectl, OperatorPod, Refused, Visitor, myapp, wait_for

PER_SECOND = 50
REQUESTS = 120 * PER_SECOND
"""Two minutes of them; a slow machine takes longer to ask as many."""


def serving(api: Api) -> list[str]:
    """The names of the app's pods; none while one of them is on its way out."""
    pods = [pod["metadata"] for pod in api.list("pods", "app=myapp")]
    return [] if any("deletionTimestamp" in pod for pod in pods) else [pod["name"] for pod in pods]


def release(version: str) -> list[dict[str, str]]:
    """The environment of a version, by which its pods are told from others."""
    return [{"name": "VERSION", "value": version}]


def has_pods(api: Api, version: str) -> bool:
    env = [pod["spec"]["containers"][0]["env"] for pod in api.list("pods", "app=myapp")]
    return any(release(version)[0] in each for each in env)


def scale(api: Api, kubectl: Kubectl, pods: int) -> None:
    kubectl("scale", "myapp", "myapp", f"--replicas={pods}")
    wait_for(f"{pods} pods, and none that ends", lambda: api.is_ready() and len(serving(api)) == pods)


def evict(api: Api, pod: str) -> None:
    """As `kubectl drain` does: again and again, until the budget allows it."""
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod}}

    def allowed() -> bool:
        try:
            api.request("POST", api.path("pods", pod, "eviction"), eviction)
        except Refused as refused:
            if refused.code == 429:  # the budget's answer
                return False
            raise
        return True

    wait_for(f"{pod} may go", allowed, every=0.5)


@pytest.mark.usefixtures("restricted")
def test_no_request_is_lost_while_an_app_is_rolled_out_scaled_and_evicted_and_its_operator_restarts(
    api: Api, kubectl: Kubectl, visitor: Visitor, operator_alone: OperatorPod
) -> None:
    api.create("myapps", myapp(rollout={"minReadySeconds": 0}, disruptionBudget={"minAvailable": 1}))
    wait_for("Ready", api.is_ready)
    visitor.start(f"http://myapp-service.{api.namespace}.svc", per_second=PER_SECOND, visitors=4)

    api.edit("myapp", env=release("2"))
    wait_for("the second version", api.is_ready)
    api.edit("myapp", env=release("3"))
    wait_for("the third version begins", lambda: has_pods(api, "3"))
    operator_alone.delete_at_once()
    wait_for("the third version, as a new operator sees it", api.is_ready)
    scale(api, kubectl, 6)
    scale(api, kubectl, 2)
    evicted = wait_for("two pods", lambda: serving(api))
    for pod in evicted:
        evict(api, pod)
    wait_for("two other pods", lambda: api.is_ready() and len({*serving(api)} - {*evicted}) == 2)
    api.edit("myapp", env=release("4"))
    wait_for("the fourth version", api.is_ready)

    wait_for("all requests", lambda: len(visitor.answers) >= REQUESTS, seconds=300, every=5)
    assert Counter(visitor.finish()).keys() == {"Hello, World!"}, visitor.failures
