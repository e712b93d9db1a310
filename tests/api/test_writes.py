"""What the operator costs the API server, counted in the audit log."""

import time
from collections import Counter

from tests.harness import Api, Audit, OperatorProcess, hasty, myapp, never, wait_for


def check_costs(api: Api, audit: Audit, children: dict[str, int], began: float) -> None:
    """One write for each of these children, and two of status; one more for each ten seconds that it takes to be Ready,
    as numbers of pods are told no oftener."""
    wait_for("Ready", api.is_ready)
    statuses = 2 + (time.monotonic() - began) // 10

    def written() -> Counter[str]:
        return Counter(each.resource for each in audit.writes())

    wait_for("all writes are in the log", lambda: written() - Counter({"myapps/status": 99}) == children)
    never("more writes", lambda: written() - Counter(children | {"myapps/status": statuses}), seconds=3)


def test_creating_an_app_costs_one_write_a_child_and_two_of_status(
    api: Api, audit: Audit, operator: OperatorProcess
) -> None:
    audit.restart()
    began = time.monotonic()
    api.create("myapps", hasty(replicas=1))
    check_costs(api, audit, {"deployments": 1, "services": 1}, began)
    assert [each for each in audit.requests() if each.verb == "get"] == []
    assert {each.code for each in audit.requests()} <= {200, 201}


def test_an_app_as_desired_costs_nothing(api: Api, audit: Audit, operator: OperatorProcess) -> None:
    api.create("myapps", myapp())
    wait_for("Ready", api.is_ready)
    audit.restart()
    api.patch("myapps", "myapp", {"metadata": {"labels": {"team": "blue"}}})
    api.patch("deployments", "myapp-deployment", {"metadata": {"annotations": {"note": "mine"}}})
    never("a request", audit.requests, seconds=5)


def test_taking_back_what_others_changed_costs_one_read_and_one_write(
    api: Api, audit: Audit, operator: OperatorProcess
) -> None:
    api.create("myapps", myapp())
    wait_for("Ready", api.is_ready)
    audit.restart()
    api.patch("services", "myapp-service", {"spec": {"publishNotReadyAddresses": True}})
    wait_for("told", lambda: api.events("Reverted"))
    never("more requests", lambda: len([*audit.reads(), *audit.writes()]) > 2, seconds=3)
    assert [str(each.resource) for each in audit.reads()] == ["services"]
    assert [each.resource for each in audit.writes() if each.resource != "myapps/status"] == ["services"]


def test_scaling_costs_one_write_of_the_deployment_and_two_of_status(
    api: Api, audit: Audit, operator: OperatorProcess
) -> None:
    api.create("myapps", hasty(replicas=1))
    wait_for("Ready", api.is_ready)
    audit.restart()
    began = time.monotonic()
    api.edit("myapp", replicas=2)
    check_costs(api, audit, {"deployments": 1}, began)


def test_scaling_says_so_until_the_pods_are_there(api: Api, operator: OperatorProcess) -> None:
    api.create("myapps", myapp())
    wait_for("Ready", api.is_ready)
    api.edit("myapp", replicas=4, rollout={"minReadySeconds": 600, "progressDeadlineSeconds": 900})  # time to look
    wait_for("Scaling", lambda: api.reason() == "Scaling")
    assert api.message() == "waiting until 4 pods are available"
    api.edit("myapp", rollout={"minReadySeconds": 0})
    wait_for("Ready", api.is_ready)
