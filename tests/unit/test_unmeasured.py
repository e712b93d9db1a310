"""An autoscaler that gets no metrics is told of beside Ready: late enough, and in words that stay the same."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from myapp_operator import names
from myapp_operator.autoscaler_status import Unmeasured
from myapp_operator.names import Reason
from myapp_operator.observed import Child
from myapp_operator.seen import Seen
from myapp_operator.status import judge
from myapp_operator.verdicts import Outlook, decide
from tests.unit.samples import NOW, app, child, children, rollout, seen, spec

SCALED = spec(autoscaling={"minReplicas": 2, "maxReplicas": 5, "cpu": 80}, resources={"requests": {"cpu": "1"}})
NO_METRICS = (
    "the HPA was unable to compute the replica count: failed to get cpu utilization: unable to get metrics for "
    "resource cpu: unable to fetch metrics from resource metrics API: the server could not find the requested "
    "resource (get pods.metrics.k8s.io)"
)
HOUR = 3600


def unscaled(why: str = NO_METRICS, *, since: float = HOUR, ready: float = HOUR, **changes: Any) -> Seen:
    """A Ready app, so many seconds ago both Ready and without metrics."""
    condition = {
        "type": "Ready",
        "status": "True",
        "reason": "Ready",
        "lastTransitionTime": (NOW - timedelta(seconds=ready)).isoformat(),
    }
    judged = app(status={"observedGeneration": 1, "conditions": [condition]})
    autoscaler = child(unmeasured=Unmeasured(NOW - timedelta(seconds=since), why))
    saw = seen(app=judged, spec=SCALED, children={**children(), names.HPA: autoscaler})
    return replace(saw, **changes)


def test_it_is_told_behind_the_sentence_of_a_ready_app() -> None:
    verdict = decide(unscaled())
    assert (verdict.reason, verdict.outlook) == (Reason.READY, Outlook.READY)
    assert "; its autoscaler gets no metrics, so nothing scales it: failed to get cpu utilization" in verdict.message
    assert judge(unscaled()).again is None


@pytest.mark.parametrize(
    ("since", "ready", "left"),
    [(30, HOUR, 90), (HOUR, 50, 70), (119, 119, 1)],
)
def test_it_is_not_told_before_both_have_lasted_for_two_minutes(since: float, ready: float, left: float) -> None:
    saw = unscaled(since=since, ready=ready)
    assert "no metrics" not in decide(saw).message
    assert judge(saw).again == left, "nothing else brings it up then"


def test_an_app_that_becomes_ready_now_gets_its_two_minutes() -> None:
    saw = unscaled()
    saw = replace(saw, app=replace(saw.app, status={}))
    assert "no metrics" not in decide(saw).message
    assert judge(saw).again == 120


def test_nothing_is_told_of_what_is_nobodys_autoscaler_or_measures() -> None:
    measuring = {**children(), names.HPA: child()}
    foreign = {**children(), names.HPA: replace(unscaled().children[names.HPA], owner=None)}
    for saw in (unscaled(children=measuring), unscaled(children=foreign), unscaled(spec=spec())):
        assert "no metrics" not in decide(saw).message
        assert judge(saw).again is None


def test_it_does_not_stand_beside_what_is_told_of_pods() -> None:
    fewer = {**children(rollout(available=1, ready=1)), names.HPA: unscaled().children[names.HPA]}
    verdict = decide(unscaled(children=fewer))
    assert verdict.reason is Reason.SCALING
    assert "no metrics" not in verdict.message


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "missing request for cpu in container shop of Pod shop-deployment-7f9c-x2b4z",
            "missing request for cpu in container shop of Pod shop-deployment-7f9c-aaaaa",
        ),
        (
            f"invalid metrics (1 invalid out of 2), first error is: {NO_METRICS.partition(': ')[2]}",
            f"invalid metrics (2 invalid out of 2), first error is: {NO_METRICS.partition(': ')[2]}",
        ),
        (
            "unable to get external metric: 3 of 5 samples since 12:31:05 from 10.0.0.7:443 are missing",
            "unable to get external metric: 1 of 5 samples since 12:31:20 from 10.0.0.9:443 are missing",
        ),
    ],
)
def test_the_words_do_not_change_from_try_to_try(one: str, other: str) -> None:
    assert decide(unscaled(one)).message == decide(unscaled(other)).message


def hpa(**condition: object) -> dict[str, Any]:
    told = {
        "type": "ScalingActive",
        "status": "False",
        "reason": "FailedGetResourceMetric",
        "message": NO_METRICS,
        "lastTransitionTime": "2030-01-01T11:00:00Z",
    }
    return {
        "metadata": {"uid": "uid-hpa", "resourceVersion": "5"},
        "spec": {"minReplicas": 1, "maxReplicas": 5},
        "status": {"conditions": [told | condition]},
    }


def test_what_an_autoscaler_says_of_itself_is_kept_and_bounded() -> None:
    found = Child.from_json(hpa(message="x" * 10_000)).unmeasured
    assert found is not None
    assert found.since.isoformat() == "2030-01-01T11:00:00+00:00"
    assert len(found.why) == 2048


@pytest.mark.parametrize(
    "condition",
    [
        {"status": "True"},
        {"reason": "ScalingDisabled"},
        {"reason": "FailedGetScale"},
        {"reason": ["FailedGetResourceMetric"]},
        {"type": "AbleToScale"},
        {"lastTransitionTime": "yesterday"},
        {"lastTransitionTime": None},
    ],
)
def test_anything_else_is_none_of_it(condition: dict[str, object]) -> None:
    assert Child.from_json(hpa(**condition)).unmeasured is None


@pytest.mark.parametrize("status", [None, [], "x", {"conditions": 5}, {"conditions": [5, None, {}]}])
def test_whatever_stands_in_its_status_it_is_read(status: object) -> None:
    assert Child.from_json(hpa() | {"status": status}).unmeasured is None


def test_a_password_in_the_words_of_an_autoscaler_is_masked_before_they_are_cut() -> None:
    address = f"https://{'u' * 300}:S3cretPassword@metrics.example.com"
    message = decide(unscaled(f'unable to get metrics: Get "{address}": refused')).message
    assert "gets no metrics" in message
    assert "uuuu" not in message
