"""Two operators, of which one writes: whatever becomes of it, the other one goes on, and never both write."""

import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dev.cluster import Cluster, ClusterError, packages
from tests.api.conftest import Kubectl, NewReplica, may
from tests.harness import Api, Door, OperatorProcess, Replica, Witness, hasty, holders, never, start_in_turn, wait_for

TAKEOVER = 17.0
"""Seconds from the death of the leader to the first write of another one, on a machine of its own."""
LOST = 6


def first_write(replica: Replica) -> datetime:
    """When it wrote first since its audit began."""
    return wait_for("it writes", replica.writes)[0].time


def test_one_of_two_writes_and_both_are_ready(api: Api, new_replica: NewReplica) -> None:
    leader, standby = new_replica(), new_replica()
    start_in_turn(leader, standby)
    api.create("myapps", hasty())
    wait_for("Ready", api.is_ready)
    assert leader.writes()
    assert standby.writes() == []
    assert standby.probe("/readyz") == 200
    assert standby.output().count("waiting: ") == 1


def test_when_the_leader_is_killed_the_other_one_goes_on(api: Api, new_replica: NewReplica) -> None:
    take_over(api, new_replica)


@pytest.mark.long
def test_when_the_leader_is_killed_the_other_one_writes_within_17_seconds(api: Api, new_replica: NewReplica) -> None:
    assert take_over(api, new_replica) <= TAKEOVER


def take_over(api: Api, new_replica: NewReplica) -> float:
    """The seconds until the other one writes."""
    leader, standby = new_replica(), new_replica()
    start_in_turn(leader, standby)
    api.create("myapps", hasty("before"))
    wait_for("Ready", lambda: api.is_ready("before"))
    leader.kill()
    killed = datetime.now(UTC)
    api.create("myapps", hasty("after"))
    took = (first_write(standby) - killed).total_seconds()
    wait_for("Ready", lambda: api.is_ready("after"))
    written = {each.name for each in standby.writes()}
    assert not written & {"before", "before-deployment", "before-service"}, "nothing had changed there"
    return took


def test_when_the_leader_is_told_to_stop_the_other_one_goes_on_at_once(
    api: Api, new_replica: NewReplica, leases: Witness
) -> None:
    """At once: it finds the Lease free, and need not wait until it runs out. How long that takes: tests/unit."""
    leader, standby = new_replica(), new_replica()
    start_in_turn(leader, standby)
    leader.signal(signal.SIGTERM)
    wait_for("the Lease is released", lambda: not leader.leads(), every=0.02)
    api.create("myapps", hasty())
    wait_for("Ready", api.is_ready)
    assert leader.wait() == 0
    assert "the Lease is released" in leader.output()
    assert holders(leases) == [*leader.identities, "", *standby.identities]


def test_a_leader_that_was_stopped_and_continued_writes_nothing_more(api: Api, new_replica: NewReplica) -> None:
    """It is stopped in mid-work, and finds more to do when it goes on."""
    leader, standby = new_replica(), new_replica()
    start_in_turn(leader, standby)
    names = [f"app-{number}" for number in range(20)]
    for name in names:
        api.create("myapps", hasty(name, replicas=0))
    wait_for("work has begun", leader.writes, every=0.01)
    leader.signal(signal.SIGSTOP)
    wait_for("the other one leads", standby.leads)
    leader.audit.restart()
    wait_for("it finishes what was begun", lambda: all(api.reason(name) == "ScaledToZero" for name in names))
    for name in names:
        api.patch("services", f"{name}-service", {"spec": {"sessionAffinity": "ClientIP"}})
    leader.signal(signal.SIGCONT)
    assert leader.wait() == LOST
    assert "so that no two operators write" in leader.output()
    assert leader.audit.writes() == [], "not even to the Lease"
    assert "Traceback" not in leader.output()


def test_a_leader_that_is_cut_off_ends_and_the_other_one_goes_on(api: Api, new_replica: NewReplica) -> None:
    doors: list[Door] = []

    def through_a_door(kubeconfig: Path) -> Door:
        doors.append(Door(kubeconfig))
        doors[0].open()
        return doors[0]

    leader, standby = new_replica(behind=through_a_door), new_replica()
    start_in_turn(leader, standby)
    doors[0].shut()
    api.create("myapps", hasty())
    wait_for("the other one leads", standby.leads)
    leader.audit.restart()  # what was on its way through the door when it was shut has arrived, or never will
    assert leader.wait() == LOST
    assert "the Lease could not be renewed for 10 s" in leader.output()
    wait_for("Ready", api.is_ready)
    assert standby.writes()
    doors[0].open()
    leader.start()
    wait_for("it waits", lambda: f"waiting: {standby.identities[-1]} leads" in leader.output())
    assert leader.audit.writes() == [], "not even to the Lease"
    leader.stop()
    doors[0].shut()


@pytest.fixture
def wrong_clock(tmp_path: Path) -> "Clock":
    """A clock for one process, right at first."""
    try:
        return Clock(packages.faketime(), tmp_path / "clock")
    except ClusterError as error:
        pytest.fail(str(error), pytrace=False)


class Clock:
    """The time of day as one process sees it."""

    def __init__(self, library: Path, file: Path) -> None:
        self._file = file
        self.show("+0")
        self.environment = {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def show(self, shift: str) -> None:
        """How far from the right time."""
        self._file.write_text(shift)


@pytest.mark.parametrize("whose", ["leader", "standby"])
def test_a_clock_that_jumps_by_an_hour_changes_nothing(
    api: Api, new_replica: NewReplica, wrong_clock: Clock, whose: str
) -> None:
    wrong, right = wrong_clock.environment, None
    leader = new_replica(environment=wrong if whose == "leader" else right)
    standby = new_replica(environment=right if whose == "leader" else wrong)
    start_in_turn(leader, standby)
    wrong_clock.show("+1h")
    api.create("myapps", hasty("before"))
    never("another one leads", lambda: not leader.leads() or standby.writes(), seconds=17)
    wait_for("Ready", lambda: api.is_ready("before"))
    leader.kill()
    api.create("myapps", hasty("after"))
    wait_for("the other one goes on", lambda: api.is_ready("after"))
    assert standby.writes()


def test_without_the_right_to_the_lease_it_says_so(kubectl: Kubectl, api: Api, new_replica: NewReplica) -> None:
    kubectl("-n", api.namespace, "delete", "rolebinding", "myapp-operator-lease", check=True)
    wait_for("the right is gone", lambda: not may(kubectl, api.namespace, "get", "leases"))
    replica = new_replica()
    replica.start(wait=False)
    assert replica.wait() == 5
    assert 'cannot get resource "leases"' in replica.output()
    assert "grant those of deploy/operator/lease.yaml, or run without --lease-namespace" in replica.output()
    assert "Traceback" not in replica.output()


def test_without_the_namespace_of_the_lease_it_says_so(cluster: Cluster, namespace: str, tmp_path: Path) -> None:
    arguments = ("--namespace", namespace, "--lease-namespace", f"{namespace}-not")
    operator = OperatorProcess(cluster.kubeconfig, tmp_path, *arguments)
    operator.start(wait=False)
    assert operator.wait() == 2
    assert f"there is no namespace {namespace}-not for the Lease" in operator.output()
    assert "Traceback" not in operator.output()
