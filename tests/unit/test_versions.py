"""Versions of the pods: one hash, however the API server writes a template; and the part of it that we applied."""

from typing import Any

import pytest

from myapp_operator import names, versions
from myapp_operator.grammar import Json
from tests.unit.samples import wanted

APPLIED: Json = (wanted()[names.DEPLOYMENT].body or {})["spec"]["template"]


def pods(metadata: Json | None = None, **spec: Any) -> Json:
    """A template of one container; `spec` is more of the pod."""
    return {"metadata": metadata or {"labels": {"app": "myapp"}}, "spec": {"containers": [{"name": "myapp"}], **spec}}


def container(**fields: Any) -> Json:
    return pods(containers=[{"name": "myapp", **fields}])


SAME: list[tuple[str, Json, Json]] = [
    ("zeros", pods(hostNetwork=False, volumes=[{"name": "a", "emptyDir": {}}]), pods(volumes=[{"name": "a"}])),
    ("an empty value", container(env=[{"name": "A", "value": ""}]), container(env=[{"name": "A"}])),
    (
        "quantities",
        container(resources={"limits": {"cpu": 1, "memory": "1024Mi"}, "requests": {"cpu": "0.5"}}),
        container(resources={"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "500m"}}),
    ),
    (
        "a default in what is owned as a whole",
        container(env=[{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "x"}}}]),
        container(env=[{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "x", "apiVersion": "v1"}}}]),
    ),
    (
        "marks that restart the pods",
        pods(),
        pods({"labels": {"app": "myapp"}, "annotations": {names.RESTARTED_AT: "now", "apps.example.com/secrets": "a"}}),
    ),
    ("order of keys", {"metadata": {}, "spec": {"a": "1", "b": "2"}}, {"spec": {"b": "2", "a": "1"}, "metadata": {}}),
]
OTHER: list[tuple[str, Json, Json]] = [
    ("image", container(image="a"), container(image="b")),
    ("a value", container(env=[{"name": "A", "value": "1"}]), container(env=[{"name": "A", "value": "01"}])),
    ("an argument that looks like a quantity", container(args=["1000m"]), container(args=["1"])),
    ("an empty argument", container(args=["", "a"]), container(args=["a"])),
    ("a quantity", container(resources={"limits": {"cpu": "1"}}), container(resources={"limits": {"cpu": "1m"}})),
    (
        "order of variables",
        container(env=[{"name": "A"}, {"name": "B"}]),
        container(env=[{"name": "B"}, {"name": "A"}]),
    ),
    ("an account", pods(serviceAccountName="a"), pods(serviceAccountName="b")),
    ("its token", pods(automountServiceAccountToken=True), pods(automountServiceAccountToken=False)),
]


@pytest.mark.parametrize(("one", "other"), [pytest.param(*case[1:], id=case[0]) for case in SAME])
def test_what_the_server_writes_otherwise_is_the_same_version(one: Json, other: Json) -> None:
    assert versions.version(one) == versions.version(other)


@pytest.mark.parametrize(("one", "other"), [pytest.param(*case[1:], id=case[0]) for case in OTHER])
def test_whatever_changes_what_runs_is_another_version(one: Json, other: Json) -> None:
    assert versions.version(one) != versions.version(other)


def test_a_hash_has_128_bits() -> None:
    assert len(versions.version(APPLIED)) == 32


# The part that we applied

OURS: Json = {
    "f:metadata": {"f:labels": {"f:app": {}}},
    "f:spec": {
        "f:containers": {
            'k:{"name":"myapp"}': {
                ".": {},
                "f:name": {},
                "f:image": {},
                "f:command": {},
                "f:env": {'k:{"name":"A"}': {".": {}, "f:name": {}, "f:value": {}}},
            }
        }
    },
}
MINE = {"name": "myapp", "image": "app:1", "command": ["serve"], "env": [{"name": "A", "value": "1"}]}
DEFAULTS = {"terminationMessagePath": "/dev/termination-log"}
STORED = pods(containers=[{**MINE, **DEFAULTS}], dnsPolicy="ClusterFirst")


def without(*path: str) -> Json:
    """Our fields, less one that was taken from us."""

    def less(fields: Json, left: tuple[str, ...]) -> Json:
        if len(left) == 1:
            return {key: value for key, value in fields.items() if key != left[0]}
        return {**fields, left[0]: less(fields[left[0]], left[1:])}

    return less(OURS, ("f:spec", "f:containers", 'k:{"name":"myapp"}', *path))


def changed(**fields: Any) -> Json:
    """The template that others made of it."""
    mine = {key: value for key, value in {**MINE, **DEFAULTS, **fields}.items() if value is not None}
    return pods(containers=[mine, {"name": "evil"}], dnsPolicy="ClusterFirst")


def test_defaults_and_what_others_added_are_left_out() -> None:
    stored = {**STORED, "spec": {**STORED["spec"], "containers": [*STORED["spec"]["containers"], {"name": "evil"}]}}
    assert versions.applied_part(stored, OURS) == pods(containers=[MINE])


def test_without_an_entry_of_ours_nothing_was_applied() -> None:
    assert versions.applied_part(STORED, None) == {}
    assert versions.applied_part(STORED, {}) == STORED, "owned as a whole"


@pytest.mark.parametrize(
    ("ours", "standing"),
    [
        pytest.param(without("f:image"), changed(image="evil:2"), id="image"),
        pytest.param(without("f:command"), changed(command=["evil"]), id="command is changed"),
        pytest.param(without("f:command"), changed(command=None), id="command is removed"),
        pytest.param(
            without("f:env", 'k:{"name":"A"}', "f:value"), changed(env=[{"name": "A", "value": "2"}]), id="a variable"
        ),
        pytest.param(without("f:env"), changed(env=None), id="all variables are removed"),
    ],
)
def test_what_others_took_is_missing_where_it_stands_and_found_in_the_replica_set(ours: Json, standing: Json) -> None:
    applied = pods(containers=[MINE])
    assert versions.applied_part(standing, ours) != applied
    assert versions.applied_part(STORED, ours, standing) == applied
