"""Whatever a list or a watch holds, valid JSON or not: the process lives, others are served, and /readyz tells."""

import pytest

from tests.harness import Api, OperatorProcess, Relay, hasty, wait_for

ODD_BODIES = {
    "nothing": b"",
    "an object": b"{}",
    "null": b"null",
    "a list": b"[]",
    "an error": b'{"type":"ERROR"}',
    "a page of a proxy": b"<html><body>Please log in</body></html>",
    "cut": b'{"kind":"List","metadata":{"resourceVersion":"1"},"items":[{"metadata":',
    "no version": b'{"metadata":{},"items":[]}',
    "a version that is none": b'{"metadata":{"resourceVersion":"new"},"items":[]}',
    "items that are none": b'{"metadata":{"resourceVersion":"1"},"items":{"a":1}}',
}
ODD_OBJECTS = (
    b"null",
    b"[]",
    b"5",
    b"{}",
    b'{"metadata":null}',
    b'{"metadata":{"name":"x","namespace":5}}',
    b'{"metadata":{"name":"x","namespace":"y","uid":"z","resourceVersion":7}}',
    b'{"metadata":{"name":"x","namespace":"y","uid":"z"}}',
)
"""None of them says which object it is, and of which version."""
ODD_LINES = (
    b"{}",
    b"null",
    b"[]",
    b"5",
    b'{"type":"ERROR"}',
    b'{"type":"ERROR","object":null}',
    b'{"type":"ERROR","object":{"code":"410"}}',
    b'{"type":5,"object":{}}',
    b"<html>",
    b'{"type":"ADDED","object":{"metadata":{"name"',
)
WATCHED = ("myapps", "services", "deployments", "configmaps", "serviceaccounts")


@pytest.fixture
def operator(impatient_operator: OperatorProcess) -> OperatorProcess:
    """The operator behind the relay."""
    return impatient_operator


@pytest.mark.timeout(600)
@pytest.mark.parametrize("plural", WATCHED)
def test_odd_events_end_nothing_and_others_are_served(
    api: Api, relay: Relay, operator: OperatorProcess, plural: str
) -> None:
    lines = ODD_LINES if plural == "services" else ODD_LINES[::4]  # after each the next watch waits longer
    objects = [b'{"type":"%b","object":%b}' % (kind, odd) for odd in ODD_OBJECTS for kind in (b"ADDED", b"DELETED")]
    relay.slip_in(plural, b"\n".join([*objects, b'{"type":"BOOKMARK"}', b'{"type":"BOOKMARK","object":[]}']), *lines)

    def brought() -> bool:
        relay.cut_watches(plural)
        return not relay.left(plural)

    wait_for("all lines have been brought", brought, seconds=300, every=2)
    api.create("myapps", hasty())
    wait_for("Ready", api.is_ready, seconds=120)
    assert operator.running
    wait_for("it is ready", lambda: operator.probe("/readyz") == 200)
    assert operator.output().count("cannot read") <= len(ODD_OBJECTS), "each is logged once"


@pytest.mark.timeout(400)
@pytest.mark.parametrize("plural", WATCHED)
def test_a_list_that_cannot_be_read_is_told_by_the_readiness_with_its_kind(
    api: Api, relay: Relay, operator: OperatorProcess, plural: str
) -> None:
    api.create("myapps", hasty())
    wait_for("Ready", api.is_ready, seconds=60)
    for name, body in ODD_BODIES.items() if plural == "services" else [*ODD_BODIES.items()][5:7]:
        relay.answer_lists(plural, body)
        relay.cut_watches(plural)
        wait_for(f"not ready: {name}", lambda: operator.probe("/readyz") == 503, seconds=60)
        assert f"the list of {plural} cannot be read" in operator.answer("/readyz")[1]
        assert operator.probe("/healthz") == 200
        relay.answer_lists(plural, None)
        wait_for(f"ready again after {name}", lambda: operator.probe("/readyz") == 200, seconds=60)
    assert operator.running
    api.edit("myapp", replicas=3)
    wait_for("followed", lambda: api.is_ready() and (api.get("myapps", "myapp") or {})["status"]["replicas"] == 3)
