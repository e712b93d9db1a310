"""The children that an app may have beside its Deployment and Service, each from its builder alone."""

from typing import Any

import pytest
import yaml

from myapp_operator.desired import hpa, ingress, networkpolicy, pdb, route
from myapp_operator.grammar import Json
from tests.unit import golden
from tests.unit.samples import spec


@pytest.mark.parametrize("case", golden.APART_CASES)
def test_an_unchanged_spec_is_built_as_ever(case: str) -> None:
    assert golden.built(case) == (golden.APART / f"{case}.output.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("builder", [hpa, ingress, networkpolicy, pdb, route], ids=lambda it: it.__name__)
def test_who_asks_for_nothing_gets_nothing(builder: Any) -> None:
    assert builder.build("shop", spec()) is None


def built(case: str) -> Json:
    part: Json = yaml.safe_load(golden.built(case))["spec"]
    return part


def budget(**fields: Any) -> Json | None:
    """What the PodDisruptionBudget allows; None where there is none."""
    part = pdb.build("shop", spec(**fields))
    return part and {key: value for key, value in part["spec"].items() if key in ("minAvailable", "maxUnavailable")}


@pytest.mark.parametrize("pods", [0, 1])
def test_a_single_pod_has_no_budget_since_it_would_keep_its_node_from_being_drained(pods: int) -> None:
    assert budget(replicas=pods, disruptionBudget={"minAvailable": 1}) is None
    few = {"minReplicas": 1, "maxReplicas": 9, "metrics": METRICS}
    assert budget(replicas=9, autoscaling=few, disruptionBudget={"minAvailable": 1}) is None


@pytest.mark.parametrize(
    ("pods", "given"),
    [
        (3, {"minAvailable": 2}),
        (2, {"minAvailable": 0}),
        (3, {"minAvailable": "50%"}),
        (100, {"minAvailable": "99%"}),
        (2, {"maxUnavailable": 1}),
        (2, {"maxUnavailable": "1%"}),
    ],
)
def test_a_budget_that_allows_an_eviction_stays_as_written(pods: int, given: Json) -> None:
    assert budget(replicas=pods, disruptionBudget=given) == given
    assert not pdb.lowered(spec(replicas=pods, disruptionBudget=given))


@pytest.mark.parametrize(
    ("pods", "given"),
    [
        (2, {"minAvailable": 2}),
        (2, {"minAvailable": 5}),
        (3, {"minAvailable": "100%"}),
        (3, {"minAvailable": "67%"}),
        (2, {"maxUnavailable": 0}),
        (2, {"maxUnavailable": "0%"}),
    ],
)
def test_a_budget_that_allows_no_eviction_is_lowered_to_one(pods: int, given: Json) -> None:
    assert budget(replicas=pods, disruptionBudget=given) == {"maxUnavailable": 1}
    assert pdb.lowered(spec(replicas=pods, disruptionBudget=given))


METRICS = [{"type": "Pods", "pods": {"metric": {"name": "a"}, "target": {"type": "AverageValue", "averageValue": "1"}}}]


def test_a_budget_is_measured_by_the_fewest_pods_of_an_autoscaled_app() -> None:
    scaled = {"minReplicas": 3, "maxReplicas": 9, "metrics": METRICS}
    assert budget(replicas=1, autoscaling=scaled, disruptionBudget={"minAvailable": 2}) == {"minAvailable": 2}
    assert budget(replicas=9, autoscaling=scaled, disruptionBudget={"minAvailable": 3}) == {"maxUnavailable": 1}


def test_a_closed_policy_lets_nobody_in() -> None:
    """An absent list of rules means none; an empty one would always read as a field that somebody took away."""
    assert "ingress" not in built("networkpolicy-closed")
    assert built("networkpolicy-closed")["policyTypes"] == ["Ingress"]


def test_a_policy_opens_every_port_that_the_myapp_names_and_each_once() -> None:
    (rule,) = built("networkpolicy")["ingress"]
    assert [(each["port"], each["protocol"]) for each in rule["ports"]] == [
        (8080, "TCP"),
        (5353, "UDP"),
        (9100, "TCP"),
    ]


@pytest.mark.parametrize(("case", "port"), [("route", 8080), ("route-smallest", 80)])
def test_a_route_leads_to_the_port_of_the_service(case: str, port: int) -> None:
    ((backend,),) = [each["backendRefs"] for each in built(case)["rules"]]
    assert (backend["name"], backend["port"]) == ("shop-service", port)
