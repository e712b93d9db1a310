"""What an installation allows beyond the rules of the CRD."""

import pytest

from myapp_operator.allowance import Allowance
from myapp_operator.errors import InvalidMyAppError
from tests.unit.samples import spec


@pytest.mark.parametrize("kind", ["NodePort", "LoadBalancer"])
def test_a_service_reached_from_outside_needs_the_administrators_leave(kind: str) -> None:
    wanted = spec(service={"type": kind})
    assert Allowance(frozenset({kind})).checked(wanted) == wanted
    refused = rf"^spec\.service\.type: {kind} is not allowed .*--allow-service-type {kind}$"
    with pytest.raises(InvalidMyAppError, match=refused):
        Allowance().checked(wanted)


def test_leave_for_one_type_is_none_for_another() -> None:
    with pytest.raises(InvalidMyAppError):
        Allowance(frozenset({"NodePort"})).checked(spec(service={"type": "LoadBalancer"}))


def test_an_ordinary_service_needs_no_leave() -> None:
    assert Allowance().checked(spec()) == spec()
