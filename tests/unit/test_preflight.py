"""What holds back a version of the pods, and what restarts them."""

import hashlib
from dataclasses import replace

import pytest

from myapp_operator import names, preflight, references
from myapp_operator.causes import Cause
from myapp_operator.names import Kind, Reason
from myapp_operator.preflight import Known
from myapp_operator.references import Reference, Referent
from myapp_operator.rollback_note import RolledBack
from tests.unit.samples import child, rollout, wanted

CONFIG_MAP, SECRET, ACCOUNT = names.CONFIG_MAP, names.SECRET, names.SERVICE_ACCOUNT
URL = Reference(CONFIG_MAP, "settings", "env URL", "url")
ALL = Reference(CONFIG_MAP, "settings", "envFrom")
WORD = Reference(SECRET, "db", "env WORD", "word")
ROBOT = Reference(ACCOUNT, "robot", "spec.serviceAccountName")
MOUNT = 'volume "v" cannot be mounted:'


def known(kinds: tuple[Kind, ...] = names.REFERABLE, /, **objects: Referent) -> Known:
    """What is known, by names of objects."""
    of = {"settings": CONFIG_MAP, "other": CONFIG_MAP, "db": SECRET, "robot": ACCOUNT}
    return Known(frozenset(kinds), {(of[name], name): found for name, found in objects.items()})


def holding(**data: str) -> Referent:
    return Referent.contents({"metadata": {"resourceVersion": "1"}, "data": data})


def words(*references: Reference, of: Known) -> str:
    found = preflight.problem(references, of)
    return found.message if found else ""


# What is missing


def test_the_message_names_object_key_and_place() -> None:
    advice = ": create what is missing, or change the MyApp"
    assert words(URL, of=known()) == f'ConfigMap "settings" does not exist (env URL){advice}'
    empty = known(settings=holding(colour="blue"))
    assert words(URL, of=empty) == f'ConfigMap "settings" has no key "url" (env URL){advice}'
    assert words(URL, ALL, of=known(settings=holding(url="x"))) == ""


def test_all_that_is_missing_is_counted_and_the_first_three_are_named() -> None:
    many = [Reference(CONFIG_MAP, f"c{number}", "envFrom") for number in range(5)]
    assert '"c2" does not exist (envFrom) and 2 more: ' in words(*many, of=known())


@pytest.mark.parametrize(
    ("said", "there"),
    [
        ('configmap "settings" not found', True),
        ('MountVolume.SetUp failed for volume "v" : configmap "settings" not found', True),
        ('persistentvolumeclaim "data" not found', False),
        ('configmap "settings" not found, secret "db" not found', False),
        ("couldn't find key url in ConfigMap default/settings", True),
        ("couldn't find key colour in ConfigMap default/settings", False),
        ("couldn't find key url in ConfigMap default/other", False),
        ("container cannot be created", False),
        (f'{MOUNT} configmap "settings" not found; {MOUNT} couldn\'t find key url in ConfigMap n/settings', True),
        (f'{MOUNT} exit status 32; {MOUNT} configmap "settings" not found', False),
        (f'{MOUNT} [configmap "settings" not found, references non-existent secret key: word]', False),
        (f'{MOUNT} [configmap "settings" not found, configmap "other" not found]', True),
    ],
)
def test_what_was_not_found_and_is_there_now_is_no_cause_any_more(said: str, there: bool) -> None:
    objects = known(settings=holding(url="x"), other=Referent(1))
    assert preflight.is_there_now(Cause(Reason.CONFIG_ERROR, said), objects) is there


@pytest.mark.parametrize("reason", sorted(names.FROM_PODS - {Reason.CONFIG_ERROR}))
def test_what_an_app_or_a_node_says_is_told_also_where_what_it_names_is_there(reason: Reason) -> None:
    said = 'container "myapp" exits with code 1: Error: configmap "settings" not found'
    assert not preflight.is_there_now(Cause(reason, said), known(settings=holding(url="x")))


def test_what_is_optional_or_unread_or_of_a_kind_that_is_not_seen_is_not_missing() -> None:
    assert words(replace(URL, optional=True), of=known()) == ""
    assert words(replace(URL, optional=True), of=known(settings=holding())) == ""
    assert words(URL, of=known(settings=Referent(1))) == ""
    assert words(WORD, of=known((CONFIG_MAP,))) == ""


@pytest.mark.parametrize(
    ("reference", "restarts", "is_read"),
    [
        (URL, False, True),
        (ALL, False, False),
        (replace(URL, optional=True), False, False),
        (ALL, True, True),
        (replace(ALL, optional=True), True, True),
        (Reference(names.CLAIM, "files", "volume"), True, False),
        (ROBOT, True, False),
    ],
)
def test_only_what_matters_is_read(reference: Reference, restarts: bool, is_read: bool) -> None:
    assert preflight.must_be_read(reference, restarts=restarts) is is_read


# The account


def test_an_account_must_be_open_to_myapps() -> None:
    closed = preflight.problem([ROBOT], known(robot=Referent(1)))
    assert closed is not None
    assert closed.reason is Reason.SERVICE_ACCOUNT_NOT_ALLOWED
    assert preflight.problem([ROBOT], known(robot=Referent(1, usable=True))) is None


def test_an_account_that_does_not_exist_is_missing() -> None:
    found = preflight.problem([ROBOT], known())
    assert found is not None
    assert found.reason is Reason.REFERENCE_MISSING


def test_where_accounts_cannot_be_seen_none_is_allowed() -> None:
    found = preflight.problem([ROBOT], known((CONFIG_MAP,)))
    assert found is not None
    assert found.reason is Reason.SERVICE_ACCOUNT_NOT_ALLOWED
    assert "grant the rights" in found.message


# Which version runs

MARK = names.CONFIGURATION[names.CONFIG_MAP]


def test_a_version_was_let_through_if_the_deployment_says_so_or_is_as_wanted() -> None:
    want = wanted()[names.DEPLOYMENT]
    assert preflight.was_let_through(want, child(template=want.version), 1)
    assert preflight.was_let_through(want, child(applied=want.applied), 1), "of an operator that noted nothing"
    assert preflight.was_let_through(want, child(applied=want.applied[:16]), 1), "of an earlier release"
    assert not preflight.was_let_through(want, child(applied=want.applied[:16]), 1, earlier=False)
    assert preflight.was_let_through(want, child(applied=want.applied), 1, earlier=False)
    assert not preflight.was_let_through(want, child(template=want.version[:16]), 1), "half of a hash is none"
    assert not preflight.was_let_through(want, child(template="another"), 1)
    back = child(template="another", rolled_back=RolledBack(1, "ConfigError", "missing", "2030-01-01T12:00:00Z"))
    assert preflight.was_let_through(want, back, 1), "nothing is to be made of it now"
    assert not preflight.was_let_through(want, replace(back, template=want.version), 2)


def test_the_configuration_of_a_version_that_failed_stands_while_it_is_asked_for() -> None:
    want, of_pods, failed = wanted()[names.DEPLOYMENT], {MARK: "of the pods"}, {MARK: "failed"}
    ours = child(rollout=rollout(configuration=of_pods))
    why = RolledBack(1, "ConfigError", "missing", "2030-01-01T12:00:00Z", want.version, failed)
    assert preflight.configured(want, None) == {}
    assert preflight.configured(want, ours) == of_pods
    assert preflight.configured(want, replace(ours, rolled_back=why)) == failed
    assert preflight.configured(want, replace(ours, rolled_back=replace(why, version="another"))) == of_pods


# What restarts the pods


def annotations(*references: Reference, of: Known, complete: bool = True, **before: str) -> dict[str, str]:
    called = {"configmaps": names.CONFIGURATION[CONFIG_MAP], "secrets": names.CONFIGURATION[SECRET]}
    had = {called[key]: value for key, value in before.items()}
    found = preflight.configuration(references, of, had, complete=complete)
    return {key: found[name] for key, name in called.items() if name in found}


def test_the_hash_never_changes_between_releases_of_the_operator() -> None:
    """Any other value would restart the pods of every app at an upgrade."""
    of = known(settings=holding(url="http://db", colour="blue"), db=holding(word="x"))
    now = {"configmaps": "58b5e48dc7b8ec5a86f5290a2fd4c153", "secrets": "8c47ed851dd8163a063cf537cd6e4d63"}
    assert annotations(URL, WORD, of=of) == now
    assert annotations(ALL, of=of) == {"configmaps": "f9ad1791520f99b1df69b8469791423c"}


def test_a_hash_of_an_earlier_release_stays_until_a_value_changes() -> None:
    of = known(settings=holding(url="http://db", colour="blue"), db=holding(word="x"))
    earlier = {"configmaps": "0d6234549f015989", "secrets": "ea8cec4d387aef0e"}
    assert annotations(URL, WORD, of=of, **earlier) == earlier
    assert annotations(ALL, of=of, configmaps="68edb36ec48af778") == {"configmaps": "68edb36ec48af778"}
    changed = known(settings=holding(url="http://other"), db=holding(word="x"))
    assert annotations(URL, of=changed, **earlier) == annotations(URL, of=changed)


def test_a_changed_value_restarts_and_nothing_else_does() -> None:
    other = Reference(CONFIG_MAP, "other", "envFrom")
    before = annotations(URL, other, of=known(settings=holding(url="a", colour="blue"), other=holding(x="y")))
    same = known(other=holding(x="y"), settings=replace(holding(colour="red", url="a"), resource_version=9))
    assert annotations(other, URL, of=same) == before, "another order, another key that is not used"
    assert annotations(URL, other, of=known(settings=holding(url="b"), other=holding(x="y"))) != before
    assert annotations(URL, other, of=known(settings=holding(url="a"), other=holding(x="y", z="z"))) != before


def test_an_optional_object_counts_once_it_is_there() -> None:
    maybe = replace(ALL, optional=True)
    assert annotations(maybe, of=known()) != annotations(maybe, of=known(settings=holding(a="b")))


def test_what_is_unknown_stays_as_it_was() -> None:
    there = known(settings=holding(url="a"))
    assert annotations(URL, of=known(settings=Referent(1)), configmaps="was") == {"configmaps": "was"}, "unread"
    assert annotations(URL, of=known(()), configmaps="was") == {"configmaps": "was"}, "no right"
    assert annotations(URL, of=there, complete=False, configmaps="was") == {"configmaps": "was"}, "something missing"
    seen = annotations(URL, WORD, of=replace(there, seen=frozenset({CONFIG_MAP})), secrets="was")
    assert seen == {**annotations(URL, of=there), "secrets": "was"}, "the right to one kind alone"
    assert annotations(URL, of=known(settings=Referent(1))) == {}


def test_what_is_no_longer_used_leaves_no_hash_behind() -> None:
    assert annotations(WORD, of=known(db=holding(word="x")), configmaps="was").keys() == {"secrets"}


def test_one_object_in_many_places_is_hashed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    many = [replace(ALL, where=f"place {number}") for number in range(500)]
    settings = holding(**{f"k{number}": "x" for number in range(100)})
    worked = [0]
    short, sha256 = references._shortened, hashlib.sha256

    def counted(entries: bytes) -> bytes:
        worked[0] += 1
        return short(entries)

    def hashed(text: bytes) -> object:
        worked[0] += 1
        return sha256(text)

    was = dict(preflight.configuration(many, known(settings=settings), {}, complete=True))
    earlier = {names.CONFIGURATION[CONFIG_MAP]: was[names.CONFIGURATION[CONFIG_MAP]][:16]}
    monkeypatch.setattr(references, "_shortened", counted)
    monkeypatch.setattr(hashlib, "sha256", hashed)
    preflight.configuration(many, known(settings=settings), earlier, complete=True)
    assert worked[0] <= 5


def test_a_key_that_was_not_asked_for_of_an_object_of_many_is_unknown_and_not_missing() -> None:
    """As after a read that was refused."""
    data = {"url": "http://db", **{f"k{number}": "x" for number in range(300)}}
    settings = Referent.contents({"metadata": {"resourceVersion": "1"}, "data": data}, frozenset({"k1", "none"}))
    assert words(URL, of=known(settings=settings)) == ""
    assert "has no key" in words(replace(URL, key="none"), of=known(settings=settings))
    before = {names.CONFIGURATION[CONFIG_MAP]: "as it was"}
    assert preflight.configuration([URL], known(settings=settings), before, complete=True) == before
