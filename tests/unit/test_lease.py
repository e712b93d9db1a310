"""What the Lease says and when it may be taken: judged by our own clock, never by the times that stand in it."""

from datetime import UTC, datetime

from myapp_operator import lease
from myapp_operator.grammar import Json
from myapp_operator.lease import Sighting
from myapp_operator.names import Key

NOW = datetime(2030, 1, 2, 3, 4, 5, 678, tzinfo=UTC)
KEY = Key("system", "myapp-operator")


def held(by: str = "a", **spec: object) -> Json:
    found = lease.new(KEY, by, NOW)
    return {**found, "metadata": {**found["metadata"], "resourceVersion": "7"}, "spec": {**found["spec"], **spec}}


def sighting(*looks: tuple[float, Json | None]) -> Sighting:
    """What is known after these looks, each at its time."""
    seen: Sighting | None = None
    for now, found in looks:
        seen = lease.look(seen, found, now)
    assert seen is not None
    return seen


def test_a_write_that_passed_in_the_last_moment_has_ended_before_another_operator_may_write() -> None:
    assert lease.DEADLINE_SECONDS + lease.GRACE_SECONDS < lease.LEASE_SECONDS


def test_where_there_is_none_it_may_be_made_at_once() -> None:
    assert sighting((100, None)).seconds_left(100) == 0


def test_one_that_nobody_holds_may_be_taken_at_once() -> None:
    for found in (lease.released(held(), NOW), {**held(), "spec": {}}, {**held(), "spec": None}):
        assert sighting((100, found)).seconds_left(100) == 0


def test_one_that_somebody_holds_is_left_alone_for_as_long_as_it_says() -> None:
    assert sighting((100, held())).seconds_left(114) == 1
    assert sighting((100, held())).seconds_left(115) == 0
    assert sighting((100, held(leaseDurationSeconds=60))).seconds_left(115) == 45
    assert sighting((100, held(leaseDurationSeconds=None))).seconds_left(100) == 15


def test_one_that_was_shortened_by_hand_protects_its_holder_all_the_same() -> None:
    """The holder writes on until a renewal is late, whatever the Lease says; its next one puts that right."""
    shortened = held(leaseDurationSeconds=1)
    assert sighting((100, shortened)).seconds_left(102) == 13
    assert lease.renewed(shortened, NOW)["spec"]["leaseDurationSeconds"] == 15


def test_each_renewal_that_is_seen_begins_the_wait_anew() -> None:
    assert sighting((100, held()), (110, held(renewTime="later"))).seconds_left(115) == 10


def test_a_look_that_finds_the_same_does_not() -> None:
    assert sighting((100, held()), (110, held())).seconds_left(115) == 0


def test_the_times_in_it_do_not_matter() -> None:
    long_ago, far_ahead = "1999-01-01T00:00:00.000000Z", "2099-01-01T00:00:00.000000Z"
    for stamp in (long_ago, far_ahead):
        found = held(renewTime=stamp, acquireTime=stamp)
        assert [sighting((100, found)).seconds_left(now) for now in (100, 115)] == [15, 0]


def test_a_label_that_somebody_sets_is_no_renewal() -> None:
    labelled = {**held(), "metadata": {"labels": {"a": "b"}, "resourceVersion": "8"}}
    assert sighting((100, held()), (114, labelled)).seconds_left(115) == 0


def test_one_that_was_deleted_still_protects_its_holder() -> None:
    """Who renewed it just before it was deleted writes on until the next renewal."""
    seen = sighting((100, held()), (110, None), (111, None))
    assert seen.holder == "a"
    assert [seen.seconds_left(now) for now in (111, 125)] == [14, 0]


def test_taking_it_counts_and_keeps_what_else_stands_in_it() -> None:
    found = held(leaseTransitions=4, strategy="of others")
    taken = lease.taken(found, "b", NOW)
    assert taken["metadata"] == found["metadata"], "the version is what makes a late one fail"
    stamp = "2030-01-02T03:04:05.000678Z"
    assert taken["spec"] == {
        "holderIdentity": "b",
        "leaseDurationSeconds": 15,
        "acquireTime": stamp,
        "renewTime": stamp,
        "leaseTransitions": 5,
        "strategy": "of others",
    }
    assert lease.taken({**found, "spec": None}, "b", NOW)["spec"]["leaseTransitions"] == 1


def test_renewing_it_changes_the_time_alone() -> None:
    found = held(renewTime="before")
    assert lease.renewed(found, NOW) == {**found, "spec": {**found["spec"], "renewTime": "2030-01-02T03:04:05.000678Z"}}


def test_releasing_it_leaves_nobody_as_its_holder() -> None:
    assert lease.holder(held()) == "a"
    assert lease.holder(lease.released(held(), NOW)) == ""


ODD = (None, [], "text", {}, True, 1e300, -5)


def test_a_lease_may_hold_anything() -> None:
    """Anybody may write it who may write Leases there."""
    for odd in ODD:
        assert sighting((100, held(leaseDurationSeconds=odd))).seconds == lease.LEASE_SECONDS
        assert lease.taken(held(leaseTransitions=odd), "b", NOW)["spec"]["leaseTransitions"] in (1, 2)
        assert lease.holder({**held(), "spec": odd}) == ""
        assert sighting((100, {**held(), "spec": odd})).seconds_left(100) == 0
        assert lease.renewed({**held(), "spec": odd}, NOW)["spec"]["leaseDurationSeconds"] == lease.LEASE_SECONDS


def test_the_count_of_holders_stays_what_the_api_server_takes() -> None:
    assert lease.taken(held(leaseTransitions=2**31 - 1), "b", NOW)["spec"]["leaseTransitions"] == 2**31 - 1
