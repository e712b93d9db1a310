"""The limit sends what our operator sends."""

import json

from dev.bench.arms import apps
from dev.bench.arms.requests_of_ours import Requests, note
from myapp_operator import desired, names
from myapp_operator.model import parse_spec
from myapp_operator.observed import App

UID = "0123"


def expected(name: str) -> dict[str, object]:
    """The children that our operator wants for this app, by kind."""
    raw = apps.body(name)
    raw["metadata"] |= {"uid": UID, "resourceVersion": "7", "generation": 1}
    app = App.from_json(raw)
    return {each.kind.kind: each.body for each in desired.build(app, parse_spec(app.spec)) if each.body}


async def test_the_children_are_those_of_our_operator_and_must_not_exist_yet() -> None:
    requests = await note()
    sent = [json.loads(each.about("app-12", UID, "7").body) for each in requests.children]
    assert {each["metadata"].pop("resourceVersion") for each in sent} == {"1"}
    wanted = expected("app-12")
    for each in sent:
        # The hash of what is applied was made before the name was filled in; it is as long as any other.
        assert len(each["metadata"]["annotations"].pop(names.APPLIED)) == 32
    for body in wanted.values():
        assert isinstance(body, dict)
        del body["metadata"]["annotations"][names.APPLIED]
    assert {each["kind"]: each for each in sent} == wanted


async def test_both_statuses_name_just_this_version_of_just_this_app() -> None:
    requests = await note()
    told = [_status(requests, second=second) for second in (False, True)]
    assert [each["Ready"] for each in told] == ["False", "True"]


def _status(requests: Requests, *, second: bool) -> dict[str, str]:
    request = (requests.second_status if second else requests.first_status).about("app-12", UID, "7")
    assert request.target.endswith("/myapps/app-12/status")
    uid, version, status = json.loads(request.body)
    assert (uid["value"], version["value"]) == (UID, "7")
    return {each["type"]: each["status"] for each in status["value"]["conditions"]}
