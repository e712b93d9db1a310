"""Requests counted in the audit log."""

import json
from pathlib import Path
from typing import Any

import pytest

from dev.bench.audit import Requests, count, reads, writes

US, OTHER = "system:serviceaccount:myapp-system:myapp-operator", "system:kube-controller-manager"


def line(verb: str, resource: str, user: str = US, code: int = 200, **more: Any) -> bytes:
    """One line of the log, as the API server writes it."""
    target, _, subresource = resource.partition("/")
    event = {
        "verb": verb,
        "user": {"username": user},
        "objectRef": {"resource": target, **({"subresource": subresource} if subresource else {})},
        "responseStatus": {"code": code},
        "stage": "ResponseComplete",
    }
    return json.dumps(event | more, separators=(",", ":")).encode() + b"\n"


def test_requests_are_counted_by_verb_and_resource_for_one_user() -> None:
    lines = [line("patch", "deployments"), line("patch", "myapps/status"), line("patch", "deployments", OTHER)]
    assert count(lines, US) == {"patch deployments": 1, "patch myapps/status": 1}


def test_who_is_only_named_in_a_request_has_not_made_it() -> None:
    assert count([line("create", "tokenreviews", OTHER, annotations={"about": US})], US) == {}


def test_a_watch_counts_once_though_it_is_logged_at_both_ends() -> None:
    began, ended = (line("watch", "services", stage=stage) for stage in ("ResponseStarted", "ResponseComplete"))
    assert count([began], US) == count([began, ended], US) == {"watch services": 1}


@pytest.mark.parametrize("code", [409, 422, 429, 504, 0])
def test_what_did_not_succeed_is_counted_by_code_and_is_no_write(code: int) -> None:
    found = count([line("patch", "deployments", code=code)], US)
    assert found == {str(code): 1}
    assert writes(found) == 0


def test_a_watch_that_was_refused_is_counted_by_code() -> None:
    assert count([line("watch", "services", code=403)], US) == {"403": 1}


def test_a_dry_run_is_not_counted() -> None:
    assert count([line("patch", "deployments", requestURI="/x?dryRun=All&fieldManager=a")], US) == {}


def test_events_leases_and_watches_are_neither_reads_nor_writes() -> None:
    apart = [line("create", "events"), line("update", "leases"), line("get", "leases")]
    found = count([*apart, line("watch", "myapps", stage="ResponseStarted"), line("list", "myapps")], US)
    assert (reads(found), writes(found)) == (1, 0)


def test_the_log_is_followed_when_it_is_put_aside(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    path.write_bytes(line("patch", "deployments"))
    log = Requests(path, US)
    assert log.read() == {"patch deployments": 1}
    with path.open("ab") as file:
        file.write(line("patch", "services"))
    path.rename(tmp_path / "audit-2026.log")
    path.write_bytes(line("patch", "myapps/status"))
    assert log.read() == {"patch deployments": 1, "patch services": 1, "patch myapps/status": 1}
    log.close()


def test_a_line_that_is_half_written_counts_once_it_is_whole(tmp_path: Path) -> None:
    path, whole = tmp_path / "audit.log", line("patch", "deployments")
    path.write_bytes(whole[:40])
    log = Requests(path, US)
    assert log.read() == {}
    with path.open("ab") as file:
        file.write(whole[40:])
    assert log.read() == {"patch deployments": 1}
    log.close()
