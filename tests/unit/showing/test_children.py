"""What is said of a child: the state that its controller tells."""

from typing import Any

import pytest

from myapp_operator import desired, names
from myapp_operator.names import Kind
from myapp_operator.showing import children

TLS: dict[str, Any] = {"rules": [{"host": "shop.example.com"}], "ingressClassName": "nginx"}
SCALER: dict[str, Any] = {
    "minReplicas": 1,
    "maxReplicas": 5,
    "metrics": [
        {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}}
    ],
}
MEASURED = [{"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": 40}}}]
BLIND = [{"type": "ScalingActive", "status": "False", "reason": "FailedGetResourceMetric", "message": "no metrics"}]
PARENT: dict[str, Any] = {"parentRef": {"name": "main"}, "conditions": [{"type": "Accepted", "status": "True"}]}
LOST = {**PARENT, "conditions": [{"type": "ResolvedRefs", "status": "False", "message": "Service not found"}]}
BUDGET = {"observedGeneration": 1, "disruptionsAllowed": 1, "currentHealthy": 2, "desiredHealthy": 1}


@pytest.mark.parametrize(
    ("kind", "spec", "status", "words"),
    [
        (names.INGRESS, TLS, {}, "shop.example.com (class nginx): no address yet: no controller has taken it"),
        (
            names.INGRESS,
            TLS,
            {"loadBalancer": {"ingress": [{"ip": "1.2.3.4"}]}},
            "shop.example.com (class nginx): at 1.2.3.4",
        ),
        (names.ROUTE, {}, {}, "no Gateway has taken it yet"),
        (names.ROUTE, {}, {"parents": [PARENT]}, "Gateway main: accepted"),
        (names.ROUTE, {}, {"parents": [LOST]}, "Gateway main: not ResolvedRefs: Service not found"),
        (
            names.HPA,
            SCALER,
            {"currentReplicas": 2, "desiredReplicas": 3, "currentMetrics": MEASURED},
            "2 pods, wants 3, from 1 to 5; cpu 40%/80%",
        ),
        (
            names.HPA,
            SCALER,
            {"conditions": BLIND},
            "0 pods, wants 0, from 1 to 5; cpu unknown/80%; not ScalingActive: no metrics",
        ),
        (names.PDB, {}, {}, "not counted yet"),
        (names.PDB, {}, BUDGET, "1 pod may be evicted now: 2 healthy, 1 needed"),
        (names.PDB, {}, {**BUDGET, "disruptionsAllowed": 0}, "none may be evicted now: 2 healthy, 1 needed"),
        (names.NETWORK_POLICY, {"ingress": [{"from": [{}, {}]}]}, {}, "lets in 2 sources"),
        (names.NETWORK_POLICY, {}, {}, "lets in no sources"),
        (
            names.SERVICE,
            {"type": "LoadBalancer", "clusterIP": "10.0.0.1", "ports": [{"port": 80, "targetPort": 5000}]},
            {},
            "LoadBalancer 10.0.0.1, port 80 -> 5000; no address of a load balancer yet",
        ),
    ],
)
def test_a_child_is_told_with_its_real_state(kind: Kind, spec: Any, status: Any, words: str) -> None:
    assert children.state(kind, {"metadata": {"name": "a", "generation": 1}, "spec": spec, "status": status}) == words


@pytest.mark.parametrize("kind", [kind for kind in desired.BUILDERS if kind != names.DEPLOYMENT], ids=str)
@pytest.mark.parametrize("odd", [None, 7, [7], {"parents": 7, "conditions": [7], "loadBalancer": [], "ingress": "x"}])
def test_odd_words_of_others_are_no_traceback(kind: Kind, odd: Any) -> None:
    assert "just exists" not in children.state(kind, {"metadata": {"name": "a"}, "spec": odd, "status": odd})


def test_every_kind_of_child_has_something_to_tell() -> None:
    assert set(desired.BUILDERS) - {names.DEPLOYMENT} <= set(children._TELLERS)
