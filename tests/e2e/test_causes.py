"""Apps that do not come up, each from a cause made on purpose: the word in STATUS, the sentence, and the way back.

Each test prints how long after the pod's own event the word was there: `pytest -rP` shows it.
"""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.e2e.symptoms import ails, restarts, runs
from tests.harness import Api, Kubectl, Witness, hasty, wait_for

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


def reason_of(app: Json) -> str:
    """What is shown as STATUS of this version of an app."""
    return str(Api.condition(app, "Ready").get("reason"))


def wait_told(api: Api, reason: str, sentence: str = "", begins: Callable[[Api], bool] = ails) -> str:
    """Waits for the word in STATUS, and for the beginning of the sentence beside it; returns the whole sentence."""
    wait_for("the pod's own event", lambda: begins(api))
    began = time.monotonic()
    wait_for(f"{reason}: {sentence}", lambda: api.reason() == reason and api.message().startswith(sentence))
    print(f"{reason}: {time.monotonic() - began:.1f} s after the pod's own event")
    return api.message()


def shown(api: Api) -> Json:
    """The app as its user sees it."""
    return api.get("myapps", "myapp") or {}


def conditions(app: Json) -> Json:
    """What else is said of an app that is not Ready."""
    assert Api.condition(app, "Ready")["status"] == "False"
    return {kind: Api.condition(app, kind)["status"] for kind in NO_REQUESTS_YET}


def repair(api: Api, **spec: Any) -> None:
    """Takes the cause away in the MyApp."""
    api.edit("myapp", **REPAIRED | spec)
    wait_for("healed", api.is_ready)


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
        {
            "probes": {
                "startup": probe("/healthz", failureThreshold=300),  # so that there is an answer
                "readiness": probe("/nope"),  # or requests would come in between
                "liveness": probe("/nope", failureThreshold=3),
            }
        },
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


@pytest.fixture
def witness(api: Api) -> Iterator[Witness]:
    """Sees everything that is said of the test's app."""
    witness = Witness(api, "myapps")
    yield witness
    witness.close()


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_the_app_is_told_and_forgotten_once_it_is_repaired(api: Api, fault: str) -> None:
    spec, reason, sentence = FAULTS[fault]
    api.create("myapps", hasty(replicas=1, **spec))
    wait_told(api, reason, sentence)
    assert conditions(shown(api)) == NO_REQUESTS_YET
    repair(api)


def test_an_image_name_that_is_none_stalls_at_once(api: Api, kubectl: Kubectl) -> None:
    api.create("myapps", hasty(image="Upper/Case:1"))
    assert wait_told(api, "InvalidImageName").startswith('image name "Upper/Case:1" of container "myapp" is invalid: ')
    assert conditions(shown(api)) == STALLED
    assert kubectl("get", "myapps", "--no-headers").split()[1:3] == ["0/2", "InvalidImageName"]
    repair(api)


def test_a_crash_is_told_by_the_last_line_of_its_traceback_without_secrets_and_without_flicker(
    api: Api, kubectl: Kubectl, witness: Witness
) -> None:
    program = "import os; raise ConnectionError('no answer from ' + os.environ['DATABASE'])"
    env = [{"name": "DATABASE", "value": f"postgres://shop:{CANARY}@db/shop"}]
    api.create("myapps", hasty(command=python(program), env=env))
    sentence = wait_told(api, "CrashLoopBackOff")
    assert sentence == 'container "myapp" exits with code 1: ConnectionError: no answer from ***'
    wait_for("it was restarted twice", lambda: restarts(api) >= 2)
    witness.catch_up()
    assert witness.reasons() == ["RollingOut", "CrashLoopBackOff"]
    said = [each["status"] for each in witness.of("myapp")]
    assert {each.get("message") for each in said} == {None, 'rolling out image "myapp:latest"', sentence}
    assert CANARY not in json.dumps(said) + kubectl("get", "events", "-o", "json")
    repair(api)


def test_a_missing_secret_and_a_missing_key_are_named_and_the_app_starts_once_they_are_there(
    api: Api, kubectl: Kubectl
) -> None:
    reference = {"secretKeyRef": {"name": "database", "key": "password"}}
    api.create("myapps", hasty(replicas=1, env=[{"name": "PASSWORD", "valueFrom": reference}]))
    wait_told(api, "ConfigError")
    missing = 'container "myapp" cannot be created: secret "database" not found'
    assert api.message() == missing
    assert conditions(shown(api)) == NO_REQUESTS_YET
    kubectl("create", "secret", "generic", "database", "--from-literal=user=shop")
    wait_for("the key is named", lambda: "find key password in Secret" in api.message())
    assert api.reason() == "ConfigError"
    kubectl("patch", "secret", "database", "--patch", '{"stringData": {"password": "x"}}')
    wait_for("healed", api.is_ready)


def test_a_readiness_probe_that_fails_is_told_with_its_path_and_answer(api: Api) -> None:
    api.create("myapps", hasty(replicas=1, probes={"readiness": probe("/nope")}))
    wait_for("RollingOut", lambda: api.reason() == "RollingOut")
    assert wait_told(api, "NotReady", begins=runs) == (
        'container "myapp" is not ready: its readiness probe (GET /nope on port 5000) fails: '
        "HTTP probe failed with statuscode: 404"
    )
    assert conditions(shown(api)) == NO_REQUESTS_YET
    repair(api)


def test_a_rollout_that_misses_its_deadline_for_no_known_cause_is_a_stall(api: Api, witness: Witness) -> None:
    """After half a minute the cause is known: NotReady."""
    api.create("myapps", hasty(probes={"readiness": probe("/nope")}, rollout={"progressDeadlineSeconds": 5}))

    def saying() -> list[Json]:
        return [each for each in witness.of("myapp") if reason_of(each) == "ProgressDeadlineExceeded"]

    assert conditions(wait_for("no known cause", saying)[0]) == STALLED
    repair(api)


def test_a_cause_that_outlives_the_deadline_is_a_stall(api: Api) -> None:
    api.create("myapps", hasty(command=python("raise SystemExit(3)"), rollout={"progressDeadlineSeconds": 10}))
    wait_told(api, "CrashLoopBackOff")
    wait_for("Stalled", lambda: conditions(shown(api)) == STALLED)
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
    wait_for("healed", api.is_ready)
