"""Log lines are one line each, harmless on a terminal and of bounded length, whatever words of others they carry."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

FORGED = "no\n2030-01-01 00:00:00,000 INFO    all is well\r\x1b[2J\x1b]0;title\x07\u2028\u202e\x85 end"
STEERING = ("\x1b", "\r", "\x07", "\u2028", "\u202e", "\x85")


def logged(log_format: str, *lines: str) -> str:
    """What a process writes that logs in this format."""
    program = "\n".join(
        ("import logging", "from myapp_operator import logs", f"logs.configure({log_format!r}, 'info')", *lines)
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60, check=False)
    assert done.stdout == b""
    return done.stderr.decode()


@pytest.mark.parametrize("logger", ["myapp_operator.steps", "kopf.objects", "asyncio"])
@pytest.mark.parametrize("log_format", ["text", "json"])
def test_words_of_others_forge_no_line_and_steer_no_terminal(log_format: str, logger: str) -> None:
    written = logged(log_format, f"logging.getLogger({logger!r}).warning('cannot create: %s', {FORGED!r})")
    (line,) = written.splitlines()
    assert "cannot create: no 2030-01-01" in line
    assert not any(each in written for each in STEERING)
    assert not any(each in json.loads(line)["message"] for each in STEERING) if log_format == "json" else True


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_an_error_that_quotes_others_forges_no_line_in_its_traceback(log_format: str) -> None:
    raising = (f"try: raise ValueError({FORGED!r})", "except ValueError: logging.exception('cannot reconcile')")
    for last in (raising, (f"raise ValueError({FORGED!r})",)):
        first, *others = logged(log_format, *last).splitlines()
        assert all(each.startswith("  | ") for each in others)
        assert bool(others) is (log_format == "text")
        assert not any(each in "".join([first, *others]) for each in STEERING)
        assert "ValueError: no" in (first if log_format == "json" else "".join(others))


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_a_line_is_cut_where_others_are_long_winded(log_format: str) -> None:
    written = logged(
        log_format,
        "logging.warning('it says %s', 'x' * 10**6, extra={'app': 'y' * 10**6})",
        "try: raise ValueError('z' * 10**6)",
        "except ValueError: logging.exception('no')",
    )
    assert "…" in written if log_format == "text" else r"\u2026" in written
    assert len(written) < 30_000


def test_json_lines_name_the_object() -> None:
    written = logged("json", "logging.info('create', extra={'app': 'default/shop'})")
    assert json.loads(written)["app"] == "default/shop"


def test_kopf_shows_no_traceback() -> None:
    written = logged("text", "try: 1 / 0", "except ZeroDivisionError: logging.getLogger('kopf.x').exception('no')")
    assert len(written.splitlines()) == 1


def test_json_lines_say_when_with_a_zone() -> None:
    time = json.loads(logged("json", "logging.info('create')"))["time"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", time)
