"""What the operator costs the API server, counted in the audit log."""

from collections import Counter

from tests.harness import Api, Audit, OperatorProcess, myapp, never, wait_for


def test_creating_an_app_costs_one_write_a_child_and_two_of_status(
    api: Api, audit: Audit, operator: OperatorProcess
) -> None:
    audit.restart()
    api.create("myapps", myapp())
    wait_for("Ready", api.is_ready)
    never("more writes", lambda: len(audit.writes()) > 4, seconds=3)
    assert Counter(each.resource for each in audit.writes()) == {"deployments": 1, "services": 1, "myapps/status": 2}
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
    api.patch("services", "myapp-service", {"spec": {"sessionAffinity": "ClientIP"}})
    wait_for("told", lambda: api.events("Reverted"))
    never("more requests", lambda: len([*audit.reads(), *audit.writes()]) > 2, seconds=3)
    assert [str(each.resource) for each in audit.reads()] == ["services"]
    assert [each.resource for each in audit.writes() if each.resource != "myapps/status"] == ["services"]


def test_scaling_costs_one_write_of_the_deployment_and_two_of_status(
    api: Api, audit: Audit, operator: OperatorProcess
) -> None:
    api.create("myapps", myapp())
    wait_for("Ready", api.is_ready)
    audit.restart()
    api.edit("myapp", replicas=3)
    wait_for("Ready", api.is_ready)
    assert Counter(each.resource for each in audit.writes()) == {"deployments": 1, "myapps/status": 2}


def test_scaling_says_so_until_the_pods_are_there(api: Api, operator: OperatorProcess) -> None:
    api.create("myapps", myapp())
    wait_for("Ready", api.is_ready)
    api.edit("myapp", replicas=4)
    wait_for("Scaling", lambda: api.reason() == "Scaling")
    assert api.message() == "waiting until 4 pods are available"
    wait_for("Ready", api.is_ready)
