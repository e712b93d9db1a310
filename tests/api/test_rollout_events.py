"""Rollouts and restarts are told on the MyApp, once each, whoever runs the operator meanwhile."""

from tests.api.conftest import Kubectl
from tests.api.test_preflight import URL, config_map
from tests.harness import Api, OperatorProcess, hasty, wait_for


def told(api: Api, reason: str) -> list[tuple[str, int]]:
    return [(each["message"], each["count"]) for each in api.events(reason)]


def is_complete(api: Api, times: int) -> bool:
    return len(told(api, "RolloutComplete")) == times


def test_each_rollout_is_told_once_also_across_a_restart_of_the_operator(
    kubectl: Kubectl, api: Api, operator: OperatorProcess
) -> None:
    api.create("myapps", hasty(image="app:1"))
    wait_for("Ready", api.is_ready)
    api.edit("myapp", image="app:2")
    wait_for("complete", lambda: is_complete(api, 1))
    wait_for("Ready", api.is_ready)
    operator.stop()
    kubectl("-n", api.namespace, "rollout", "restart", "deployment/myapp-deployment", check=True)
    operator.start()
    api.edit("myapp", env=[{"name": "A", "value": "1"}])
    wait_for("complete", lambda: is_complete(api, 2))
    began = ['rolling out image "app:1" → "app:2"', "rolling out a change of spec.env"]
    assert sorted(told(api, "RolloutStarted")) == sorted((each, 1) for each in began)
    complete = told(api, "RolloutComplete")
    assert {count for _, count in complete} == {1}
    assert all(message.startswith("complete after ") for message, _ in complete)
    assert not told(api, "Reverted")
    assert not told(api, "Restarted")


def test_a_restart_for_a_changed_configuration_names_it(api: Api, operator: OperatorProcess) -> None:
    api.create("configmaps", config_map(url="http://db"))
    api.create("configmaps", config_map("another", url="http://db"))
    both = [{"configMapRef": {"name": "another"}}]
    api.create("myapps", hasty(rollout={"restartOnConfigChange": True}, env=[URL], envFrom=both))
    wait_for("Ready", api.is_ready)
    api.patch("configmaps", "another", {"data": {"url": "http://other"}})
    wait_for("complete", lambda: is_complete(api, 1))
    assert told(api, "Restarted") == [('restarting the pods because ConfigMap "another" changed', 1)]
    assert told(api, "RolloutStarted") == []
