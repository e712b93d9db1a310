"""The MyApps that other tools are shown: none is missing, and each is what it says."""

import pytest

from myapp_operator.names import Reason
from myapp_operator.verdicts import Outlook
from tests.unit.cases import CASES, Case
from tests.unit.samples import condition

HOLDS = {Outlook.READY: "Ready", Outlook.PROGRESSING: "Reconciling", Outlook.STALLED: "Stalled"}


def test_every_reason_has_a_case() -> None:
    assert {case.reason for case in CASES} == set(Reason)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_case_is_what_it_says(case: Case) -> None:
    status = case.stored["status"]
    assert condition(status, "Ready")["reason"] == case.reason
    holding = {kind for kind in HOLDS.values() if condition(status, kind)["status"] == "True"}
    assert holding == {HOLDS[case.outlook]}
