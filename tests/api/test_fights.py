"""Whoever changes a field as often as it is taken back is told to stop, and the reverts come at longer intervals."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest

from tests.harness import Api, Audit, OperatorProcess, hasty, wait_for

WORDS = "spec.replicas of the Deployment is changed again and again by autoscaler"
ADVICE = ": stop it, or let it change the MyApp instead"
PAUSE = 30


def replicas(api: Api) -> int:
    return int((api.get("deployments", "myapp-deployment") or {})["spec"]["replicas"])


def tamper(api: Api, number: int, annotations: dict[str, str] | None) -> None:
    """Somebody goes past the MyApp."""
    patch = {"metadata": {"annotations": annotations or {}}, "spec": {"replicas": number}}
    api.patch("deployments", "myapp-deployment", patch, manager="autoscaler")


def fight(api: Api, annotations: dict[str, str] | None = None) -> None:
    """Seven such changes; six of them are taken back at once."""
    api.create("myapps", hasty())
    wait_for("Ready", api.is_ready)
    for number in range(3, 10):
        wait_for("taken back", lambda: replicas(api) == 2)
        tamper(api, number, annotations)


def told(api: Api) -> Sequence[dict[str, Any]]:
    """The events of the fight itself."""
    return [each for each in api.events("Reverted") if WORDS in each["message"]]


def reverts(audit: Audit) -> list[datetime]:
    """When the Deployment was written to since it was created."""
    done = [each for each in audit.writes() if (each.resource, each.code) == ("deployments", 200)]
    return [datetime.fromisoformat(each.at) for each in done]


@pytest.mark.parametrize(
    "annotations",
    [
        pytest.param(None, id="openly"),
        pytest.param({"apps.example.com/applied": "other"}, id="hidden behind our annotation"),
    ],
)
def test_the_seventh_revert_waits_and_the_status_says_why(
    api: Api, operator: OperatorProcess, audit: Audit, annotations: dict[str, str] | None
) -> None:
    fight(api, annotations)

    def said() -> bool:
        if replicas(api) == 2:  # this machine was so slow that the pause is over: fight on
            tamper(api, 9, annotations)
        return WORDS + ADVICE in api.message() and api.reason() == "Scaling"

    wait_for("said", said)
    wait_for("taken back after the pause", lambda: replicas(api) == 2, seconds=150)
    times = wait_for("seven reverts in the audit log", lambda: (found := reverts(audit))[6:] and found)
    assert (times[6] - times[5]).total_seconds() >= PAUSE - 1
    wait_for("one event, counted", lambda: len(told(api)) == 1 and told(api)[0]["count"] >= 2)
    assert told(api)[0]["type"] == "Warning"
    wait_for("Ready, and still warned", lambda: api.is_ready() and WORDS in api.message())


def test_a_change_of_the_myapp_ends_the_fight(api: Api, operator: OperatorProcess) -> None:
    fight(api)
    wait_for("said", lambda: WORDS in api.message())
    api.edit("myapp", replicas=3)
    wait_for("as the MyApp says", lambda: replicas(api) == 3)
    wait_for("Ready, and nothing said", lambda: api.is_ready() and WORDS not in api.message())
