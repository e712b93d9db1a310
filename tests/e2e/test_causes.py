"""Apps that do not come up, each from a cause made on purpose: the word in STATUS, the sentence, and the way back.

Each test prints how long after the pod's own event the word was there: `pytest -rP` shows it.
"""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.harness import Api, Kubectl, hasty, never, wait_for

Json = dict[str, Any]

REPAIRED = {"command": None, "env": None, "envFrom": None, "image": "myapp:latest", "probes": None, "resources": None}
NO_REQUESTS_YET = {"Available": "False", "Reconciling": "True", "Stalled": "False"}
STALLED = {"Available": "False", "Reconciling": "False", "Stalled": "True"}
CANARY = "canary-in-a-coal-mine"


def python(program: str) -> list[str]:
    """What runs instead of the web app."""
    return ["python3", "-c", program]


def probe(path: str, **fields: int) -> Json:
    """A probe of the web app that asks often."""
    return {"httpGet": {"path": path, "port": "http"}, "periodSeconds": 1, **fields}


def symptom(api: Api) -> bool:
    """Whether a pod shows by itself that something is wrong."""
    return any(_ails(pod["status"]) for pod in api.list("pods"))


def _ails(status: Json) -> bool:
    placed = Api.condition({"status": status}, "PodScheduled").get("status") != "False"
    return not placed or status.get("phase") == "Failed" or any(map(_fails, status.get("containerStatuses", [])))


def _fails(container: Json) -> bool:
    waiting = container["state"].get("waiting", {}).get("reason", "ContainerCreating")
    return waiting != "ContainerCreating" or "terminated" in {**container["state"], **container["lastState"]}


def runs(api: Api) -> bool:
    """Whether a container has started."""
    found = [each for pod in api.list("pods") for each in pod["status"].get("containerStatuses", [])]
    return any("running" in each["state"] for each in found)


def wait_told(api: Api, reason: str, begins: Callable[[Api], bool] = symptom) -> str:
    """Waits for the word in STATUS; returns the sentence beside it."""
    wait_for("the pod's own event", lambda: begins(api), seconds=60)
    began = time.monotonic()
    wait_for(reason, lambda: api.reason() == reason, seconds=90)
    print(f"{reason}: {time.monotonic() - began:.1f} s after the pod's own event")
    return api.message()


def conditions(api: Api) -> Json:
    """What else is said of the app."""
    app = api.get("myapps", "myapp") or {}
    assert Api.condition(app, "Ready")["status"] == "False"
    return {kind: Api.condition(app, kind)["status"] for kind in NO_REQUESTS_YET}


def repair(api: Api, **spec: Any) -> None:
    """Takes the cause away in the MyApp."""
    api.edit("myapp", **REPAIRED | spec)
    wait_for("healed", api.is_ready, seconds=120)


FAULTS: dict[str, tuple[Json, str, str]] = {
    "image that does not exist": (
        {"image": "nowhere.invalid/app:2"},
        "ImagePullBackOff",
        'container "myapp" cannot pull image "nowhere.invalid/app:2": ',
    ),
    "exit code without words": (
        {"command": python("raise SystemExit(3)")},
        "CrashLoopBackOff",
        'container "myapp" exits with code 3',
    ),
    "program that ends well": (
        {"command": python("print('done')")},
        "CrashLoopBackOff",
        'container "myapp" exits with code 0, although it should keep running',
    ),
    "program that does not exist": (
        {"command": ["nope"]},
        "CrashLoopBackOff",
        'container "myapp" cannot start: exec: "nope": executable file not found',
    ),
    "more memory than the limit": (
        {
            "command": python("everything = [bytearray(10**6) for _ in range(500)]"),
            "resources": {"limits": {"memory": "32Mi"}},
        },
        "OOMKilled",
        'container "myapp" needs more memory than its limit of 32Mi',
    ),
    "more CPU than there is": (
        {"resources": {"requests": {"cpu": "1000"}}},
        "Unschedulable",
        "no node fits: Insufficient cpu",
    ),
    "liveness probe that kills": (
        {"probes": {"liveness": probe("/nope", failureThreshold=3)}},
        "NotReady",
        'container "myapp" is killed by its liveness probe (GET /nope on port 5000): '
        "HTTP probe failed with statuscode: 404",
    ),
    "more disk than the limit": (
        {
            "command": python("import time; open('/tmp/big', 'wb').write(b'x' * 20_000_000); time.sleep(3600)"),
            "resources": {"limits": {"ephemeral-storage": "1Mi"}},
        },
        "Evicted",
        "a pod was evicted: Pod ephemeral local storage usage exceeds the total limit of containers 1Mi",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_the_app_is_told_and_forgotten_once_it_is_repaired(api: Api, fault: str) -> None:
    spec, reason, sentence = FAULTS[fault]
    api.create("myapps", hasty(replicas=1, **spec))
    assert wait_told(api, reason).startswith(sentence)
    assert conditions(api) == NO_REQUESTS_YET
    repair(api)


def test_an_image_name_that_is_none_stalls_at_once(api: Api, kubectl: Kubectl) -> None:
    api.create("myapps", hasty(image="Upper/Case:1"))
    assert wait_told(api, "InvalidImageName").startswith('image name "Upper/Case:1" of container "myapp" is invalid: ')
    assert conditions(api) == STALLED
    assert kubectl("get", "myapps", "--no-headers").split()[1:3] == ["0/2", "InvalidImageName"]
    repair(api)


def test_a_crash_is_told_by_the_last_line_of_its_traceback_without_secrets_and_without_flicker(
    api: Api, kubectl: Kubectl
) -> None:
    program = "import os; raise ConnectionError('no answer from ' + os.environ['DATABASE'])"
    env = [{"name": "DATABASE", "value": f"postgres://shop:{CANARY}@db/shop"}]
    api.create("myapps", hasty(command=python(program), env=env))
    sentence = wait_told(api, "CrashLoopBackOff")
    assert sentence == 'container "myapp" exits with code 1: ConnectionError: no answer from ***'
    never("another word", lambda: (api.reason(), api.message()) != ("CrashLoopBackOff", sentence), seconds=20)
    said = json.dumps((api.get("myapps", "myapp") or {})["status"])
    assert CANARY not in said + kubectl("get", "events", "-o", "json")
    repair(api)


def test_a_missing_secret_and_a_missing_key_are_named_and_the_app_starts_once_they_are_there(
    api: Api, kubectl: Kubectl
) -> None:
    reference = {"secretKeyRef": {"name": "database", "key": "password"}}
    api.create("myapps", hasty(replicas=1, env=[{"name": "PASSWORD", "valueFrom": reference}]))
    wait_told(api, "ConfigError")
    missing = 'container "myapp" cannot be created: secret "database" not found'
    assert api.message() == missing
    assert conditions(api) == NO_REQUESTS_YET
    kubectl("create", "secret", "generic", "database", "--from-literal=user=shop")
    wait_for("the key is named", lambda: "find key password in Secret" in api.message(), seconds=120)
    assert api.reason() == "ConfigError"
    kubectl("patch", "secret", "database", "--patch", '{"stringData": {"password": "x"}}')
    wait_for("healed", api.is_ready, seconds=120)


def test_a_missing_config_map_is_named_and_the_app_starts_once_it_is_there(api: Api, kubectl: Kubectl) -> None:
    api.create("myapps", hasty(replicas=1, envFrom=[{"configMapRef": {"name": "settings"}}]))
    assert wait_told(api, "ConfigError") == 'container "myapp" cannot be created: configmap "settings" not found'
    kubectl("create", "configmap", "settings", "--from-literal=COLOUR=blue")
    wait_for("healed", api.is_ready, seconds=120)


def test_a_readiness_probe_that_fails_is_told_with_its_path_and_answer(api: Api) -> None:
    api.create("myapps", hasty(replicas=1, probes={"readiness": probe("/nope")}))
    wait_for("RollingOut", lambda: api.reason() == "RollingOut")
    assert wait_told(api, "NotReady", runs) == (
        'container "myapp" is not ready: its readiness probe (GET /nope on port 5000) fails: '
        "HTTP probe failed with statuscode: 404"
    )
    assert conditions(api) == NO_REQUESTS_YET
    repair(api)


def test_a_rollout_that_misses_its_deadline_for_no_known_cause_is_a_stall(api: Api) -> None:
    slow = {"readiness": probe("/nope"), "startup": probe("/healthz")}
    api.create("myapps", hasty(probes=slow, rollout={"progressDeadlineSeconds": 5}))
    wait_told(api, "ProgressDeadlineExceeded", runs)
    assert conditions(api) == STALLED
    repair(api)


def test_a_cause_that_outlives_the_deadline_is_a_stall(api: Api) -> None:
    api.create("myapps", hasty(command=python("raise SystemExit(3)"), rollout={"progressDeadlineSeconds": 15}))
    wait_told(api, "CrashLoopBackOff")
    wait_for("Stalled", lambda: conditions(api) == STALLED, seconds=90)
    assert api.reason() == "CrashLoopBackOff"
    repair(api)


@pytest.fixture
def cordoned(cluster_alone: Kubectl) -> Iterator[Callable[[], str]]:
    """Nodes that take no pods, and what lets them again."""
    nodes = cluster_alone("get", "nodes", "-o", "name").split()
    cluster_alone("cordon", *nodes)
    yield lambda: cluster_alone("uncordon", *nodes)
    cluster_alone("uncordon", *nodes)


def test_nodes_that_take_no_pods_are_told_and_the_app_starts_once_they_do(
    api: Api, cordoned: Callable[[], str]
) -> None:
    api.create("myapps", hasty(replicas=1))
    assert wait_told(api, "Unschedulable") == "no node fits: node(s) were unschedulable"
    cordoned()
    wait_for("healed", api.is_ready, seconds=120)
