"""Nothing is lost when the operator dies or the API server is away, and nothing is written without need."""

import time
from collections import Counter

from tests.harness import Api, Audit, Door, OperatorProcess, myapp, wait_for


def test_killed_in_mid_work_it_finishes_what_was_begun_and_makes_nothing_twice(
    api: Api, operator: OperatorProcess, audit: Audit
) -> None:
    audit.restart()
    names = [f"app-{number}" for number in range(30)]
    for number, name in enumerate(names):
        api.create("myapps", myapp(name, rollout={"minReadySeconds": 0}))
        if number % 10 == 5:
            operator.kill()
            operator.start(wait=False)
    wait_for("all are Ready", lambda: all(api.is_ready(name) for name in names))
    made = Counter((each.resource, each.name) for each in audit.writes() if each.code == 201)
    assert set(made.values()) == {1}
    assert len(api.list("deployments")) == len(api.list("services")) == len(names)


def test_an_api_server_away_for_a_minute_loses_nothing(
    api: Api, operator_behind_door: tuple[OperatorProcess, Door]
) -> None:
    operator, door = operator_behind_door
    for name in ("kept", "scaled", "robbed", "deleted"):
        api.create("myapps", myapp(name, rollout={"minReadySeconds": 0}))
    wait_for("Ready", lambda: all(api.is_ready(name) for name in ("kept", "scaled", "robbed", "deleted")))
    door.shut()
    api.edit("scaled", replicas=4)
    api.delete("services", "robbed-service")
    api.delete("myapps", "deleted")
    api.create("myapps", myapp("new", rollout={"minReadySeconds": 0}))
    time.sleep(60)  # the outage itself is what is tested
    assert operator.running
    wait_for("a sign of life", lambda: operator.probe("/healthz") == 200)
    door.open()
    wait_for(
        "all is as it should be",
        lambda: all(api.is_ready(name) for name in ("kept", "scaled", "robbed", "new")),
    )
    assert (api.get("deployments", "scaled-deployment") or {})["spec"]["replicas"] == 4
    wait_for("the Service is back", lambda: api.get("services", "robbed-service"))
    wait_for("nothing is left of the deleted one", lambda: not api.get("deployments", "deleted-deployment"))
    assert "Traceback" not in operator.output()


def test_it_waits_for_an_api_server_that_comes_late(door: Door, namespace: str) -> None:
    door.shut()
    operator = OperatorProcess(door.kubeconfig, door.kubeconfig.parent, "--namespace", namespace)
    operator.start(wait=False)
    wait_for("a line that says so", lambda: "no answer from the API server" in operator.output())
    assert "Traceback" not in operator.output()
    door.open()
    wait_for("ready", lambda: operator.probe("/readyz") == 200)
    assert operator.stop() == 0
