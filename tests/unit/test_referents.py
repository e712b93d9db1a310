"""What is known of the objects that apps refer to, whatever order the news come in."""

from dataclasses import replace

from myapp_operator import names
from myapp_operator.names import Key
from myapp_operator.references import Digests, Referent, Target
from myapp_operator.referents import Referents

MAP = names.CONFIG_MAP
SETTINGS = Target(MAP, "default", "settings")
ELSEWHERE = Target(MAP, "elsewhere", "settings")
ONE, TWO = Key("default", "one"), Key("default", "two")
READ = Referent(5, digests=Digests.of_values({"url": "http://db"}))


def test_news_is_what_is_newer_or_was_not_known() -> None:
    known = Referents()
    assert known.put(SETTINGS, Referent(5))
    assert not known.put(SETTINGS, Referent(5))
    assert not known.put(SETTINGS, Referent(4))
    assert known.put(SETTINGS, Referent(6))
    assert not known.drop(SETTINGS, 5), "an older one of its name"
    assert known.drop(SETTINGS, 7)
    assert not known.drop(SETTINGS, 7)
    assert known.get(SETTINGS) is None


def test_what_was_read_stays_known_until_there_is_a_newer_version() -> None:
    known = Referents()
    known.put(SETTINGS, READ)
    assert not known.put(SETTINGS, Referent(5)), "the watch brings what was read already"
    assert known.get(SETTINGS) == READ
    known.put(SETTINGS, Referent(6))
    assert known.get(SETTINGS) == Referent(6)


def test_an_object_that_holds_nothing_was_read_as_well() -> None:
    known = Referents()
    known.put(SETTINGS, Referent(5))
    known.put(SETTINGS, replace(READ, digests=Digests()))
    assert known.get(SETTINGS) == replace(READ, digests=Digests())


def test_a_list_tells_what_is_gone_and_what_has_changed() -> None:
    known = Referents()
    known.put(SETTINGS, READ)
    known.put(ELSEWHERE, Referent(5))
    new = Target(MAP, "default", "new")
    assert known.replace(MAP, "default", {new: Referent(7)}, 8) == {SETTINGS, new}
    assert known.get(ELSEWHERE) == Referent(5), "of another namespace"
    known.put(SETTINGS, Referent(9))
    assert known.replace(MAP, "default", {new: Referent(7)}, 8) == set(), "the list is older than what was found"


def test_a_kind_is_seen_from_its_first_list_on_until_the_right_is_lost() -> None:
    known = Referents()
    assert not known.sees(MAP, "default")
    known.replace(MAP, "default", {SETTINGS: READ}, 8)
    assert known.sees(MAP, "default")
    assert not known.sees(MAP, "elsewhere")
    assert known.known([SETTINGS]).seen == {MAP}
    known.lose_sight(MAP, "default")
    assert not known.sees(MAP, "default")
    assert known.known([SETTINGS]).seen == known.known([SETTINGS]).objects.keys() == set()
    known.replace(MAP, None, {}, 9)
    assert known.sees(MAP, "elsewhere")


def test_the_users_of_an_object_are_those_that_refer_to_it_now() -> None:
    known = Referents()
    known.use(ONE, [SETTINGS, ELSEWHERE])
    known.use(TWO, [SETTINGS])
    assert known.users(SETTINGS) == {ONE, TWO}
    known.use(ONE, [ELSEWHERE])
    assert known.users(SETTINGS) == {TWO}
    known.use(TWO, [])
    assert known.users(SETTINGS) == set()
    assert known.users(ELSEWHERE) == {ONE}


def test_of_what_nobody_refers_to_any_more_only_the_version_is_kept() -> None:
    known = Referents()
    known.use(ONE, [SETTINGS])
    known.use(TWO, [SETTINGS])
    known.put(SETTINGS, READ)
    known.use(ONE, [])
    assert known.get(SETTINGS) == READ
    known.use(TWO, [])
    assert known.get(SETTINGS) == Referent(5)


def test_how_long_an_app_is_held_counts_from_the_first_look_that_found_something_missing() -> None:
    known = Referents()
    known.use(ONE, [SETTINGS])
    assert known.held_for(ONE, True, 100.0) == 0
    known.use(ONE, [SETTINGS, ELSEWHERE])
    assert known.held_for(ONE, True, 103.0) == 3
    assert known.held_for(ONE, False, 104.0) == 0
    assert known.held_for(ONE, True, 110.0) == 0
