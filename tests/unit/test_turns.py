"""Whose turn it is: nobody waits for the many keys of somebody else."""

import random

import pytest

from myapp_operator.names import Key
from myapp_operator.turns import SpacedTurns, Turns

A, B, C = Key("default", "a"), Key("default", "b"), Key("third", "c")
MANY = [Key("crowd", f"app-{number}") for number in range(5000)]


def taken(turns: Turns) -> list[Key]:
    found = []
    while turns:
        key = turns.take()
        assert key is not None
        found.append(key)
    return found


def test_within_a_namespace_whoever_waited_longest_is_first() -> None:
    turns = Turns()
    for key in MANY:
        turns.put(key)
    assert taken(turns) == MANY


def test_one_key_of_another_namespace_is_next_but_one_however_many_wait() -> None:
    turns = Turns()
    for key in [*MANY, A]:
        turns.put(key)
    assert A in taken(turns)[:2]


def test_namespaces_take_turns_however_their_keys_came() -> None:
    turns = Turns()
    for key in (MANY[0], MANY[1], A, MANY[2], B):
        turns.put(key)
    assert taken(turns) == [MANY[0], A, MANY[1], B, MANY[2]]


def test_what_an_event_asks_for_is_before_what_is_looked_at_anyway() -> None:
    turns = Turns()
    for key in MANY:
        turns.put_back(key)
    turns.put(A)
    assert taken(turns) == [A, *MANY]


def test_an_event_brings_a_key_forward_that_was_to_be_looked_at_anyway() -> None:
    turns = Turns()
    for key in MANY:
        turns.put_back(key)
    assert not turns.put(MANY[-1]), "it waited already"
    assert taken(turns) == [MANY[-1], *MANY[:-1]]


def test_a_key_that_an_event_asks_for_is_not_moved_back_nor_taken_twice() -> None:
    turns = Turns()
    assert turns.put(A)
    assert not turns.put_back(A)
    assert not turns.put(A)
    assert taken(turns) == [A]


def test_looking_at_all_ends_even_if_events_never_do() -> None:
    turns = Turns()
    for key in MANY[:10]:
        turns.put_back(key)
    seen = set()
    for _ in range(100):
        turns.put(A)
        seen.add(turns.take())
    assert seen == {A, *MANY[:10]}


def test_a_namespace_with_four_active_keys_lets_those_of_others_pass() -> None:
    """Looks at its keys may take long, and hold each worker that becomes free."""
    turns = Turns()
    for key in MANY[:10]:
        turns.put(key)
    assert [turns.take() for _ in range(5)] == MANY[:5], "it has all where nothing else waits"
    turns.put(A)
    turns.put_back(C)
    assert [turns.take() for _ in range(3)] == [A, C, MANY[5]]
    for key in MANY[:3]:
        turns.done(key)
    turns.put(B)
    assert [turns.take() for _ in range(2)] == [MANY[6], B], "with three active ones it has its turn as before"


def test_a_namespace_never_has_more_active_keys_than_it_may() -> None:
    turns = Turns()
    for key in MANY[:10]:
        turns.put(key)
    assert [turns.take(most=6) for _ in range(7)] == [*MANY[:6], None]
    turns.put(A)
    assert [turns.take(most=6) for _ in range(2)] == [A, None]
    turns.done(MANY[0])
    assert turns.take(most=6) == MANY[6]


@pytest.mark.parametrize("seed", range(20))
def test_whatever_comes_in_whatever_order_every_key_is_taken_once(seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311
    turns, waiting = Turns(), set()
    for _ in range(300):
        key = Key(dice.choice("xyz"), dice.choice("abcdef"))
        if dice.random() < 0.4 and waiting:
            taken_now = turns.take()
            assert taken_now is not None
            waiting.remove(taken_now)
        else:
            assert dice.choice([turns.put, turns.put_back])(key) == (key not in waiting)
            waiting.add(key)
        assert bool(turns) == bool(waiting)
    rest = taken(turns)
    assert len(rest) == len(waiting)
    assert set(rest) == waiting


# Turns a while apart


def serve(turns: SpacedTurns, seconds: float) -> list[tuple[float, Key]]:
    """Who had a turn and when, where each comes for it at once."""
    served, now = [], 0.0
    while (wait := turns.wait(now)) is not None and now + wait <= seconds:
        now += wait
        if (key := turns.give(now)) is not None:
            assert turns.take(key, now)
            served.append((now, key))
    return served


def test_turns_are_a_while_apart() -> None:
    turns = SpacedTurns(0.1)
    assert turns.take(Key("a", "first"), 0)
    assert not any(turns.take(Key("a", str(number)), 0) for number in range(30))
    moments = [moment for moment, _ in serve(turns, 60)]
    assert moments == pytest.approx([0.1 * number for number in range(1, 31)])
    assert turns.wait(60) is None


def test_a_namespace_with_a_thousand_in_line_does_not_delay_the_turn_of_another() -> None:
    turns = SpacedTurns(0.1)
    for number in range(1000):
        turns.take(Key("crowd", str(number)), 0)
        turns.take(Key("another crowd", str(number)), 0)
    assert not turns.take(Key("small", "x"), 0)
    assert next(moment for moment, key in serve(turns, 60) if key.namespace == "small") <= 0.4


def test_whoever_has_left_gets_no_turn() -> None:
    turns = SpacedTurns(0.1)
    for name in "abcd":
        turns.take(Key("n", name), 0)
    turns.leave(Key("n", "c"))
    assert [key.name for _, key in serve(turns, 60)] == ["b", "d"]


def test_a_turn_that_nobody_takes_stops_the_others_for_a_moment_only() -> None:
    turns = SpacedTurns(0.1)
    for name in "abcd":
        turns.take(Key("n", name), 0)
    assert (turns.give(0.1), turns.give(0.9), turns.give(1.2)) == (Key("n", "b"), None, Key("n", "c"))
    assert turns.take(Key("n", "b"), 9), "it is kept"
    turns.leave(Key("n", "c"))
    assert turns.give(9) == Key("n", "d")
    assert not turns.take(Key("n", "e"), 9), "nor is it overtaken"


def busy(turns: SpacedTurns, crowds: int, late: float) -> int:
    """Turns in 100 s of a namespace that comes for them at once, beside crowds that come so many seconds later."""
    for number in range(100):
        for crowd in range(crowds):
            turns.take(Key(f"crowd {crowd}", str(number)), 0)
        turns.take(Key("good", str(number)), 0)
    count, now, coming = 0, 0.0, list[tuple[float, Key]]()
    while (wait := turns.wait(now)) is not None and now + wait <= 100:
        now += wait
        while coming and coming[0][0] <= now:
            _, key = coming.pop(0)
            assert turns.take(key, now)
            turns.take(key, now)
        if (key := turns.give(now)) is None:
            continue
        if key.namespace != "good":
            coming.append((now + late, key))
            continue
        assert turns.take(key, now)
        turns.take(key, now)
        count += 1
    return count


@pytest.mark.parametrize(("crowds", "least"), [(0, 990), (1, 890), (3, 690), (9, 99)])
def test_whoever_does_not_come_for_its_turn_delays_no_other_namespace(crowds: int, least: int) -> None:
    """The workers of its namespace are held by long looks. Each such namespace gets a turn a second."""
    assert busy(SpacedTurns(0.1), crowds, late=15.0) >= least


def test_where_nobody_comes_for_turns_they_do_not_pile_up() -> None:
    """As in an outage, after which all would come together."""
    turns, now, given = SpacedTurns(0.1), 0.0, 0
    for number in range(1000):
        turns.take(Key(f"n{number}", "a"), 0)
    while now < 30:
        now += turns.wait(now) or 0.1
        given += turns.give(now) is not None
    assert given <= 10 + 30
