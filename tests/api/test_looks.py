"""Looks at pods: what a failing app costs, and that nothing found is taken back before its time."""

import json
import time
from collections.abc import Iterator
from typing import Any

from tests.api.conftest import Kubectl
from tests.api.test_preflight import URL
from tests.harness import Api, Audit, MoodyKubelet, OperatorProcess, Request, Witness, myapp, wait_for

LAST_WORDS = "Traceback (most recent call last):\nModuleNotFoundError: No module named 'flask'"
TOLD = "container \"myapp\" exits with code 1: ModuleNotFoundError: No module named 'flask'"
ROUNDS = 15
QUICK: dict[str, Any] = {"replicas": 1, "rollout": {"minReadySeconds": 0}}


def looks(audit: Audit) -> list[Request]:
    """One request of each look."""
    return [each for each in audit.requests() if each.resource == "replicasets"]


def test_a_crash_loop_is_one_word_few_writes_and_few_looks(
    api: Api, operator: OperatorProcess, audit: Audit, witness: Witness
) -> None:
    audit.restart()
    began = time.monotonic()
    api.create("myapps", myapp(replicas=1, rollout={"minReadySeconds": 300}))  # a crash comes before it counts as ready
    wait_for("there is a pod", lambda: api.list("pods"))
    kubelet = MoodyKubelet(api)
    for _ in range(ROUNDS):  # a kubelet takes half an hour for so many
        kubelet.crash(LAST_WORDS)
        kubelet.back_off(LAST_WORDS)
        time.sleep(2)
        kubelet.restart(LAST_WORDS, ready=False)
        time.sleep(2)
    wait_for("told", lambda: api.reason() == "CrashLoopBackOff")
    took = time.monotonic() - began
    witness.catch_up()
    assert witness.reasons() == ["RollingOut", "CrashLoopBackOff"]
    assert {each["status"]["message"] for each in witness.versions if of_a_crash(each)} == {TOLD}
    writes = [each for each in audit.writes() if each.resource == "myapps/status"]
    assert len(writes) <= took / 10 + 4, writes  # numbers of pods are told every ten seconds at most
    assert len(looks(audit)) <= took / 5 + 5, looks(audit)
    print(f"{len(writes)} status writes and {len(looks(audit))} looks in {took:.0f} s")


def of_a_crash(app: dict[str, Any]) -> bool:
    return bool(Api.condition(app, "Ready").get("reason") == "CrashLoopBackOff")


def test_a_restart_of_the_operator_takes_back_nothing_before_it_has_looked(
    api: Api, operator: OperatorProcess, audit: Audit, witness: Witness
) -> None:
    kubelet = MoodyKubelet(api)
    api.create("myapps", myapp(**QUICK))
    wait_for("Ready", api.is_ready)
    kubelet.crash(LAST_WORDS)
    wait_for("told", lambda: api.message() == TOLD)
    operator.kill()
    audit.restart()
    operator.start()
    wait_for("a look", lambda: looks(audit))
    kubelet.restart(LAST_WORDS, ready=True)
    wait_for("well", api.is_ready)
    witness.catch_up()
    assert witness.reasons()[-3:] == ["Scaling", "CrashLoopBackOff", "Ready"]
    assert witness.reasons().count("CrashLoopBackOff") == 1, "taken back and told again"


def test_pods_that_crash_while_the_next_version_is_held_are_told_in_the_message(
    api: Api, operator: OperatorProcess, audit: Audit, witness: Witness
) -> None:
    kubelet = MoodyKubelet(api)
    api.create("myapps", myapp(**QUICK))
    wait_for("Ready", api.is_ready)
    api.edit("myapp", env=[URL])
    wait_for("held", lambda: api.reason() == "ReferenceMissing")
    kubelet.crash(LAST_WORDS)
    wait_for("told", lambda: api.message().endswith(f"; what runs now: CrashLoopBackOff: {TOLD}"))
    assert api.reason() == "ReferenceMissing"
    operator.kill()
    audit.restart()
    operator.start()
    wait_for("a look", lambda: looks(audit))
    assert [each for each in audit.writes() if each.resource == "myapps/status"] == [], "it stands until the look"
    kubelet.restart(LAST_WORDS, ready=True)
    wait_for("taken back", lambda: "what runs now" not in api.message())
    assert api.reason() == "ReferenceMissing"


def test_a_version_that_was_gone_back_to_and_crashes_is_not_said_to_run(api: Api, operator: OperatorProcess) -> None:
    kubelet = MoodyKubelet(api)
    api.create("myapps", myapp(replicas=1, rollout={"autoRollback": True, "minReadySeconds": 0}))
    wait_for("Ready", api.is_ready)
    too_much = {"requests": {"cpu": "100000"}}
    api.edit("myapp", resources=too_much, rollout={"progressDeadlineSeconds": 2})
    wait_for("gone back", lambda: api.reason() == "RolledBack")
    wait_for("it runs", lambda: "the last one that was Ready runs again" in api.message())
    kubelet.crash(LAST_WORDS)
    wait_for("told", lambda: api.message().endswith(f"; what runs now: CrashLoopBackOff: {TOLD}"))
    assert "runs again" not in api.message()
    assert api.reason() == "RolledBack"


def test_an_app_that_is_well_again_when_the_operator_starts_is_looked_at_before_it_is_ready(
    api: Api, operator: OperatorProcess, audit: Audit, witness: Witness
) -> None:
    kubelet = MoodyKubelet(api)
    api.create("myapps", myapp(**QUICK))
    wait_for("Ready", api.is_ready)
    kubelet.crash(LAST_WORDS)
    wait_for("told", lambda: api.message() == TOLD)
    operator.kill()
    kubelet.restart(LAST_WORDS, ready=True)
    wait_for("available", lambda: (api.get("deployments", "myapp-deployment") or {})["status"].get("availableReplicas"))
    audit.restart()
    operator.start()
    wait_for("well", api.is_ready)
    assert looks(audit)
    witness.catch_up()
    assert witness.reasons()[-2:] == ["CrashLoopBackOff", "Ready"]


def test_the_newest_refusal_of_pods_is_told_and_not_the_first(api: Api, operator: OperatorProcess) -> None:
    """The Deployment goes on with its first words for minutes."""
    api.create("resourcequotas", quota("first"))
    wait_for("the quota counts", lambda: (api.get("resourcequotas", "first") or {})["status"].get("hard"))
    api.create("myapps", myapp(replicas=1))
    wait_for("the first", lambda: api.message().startswith("pods are refused: exceeded quota: first,"))
    api.create("resourcequotas", quota("second"))
    wait_for("the quota counts", lambda: (api.get("resourcequotas", "second") or {})["status"].get("hard"))
    api.delete("resourcequotas", "first")
    second = "pods are refused: exceeded quota: second,"
    wait_for("the second", lambda: api.message().startswith(second), seconds=150)
    assert api.reason() == "QuotaExceeded"
    failure = [each for each in conditions(api) if each["type"] == "ReplicaFailure"]
    assert "exceeded quota: first" in failure[0]["message"], "else this test proves nothing"


def conditions(api: Api) -> Iterator[dict[str, Any]]:
    deployment = api.get("deployments", "myapp-deployment") or {}
    yield from deployment["status"]["conditions"]


def quota(name: str) -> dict[str, Any]:
    body = {"metadata": {"name": name}, "spec": {"hard": {"pods": "0"}}}
    return {"apiVersion": "v1", "kind": "ResourceQuota", **body}


def test_without_the_right_to_list_pods_the_status_says_what_the_deployment_says(
    kubectl: Kubectl, api: Api, operator: OperatorProcess, witness: Witness
) -> None:
    """As with the Role of an earlier version."""
    place = ("-n", api.namespace)
    role = json.loads(kubectl(*place, "get", "role", "myapp-operator", "-o", "json", check=True).stdout)
    role["rules"] = [rule for rule in role["rules"] if rule["verbs"] != ["list"]]
    kubectl(*place, "replace", "-f", "-", stdin=json.dumps(role), check=True)
    account = f"--as=system:serviceaccount:{api.namespace}:myapp-operator"
    wait_for("the right is gone", lambda: kubectl(*place, "auth", "can-i", "list", "pods", account).returncode != 0)
    kubelet = MoodyKubelet(api)
    api.create("myapps", myapp(**QUICK))
    wait_for("Ready", api.is_ready)
    kubelet.crash(LAST_WORDS)
    wait_for("said so", lambda: "cannot look at the pods of" in operator.output())
    wait_for("Scaling", lambda: api.reason() == "Scaling")
    kubelet.restart(LAST_WORDS, ready=True)
    wait_for("well", api.is_ready)
    assert operator.output().count("cannot look at the pods of") == 1
    assert "grant the rights of deploy/operator/role.yaml" in operator.output()


def test_thousands_of_variables_and_the_long_words_of_many_pods_hold_nobody_up(
    api: Api, operator: OperatorProcess
) -> None:
    """To look for each line of the variables in the words of each pod once took 41 s, and nothing else was done."""
    lines = "".join(f"{number:06}{'x' * 43}\n" for number in range(4535))
    env = [{"name": f"LINES_{at}", "value": lines[at : at + 100_000]} for at in range(0, len(lines), 100_000)]
    api.create("myapps", myapp("hostile", **QUICK | {"replicas": 60, "env": env}))
    wait_for("there are pods", lambda: len(api.list("pods", "app=hostile")) == 60, seconds=120)
    MoodyKubelet(api, "hostile").crash(f"Error: {lines[:4000]}")
    api.create("myapps", myapp("beside", **QUICK))
    wait_for("told", lambda: api.reason("hostile") == "CrashLoopBackOff", seconds=90)
    message = (api.get("myapps", "hostile") or {})["status"]["message"]
    assert message == 'container "hostile" exits with code 1: Error: ***'
    wait_for("the one beside it is served", lambda: api.is_ready("beside"), seconds=60)
    assert "has held the event loop" not in operator.output()
