"""The election: who leads, who waits, who ends."""

from __future__ import annotations

import asyncio
import logging

import pytest

from myapp_operator.errors import ApiError
from tests.unit.election import PATIENCE, Candidate, Stored, end, never_two, play, sigterm
from tests.unit.samples import refusal


def test_one_of_several_leads_and_the_others_wait(caplog: pytest.LogCaptureFixture) -> None:
    async def script(stored: Stored) -> None:
        a, b, c = (Candidate(name, stored) for name in "abc")
        await never_two(a, b, c, seconds=120)
        assert [each.writes for each in (a, b, c)].count(True) == 1
        assert [each.worked_from > 0 for each in (a, b, c)].count(True) == 1
        await sigterm(a)

    with caplog.at_level(logging.INFO):
        play(script)
    said = [record.getMessage() for record in caplog.records if record.levelno == logging.INFO]
    assert said.count("leading, as a") == 1
    assert said.count("waiting: a leads") == 2, "by each once, not all along"


def test_one_that_dies_is_followed_within_sixteen_seconds() -> None:
    async def script(stored: Stored) -> None:
        a = Candidate("a", stored)
        await asyncio.sleep(5)
        b = Candidate("b", stored)
        await asyncio.sleep(60)
        a.way.cut = True  # so that it cannot release
        died = b.now()
        await sigterm(a)
        await never_two(a, b, seconds=20)
        assert b.writes
        assert 13 <= b.worked_from - died <= 16

    play(script)


def test_one_that_is_told_to_stop_leaves_the_lease_to_the_next() -> None:
    async def script(stored: Stored) -> None:
        a = Candidate("a", stored)
        await asyncio.sleep(5)
        b = Candidate("b", stored)
        await asyncio.sleep(60)
        told = b.now()
        await sigterm(a)
        assert not a.writes
        await asyncio.sleep(1)
        assert b.worked_from - told < 1

    play(script)


def test_one_in_trouble_leaves_a_free_lease_to_one_that_is_not() -> None:
    async def script(stored: Stored) -> None:
        a = Candidate("a", stored)
        await asyncio.sleep(5)
        deaf = Candidate("deaf", stored, in_trouble=True)
        await asyncio.sleep(0.2)  # so that it always asks first
        b = Candidate("b", stored)
        await asyncio.sleep(60)
        await sigterm(a)
        await never_two(deaf, b, seconds=10)
        assert b.writes
        c = Candidate("c", stored)
        await asyncio.sleep(5)
        b.way.cut = True  # so that it cannot release
        await sigterm(b)
        await never_two(deaf, c, seconds=30)
        assert c.writes
        assert not deaf.worked_from

    play(script)


@pytest.mark.parametrize(("dies", "seconds"), [(False, 3), (True, 18)], ids=["released", "run out"])
def test_one_in_trouble_leads_in_the_end_where_nobody_else_does(dies: bool, seconds: float) -> None:
    async def script(stored: Stored) -> None:
        a = Candidate("a", stored)
        await asyncio.sleep(5)
        deaf = Candidate("deaf", stored, in_trouble=True)
        await asyncio.sleep(60)
        a.way.cut = dies
        ended = deaf.now()
        await sigterm(a)
        await asyncio.sleep(30)
        assert seconds - 2 <= deaf.worked_from - ended <= seconds + 1
        assert deaf.writes, "trouble is no reason to end"

    play(script)


def test_the_first_one_of_all_leads_although_it_is_in_trouble() -> None:
    async def script(stored: Stored) -> None:
        deaf = Candidate("deaf", stored, in_trouble=True)
        await asyncio.sleep(60)
        assert deaf.worked_from == pytest.approx(3, abs=0.6)
        assert deaf.writes

    play(script)


def test_one_that_is_cut_off_stops_writing_before_its_lease_ends_and_ends() -> None:
    async def script(stored: Stored) -> None:
        a = Candidate("a", stored)
        await asyncio.sleep(5)
        b = Candidate("b", stored)
        await asyncio.sleep(60)
        a.way.cut = True
        cut = b.now()
        await never_two(a, b, seconds=30)
        await end(a)
        assert a.ended_at - cut <= 10
        assert a.last_words == "the Lease could not be renewed for 10 s: ending, so that no two operators write"
        assert b.worked_from >= a.ended_at + 4.5, "a write on its way has this long"

    play(script)


def test_the_time_of_a_renewal_counts_from_before_it_was_sent() -> None:
    async def script(stored: Stored) -> None:
        a = Candidate("a", stored)
        a.way.seconds = 0.7  # there, and as long again back
        await asyncio.sleep(60)
        a.way.cut = True
        await end(a)
        assert a.ended_at - a.way.last_sent == pytest.approx(10)

    play(script)


def test_one_that_was_stopped_for_longer_than_that_ends_when_it_goes_on() -> None:
    async def script(stored: Stored) -> None:
        a = Candidate("a", stored)
        await asyncio.sleep(5)
        writes = a.way.writes
        a.stopped_for = 11
        assert not a.writes
        await end(a)
        assert a.way.writes == writes
        assert a.last_words.startswith("this process was stopped for longer than the 10 s of a renewal")

    play(script)


def test_one_whose_lease_was_taken_ends() -> None:
    async def script(stored: Stored) -> None:
        a = Candidate("a", stored)
        await asyncio.sleep(5)
        assert stored.lease
        stored.edit({**stored.lease, "spec": {**stored.lease["spec"], "holderIdentity": "b"}})
        await end(a)
        assert a.last_words == "the Lease was taken: b leads now: ending, so that no two operators write"
        assert stored.holder == "b"

    play(script)


def test_a_pause_of_the_api_server_changes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async def script(stored: Stored) -> None:
        a = Candidate("a", stored)
        await asyncio.sleep(5)
        b = Candidate("b", stored)
        for _ in range(5):
            await asyncio.sleep(20)
            a.way.cut = b.way.cut = True
            await asyncio.sleep(6)
            a.way.cut = b.way.cut = False
        assert a.writes
        assert not b.worked_from

    play(script)
    assert "cannot renew the Lease, trying again: no answer" in caplog.text


def test_an_answer_that_was_lost_changes_nothing() -> None:
    """The renewal was done, so the version that we know is no longer the one that is there."""

    async def script(stored: Stored) -> None:
        a = Candidate("a", stored)
        await asyncio.sleep(5)
        a.way.loses_answers = True
        await asyncio.sleep(5)
        a.way.loses_answers = False
        await asyncio.sleep(30)
        assert a.writes
        assert stored.holder == "a"

    play(script)


def test_the_lost_answer_to_taking_it_costs_no_wait() -> None:
    async def script(stored: Stored) -> None:
        a = Candidate("a", stored)
        a.way.loses_answers = True
        await asyncio.sleep(1)
        a.way.loses_answers = False
        await asyncio.sleep(PATIENCE)
        assert a.writes

    play(script)


def test_whoever_labels_the_lease_disturbs_nobody() -> None:
    async def script(stored: Stored) -> None:
        a = Candidate("a", stored)
        await asyncio.sleep(5)
        assert stored.lease
        stored.edit({**stored.lease, "metadata": {**stored.lease["metadata"], "labels": {"a": "b"}}})
        await asyncio.sleep(30)
        assert a.writes
        assert stored.lease["metadata"]["labels"] == {"a": "b"}

    play(script)


def test_whoever_deletes_the_lease_makes_no_second_leader() -> None:
    async def script(stored: Stored) -> None:
        a = Candidate("a", stored)
        await asyncio.sleep(5)
        b = Candidate("b", stored)
        await asyncio.sleep(5)
        stored.lease = None
        await never_two(a, b, seconds=60)
        assert a.writes
        assert stored.holder == "a"

    play(script)


def test_one_that_is_told_to_stop_while_it_takes_the_lease_gives_it_back() -> None:
    async def script(stored: Stored) -> None:
        a = Candidate("a", stored)
        a.way.loses_answers = True
        await asyncio.sleep(0.5)
        assert stored.holder == "a"
        a.way.loses_answers = False
        await sigterm(a)
        assert stored.lease is not None
        assert stored.holder == ""

    play(script)


def test_one_that_waits_leaves_the_lease_alone_when_it_is_told_to_stop() -> None:
    async def script(stored: Stored) -> None:
        a = Candidate("a", stored)
        await asyncio.sleep(5)
        b = Candidate("b", stored)
        await asyncio.sleep(5)
        await sigterm(b)
        assert (stored.holder, b.way.writes) == (a.name, 0)

    play(script)


@pytest.mark.parametrize(
    "error",
    [
        refusal(403, "leases is forbidden", reason="Forbidden"),
        refusal(404, 'namespaces "system" not found', reason="NotFound", kind="namespaces"),
    ],
    ids=["no rights", "no namespace"],
)
def test_what_only_an_administrator_can_heal_is_raised(error: ApiError) -> None:
    async def script(stored: Stored) -> None:
        a = Candidate("a", stored)
        a.way.refuses = error
        with pytest.raises(ApiError) as raised:
            await a.task
        assert raised.value is error

    play(script)


NO_RIGHTS = refusal(403, "leases is forbidden", reason="Forbidden")


def test_one_that_waits_does_not_mind_being_refused_for_a_while() -> None:
    """An API server that has just started does so until it knows all rights."""

    async def script(stored: Stored) -> None:
        a = Candidate("a", stored)
        await asyncio.sleep(5)
        b = Candidate("b", stored)
        for _ in range(3):
            await asyncio.sleep(5)
            b.way.refuses = NO_RIGHTS
            await asyncio.sleep(20)
            b.way.refuses = None
        await sigterm(a)
        await asyncio.sleep(2)
        assert b.writes

    play(script)


def test_one_that_waits_ends_when_it_is_refused_for_long() -> None:
    async def script(stored: Stored) -> None:
        Candidate("a", stored)
        await asyncio.sleep(5)
        b = Candidate("b", stored)
        await asyncio.sleep(5)
        b.way.refuses = NO_RIGHTS
        began = b.now()
        with pytest.raises(ApiError) as raised:
            await b.task
        assert raised.value is NO_RIGHTS
        assert 29 <= b.now() - began <= 32

    play(script)
