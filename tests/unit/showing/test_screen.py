"""The screen of `explain`."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from myapp_operator.showing import report, screen
from myapp_operator.showing.pods import Failing
from tests.unit.samples import NOW
from tests.unit.showing.samples import FAILED, RUNNING, WAITING, container, facts, pod

FAILING = Failing("shop-1", "shop", previous=True)
WHOLE = """\
MyApp web/shop: CrashLoopBackOff, 0/1 ready
  container "shop" exits with code 1
  what this means: docs/reasons/CrashLoopBackOff.md
  image shop:3, http://shop-service.web.svc

Conditions
  Ready      False  CrashLoopBackOff  5m
  Available  False  NoEndpoints       5m

Children
  Deployment  shop-deployment  0/1 ready, 0 available, 1 of the new version
  Service     shop-service     does not exist

Pods
  shop-1  new  0/1  CrashLoopBackOff  3 restarts  5m
    shop: waiting: CrashLoopBackOff: back-off 20s; before: ended with exit code 1 (Error)

Events
  20s  Warning  BackOff  Pod/shop-1
    about BackOff (x4)

Last lines of the run before, of container shop in pod shop-1
  Traceback (most recent call last):
  ModuleNotFoundError: No module named 'flask'

Could not be read
  the Service: services is forbidden"""


def test_everything_stands_on_one_screen() -> None:
    log = "Traceback (most recent call last):\nModuleNotFoundError: No module named 'flask'\n"
    found = report.of(facts(failing=FAILING, log=log, unread=["the Service: services is forbidden"]))
    assert "\n".join(screen.lay_out(found, NOW)) == WHOLE


def test_a_part_without_content_is_left_out() -> None:
    bare = report.of(facts(app={"metadata": {}}, children={}, newest=None, pods=[], events=[]))
    assert list(screen.lay_out(bare, NOW)) == ["MyApp web/shop: no status yet"]


def test_a_myapp_that_may_not_be_read_is_not_said_to_have_no_status() -> None:
    hidden = report.of(facts(app=None, hidden="not shown", children={}, newest=None, pods=[], events=[]))
    assert list(screen.lay_out(hidden, NOW)) == ["MyApp web/shop: not shown"]


def test_of_many_pods_all_that_are_not_well_are_shown_and_the_rest_counted() -> None:
    many = [pod(f"shop-{number:02}", container(RUNNING, ready=True)) for number in range(25)]
    lines = list(screen.lay_out(report.of(facts(pods=many)), NOW))
    assert "  and 15 that are ready" in lines
    crashing = [pod(f"shop-x{number:02}", container(WAITING, before=FAILED)) for number in range(25)]
    lines = list(screen.lay_out(report.of(facts(pods=[*many, *crashing])), NOW))
    assert sum(line.startswith("  shop-x") for line in lines) == 25
    assert "  and 15 that are ready" in lines


def test_all_that_is_missing_is_shown() -> None:
    lines = list(screen.lay_out(report.of(facts(missing=[f'ConfigMap "c{number}"' for number in range(9)])), NOW))
    assert lines[lines.index("Missing") + 9] == '  ConfigMap "c8"'
    assert not any("shop-10" in line for line in lines)


def test_colours_are_the_choice_of_the_caller() -> None:
    painted = "\n".join(screen.lay_out(report.of(facts()), NOW, lambda text, tone: f"<{tone}>{text}</>"))
    assert "<title>MyApp web/shop</>: <bad>CrashLoopBackOff</>" in painted
    assert "<bad>  shop: waiting" in painted


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (timedelta(seconds=0), "0s"),
        (timedelta(seconds=119), "119s"),
        (timedelta(minutes=2), "2m"),
        (timedelta(hours=3), "3h"),
        (timedelta(days=9), "9d"),
        (timedelta(seconds=-3), "0s"),
    ],
)
def test_ages_are_short(ago: timedelta, words: str) -> None:
    assert screen.age((NOW - ago).isoformat(), NOW) == words


def test_an_age_that_is_not_known_is_a_question_mark() -> None:
    assert screen.age("", NOW) == "?"


@pytest.mark.parametrize("paint", [screen.plain, lambda text, _: f"<{text}>"], ids=["plain", "painted"])
def test_nothing_that_others_wrote_steers_the_terminal(paint: screen.Paint) -> None:
    found = report.of(facts(failing=FAILING, log="\x1b]0;owned\x07\x1b[1Agone", unread=["\x1b[2J"]))
    steered = replace(found, message="a\x9bb", events=[replace(found.events[0], message="\x1b[8mhidden")])
    lines = list(screen.lay_out(steered, NOW, paint))
    assert not re.search("[\x00-\x1f\x7f-\x9f]", "".join(lines))
    assert "  �]0;owned��[1Agone" in lines
