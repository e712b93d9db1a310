"""What is told of a rollout: once each, whoever runs the operator meanwhile, and only of those that are ours."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from myapp_operator import desired, names, plan, preflight, rollouts
from myapp_operator.desired import Wanted
from myapp_operator.events import Notice
from myapp_operator.grammar import Json
from myapp_operator.model import parse_spec
from myapp_operator.observed import Child
from myapp_operator.rollouts import Asked, Followed, Note
from tests.unit.samples import NOW, app, child, rollout

MARK = names.CONFIGURATION[names.CONFIG_MAP]
BEGAN = "2030-01-01T12:00:00Z"


def want(**spec: Any) -> Wanted:
    """The Deployment of this spec."""
    wanted = desired.build(app(), parse_spec({"image": "myapp:1", **spec}))
    return next(each for each in wanted if each.kind == names.DEPLOYMENT)


def body(wanted: Wanted) -> Json:
    return plan.with_notes(wanted.body or {}, wanted.carried)


def note(child: Child | None, *, reverts: bool = False, asked: Wanted | None = None, by: str = "", **spec: Any) -> str:
    """What is noted when this spec is written over a Deployment."""
    wanted = want(**spec)
    asks = Asked((asked or wanted).version, {"image": "myapp:1", **spec}, by)
    return rollouts.noted(body(wanted), child, asks, reverts=reverts, now=NOW)


def stands(noted: str, version: str = "", **configuration: str) -> Child:
    """Our Deployment with this note."""
    account = replace(rollout(), configuration=dict(configuration))
    return replace(child(), noted=noted, template=version or want().version, rollout=account)


def what(text: str) -> str:
    found = Note.from_text(text)
    assert found is not None
    return found.what


FIRST = note(None)


def test_a_creation_notes_from_what_the_pods_are_made_and_begins_no_rollout() -> None:
    assert "began" not in FIRST
    found = Note.from_text(FIRST)
    assert found is not None
    assert (found.image, found.what) == ("myapp:1", "")


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"image": "myapp:2"}, 'image "myapp:1" → "myapp:2"'),
        ({"env": [{"name": "A", "value": "1"}]}, "a change of spec.env"),
        ({"image": "myapp:2", "port": 80}, 'image "myapp:1" → "myapp:2" and a change of spec.port'),
        (
            {"port": 80, "args": ["a"], "command": ["b"], "drainSeconds": 1},
            "a change of spec.port, spec.command, spec.args and 1 more",
        ),
    ],
)
def test_the_image_or_the_settings_that_changed_are_named(spec: Json, words: str) -> None:
    text = note(stands(FIRST), **spec)
    assert what(text) == words
    assert Note.from_text(text) == replace(Note.from_text(text) or Note(""), began=BEGAN, restart=False)


def test_a_note_has_a_bounded_size() -> None:
    text = note(stands(note(None, image="i" * 512)), image="j" * 512, port=80)
    assert len(text) < 1500


def test_whoever_wrote_the_note_what_cannot_be_read_is_none() -> None:
    for text in ("", "x", "[]", "{}", '{"image": 5}', '{"image": "a", "more": 1}', "[" * 10_000):
        assert Note.from_text(text) is None
        assert 'image "myapp:2"' in what(note(stands(text), image="myapp:2"))


@pytest.mark.parametrize(
    ("child", "options"),
    [
        pytest.param(stands(FIRST), {"image": "myapp:2", "reverts": True}, id="others' edit is taken back"),
        pytest.param(stands(FIRST), {"image": "myapp:2", "asked": want(image="x")}, id="an earlier version"),
        pytest.param(stands(FIRST), {"image": "myapp:2", "replicas": 0}, id="there are no pods"),
        pytest.param(replace(stands(FIRST), template=""), {"image": "myapp:2"}, id="what stood there is not known"),
    ],
)
def test_what_the_myapp_has_not_changed_is_no_rollout_of_ours(child: Child, options: Any) -> None:
    text = note(child, **options)
    assert "began" not in text
    found = Note.from_text(text)
    assert found is not None
    assert found.image == "myapp:2"


def test_what_does_not_touch_the_pods_carries_the_note_on() -> None:
    text = note(stands(FIRST), image="myapp:2")
    assert note(stands(text, want(image="myapp:2").version), image="myapp:2", replicas=5) == text


def test_a_changed_configuration_is_a_restart_and_following_it_a_change() -> None:
    def marked(before: Json, after: Json) -> str:
        wanted = preflight.with_configuration(want(), after)
        asks = Asked(wanted.version, {"image": "myapp:1"}, 'ConfigMap "c" changed')
        return rollouts.noted(body(wanted), stands(FIRST, "", **before), asks, reverts=False, now=NOW)

    restart = Note.from_text(marked({MARK: "a"}, {MARK: "b"}))
    assert restart is not None
    assert (restart.restart, restart.what) == (True, 'ConfigMap "c" changed')
    assert what(marked({}, {MARK: "b"})) == "a change of spec.rollout.restartOnConfigChange"


def test_going_back_from_a_configuration_is_no_restart_of_ours() -> None:
    wanted = preflight.with_configuration(want(), {MARK: "a"})
    going_back = plan.with_notes(body(wanted), {names.ROLLED_BACK: "why"})
    asks = Asked(wanted.version, {"image": "myapp:1"})
    text = rollouts.noted(going_back, stands(FIRST, "", **{MARK: "b"}), asks, reverts=False, now=NOW)
    assert "began" not in text


def test_what_has_changed_in_the_configuration() -> None:
    was = {'ConfigMap "a"': "1", 'ConfigMap "b"': "1", 'Secret "s"': "1"}
    now = {**was, 'ConfigMap "b"': "2"}
    maps = [names.CONFIG_MAP]
    assert preflight.changed(was, now, maps) == 'ConfigMap "b" changed'
    assert preflight.changed(None, now, maps) == "a ConfigMap changed", "nobody knows which"
    assert preflight.changed(None, now, [names.SECRET]) == 'Secret "s" changed'
    assert preflight.changed(was, was, [names.CONFIG_MAP, names.SECRET]) == "a ConfigMap or Secret changed"


# When it is told

NEW = note(stands(FIRST), image="myapp:2")
READY = {"observedGeneration": 1, "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": BEGAN}]}


def since(seconds: float, reason: str = "RollingOut") -> Json:
    """A status that is not Ready since so many seconds after the begin."""
    moment = (NOW + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
    ready = {"type": "Ready", "status": "False", "reason": reason, "lastTransitionTime": moment}
    return {"observedGeneration": 2, "conditions": [ready]}


class Process:
    """One run of the operator, and what it tells."""

    def __init__(self) -> None:
        self.known: Followed | None = None
        self.said: list[str] = []
        self.notices: list[Notice] = []

    def sees(self, text: str, seconds: float, status: Json, *, complete: bool = False) -> Sequence[str]:
        now: datetime = NOW + timedelta(seconds=seconds)
        self.known, notices = rollouts.told(
            self.known, stands(text), app(status=status, generation=2), now, complete=complete
        )
        self.notices += notices
        return [f"{each.reason}: {each.message}" for each in notices]


STARTED = 'RolloutStarted: rolling out image "myapp:1" → "myapp:2"'


def test_a_rollout_is_told_when_it_begins_and_when_it_is_complete() -> None:
    process = Process()
    assert process.sees(FIRST, 0, READY, complete=True) == []
    assert process.sees(NEW, 0, READY) == [STARTED]
    assert process.sees(NEW, 1, since(3)) == []
    complete = 'RolloutComplete: complete after 1 minute 5 seconds: image "myapp:1" → "myapp:2"'
    assert process.sees(NEW, 65, since(3), complete=True) == [complete]
    assert process.sees(NEW, 66, READY, complete=True) == []
    assert process.sees(NEW, 90, since(90, "Scaling")) == [], "a pod was lost"
    assert process.sees(NEW, 95, READY, complete=True) == []
    assert not any(each.warning for each in process.notices)


def test_another_run_of_the_operator_tells_the_rest_under_the_same_names() -> None:
    first, second = Process(), Process()
    first.sees(NEW, 0, READY)
    assert second.sees(NEW, 20, since(3)) == [STARTED]
    assert second.notices[0].name_for(app()) == first.notices[0].name_for(app())
    assert len(second.sees(NEW, 42, since(3), complete=True)) == 1


def test_the_begin_is_no_news_after_ten_minutes() -> None:
    """Its event may be gone by then, and would be made anew."""
    process = Process()
    assert process.sees(NEW, 3000, since(3)) == []
    assert process.sees(NEW, 3600, since(3), complete=True)[0].startswith("RolloutComplete: complete after 1 hour: ")


def test_how_long_it_took_is_not_told_where_nobody_saw_the_end() -> None:
    said = Process().sees(NEW, 3000, since(3), complete=True)
    assert said == ['RolloutComplete: complete: image "myapp:1" → "myapp:2"']


@pytest.mark.parametrize(
    ("seconds", "status", "complete"),
    [
        pytest.param(9000, {**READY, "observedGeneration": 2}, True, id="it is Ready"),
        pytest.param(9000, since(8000), False, id="others restart the pods much later"),
        pytest.param(9000, since(8000, "CrashLoopBackOff"), False, id="its pods crash since"),
        pytest.param(9000, {**READY, "observedGeneration": 2}, False, id="a pod was lost just now"),
    ],
)
def test_a_rollout_that_was_complete_is_not_told_again_after_a_restart(
    seconds: float, status: Json, complete: bool
) -> None:
    process = Process()
    assert process.sees(NEW, seconds, status, complete=complete) == []
    assert process.sees(NEW, seconds + 60, status, complete=True) == []


def test_a_rollout_that_was_begun_just_before_the_operator_ended_is_told() -> None:
    assert Process().sees(NEW, 5, READY) == [STARTED]


def test_the_next_version_takes_the_place_of_one_that_never_came_up() -> None:
    process = Process()
    process.sees(NEW, 0, READY)
    third = note(stands(NEW, want(image="myapp:2").version), image="myapp:3")
    assert process.sees(third, 50, since(3)) == ['RolloutStarted: rolling out image "myapp:2" → "myapp:3"']
    assert len(process.sees(third, 60, since(3), complete=True)) == 1


def test_a_restart_is_told_as_one() -> None:
    text = Note("myapp:1", "", BEGAN, 'ConfigMap "c" changed', restart=True).text
    process = Process()
    assert process.sees(text, 0, READY) == ['Restarted: restarting the pods because ConfigMap "c" changed']
    assert process.sees(text, 7, since(3), complete=True) == [
        'RolloutComplete: complete after 7 seconds: restarted because ConfigMap "c" changed'
    ]


def test_the_image_of_what_the_deployment_asks_for() -> None:
    asks = replace(child(), rollout=rollout(image="myapp:1"))
    assert rollouts.image(asks) == "myapp:1", "also of a release that noted nothing"
    assert rollouts.image(replace(asks, noted=NEW)) == "myapp:1"
    assert rollouts.image(replace(asks, noted=NEW, awaited=True)) == "myapp:2", "as it was just written"
    assert rollouts.image(replace(asks, noted="x", awaited=True)) == rollouts.image(None) == ""


def test_whoever_writes_our_note_over_steers_no_terminal_and_no_status() -> None:
    forged = Note("\x1b[31m" + 2000 * "x", "zz", BEGAN, "\x1b[2J" + 500 * "y").text
    shown = rollouts.image(replace(stands(forged), awaited=True))
    assert ("\x1b" in shown, len(shown)) == (False, 512)
    assert "\x1b" not in Process().sees(forged, 0, READY)[0]
    assert "\x1b" not in what(note(stands(forged), image="myapp:2"))
