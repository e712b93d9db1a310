"""What an observer makes of the events of its watches."""

from typing import Any

import pytest

from dev.bench.arms import ours
from dev.bench.sightings import NEVER, Sightings

APP, DEPLOYMENTS, SERVICES = "myapps", "deployments", "services"


def myapp(generation: int = 1, told: int = -1, ready: str = "False") -> dict[str, Any]:
    conditions = [{"type": "Ready", "status": ready, "observedGeneration": told}]
    return {
        "metadata": {"name": "a", "generation": generation},
        "status": {"observedGeneration": told, "conditions": conditions},
    }


def child(uid: str = "1", generation: int = 1, available: int = 0, owner: str = "MyApp") -> dict[str, Any]:
    counts = dict.fromkeys(("replicas", "updatedReplicas"), 1) | {"availableReplicas": available}
    references = [{"kind": owner, "name": "a", "controller": True}]
    return {
        "metadata": {"name": "a-x", "uid": uid, "generation": generation, "ownerReferences": references},
        "spec": {"replicas": 1},
        "status": {"observedGeneration": generation, **counts},
    }


@pytest.fixture
def sightings() -> Sightings:
    return Sightings(ours.arm())


def test_an_app_is_complete_with_both_children_and_a_status(sightings: Sightings) -> None:
    steps = (
        (APP, myapp(told=-1)),
        (DEPLOYMENTS, child("1")),
        (APP, myapp(told=1)),
        (SERVICES, child("2")),
    )
    complete = []
    for at, (plural, seen) in enumerate(steps):
        assert sightings.note(plural, "ADDED", seen, float(at)) == "a"
        complete.append(sightings.is_complete("a"))
    assert complete == [False, False, False, True]
    assert (sightings.app("a").written, sightings.app("a").children_since) == (2.0, 3.0)


def test_a_status_of_an_older_generation_does_not_count(sightings: Sightings) -> None:
    sightings.note(APP, "MODIFIED", myapp(generation=2, told=1, ready="True"), 1.0)
    assert not sightings.app("a").is_written
    assert sightings.app("a").ready == NEVER


def test_an_edited_app_is_written_once_the_status_tells_of_the_edit(sightings: Sightings) -> None:
    written = []
    for at, (generation, told) in enumerate(((1, 1), (2, 1), (2, 2))):
        sightings.note(APP, "MODIFIED", myapp(generation=generation, told=told), float(at))
        written.append(sightings.app("a").is_written)
    assert written == [True, False, True]
    assert sightings.app("a").written == 2.0


def test_the_moment_counts_at_which_something_became_so(sightings: Sightings) -> None:
    for at in (1.0, 2.0):
        sightings.note(APP, "MODIFIED", myapp(told=1, ready="True"), at)
        sightings.note(DEPLOYMENTS, "MODIFIED", child(available=1), at)
    sight = sightings.app("a")
    assert (sight.written, sight.ready, sight.full) == (1.0, 1.0, 1.0)


def test_what_ends_begins_anew(sightings: Sightings) -> None:
    for at, available in enumerate((1, 0, 1)):
        sightings.note(DEPLOYMENTS, "MODIFIED", child(available=available), float(at))
    assert sightings.app("a").full == 2.0


def test_a_child_that_came_back_is_another_one(sightings: Sightings) -> None:
    sightings.note(SERVICES, "ADDED", child("1"), 1.0)
    sightings.note(SERVICES, "DELETED", child("1"), 2.0)
    assert SERVICES not in sightings.app("a").children
    sightings.note(SERVICES, "ADDED", child("2"), 3.0)
    assert sightings.app("a").children[SERVICES].since == 3.0


def test_an_edited_child_is_the_same_one_since_a_later_moment(sightings: Sightings) -> None:
    sightings.note(DEPLOYMENTS, "ADDED", child(generation=1), 1.0)
    sightings.note(DEPLOYMENTS, "MODIFIED", child(generation=2), 2.0)
    seen = sightings.app("a").children[DEPLOYMENTS]
    assert (seen.since, seen.changed) == (1.0, 2.0)


def test_an_app_is_gone_with_its_last_child(sightings: Sightings) -> None:
    sightings.note(APP, "ADDED", myapp(), 1.0)
    sightings.note(SERVICES, "ADDED", child("1"), 1.0)
    sightings.note(APP, "DELETED", myapp(), 2.0)
    assert not sightings.is_gone("a")
    sightings.note(SERVICES, "DELETED", child("1"), 3.0)
    assert sightings.is_gone("a")


def test_what_belongs_to_others_is_no_child(sightings: Sightings) -> None:
    assert sightings.note(SERVICES, "ADDED", child(owner="Other"), 1.0) is None
