"""Why the pods of an app do not come up, told from failures that were recorded on a real cluster."""

import pytest

from myapp_operator.causes import Found, refused_pods
from myapp_operator.names import FROM_PODS
from tests.unit.pods import RECORDINGS, recording, replay

NO_HOST = "lookup nowhere.invalid: no such host"
NOT_FOUND = "HTTP probe failed with statuscode: 404"
KEEP_RUNNING = "exits with code 0, although it should keep running"
RECORDED = {
    "image-missing": ("ImagePullBackOff", f'container "shop" cannot pull image "nowhere.invalid/app:2": {NO_HOST}'),
    "image-never-pulled": (
        "ImagePullBackOff",
        'container "shop" cannot pull image "nowhere.invalid/app:2": '
        'Container image "nowhere.invalid/app:2" is not present with pull policy of Never',
    ),
    "image-no-name": (
        "InvalidImageName",
        'image name "Upper/Case:1" of container "shop" is invalid: '
        "invalid reference format: repository name (Case) must be lowercase",
    ),
    "traceback": (
        "CrashLoopBackOff",
        "container \"shop\" exits with code 1: ModuleNotFoundError: No module named 'forgotten_dependency'",
    ),
    "traceback-behind-gunicorn": (
        "CrashLoopBackOff",
        "container \"shop\" exits with code 3: ModuleNotFoundError: No module named 'forgotten'",
    ),
    "telltale": ("CrashLoopBackOff", 'container "shop" exits with code 1: ConnectionError: no answer from ***'),
    "silent": ("CrashLoopBackOff", 'container "shop" exits with code 3'),
    "ends-well": ("CrashLoopBackOff", f'container "shop" {KEEP_RUNNING}'),
    "no-such-program": (
        "CrashLoopBackOff",
        'container "shop" cannot start: exec: "nope": executable file not found in $PATH',
    ),
    "memory": ("OOMKilled", 'container "shop" needs more memory than its limit of 32Mi'),
    "secret-missing": ("ConfigError", 'container "shop" cannot be created: secret "settings" not found'),
    "secret-key-missing": (
        "ConfigError",
        'container "shop" cannot be created: couldn\'t find key word in Secret default/settings',
    ),
    "configmap-missing": ("ConfigError", 'container "shop" cannot be created: configmap "settings" not found'),
    "configmap-key-missing": (
        "ConfigError",
        'container "shop" cannot be created: couldn\'t find key word in ConfigMap default/settings',
    ),
    "no-node": ("Unschedulable", "no node fits: Insufficient cpu"),
    "readiness": (
        "NotReady",
        f'container "shop" is not ready: its readiness probe (GET /nope on port 5000) fails: {NOT_FOUND}',
    ),
    "silent-port": (
        "NotReady",
        'container "shop" is not ready: its readiness probe (TCP port 5001) fails: connection refused',
    ),
    "liveness": ("NotReady", f'container "shop" is killed by its liveness probe (GET /nope on port 5000): {NOT_FOUND}'),
    "startup": ("NotReady", f'container "shop" is killed by its startup probe (GET /nope on port 5000): {NOT_FOUND}'),
    "eviction": (
        "Evicted",
        "a pod was evicted: Pod ephemeral local storage usage exceeds the total limit of containers 1Mi",
    ),
    "crash-then-well": ("CrashLoopBackOff", 'container "shop" exits with code 1: settings are missing'),
    "init-crash": ("InitFailed", 'init container "migrate" exits with code 1: ValueError: no database'),
    "init-image-missing": (
        "ImagePullBackOff",
        f'init container "migrate" cannot pull image "nowhere.invalid/migrate:1": {NO_HOST}',
    ),
    "init-waits": (
        "Initializing",
        'init container "migrate" has not ended, which may take 600 seconds (rollout.progressDeadlineSeconds): '
        "kubectl logs -n default -l app=shop -c migrate",
    ),
    "volume-secret-missing": (
        "ConfigError",
        'volume "settings" cannot be mounted: secret "settings" not found',
    ),
    "volume-key-missing": (
        "ConfigError",
        'volume "settings" cannot be mounted: configmap references non-existent config key: word',
    ),
    "claim-unbound": (
        "ConfigError",
        'claim "settings" is not bound: no persistent volumes available for this claim and no storage class is set',
    ),
    "disk-full": ("Evicted", 'a pod was evicted: Usage of EmptyDir volume "scratch" exceeds the limit "1Mi"'),
    "slow-start": (
        "NotReady",
        'container "shop" is killed by its liveness probe (GET /healthz on port 5000): connection refused',
    ),
    "sidecar-crash": ("CrashLoopBackOff", 'container "proxy" exits with code 1: OSError: no upstream'),
}
PATIENT = {"readiness", "silent-port", "init-waits"}
"""What is told after half a minute only."""
TOLD_BY_EVENTS = {"readiness", "silent-port", "liveness", "startup", "slow-start"} | {
    "volume-secret-missing",
    "volume-key-missing",
    "claim-unbound",
    "disk-full",
}


def said(answers: list[Found]) -> list[tuple[str, str] | None]:
    return [(str(each.cause.reason), each.cause.message) if each.cause else None for each in answers]


def test_every_recording_has_its_sentence() -> None:
    assert {path.stem for path in RECORDINGS.glob("*.json")} == {*RECORDED, "quota"}
    assert {reason for reason, _ in RECORDED.values()} == set(FROM_PODS)


@pytest.mark.parametrize("case", RECORDED)
def test_a_failure_is_told_in_one_sentence_that_stays_the_same(case: str) -> None:
    told = said(replay(case, later=30 if case in PATIENT else 0))
    first = told.index(RECORDED[case])
    assert set(told[:first]) <= {None}
    assert set(told[first:]) == {RECORDED[case]}


@pytest.mark.parametrize("case", RECORDED)
def test_no_random_name_is_told(case: str) -> None:
    pods = [pod["metadata"]["name"] for state in recording(case)["states"] for pod in state["pods"]]
    sentences = [answer.cause.message for answer in replay(case, later=30) if answer.cause]
    assert sentences
    assert not [name for name in pods for sentence in sentences if name.rpartition("-")[2] in sentence]


@pytest.mark.parametrize("case", RECORDED)
def test_events_are_asked_for_only_where_they_tell_more(case: str) -> None:
    """What its pods say alone is told, or nothing; that a pod is on its way says nothing either."""
    answers = replay(case, events=False, later=30 if case in PATIENT else 0)
    assert bool(answers[-1].asks) == (case in TOLD_BY_EVENTS)


def test_a_probe_that_nobody_reported_is_named_all_the_same() -> None:
    (*_, last) = said(replay("readiness", events=False, later=30))
    assert last == ("NotReady", 'container "shop" is not ready: its readiness probe (GET /nope on port 5000) fails')


def test_without_events_a_container_that_a_probe_killed_just_ends() -> None:
    assert said(replay("liveness", events=False))[-1] == ("CrashLoopBackOff", f'container "shop" {KEEP_RUNNING}')


def test_a_recorded_refusal_is_told_in_the_words_of_the_server() -> None:
    raw = recording("quota")
    (newest,) = raw["states"][-1]["replicaSets"]
    words = refused_pods(raw["events"], newest["metadata"]["uid"])
    assert words
    assert words.endswith("is forbidden: exceeded quota: settings, requested: pods=1, used: pods=0, limited: pods=0")
