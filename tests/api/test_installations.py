"""Two installations over one namespace: what they write is bounded, and the second one stays away."""

from pathlib import Path

import pytest

from tests.api.conftest import Kubectl
from tests.harness import Api, Audit, OperatorProcess, hasty, never, wait_for

ANOTHER = "another myapp-operator"


def test_two_releases_that_do_not_know_of_one_another_do_not_write_in_turn_for_ever(
    api: Api, operator: OperatorProcess, account: Path, namespace: str, tmp_path: Path, audit: Audit
) -> None:
    (tmp_path / "other").mkdir()
    other = OperatorProcess(
        account, tmp_path / "other", "--namespace", namespace, module="tests.harness.divergent"
    )
    other.start()
    api.create("myapps", hasty())
    wait_for("told", lambda: [each for each in api.events("Reverted") if f"(changed by {ANOTHER})" in each["message"]])
    wait_for("a fight", lambda: [each for each in api.events("Reverted") if f"again and again by {ANOTHER}" in each["message"]])
    never("more than a few writes", lambda: len(audit.writes()) > 120, seconds=25)
    audit.restart()
    never("it goes on", lambda: len(audit.writes()) > 20, seconds=10)
    other.stop()
