"""The operator itself is replaced, as `kubectl rollout` does it, while apps are created all along."""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from dev.cluster import Cluster
from tests.api.conftest import Kubectl, NewReplica, control_plane, kubectl_of, prepare
from tests.harness import Api, Replica, Request, Witness, hasty, holders, start_in_turn, wait_for

LONGEST_GAP = 3.0
"""Seconds in which apps wait and nobody writes, beyond what that is when nothing happens; on a machine of its own."""
PACE = 0.2
SOME = 15
PATIENCE = 300.0


@pytest.mark.timeout(900)
def test_a_rolling_upgrade_with_a_hundred_apps(api: Api, new_replica: NewReplica, leases: Witness) -> None:
    check(api, new_replica, leases, 100)


@pytest.mark.long
class TestWithAThousand:
    """On a control plane of its own: others would wait for it to be cleaned up."""

    @pytest.fixture
    def cluster(self, tmp_path: Path) -> Iterator[Cluster]:
        with control_plane("myapp-rolling", tmp_path) as cluster:
            yield prepare(cluster)

    @pytest.fixture
    def kubectl(self, cluster: Cluster) -> Kubectl:
        return kubectl_of(cluster)

    @pytest.mark.timeout(1500)
    def test_a_rolling_upgrade_with_a_thousand_apps(self, api: Api, new_replica: NewReplica, leases: Witness) -> None:
        undisturbed, gap = check(api, new_replica, leases, 1000)
        assert gap <= LONGEST_GAP + undisturbed


class Newcomers:
    """Apps that are created at a steady pace, until it is told to stop."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._create, daemon=True)
        self.created: dict[str, datetime] = {}
        """When the API server had taken each."""
        self._thread.start()

    def stop(self) -> None:
        """Creates no more."""
        self._enough.set()
        self._thread.join()

    def wait_for_some(self) -> None:
        """Waits until some apps that were not there yet have their children."""
        wanted = len(self.created) + SOME
        wait_for("apps come", lambda: len(self.created) >= wanted, seconds=PATIENCE)
        here = children_of([*self.created][:wanted])
        wait_for("they have children", lambda: here <= names(self._api), seconds=PATIENCE)

    def _create(self) -> None:
        while not self._enough.wait(PACE):
            name = f"new-{len(self.created)}"
            self._api.create("myapps", hasty(name, replicas=0))
            self.created[name] = datetime.now(UTC)


def check(api: Api, new_replica: NewReplica, leases: Witness, many: int) -> tuple[float, float]:
    """An upgrade of two operators, one after the other, each new one first; returns the longest gaps, before and all
    in all."""
    leader, standby, *new = replicas = [new_replica() for _ in range(4)]
    start_in_turn(leader, standby)
    apps = [f"app-{number}" for number in range(many)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: api.create("myapps", hasty(name, replicas=1)), apps))
    wait_for("all are Ready", lambda: ready(api) == many, seconds=900, every=2)
    for each in replicas:
        each.audit.restart()
    before = shape(api, apps)

    newcomers = Newcomers(api)
    newcomers.wait_for_some()
    undisturbed = longest_gap(newcomers, replicas)
    new[0].start()
    standby.stop()
    new[1].start()
    assert leader.leads()
    leader.stop()
    newcomers.wait_for_some()
    newcomers.stop()
    assert new[0].leads() or new[1].leads()

    gap = longest_gap(newcomers, replicas)
    print(f"{many} apps: nobody writes for {undisturbed:.2f} s at most, during the upgrade for {gap:.2f} s")
    successor, *_ = (each for each in new if each.identities)
    assert holders(leases) == [*leader.identities, "", *successor.identities], "handed over, not run out"
    assert [each for each in writes(replicas) if each.name in children_of(apps)] == []
    assert shape(api, apps) == before
    return undisturbed, gap


def ready(api: Api) -> int:
    return sum(Api.condition(app, "Ready").get("status") == "True" for app in api.list("myapps"))


def children_of(apps: Sequence[str]) -> set[str]:
    """The names of all children that these apps have."""
    return {f"{app}-{suffix}" for app in apps for suffix in ("deployment", "service")}


def names(api: Api) -> set[str]:
    """The names of all children that there are."""
    return {each["metadata"]["name"] for plural in ("deployments", "services") for each in api.list(plural)}


def shape(api: Api, apps: Sequence[str]) -> dict[str, Any]:
    """What a rollout of any of these apps would change: versions of the Deployments, and their pods."""
    found = {each["metadata"]["name"]: each["metadata"]["generation"] for each in api.list("deployments")}
    owned = [each["metadata"] for plural in ("replicasets", "pods") for each in api.list(plural)]
    return {name: version for name, version in found.items() if name in children_of(apps)} | {
        each["uid"]: each["name"] for each in owned if each["labels"]["app"] in apps
    }


def writes(replicas: Sequence[Replica]) -> list[Request]:
    """All writes of all operators."""
    return [each for replica in replicas for each in replica.writes()]


def longest_gap(newcomers: Newcomers, replicas: Sequence[Replica]) -> float:
    """The most seconds in which some app waited for its first child and no child of any app was written."""
    created = {**newcomers.created}  # they go on coming
    made = sorted((each.time, each.name) for each in writes(replicas) if each.name in children_of([*created]))
    first: dict[str, datetime] = {}
    for moment, child in made:
        first.setdefault(child.rpartition("-")[0], moment)
    assert len(first) >= SOME
    longest = timedelta()
    for (before, _), (moment, _) in pairwise(made):
        waiting = [since for app, since in created.items() if first.get(app, moment) >= moment]
        longest = max(longest, moment - max(before, min(waiting, default=moment)))
    return longest.total_seconds()
