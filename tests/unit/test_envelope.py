"""What kopf sees of a MyApp: never its finalizers, and nothing of one that is too large or cannot be read."""

from typing import Any

import pytest

from myapp_operator.envelope import Envelopes, unwrap
from myapp_operator.observed import App

LARGEST = 1000


def raw(**changes: Any) -> dict[str, Any]:
    metadata = {"name": "myapp", "namespace": "default", "uid": "uid-1", "resourceVersion": "7", "generation": 3}
    return {"metadata": metadata | changes.pop("metadata", {}), "spec": {"image": "a"}, "status": {"b": 1}} | changes


def through_kopf(**changes: Any) -> App:
    return unwrap(Envelopes(LARGEST).wrap(raw(**changes)))


def test_a_myapp_comes_through_as_it_was() -> None:
    assert through_kopf() == App.from_json(raw())


def test_kopf_sees_no_finalizer_and_no_annotation() -> None:
    noise = {"finalizers": ["kopf.zalando.org/KopfFinalizerMarker"], "annotations": {"kopf.zalando.org/x": "{}"}}
    assert "kopf" not in repr(Envelopes(LARGEST).wrap(raw(metadata=noise)))


def test_one_that_is_being_deleted_is_so_beyond_kopf() -> None:
    assert through_kopf(metadata={"deletionTimestamp": {"no": "time"}}).deleting


def test_what_holds_one_that_is_being_deleted_is_known_in_bounds() -> None:
    held = {"deletionTimestamp": "2030-01-01T12:00:00Z", "finalizers": ["x" * 1000, "b", "c", "d"]}
    app = through_kopf(metadata=held)
    assert (app.deleted_at, app.finalizers) == ("2030-01-01T12:00:00Z", ("x" * 150, "b", "c"))
    assert through_kopf(metadata={"finalizers": ["b"]}).finalizers == ()
    odd = through_kopf(metadata={"deletionTimestamp": "x" * 1000, "finalizers": {"no": "list"}})
    assert (odd.deleting, odd.deleted_at, odd.finalizers) == (True, "", ())


def test_whether_others_have_scaled_a_myapp_is_known_beyond_kopf() -> None:
    entry = {"manager": "an-hpa", "subresource": "scale", "fieldsV1": {"f:spec": {"f:replicas": {}}}}
    assert through_kopf(metadata={"managedFields": [entry]}).scaled
    assert not through_kopf(metadata={"managedFields": [{**entry, "subresource": "status"}]}).scaled
    assert not through_kopf(metadata={"managedFields": {"no": "list"}}).scaled


def test_of_one_that_is_too_large_nothing_is_kept_but_the_sentence() -> None:
    app = through_kopf(spec={"image": "x" * LARGEST})
    assert app.spec == {}
    assert app.status == {"b": 1}
    assert app.problem.startswith("spec: it has more than the 1 kB that this operator takes")


def test_our_own_status_makes_no_myapp_too_large() -> None:
    """Else the status that says so would change the size, and be written without end."""
    app = through_kopf(status={"message": "x" * 64_000})
    assert (app.problem, app.spec, app.status) == ("", {"image": "a"}, {})


def test_our_own_status_is_kept_however_little_a_spec_may_have() -> None:
    """Else it would be taken for missing, and be written without end."""
    status = {"message": "x" * 32_000}
    assert through_kopf(status=status).status == status


@pytest.mark.parametrize("spec", [[], "text", 5, {"image": "\ud800"}, {"port": 2**70}], ids=repr)
def test_a_spec_that_is_none_is_a_problem_of_its_myapp(spec: Any) -> None:
    if spec:
        assert through_kopf(spec=spec).problem.startswith("spec: it ")
    assert through_kopf(spec=spec).spec == {}


@pytest.mark.parametrize("status", [None, [], "text", {"conditions": [{"a": "\ud800"}]}], ids=repr)
def test_a_status_that_cannot_be_read_is_absent(status: Any) -> None:
    assert through_kopf(status=status).status == {}


@pytest.mark.parametrize(
    "odd",
    [
        None,
        [],
        "text",
        {},
        {"metadata": []},
        raw(metadata={"name": None}),
        raw(metadata={"namespace": 5}),
        raw(metadata={"uid": ""}),
        raw(metadata={"resourceVersion": 7}),
        raw(metadata={"resourceVersion": "-7"}),
        raw(metadata={"resourceVersion": "9" * 5000}),
    ],
    ids=lambda odd: repr(odd)[:60],
)
def test_what_does_not_say_which_myapp_it_is_is_none(odd: Any) -> None:
    with pytest.raises(ValueError, match="metadata"):
        Envelopes(LARGEST).wrap(odd)


@pytest.mark.parametrize("generation", [None, "3", 1.5, [], True])
def test_a_generation_that_is_no_number_is_the_first(generation: Any) -> None:
    assert through_kopf(metadata={"generation": generation}).generation == 1


def test_whether_somebody_has_set_the_number_of_pods_comes_through() -> None:
    entry = {"operation": "Apply", "fieldsV1": {"f:spec": {"f:replicas": {}}}}
    scaled = {"image": "a", "autoscaling": {}}
    assert through_kopf(metadata={"managedFields": [entry]}, spec=scaled).sets_replicas
    assert not through_kopf(spec=scaled).sets_replicas
