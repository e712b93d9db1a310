"""How a change of one object reads."""

from typing import Any

from myapp_operator import names
from myapp_operator.names import Key
from myapp_operator.showing import difference
from myapp_operator.showing.difference import Change

KEY = Key("web", "shop-service")


def service(port: int = 80, **metadata: Any) -> dict[str, Any]:
    return {"kind": "Service", "metadata": {"name": KEY.name, **metadata}, "spec": {"port": port}}


def change(before: dict[str, Any] | None, after: dict[str, Any] | None, refused: str = "") -> Change:
    return Change(names.SERVICE, KEY, before, after, refused)


def test_a_change_reads_as_a_unified_diff_of_yaml() -> None:
    assert list(difference.unified(change(service(80), service(81)))) == [
        "--- Service web/shop-service (now)",
        "+++ Service web/shop-service (then)",
        "@@ -2,4 +2,4 @@",
        " metadata:",
        "   name: shop-service",
        " spec:",
        "-  port: 80",
        "+  port: 81",
    ]


def test_new_and_deleted_objects_say_so() -> None:
    assert list(difference.unified(change(None, service())))[:2] == [
        "--- Service web/shop-service (does not exist)",
        "+++ Service web/shop-service (then)",
    ]
    assert list(difference.unified(change(service(), None)))[:2] == [
        "--- Service web/shop-service (now)",
        "+++ Service web/shop-service (deleted)",
    ]


def test_what_the_server_and_the_operator_note_down_is_no_difference() -> None:
    noted = {
        "uid": "u",
        "resourceVersion": "7",
        "generation": 3,
        "creationTimestamp": "2030-01-01T00:00:00Z",
        "managedFields": [{}],
        "annotations": {names.APPLIED: "1a", names.NUDGE: "2"},
    }
    same = change(service(), {**service(**noted), "status": {"replicas": 1}})
    assert (same.verb, list(difference.unified(same))) == ("", [])
    assert change(service(), service(annotations={"team": "blue"})).verb == "change"


def test_what_stands_for_the_configuration_of_the_pods_is_no_difference() -> None:
    def deployment(**annotations: str) -> dict[str, Any]:
        return {"kind": "Deployment", "metadata": {}, "spec": {"template": {"metadata": {"annotations": annotations}}}}

    configured = deployment(**dict.fromkeys(names.CONFIGURATION.values(), "1a"))
    assert change(deployment(), configured).verb == ""
    assert change(deployment(), deployment(team="blue")).verb == "change"


def test_a_long_text_stays_on_its_line() -> None:
    long = change(service(), service(annotations={"note": "word " * 100 + "end"}))
    assert len([line for line in difference.unified(long) if line.startswith("+")]) == 3


def test_verbs() -> None:
    assert change(None, service()).verb == "create"
    assert change(service(), None).verb == "delete"
    assert change(service(), service(), "it is not ours").verb == "refuse"


def test_for_programs_a_refusal_has_its_message_and_any_other_change_both_sides() -> None:
    what = {"apiVersion": "v1", "kind": "Service", "namespace": "web", "name": "shop-service"}
    after = {"kind": "Service", "metadata": {"name": "shop-service"}, "spec": {"port": 80}}
    created = difference.as_data(change(None, service(uid="u")))
    assert created == {**what, "change": "create", "before": None, "after": after}
    refused = difference.as_data(change(service(), service(), "it is not ours"))
    assert refused == {**what, "change": "refuse", "message": "it is not ours"}
