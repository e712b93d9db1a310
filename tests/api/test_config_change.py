"""`restartOnConfigChange`: the pods follow what they use of their configuration, and nothing else."""

from typing import Any

from tests.api.conftest import Kubectl
from tests.api.test_preflight import URL, config_map, reader, secret, template, versions
from tests.harness import Api, Audit, OperatorProcess, hasty, never, wait_for

__all__ = ["reader"]

Json = dict[str, Any]
FOLLOWING = {"restartOnConfigChange": True}


def hashes(api: Api) -> dict[str, str]:
    found: dict[str, str] = template(api)["metadata"].get("annotations") or {}
    return {key.removeprefix("apps.example.com/"): value for key, value in found.items()}


def made(api: Api, rollout: Json = FOLLOWING, **spec: Any) -> None:
    """An app with a ConfigMap, Ready."""
    api.create("configmaps", config_map(url="http://db", colour="blue"))
    api.create("myapps", hasty(replicas=1, rollout=rollout, **spec))
    wait_for("Ready", api.is_ready)


def test_a_changed_value_is_a_rollout(api: Api, operator: OperatorProcess) -> None:
    made(api, env=[URL])
    before = hashes(api)
    api.patch("configmaps", "settings", {"data": {"url": "http://other"}})
    wait_for("a new version", lambda: versions(api) == 2)
    wait_for("Ready", api.is_ready)
    api.patch("configmaps", "settings", {"data": {"url": "http://db"}})
    wait_for("the first one again", lambda: hashes(api) == before)
    assert versions(api) == 2


def test_what_the_pods_do_not_use_and_the_operators_restart_are_none(
    api: Api, operator: OperatorProcess, audit: Audit
) -> None:
    made(api, env=[URL])
    before = template(api)
    api.create("configmaps", config_map("another", url="http://db"))
    api.patch("configmaps", "settings", {"metadata": {"labels": {"team": "blue"}}})
    api.patch("configmaps", "settings", {"data": {"colour": "red", "a-first-key": "x"}})
    never("another template", lambda: template(api) != before, seconds=3)
    for end in (operator.stop, operator.kill):
        end()
        operator.start()
        audit.restart()
        never("a write", audit.attempts, seconds=3)
    assert template(api) == before
    assert versions(api) == 1


def test_what_is_lost_and_comes_back_as_it_was_is_none(api: Api, operator: OperatorProcess) -> None:
    made(api, envFrom=[{"configMapRef": {"name": "settings"}}])
    before = template(api)
    api.delete("configmaps", "settings")
    never("another template", lambda: template(api) != before, seconds=3)
    api.create("configmaps", config_map(colour="blue", url="http://db"))
    never("another template", lambda: template(api) != before, seconds=3)
    api.patch("configmaps", "settings", {"data": {"more": "x"}})
    wait_for("a new version", lambda: versions(api) == 2)


def test_an_optional_object_that_appears_is_one(api: Api, operator: OperatorProcess) -> None:
    api.create("myapps", hasty(rollout=FOLLOWING, envFrom=[{"configMapRef": {"name": "settings", "optional": True}}]))
    wait_for("Ready", api.is_ready)
    api.create("configmaps", config_map(url="http://db"))
    wait_for("a new version", lambda: versions(api) == 2)


def test_by_default_a_change_restarts_nothing(api: Api, operator: OperatorProcess) -> None:
    made(api, {}, env=[URL])
    before = template(api)
    assert hashes(api) == {}
    api.patch("configmaps", "settings", {"data": {"url": "http://other"}})
    never("another template", lambda: template(api) != before, seconds=3)


def test_a_secret_is_followed_with_the_right_to_read_it(
    reader: None, api: Api, operator: OperatorProcess, kubectl: Kubectl, namespace: str
) -> None:
    api.create("secrets", secret(word="swordfish-1"))
    made(api, envFrom=[{"secretRef": {"name": "db"}}, {"configMapRef": {"name": "settings"}}])
    before = hashes(api)
    assert before.keys() == {"configmaps", "secrets"}
    api.patch("secrets", "db", {"stringData": {"word": "swordfish-2"}})
    wait_for("a new version", lambda: versions(api) == 2)
    assert hashes(api)["configmaps"] == before["configmaps"]
    assert hashes(api)["secrets"] != before["secrets"]
    wait_for("Ready", api.is_ready)

    after = template(api)
    kubectl("delete", "rolebinding", "secrets", "--namespace", namespace, check=True)
    operator.kill()
    operator.start()
    never("another template without the right", lambda: template(api) != after, seconds=3)


def test_without_the_right_secrets_are_not_followed(api: Api, operator: OperatorProcess) -> None:
    api.create("secrets", secret(word="swordfish-1"))
    made(api, envFrom=[{"secretRef": {"name": "db"}}, {"configMapRef": {"name": "settings"}}])
    assert hashes(api).keys() == {"configmaps"}
