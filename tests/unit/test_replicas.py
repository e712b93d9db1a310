"""Who says how many pods there are, told from the Deployment alone."""

import json
from dataclasses import replace
from typing import Any

import pytest

from myapp_operator import names, plan, replicas
from myapp_operator.attempts import Step, Verb
from myapp_operator.desired import Wanted
from myapp_operator.names import Kind
from myapp_operator.observed import Child
from myapp_operator.replicas import Hold
from tests.unit.samples import app, applied, child, owner, rollout, wanted

DEPLOYMENT, HPA = names.DEPLOYMENT, names.HPA
AUTOSCALING = {"minReplicas": 3, "maxReplicas": 20, "cpu": 80}
REQUESTS = {"requests": {"cpu": "100m"}}


def fields_of(want: Wanted) -> str:
    """Our entry of managedFields just after this was applied."""
    assert want.body is not None
    return json.dumps({"f:metadata": {}, "f:spec": {f"f:{key}": {} for key in want.body["spec"]}})


def fixed(**fields: Any) -> dict[Kind, Wanted]:
    """What is wanted of an app of ten pods."""
    return wanted(replicas=10, resources=REQUESTS, **fields)


def scaled(**fields: Any) -> dict[Kind, Wanted]:
    """What is wanted of the same app under an autoscaler."""
    return fixed(autoscaling=AUTOSCALING, **fields)


OURS, THEIRS = fields_of(fixed()[DEPLOYMENT]), fields_of(scaled()[DEPLOYMENT])
"""Where we own the number of pods, and where we have let go of it."""


def stands(want: dict[Kind, Wanted], fields: str, pods: int = 10, **changes: Any) -> dict[Kind, Child]:
    """All children as they were applied, with the Deployment's fields as given."""
    found = {kind: applied(each) for kind, each in want.items() if each.body}
    return found | {DEPLOYMENT: replace(found[DEPLOYMENT], rollout=rollout(pods), fields=fields, **changes)}


def steps(want: dict[Kind, Wanted], there: dict[Kind, Child]) -> list[Step]:
    left = replicas.left_to_scaler(want.values(), there, app(), "")
    return [*plan.make(left, there, app(), {}, 0.0).steps]


def spec(step: Step) -> dict[str, Any]:
    found: dict[str, Any] = step.body["spec"]
    return found


def test_a_new_app_begins_with_the_least_number_and_without_its_autoscaler() -> None:
    made = steps(scaled(), {})
    assert [step.kind for step in made] == [DEPLOYMENT, names.SERVICE]
    assert spec(made[0])["replicas"] == 3


def test_then_the_number_is_let_go_of_before_the_autoscaler_comes() -> None:
    there = stands(scaled(), OURS, pods=3)
    del there[HPA]
    (step,) = steps(scaled(), there)
    assert (step.kind, step.verb, step.hold) == (DEPLOYMENT, Verb.APPLY, Hold(3))
    assert "replicas" not in spec(step)


def test_then_comes_the_autoscaler() -> None:
    there = stands(scaled(), THEIRS, pods=3)
    del there[HPA]
    (step,) = steps(scaled(), there)
    assert (step.kind, step.verb) == (HPA, Verb.CREATE)


def test_switched_on_it_holds_the_present_number() -> None:
    (step,) = steps(scaled(), stands(fixed(), OURS))
    assert (step.kind, step.hold) == (DEPLOYMENT, Hold(10))
    assert "replicas" not in spec(step)


def test_what_an_autoscaler_does_is_no_drift() -> None:
    assert steps(scaled(), stands(scaled(), THEIRS, pods=17, scaled=True)) == []


def test_a_new_version_leaves_the_number_alone() -> None:
    (step,) = steps(scaled(image="myapp:2"), stands(scaled(), THEIRS, pods=17))
    assert step.hold is None
    assert "replicas" not in spec(step)


def test_a_suspended_app_has_no_pods_and_keeps_its_autoscaler() -> None:
    (step,) = steps(scaled(suspend=True), stands(scaled(), THEIRS, pods=17))
    assert (step.kind, spec(step)["replicas"]) == (DEPLOYMENT, 0)


def test_from_no_pods_it_begins_with_the_least_number_since_an_autoscaler_does_nothing_at_0() -> None:
    (step,) = steps(scaled(), stands(scaled(suspend=True), OURS, pods=0))
    assert step.hold == Hold(3, force=True)


def test_switched_off_the_autoscaler_goes_first_and_the_number_stays_until_it_is_gone() -> None:
    there = stands(scaled(), THEIRS, pods=17)
    (step,) = steps(fixed(), there)
    assert (step.kind, step.verb) == (HPA, Verb.DELETE)
    ending = there | {HPA: replace(there[HPA], deleting=True)}
    assert steps(fixed(), ending) == []
    del there[HPA]
    (step,) = steps(fixed(), there)
    assert (step.kind, spec(step)["replicas"]) == (DEPLOYMENT, 10)


def test_a_new_version_does_not_wait_for_the_end_of_the_autoscaler() -> None:
    there = stands(scaled(), THEIRS, pods=17)
    there[HPA] = replace(there[HPA], awaited=True)
    (step,) = steps(fixed(image="myapp:2"), there)
    assert step.kind == DEPLOYMENT
    assert "replicas" not in spec(step)


def test_the_deployment_beside_an_autoscaler_is_the_same_whether_that_is_asked_for_or_not() -> None:
    left = replicas.left_to_scaler(fixed().values(), {}, app(), "theirs")
    assert left[0] == scaled()[DEPLOYMENT]


def test_an_autoscaler_is_looked_for_only_where_the_number_was_set_as_by_one() -> None:
    def looked_for(of: dict[Kind, Wanted], fields: str, **changes: Any) -> bool:
        return replicas.are_scaled_by_others(of[DEPLOYMENT], stands(fixed(), fields, **changes)[DEPLOYMENT], app())

    assert looked_for(fixed(), THEIRS, scaled=True)
    assert looked_for(fixed(), OURS, scaled=True), "adopted just now, the number is held by both"
    assert looked_for(fixed(), THEIRS, scaled=True, owner=None, offered=True)
    assert not looked_for(fixed(), OURS)
    assert not looked_for(fixed(), THEIRS)
    assert not looked_for(scaled(), THEIRS, scaled=True)
    assert not looked_for(fixed(suspend=True), THEIRS, scaled=True)
    assert not looked_for(fixed(), THEIRS, scaled=True, owner=None)


def listed(name: str, target: str, kind: str = "Deployment", **metadata: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "uid": "u", "resourceVersion": "1", **metadata},
        "spec": {"scaleTargetRef": {"kind": kind, "name": target}},
    }


def test_only_somebody_elses_autoscaler_of_this_very_deployment_counts() -> None:
    ours = {"apiVersion": names.API_VERSION, "kind": names.KIND, "name": "myapp", "uid": "uid-1", "controller": True}
    there = [
        listed("theirs", "myapp-deployment"),
        listed("of-another", "other-deployment"),
        listed("of-a-set", "myapp-deployment", kind="StatefulSet"),
        listed("myapp-hpa", "myapp-deployment", ownerReferences=[ours]),
    ]
    assert replicas.scalers(there, app(), replicas.of_deployment(app())) == ["theirs"]


@pytest.mark.parametrize(("fields", "handed"), [(OURS, False), (THEIRS, True)])
def test_an_autoscaler_waits_for_the_number_to_be_let_go_of(fields: str, handed: bool) -> None:
    there = stands(scaled(), fields)[DEPLOYMENT]
    assert replicas.is_handed_over(scaled()[DEPLOYMENT], there, app()) is handed
    assert replicas.is_handed_over(scaled(suspend=True)[DEPLOYMENT], there, app())
    assert not replicas.is_handed_over(scaled()[DEPLOYMENT], None, app())
    assert not replicas.is_handed_over(scaled()[DEPLOYMENT], replace(there, owner=owner("other")), app())


def test_of_the_managers_only_one_that_scales_is_a_scaler() -> None:
    def is_scaled(**entry: Any) -> bool:
        fields = {"manager": "m", "operation": "Update", "fieldsV1": {"f:spec": {"f:replicas": {}}}}
        meta = {"uid": "u", "resourceVersion": "1", "managedFields": [fields | entry]}
        return Child.from_json({"metadata": meta}).scaled

    assert is_scaled(subresource="scale")
    assert not is_scaled()
    assert not is_scaled(subresource="status")
    assert not child().scaled


def test_where_all_fields_were_made_ours_the_present_number_is_applied() -> None:
    bare, counted = scaled()[DEPLOYMENT].body or {}, fixed()[DEPLOYMENT].body or {}
    present = {"spec": {"replicas": 17}}
    assert replicas.as_many(bare, present)["spec"]["replicas"] == 17
    assert replicas.as_many(counted, present)["spec"]["replicas"] == 10
