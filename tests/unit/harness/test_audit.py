"""What the harness takes for a write: what the API server did, not what it was asked for.

audit.jsonl was recorded from a real API server: the patches with 504 and 500 are of clients that were cut off.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.harness import Audit

RECORDED = Path(__file__).with_name("audit.jsonl").read_text().splitlines()
OLD, NEW = "2000-01-01T00:00:00.000000Z", "2999-01-01T00:00:00.000000Z"
PATCH = next(line for line in RECORDED if '"verb":"patch"' in line)


def line(text: str = PATCH, **changed: Any) -> bytes:
    """A recorded line, received after the audit has begun unless it is said otherwise; what is None is left out."""
    event = json.loads(text) | {"requestReceivedTimestamp": NEW} | changed
    return json.dumps({key: value for key, value in event.items() if value is not None}).encode() + b"\n"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    log = tmp_path / "audit.log"
    log.write_bytes(line())  # before the audit begins
    return log


@pytest.fixture
def audit(log: Path) -> Audit:
    return Audit(log, "somebody", "rec", "JTI=1")


def append(log: Path, *lines: bytes) -> None:
    with log.open("ab") as file:
        file.writelines(lines)


def test_only_what_succeeded_and_was_stored_is_a_write(log: Path, audit: Audit) -> None:
    append(log, *map(line, RECORDED))
    assert [(each.verb, each.code) for each in audit.writes()] == [("create", 201), ("patch", 200)]


def test_an_attempt_is_whatever_would_have_been_a_write(log: Path, audit: Audit) -> None:
    append(log, *map(line, RECORDED))
    assert [each.code for each in audit.attempts()] == [201, 409, 200, 404, 409, 422, 504, 500]
    assert [each.verb for each in audit.reads()] == ["get"]


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"responseStatus": {"code": 504}}, id="the client was cut off"),
        pytest.param({"responseStatus": {"metadata": {}}}, id="no code"),
        pytest.param({"responseStatus": None}, id="no answer"),
        pytest.param({"stage": "Panic", "responseStatus": {"code": 500}}, id="panic"),
        pytest.param({"stage": "ResponseStarted"}, id="not over"),
        pytest.param({"verb": "watch"}, id="a watch"),
        pytest.param({"requestReceivedTimestamp": OLD}, id="before"),
        pytest.param({"user": {"username": "somebody"}}, id="another token"),
        pytest.param({"user": {"username": "another"}}, id="another user"),
        pytest.param({"objectRef": None}, id="no object"),
        pytest.param({"requestURI": "/x?fieldManager=a&dryRun=All"}, id="a dry run"),
    ],
)
def test_this_is_no_write(log: Path, audit: Audit, changed: dict[str, Any]) -> None:
    append(log, line(**changed))
    assert audit.writes() == []


def test_a_request_that_runs_long_is_counted_once(log: Path, audit: Audit) -> None:
    append(log, line(stage="ResponseStarted"), line())
    assert len(audit.writes()) == 1


def test_a_line_that_is_half_written_counts_once_it_is_whole(log: Path, audit: Audit) -> None:
    append(log, line()[:40])
    assert audit.writes() == []
    append(log, line()[40:])
    assert len(audit.writes()) == len(audit.writes()) == 1


def test_the_log_is_followed_when_it_is_put_aside(log: Path, audit: Audit) -> None:
    append(log, line())
    log.rename(log.with_name("audit-2026.log"))
    log.write_bytes(line())
    assert len(audit.writes()) == 2


def test_what_was_before_the_restart_is_forgotten(log: Path, audit: Audit) -> None:
    append(log, line())
    assert audit.writes()
    audit.restart()
    assert audit.writes() == []
    append(log, line())
    assert len(audit.writes()) == 1
