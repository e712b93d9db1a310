"""The probes tell the truth: not ready while changes do not arrive, not alive while work does not go on."""

import pytest

from tests.api.test_refusals import quota
from tests.harness import Api, OperatorProcess, Relay, hasty, wait_for


@pytest.fixture
def operator(impatient_operator: OperatorProcess) -> OperatorProcess:
    """The operator behind the relay."""
    return impatient_operator


def test_it_is_not_ready_while_the_watch_of_myapps_is_silent(api: Api, relay: Relay, operator: OperatorProcess) -> None:
    api.create("myapps", hasty("known"))
    wait_for("Ready", lambda: api.is_ready("known"))
    relay.silence_apps()
    api.create("myapps", hasty("unheard"))
    wait_for("not ready", lambda: operator.probe("/readyz") == 503)
    assert operator.answer("/readyz")[1].startswith("a watch is silent: ")
    assert operator.probe("/healthz") == 200, "a restart is not asked for"
    relay.end_silence()
    wait_for("ready", lambda: operator.probe("/readyz") == 200)
    wait_for("what was missed is done", lambda: api.is_ready("unheard"))
    assert operator.output().count("a watch is silent") == 1


@pytest.mark.parametrize("plural", ["deployments", "services"])
def test_it_is_not_ready_while_a_watch_of_children_brings_bookmarks_alone(
    api: Api, relay: Relay, operator: OperatorProcess, plural: str
) -> None:
    api.create("myapps", hasty())
    wait_for("Ready", api.is_ready)
    relay.silence(plural)
    api.patch(plural, f"myapp-{plural.removesuffix('s')}", {"metadata": {"annotations": {"example.com/by": "others"}}})
    wait_for("not ready", lambda: operator.probe("/readyz") == 503)
    kind = plural.removesuffix("s").capitalize()
    assert f"a change of {kind} {api.namespace}/myapp-{kind.lower()} has not arrived" in operator.answer("/readyz")[1]
    relay.end_silence()
    wait_for("ready", lambda: operator.probe("/readyz") == 200)


def test_it_is_not_ready_while_its_own_status_does_not_come_back(
    api: Api, relay: Relay, operator: OperatorProcess
) -> None:
    api.create("myapps", hasty())
    wait_for("Ready", api.is_ready)
    api.create("resourcequotas", quota(**{"count/services": "0"}))
    wait_for("the quota counts", lambda: (api.get("resourcequotas", "tight") or {})["status"].get("hard"))
    relay.silence_apps()
    api.delete("services", "myapp-service")  # its own watch tells of that, and the status that it cannot come back
    wait_for("not ready", lambda: operator.probe("/readyz") == 503)
    assert f"our own change of the status of {api.namespace}/myapp has not arrived" in operator.answer("/readyz")[1]
    relay.end_silence()
    wait_for("ready", lambda: operator.probe("/readyz") == 200)


def test_it_is_not_alive_while_an_app_is_worked_at_without_an_end(
    api: Api, relay: Relay, operator: OperatorProcess
) -> None:
    relay.hold_writes()
    api.create("myapps", hasty())
    wait_for("not alive", lambda: operator.probe("/healthz") == 503)
    assert f"a look at {api.namespace}/myapp has not ended" in operator.answer("/healthz")[1]
    assert "so /healthz fails" in operator.output()
    relay.let_writes_go()
    wait_for("alive", lambda: operator.probe("/healthz") == 200)
    wait_for("all is done", api.is_ready)
