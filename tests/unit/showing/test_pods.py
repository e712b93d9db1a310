"""What is shown of one pod."""

from typing import Any

import pytest

from myapp_operator.showing import pods
from myapp_operator.showing.pods import Failing
from tests.unit.showing.samples import DONE, FAILED, RUNNING, WAITING, container, pod

READY = container(RUNNING, ready=True)
CREATING = container({"waiting": {"reason": "ContainerCreating"}})
STARTING = container({"waiting": {"reason": "PodInitializing"}})


@pytest.mark.parametrize(
    ("given", "word"),
    [
        pytest.param(pod("a", READY), "Running", id="ready"),
        pytest.param(pod("a"), "Pending", id="without a node"),
        pytest.param(pod("a", CREATING), "ContainerCreating", id="creating"),
        pytest.param(pod("a", container(WAITING, before=FAILED)), "CrashLoopBackOff", id="waiting"),
        pytest.param(pod("a", container(FAILED)), "Error", id="ended"),
        pytest.param(pod("a", container({"terminated": {"exitCode": 3}})), "ExitCode:3", id="ended without a word"),
        pytest.param(pod("a", STARTING, init=container(WAITING, name="i")), "Init:CrashLoopBackOff", id="init"),
        pytest.param(pod("a", READY, init=container(DONE, name="i")), "Running", id="init done"),
        pytest.param(pod("a", phase="Failed", reason="Evicted"), "Evicted", id="evicted"),
    ],
)
def test_the_word_of_a_pod_is_that_of_kubectl(given: dict[str, Any], word: str) -> None:
    assert pods.status(given) == word


def test_a_pod_on_its_way_out_is_terminating_and_not_ready() -> None:
    leaving = pod("a", READY)
    leaving["metadata"]["deletionTimestamp"] = "2030-01-01T00:00:00Z"
    assert (pods.status(leaving), pods.is_ready(leaving)) == ("Terminating", False)


def test_ready_counts_the_containers_that_there_should_be() -> None:
    assert pods.ready(pod("a", READY, container(WAITING, name="b"))) == "1/2"
    assert pods.ready(pod("a")) == "0/1"


@pytest.mark.parametrize(
    ("given", "state"),
    [
        pytest.param(READY, "running", id="ready"),
        pytest.param(container(RUNNING), "running, not ready", id="not ready"),
        pytest.param(
            container(WAITING, before=FAILED),
            "waiting: CrashLoopBackOff: back-off 20s; before: ended with exit code 1 (Error)",
            id="crashed",
        ),
        pytest.param(container({"terminated": {"signal": 9}}), "ended with signal 9", id="signal"),
        pytest.param(container({}), "unknown", id="nothing known"),
    ],
)
def test_the_state_of_a_container_is_said_in_a_few_words(given: dict[str, Any], state: str) -> None:
    (found,) = pods.containers(pod("a", given))
    assert found.state == state


def test_why_a_pod_has_no_node_or_was_put_out_is_noted() -> None:
    unscheduled = {"type": "PodScheduled", "status": "False", "message": "0/1 nodes are available"}
    assert pods.note(pod("a", conditions=[unscheduled])) == "0/1 nodes are available"
    assert pods.note(pod("a", message="The node was low on resource: memory.")).startswith("The node was low")
    assert pods.note(pod("a", READY)) == ""


@pytest.mark.parametrize(
    ("statuses", "previous"),
    [
        pytest.param([container(WAITING, before=FAILED)], True, id="waits to be started again"),
        pytest.param([container(RUNNING, before=FAILED)], True, id="was just started again"),
        pytest.param([container(FAILED, before=FAILED)], False, id="has just ended"),
        pytest.param([container(RUNNING)], False, id="runs and is not ready"),
    ],
)
def test_the_log_is_that_of_the_run_that_failed(statuses: list[dict[str, Any]], previous: bool) -> None:
    assert pods.failing([pod("ok", READY), pod("bad", *statuses)]) == Failing("bad", "shop", previous)


def test_a_container_that_ended_badly_comes_before_one_that_is_merely_not_ready() -> None:
    found = pods.failing([pod("a", container(RUNNING)), pod("b", container(WAITING, before=FAILED))])
    assert found == Failing("b", "shop", previous=True)


@pytest.mark.parametrize("given", [pod("a", READY), pod("a"), pod("a", CREATING)], ids=["ready", "no node", "creating"])
def test_where_nothing_has_run_or_all_is_well_there_is_no_log_to_read(given: dict[str, Any]) -> None:
    assert pods.failing([given]) is None
