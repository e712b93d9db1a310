"""What is remembered of our dealings with an app, and that it is of this very app."""

from dataclasses import replace

import pytest

from myapp_operator import names
from myapp_operator.attempts import Attempt
from myapp_operator.memory import Memory
from myapp_operator.names import Reason
from myapp_operator.refusals import Refused, Retry
from myapp_operator.rollback_note import RolledBack
from myapp_operator.store import Store
from tests.unit.samples import KEY, app, deployment

DEPLOYMENT, SERVICE = names.DEPLOYMENT, names.SERVICE
REFUSED = Attempt("hash", Refused(Reason.FORBIDDEN, "no"), 1, 0.0, 60.0)
OUTAGE = Attempt("hash", Retry("no answer"), 1, 0.0, 60.0)


@pytest.fixture
def store() -> Store:
    """Knows one app and its Deployment, which outlives the app for a while."""
    made = Store()
    made.put_app(app())
    made.put_child(KEY, DEPLOYMENT, deployment())
    return made


def test_failures_are_remembered_until_they_are_forgiven() -> None:
    memory = Memory({DEPLOYMENT: REFUSED, SERVICE: REFUSED})
    memory.forgive([DEPLOYMENT])
    assert memory.attempts == {SERVICE: REFUSED}


def test_the_end_of_an_outage_forgives_only_what_was_its_fault(store: Store) -> None:
    store.memory(app()).attempts.update({DEPLOYMENT: REFUSED, SERVICE: OUTAGE})
    store.forgive_outages()
    assert store.memory(app()).attempts == {DEPLOYMENT: REFUSED}


def test_a_template_that_was_gone_back_to_is_known_for_this_failure_alone() -> None:
    memory, why = Memory(), RolledBack(2, "Evicted", "it was put out", "2030-01-01T12:00:00Z", "v", {"key": "digest"})
    assert memory.template(why) is None
    memory.remember_template(why, {"spec": {}})
    assert memory.template(replace(why)) == {"spec": {}}
    assert memory.template(replace(why, configuration={"key": "another"})) is None


def test_an_app_is_unsettled_since_it_was_so_without_a_break() -> None:
    memory = Memory()
    assert memory.unsettled_for(False, 100.0) == 0.0
    assert memory.unsettled_for(False, 130.0) == 30.0
    assert memory.unsettled_for(True, 140.0) == 0.0
    assert memory.unsettled_for(False, 150.0) == 0.0


def test_an_app_of_the_same_name_remembers_nothing_of_its_predecessor(store: Store) -> None:
    """The hash of the body is the same, so the new app would wait for the old one's pause and tell its refusal."""
    store.memory(app()).attempts[DEPLOYMENT] = REFUSED
    later = app(uid="uid-2", resource_version=30)
    store.put_app(later)
    assert store.memory(later) == Memory()


def test_what_comes_too_late_for_an_app_is_not_its_successors(store: Store) -> None:
    held = store.memory(app())
    store.drop_app(KEY, "uid-1")
    later = app(uid="uid-2", resource_version=30)
    store.put_app(later)
    held.attempts[DEPLOYMENT] = REFUSED
    store.memory(app()).attempts[DEPLOYMENT] = REFUSED
    assert store.memory(later) == Memory()
