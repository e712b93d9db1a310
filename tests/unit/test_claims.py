"""Which of several installations looks after a namespace, and what a Lease says of that, also one of a tenant."""

import pytest

from myapp_operator import claims
from myapp_operator.claims import ALL, Claim
from myapp_operator.grammar import Json


def claim(home: str, *covers: str, created: str = "2030-01-01T00:00:00Z") -> Claim:
    return Claim(home, frozenset(covers), created, f"uid-{home}")


def leader(namespace: str, *installations: Claim) -> str:
    found = claims.leader_of(namespace, installations)
    return found.home if found else ""


OLD, YOUNG = "2029-01-01T00:00:00Z", "2031-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("installations", "leads"),
    [
        pytest.param([claim("ops", ALL), claim("shop", "shop", created=YOUNG)], "shop", id="its own namespace"),
        pytest.param([claim("ops", ALL), claim("team", "shop", created=YOUNG)], "team", id="one that names it"),
        pytest.param([claim("team", "shop", created=OLD), claim("shop", "shop")], "shop", id="of two that name it"),
        pytest.param([claim("ops", ALL), claim("new", ALL, created=YOUNG)], "ops", id="the older of two for all"),
        pytest.param([claim("b", "shop"), claim("a", "shop")], "a", id="the same second"),
        pytest.param([claim("ops", ALL), claim("team", "other")], "ops", id="one that does not cover it"),
        pytest.param([claim("", "shop", created=OLD), claim("ops", ALL)], "ops", id="one without a Lease comes last"),
        pytest.param([claim("ops", "other")], "", id="none"),
    ],
)
def test_one_installation_looks_after_a_namespace(installations: list[Claim], leads: str) -> None:
    assert leader("shop", *installations) == leads
    assert leader("shop", *reversed(installations)) == leads


def lease(annotation: str | None = None, **metadata: object) -> Json:
    annotations = {} if annotation is None else {"annotations": {"apps.example.com/namespaces": annotation}}
    return {"metadata": {"namespace": "ops", "name": "myapp-operator", "uid": "uid-1", **annotations, **metadata}}


@pytest.mark.parametrize("namespaces", [(), ("shop",), ("shop", "other")])
def test_what_is_written_is_what_is_read(namespaces: tuple[str, ...]) -> None:
    assert claims.read(lease(claims.annotation(namespaces))).covers == (frozenset(namespaces) or {ALL})


def test_the_lease_of_an_earlier_release_claims_its_own_namespace() -> None:
    assert claims.read(lease()).covers == {"ops"}


def test_a_lease_without_a_creation_time_is_younger_than_any() -> None:
    assert claims.read(lease("*", creationTimestamp=None)).created > YOUNG


def test_of_a_huge_annotation_little_is_read() -> None:
    assert len(claims.read(lease(",".join(f"n{number}" for number in range(50_000)))).covers) <= 100
