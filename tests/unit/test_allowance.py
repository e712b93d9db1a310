"""What an installation allows beyond the rules of the CRD."""

import pytest

from myapp_operator.allowance import Allowance
from tests.unit.samples import spec


@pytest.mark.parametrize("kind", ["NodePort", "LoadBalancer"])
def test_a_service_reached_from_outside_needs_the_administrators_leave(kind: str) -> None:
    wanted = spec(service={"type": kind})
    assert Allowance(frozenset({kind})).refusal(wanted) is None
    refused = Allowance().refusal(wanted)
    assert refused is not None
    assert refused.startswith(f"spec.service.type: {kind} is not allowed")
    assert f"--allow-service-type {kind}" in refused


def test_leave_for_one_type_is_none_for_another() -> None:
    assert Allowance(frozenset({"NodePort"})).refusal(spec(service={"type": "LoadBalancer"}))


def test_an_ordinary_service_needs_no_leave() -> None:
    assert Allowance().refusal(spec()) is None
