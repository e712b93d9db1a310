"""What the operator knows: events, lists and answers in every order, and what is forgotten."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from myapp_operator import names
from myapp_operator.attempts import Attempt
from myapp_operator.memory import Memory
from myapp_operator.names import Key, Kind, Reason
from myapp_operator.observed import Child
from myapp_operator.refusals import Refused
from myapp_operator.store import Store
from tests.unit.samples import KEY, app, child, deployment, owner, rollout

DEPLOYMENT, SERVICE = names.DEPLOYMENT, names.SERVICE
OTHER = Key("other", "myapp")
REFUSED = Attempt("hash", Refused(Reason.FORBIDDEN, "no"), 1, 0.0, 60.0)


@pytest.fixture
def store() -> Store:
    """Knows one app and its Deployment at version 20."""
    made = Store()
    made.put_app(app())
    made.put_child(KEY, DEPLOYMENT, deployment())
    return made


def known(store: Store, kind: Kind = DEPLOYMENT) -> Child:
    return store.children(KEY)[kind]


def answer(version: int, **changes: object) -> Child:
    """What an apply answers: metadata alone."""
    return child(resource_version=version, **changes)


# MyApps


def test_the_echo_of_our_own_status_is_no_news(store: Store) -> None:
    store.answered_status(app(), 15, 1.0)
    assert not store.put_app(app(resource_version=15, status={"ready": "2/2"}))
    assert store.put_app(app(resource_version=16, generation=2))
    assert not store.put_app(app(resource_version=14))


def test_an_app_is_given_back_as_it_came(store: Store) -> None:
    came = app(
        resource_version=15,
        spec={"image": "a", "env": [{"name": "G", "value": "Gr\u00fc\u00dfe"}]},
        status={"ready": "1/2"},
    )
    store.put_app(came)
    assert store.app(KEY) == came


def test_an_older_event_of_an_app_changes_nothing(store: Store) -> None:
    store.put_app(app(resource_version=12, generation=2))
    store.put_app(app(resource_version=11))
    found = store.app(KEY)
    assert found is not None
    assert found.generation == 2


def test_an_app_of_another_uid_starts_from_nothing(store: Store) -> None:
    store.memory(app()).attempts[DEPLOYMENT] = REFUSED
    store.answered_status(app(), 15, now=1.0)
    store.put_app(app(uid="uid-2", resource_version=30))
    new = app(uid="uid-2", resource_version=30)
    assert store.app(KEY) == new
    assert store.memory(new) == Memory()
    assert not store.status_awaited(new)
    assert store.since_status(app(), 2.0) == float("inf")
    assert not store.had_children(new)


def test_the_deletion_of_an_earlier_app_does_not_take_the_new_one(store: Store) -> None:
    store.put_app(app(uid="uid-2", resource_version=30))
    store.drop_app(KEY, "uid-1")
    assert store.apps() == {KEY}
    assert store.uids() == {"uid-2"}


def test_an_app_that_is_gone_leaves_its_children_until_they_are_gone(store: Store) -> None:
    store.drop_app(KEY, "uid-1")
    assert store.app(KEY) is None
    assert store.children(KEY) != {}
    store.drop_child(KEY, DEPLOYMENT, 21)
    assert store.children(KEY) == {}


def test_an_app_that_is_gone_leaves_nothing_that_no_watch_would_tell_of(store: Store) -> None:
    store.found_child(KEY, SERVICE, child(), store.absence(KEY, SERVICE))
    store.drop_app(KEY, "uid-1")
    assert store.children(KEY).keys() == {DEPLOYMENT}


def test_dropping_what_is_unknown_is_no_error() -> None:
    Store().drop_app(KEY, "uid-1")
    Store().drop_child(KEY, DEPLOYMENT, 1)


@pytest.mark.parametrize(
    ("uids", "namespace", "version", "kept"),
    [
        pytest.param({"uid-1"}, None, 99, True, id="it is in the list"),
        pytest.param(set(), None, 99, False, id="it vanished"),
        pytest.param(set(), "default", 99, False, id="it vanished from this namespace"),
        pytest.param(set(), "other", 99, True, id="the list is of another namespace"),
        pytest.param(set(), None, 9, True, id="it is newer than the list"),
        pytest.param({"uid-2"}, None, 99, False, id="another one has its name"),
    ],
)
def test_a_list_of_apps_drops_what_vanished_unseen(
    store: Store, uids: set[str], namespace: str | None, version: int, kept: bool
) -> None:
    gone = store.retain_apps(uids, namespace=namespace, version=version)
    assert (store.app(KEY) is not None) is kept
    assert gone == (set() if kept else {KEY})


# Children: events and answers


def test_an_answer_is_awaited_until_the_watch_brings_it(store: Store) -> None:
    store.answered_child(app(), DEPLOYMENT, answer(25), now=1.0)
    assert known(store).awaited
    store.put_child(KEY, DEPLOYMENT, deployment(resource_version=24))
    assert known(store).awaited, "an event of before our write tells nothing"
    store.put_child(KEY, DEPLOYMENT, deployment(resource_version=25))
    assert not known(store).awaited


def test_an_event_newer_than_the_answer_will_do_as_well(store: Store) -> None:
    store.answered_child(app(), DEPLOYMENT, answer(25), now=1.0)
    store.put_child(KEY, DEPLOYMENT, deployment(resource_version=31))
    assert not known(store).awaited


def test_an_answer_later_than_its_event_changes_nothing(store: Store) -> None:
    store.put_child(KEY, DEPLOYMENT, deployment(resource_version=31, applied="new"))
    store.answered_child(app(), DEPLOYMENT, answer(25, applied="old"), now=1.0)
    assert (known(store).applied, known(store).awaited) == ("new", False)


def test_an_answer_of_a_write_that_changed_nothing_is_not_awaited(store: Store) -> None:
    """The watch would never bring it."""
    store.answered_child(app(), DEPLOYMENT, answer(20), now=1.0)
    assert not known(store).awaited


def test_an_answer_keeps_the_last_known_rollout(store: Store) -> None:
    """Answers hold metadata alone."""
    store.answered_child(app(), DEPLOYMENT, answer(25), now=1.0)
    assert known(store).rollout == rollout()


def test_an_answer_about_a_new_object_has_no_rollout(store: Store) -> None:
    store.answered_child(app(), DEPLOYMENT, answer(25, uid="uid-new"), now=1.0)
    assert (known(store).rollout, known(store).awaited) == (None, True)


def test_the_answer_of_a_creation_is_awaited(store: Store) -> None:
    store.answered_child(app(), SERVICE, answer(25), now=1.0)
    assert known(store, SERVICE).awaited


def test_a_late_deletion_does_not_take_what_was_created_since(store: Store) -> None:
    store.answered_child(app(), DEPLOYMENT, answer(25, uid="uid-new"), now=1.0)
    store.drop_child(KEY, DEPLOYMENT, 24)
    assert known(store).uid == "uid-new"


def test_an_answer_later_than_the_deletion_brings_nothing_back(store: Store) -> None:
    """No event would ever end the wait for it: the child would come back only after the next list, minutes later."""
    store.drop_child(KEY, DEPLOYMENT, 26)
    store.answered_child(app(), DEPLOYMENT, answer(25), now=1.0)
    assert DEPLOYMENT not in store.children(KEY)


def test_versions_are_compared_as_numbers(store: Store) -> None:
    store.put_child(KEY, DEPLOYMENT, deployment(resource_version=100))
    store.put_child(KEY, DEPLOYMENT, deployment(resource_version=99, applied="old"))
    assert known(store).resource_version == 100


# MyApps whose children existed before


def test_children_are_remembered_after_they_are_gone(store: Store) -> None:
    store.drop_child(KEY, DEPLOYMENT, 21)
    assert store.had_children(app())


def test_children_of_an_earlier_app_prove_nothing() -> None:
    store = Store()
    store.put_child(KEY, DEPLOYMENT, child(owner=owner("uid-0")))
    store.put_app(app())
    assert not store.had_children(app())


def test_children_that_came_before_their_app_count(store: Store) -> None:
    fresh = Store()
    fresh.put_child(KEY, DEPLOYMENT, deployment())
    fresh.put_app(app())
    assert fresh.had_children(app())


# Children: lists


def take(store: Store, listed: Mapping[Key, Child], sent_at: float = 10.0, version: int = 50) -> set[Key]:
    return store.replace_children(DEPLOYMENT, listed, namespace=None, sent_at=sent_at, version=version)


def test_a_list_drops_what_vanished_unseen(store: Store) -> None:
    store.put_child(KEY, SERVICE, child())
    assert take(store, {}) == {KEY}
    assert set(store.children(KEY)) == {SERVICE}, "a list of Deployments says nothing of Services"


def test_a_list_of_one_namespace_says_nothing_of_another(store: Store) -> None:
    store.put_child(OTHER, DEPLOYMENT, child())
    gone = store.replace_children(DEPLOYMENT, {}, namespace="other", sent_at=10.0, version=50)
    assert gone == {OTHER}
    assert known(store)


def test_a_list_brings_what_is_new_and_what_changed(store: Store) -> None:
    assert take(store, {KEY: deployment(resource_version=21), OTHER: child()}) == {KEY, OTHER}


def test_a_list_of_what_is_known_changes_nothing(store: Store) -> None:
    assert take(store, {KEY: deployment()}) == set()


def test_a_creation_that_was_answered_after_the_list_was_sent_outlives_it(store: Store) -> None:
    store.answered_child(app(), SERVICE, answer(60), now=11.0)
    store.replace_children(SERVICE, {}, namespace=None, sent_at=10.0, version=50)
    assert known(store, SERVICE).awaited


def test_a_creation_of_before_the_list_does_not(store: Store) -> None:
    """It was deleted since, and the watch that would have told was broken."""
    store.answered_child(app(), SERVICE, answer(40), now=9.0)
    changed = store.replace_children(SERVICE, {}, namespace=None, sent_at=10.0, version=50)
    assert changed == {KEY}
    assert SERVICE not in store.children(KEY)


def test_a_write_that_was_answered_after_the_list_was_sent_is_newer(store: Store) -> None:
    store.answered_child(app(), DEPLOYMENT, answer(60, applied="new"), now=11.0)
    take(store, {KEY: deployment(resource_version=45, applied="old")})
    assert (known(store).applied, known(store).awaited) == ("new", True)


def test_a_list_ends_the_wait_for_an_answer(store: Store) -> None:
    store.answered_child(app(), DEPLOYMENT, answer(25), now=9.0)
    take(store, {KEY: deployment(resource_version=25)})
    assert not known(store).awaited


def test_an_app_is_looked_at_again_when_a_list_ends_the_wait_for_an_answer(store: Store) -> None:
    """Nothing else would come: a Service has no later event, and the app would say RollingOut until the next sweep."""
    store.answered_child(app(), DEPLOYMENT, answer(25), now=9.0)
    assert take(store, {KEY: deployment(resource_version=25)}) == {KEY}


def test_metadata_of_the_same_version_does_not_take_the_rollout_away(store: Store) -> None:
    """As an answer to our own write; a complete Deployment has no later event that would bring it back."""
    store.put_child(KEY, DEPLOYMENT, child())
    assert known(store).rollout == rollout()


# Status


def test_a_status_write_is_awaited_until_the_watch_brings_it(store: Store) -> None:
    store.answered_status(app(), 15, now=100.0)
    assert store.status_awaited(app())
    assert not store.status_awaited(app(resource_version=15))
    assert store.since_status(app(), 104.0) == 4.0


# What was found as wanted


def test_what_was_found_as_wanted_is_not_walked_again_until_its_fields_change(store: Store) -> None:
    store.put_child(KEY, DEPLOYMENT, child(resource_version=25, applied="hash", fields="{}"))
    store.found_as_wanted(app(), [DEPLOYMENT])
    store.put_child(KEY, DEPLOYMENT, child(resource_version=26, applied="hash", fields="{}"))
    assert store.children(KEY)[DEPLOYMENT].intact
    store.put_child(KEY, DEPLOYMENT, child(resource_version=27, applied="hash", fields='{"f:spec":{}}'))
    assert not store.children(KEY)[DEPLOYMENT].intact


@pytest.mark.parametrize(
    "change", [{"applied": "other"}, {"uid": "another object"}], ids=["other hash", "other object"]
)
def test_what_was_found_as_wanted_is_walked_again_when_it_is_another(store: Store, change: dict[str, str]) -> None:
    store.put_child(KEY, DEPLOYMENT, child(resource_version=25, applied="hash", fields="{}"))
    store.found_as_wanted(app(), [DEPLOYMENT])
    store.put_child(KEY, DEPLOYMENT, child(resource_version=26, fields="{}", **{"applied": "hash", **change}))
    assert not store.children(KEY)[DEPLOYMENT].intact


def test_asking_for_an_app_that_is_gone_leaves_nothing_behind() -> None:
    store = Store()
    store.had_children(app())
    store.status_awaited(app())
    store.since_status(app(), 1.0)
    store.memory(app()).forgive([DEPLOYMENT])
    assert vars(store)["_records"] == {}


def test_what_was_read_does_not_change_under_the_reader(store: Store) -> None:
    before = store.children(KEY)
    store.drop_child(KEY, DEPLOYMENT, 21)
    assert DEPLOYMENT in before


def test_apps_and_uids(store: Store) -> None:
    store.put_app(replace(app(uid="uid-3"), key=OTHER))
    store.put_child(Key("default", "orphan"), SERVICE, child(owner=None))
    assert store.apps() == {KEY, OTHER}
    assert store.uids() == {"uid-1", "uid-3"}


def test_an_answer_to_a_predecessor_is_not_taken_for_ones_own(store: Store) -> None:
    """The MyApp was deleted and made again while a write of the old one was on its way."""
    store.put_app(app(uid="uid-2", resource_version=30))
    store.memory(app()).attempts[SERVICE] = REFUSED
    store.answered_child(app(), SERVICE, answer(40), now=1.0)
    store.answered_status(app(), 99, now=1.0)
    new = app(uid="uid-2", resource_version=30)
    assert store.memory(new).attempts == {}
    assert SERVICE not in store.children(KEY)
    assert not store.status_awaited(new)


# What a GET has found


def test_a_child_without_our_label_is_known_from_a_get_although_a_list_did_not_hold_it(store: Store) -> None:
    """The list selects by that label. Before, such a child was asked for each second until somebody changed it."""
    store.replace_children(DEPLOYMENT, {}, namespace=None, sent_at=1.0, version=90)
    store.found_child(KEY, DEPLOYMENT, child(resource_version=30), store.absence(KEY, DEPLOYMENT))
    assert known(store).looked_up


def test_a_child_that_was_told_to_be_gone_during_the_get_is_not_known(store: Store) -> None:
    absence = store.absence(KEY, DEPLOYMENT)
    store.drop_child(KEY, DEPLOYMENT, 40)
    store.found_child(KEY, DEPLOYMENT, child(resource_version=30), absence)
    assert store.children(KEY) == {}


def test_a_get_does_not_overrule_what_is_newer(store: Store) -> None:
    store.found_child(KEY, DEPLOYMENT, child(resource_version=19, uid="old"), store.absence(KEY, DEPLOYMENT))
    assert known(store).uid == "uid-child"


@pytest.mark.parametrize("value", ["x", "\N{PILE OF POO}"])
def test_a_large_myapp_is_packed_and_comes_back_as_it_was(value: str) -> None:
    store = Store()
    large = app(spec={"image": "a", "env": [{"name": "A", "value": value * 50_000}]}, status={"ready": "1/2"})
    store.put_app(large)
    assert store.app(KEY) == large
    assert len(store._records[KEY]._content) < 5_000


def test_why_a_myapp_cannot_be_taken_is_kept() -> None:
    store = Store()
    store.put_app(app(problem="spec: too large"))
    found = store.app(KEY)
    assert found is not None
    assert found.problem == "spec: too large"


def test_of_owners_without_end_few_are_remembered_and_our_own_always() -> None:
    store = Store()
    store.put_app(app())
    for number, uid in enumerate(["uid-1", *(f"u{each}" for each in range(1000))]):
        store.put_child(KEY, SERVICE, child(resource_version=100 + number, owner=owner(uid)))
    record = store._records[KEY]
    assert len(record.had_children) <= 17
    assert store.had_children(app())
