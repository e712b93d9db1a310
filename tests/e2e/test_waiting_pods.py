"""Pods that wait for something, are killed or put out: told in time, and nothing is told before its time."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from tests.harness import Api, Kubectl, Witness, hasty, wait_for

Json = dict[str, Any]

SERVE = "os.execvp('gunicorn', ['gunicorn', '--config', 'python:myapp_webapp.gunicorn_conf'])"
UNTIL_THE_FILE_IS_THERE = "import os, time\nwhile not os.path.exists('/signal/go'): time.sleep(0.5)"
MUCH_AT_ONCE = f"import os; open('/scratch/big', 'wb').write(b'x' * 20_000_000); {SERVE}"


def python(program: str) -> list[str]:
    """What runs instead of the web app."""
    return ["python3", "-c", program]


def wait_told(api: Api, reason: str, sentence: str) -> None:
    """Waits for the word in STATUS, and for the beginning of the sentence beside it."""
    wait_for(f"{reason}: {sentence}", lambda: api.reason() == reason and api.message().startswith(sentence))


@pytest.fixture
def witness(api: Api) -> Iterator[Witness]:
    """Sees everything that is said of the test's app."""
    witness = Witness(api, "myapps")
    yield witness
    witness.close()


def test_a_volume_that_cannot_be_mounted_is_told_in_the_words_of_the_kubelet(api: Api, kubectl: Kubectl) -> None:
    volumes = {
        "volumes": [{"name": "tls", "secret": {"secretName": "shop-tls"}}],
        "volumeMounts": [{"name": "tls", "mountPath": "/tls"}],
    }
    api.create("myapps", hasty(replicas=1, **volumes))
    wait_told(api, "ConfigError", 'volume "tls" cannot be mounted: secret "shop-tls" not found')
    kubectl("create", "secret", "generic", "shop-tls", "--from-literal=key=x")
    wait_for("healed", api.is_ready, seconds=180)


def test_a_claim_that_is_not_bound_is_told_in_its_own_words_and_not_as_a_lack_of_nodes(
    api: Api, witness: Witness
) -> None:
    claim = {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": "none",
        "resources": {"requests": {"storage": "1Gi"}},
    }
    api.create(
        "persistentvolumeclaims",
        {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"}, "spec": claim},
    )
    volumes = {
        "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}],
        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
    }
    api.create("myapps", hasty(replicas=1, **volumes))
    wait_told(api, "ConfigError", 'claim "data" is not bound: storageclass.storage.k8s.io "none" not found')
    witness.catch_up()
    assert "Unschedulable" not in witness.reasons()


def test_an_init_container_that_waits_is_named_with_the_command_that_shows_its_log_and_is_no_failure(
    api: Api, kubectl: Kubectl
) -> None:
    init = {
        "name": "migrate",
        "image": "myapp:latest",
        "command": python(f"print('waiting for the file', flush=True)\n{UNTIL_THE_FILE_IS_THERE}"),
        "volumeMounts": [{"name": "signal", "mountPath": "/signal"}],
    }
    api.create("myapps", hasty(replicas=1, initContainers=[init], volumes=[{"name": "signal", "emptyDir": {}}]))
    wait_told(api, "Initializing", 'init container "migrate" has not ended')
    _, _, command = api.message().partition(": kubectl ")
    assert kubectl(*command.split()).strip() == "waiting for the file"
    assert not api.events("Failed")
    (pod,) = api.list("pods")
    with suppress(AssertionError):  # the container ends, and may take the command with it before it has answered
        kubectl("exec", pod["metadata"]["name"], "-c", "migrate", "--", "touch", "/signal/go")
    wait_for("the app starts", api.is_ready)


def test_a_liveness_probe_that_kills_is_told_at_its_first_kill_and_not_as_readiness(api: Api, witness: Witness) -> None:
    """The container goes on for as long as its grace period, and is not ready all the time."""
    liveness = {"httpGet": {"path": "/healthz", "port": "http"}, "periodSeconds": 1, "initialDelaySeconds": 3}
    slow = {"command": python("import time; time.sleep(3600)"), "terminationGracePeriodSeconds": 60}
    api.create("myapps", hasty(replicas=1, probes={"liveness": liveness}, **slow))
    wait_told(api, "NotReady", 'container "myapp" is killed by its liveness probe (GET /healthz on port 5000)')
    witness.catch_up()
    said = [each["status"].get("message", "") for each in witness.of("myapp")]
    assert not [each for each in said if "readiness" in each]


def test_a_first_eviction_is_named_though_the_app_ends_in_good_order(api: Api) -> None:
    volumes = {
        "volumes": [{"name": "scratch", "emptyDir": {"sizeLimit": "1Mi"}}],
        "volumeMounts": [{"name": "scratch", "mountPath": "/scratch"}],
    }
    api.create("myapps", hasty(replicas=1, command=python(MUCH_AT_ONCE), **volumes))
    wait_for("evicted", lambda: kubelet_said(api, "Evicted"), seconds=240)
    wait_told(api, "Evicted", 'a pod was evicted: Usage of EmptyDir volume "scratch" exceeds the limit "1Mi"')
    assert len(kubelet_said(api, "Evicted")) == 1


def kubelet_said(api: Api, reason: str) -> list[Json]:
    """The events of this reason about the pods of the namespace."""
    events = [each for each in api.list("events") if each["reason"] == reason]
    return [each for each in events if each["involvedObject"]["kind"] == "Pod"]


def test_no_probe_is_said_to_fail_before_it_was_asked(api: Api, witness: Witness) -> None:
    late = {"httpGet": {"path": "/", "port": "http"}, "initialDelaySeconds": 45, "failureThreshold": 12}
    api.create("myapps", hasty(replicas=1, probes={"readiness": late}))
    wait_for("Ready", api.is_ready)
    witness.catch_up()
    assert witness.reasons() == ["RollingOut", "Ready"]
