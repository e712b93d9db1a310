"""What Argo CD says of a MyApp: the real script, in the version of Lua that Argo CD runs, on every reason."""

from pathlib import Path

import pytest
from lupa.lua51 import LuaRuntime

from myapp_operator.grammar import Json
from myapp_operator.names import Reason
from myapp_operator.verdicts import Outlook
from tests.unit.cases import CASES, NEVER_JUDGED, Case, edited

SCRIPT = Path(__file__).resolve().parents[3] / "deploy" / "argocd" / "health.lua"
HEALTH = {Outlook.READY: "Healthy", Outlook.PROGRESSING: "Progressing", Outlook.STALLED: "Degraded"}


def health(app: Json) -> tuple[str, str]:
    """Runs the script as Argo CD does: the object is the global `obj`, the answer a table."""
    lua = LuaRuntime()
    lua.globals().obj = lua.table_from(app, recursive=True)
    answer = lua.execute(SCRIPT.read_text())
    return answer["status"], answer["message"]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_health_is_what_the_conditions_say_with_the_message_of_the_status(case: Case) -> None:
    expected = "Suspended" if case.reason is Reason.SUSPENDED else HEALTH[case.outlook]
    assert health(case.stored) == (expected, case.stored["status"]["message"])


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_status_of_an_earlier_generation_is_not_believed(case: Case) -> None:
    assert health(edited(case)) == ("Progressing", "waiting for the operator to look at the latest change")


@pytest.mark.parametrize("status", [NEVER_JUDGED["status"], {}, None], ids=["as created", "empty", "none"])
def test_an_app_that_was_never_looked_at_is_progressing(status: Json | None) -> None:
    assert health(NEVER_JUDGED | {"status": status})[0] == "Progressing"


@pytest.mark.parametrize("conditions", [[], None], ids=["empty", "none"])
def test_a_status_without_conditions_is_progressing(conditions: list[Json] | None) -> None:
    assert health(NEVER_JUDGED | {"status": {"observedGeneration": 1, "conditions": conditions}})[0] == "Progressing"
