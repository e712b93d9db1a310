"""What apps ask for is worked out once for each generation."""

import pytest

from myapp_operator import asked, names
from myapp_operator.allowance import Allowance
from myapp_operator.asked import Asked
from myapp_operator.errors import InvalidMyAppError
from tests.unit.samples import app


@pytest.fixture
def memory() -> Asked:
    return Asked(Allowance())


def test_nothing_is_worked_out_again_when_only_the_status_changes(memory: Asked) -> None:
    _, before = memory.by(app(resource_version=1))
    _, after = memory.by(app(resource_version=2, status={"ready": "1/2"}))
    assert after is before


@pytest.mark.parametrize("change", [{"generation": 2}, {"uid": "another"}], ids=["edited", "made anew"])
def test_a_changed_app_gets_what_it_asks_for_now(memory: Asked, change: dict[str, object]) -> None:
    memory.by(app(spec={"image": "myapp:1"}))
    spec, wanted = memory.by(app(spec={"image": "myapp:2"}, **change))
    assert spec.image == "myapp:2"
    deployment = next(each for each in wanted if each.kind is names.DEPLOYMENT)
    assert deployment.body is not None
    assert deployment.body["spec"]["template"]["spec"]["containers"][0]["image"] == "myapp:2"


def test_an_app_that_breaks_a_rule_is_refused_each_time(memory: Asked) -> None:
    for _ in range(2):
        with pytest.raises(InvalidMyAppError):
            memory.by(app(spec={"image": "myapp:1", "service": {"type": "NodePort"}}))


def test_only_the_last_apps_are_kept(memory: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asked, "_MOST", 2)
    _, first = memory.by(app(uid="1"))
    _, second = memory.by(app(uid="2"))
    memory.by(app(uid="1"))
    memory.by(app(uid="3"))
    assert memory.by(app(uid="1"))[1] is first
    assert memory.by(app(uid="2"))[1] is not second


def test_apps_are_kept_by_their_bytes_as_well(memory: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asked, "_MOST_BYTES", 1000)
    large = {"image": "myapp:1", "env": [{"name": "A", "value": "x" * 600}]}
    _, first = memory.by(app(uid="1", spec=large))
    assert memory.by(app(uid="1", spec=large))[1] is first
    memory.by(app(uid="2", spec=large))
    assert memory.by(app(uid="1", spec=large))[1] is not first


def test_an_app_that_cannot_be_taken_is_refused_with_the_reason(memory: Asked) -> None:
    memory.by(app())
    with pytest.raises(InvalidMyAppError, match="too large"):
        memory.by(app(problem="spec: too large"))
