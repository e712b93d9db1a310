"""An HTTPRoute, in a cluster that at first has no Gateway API and then has.

All of it is one test, since there is one cluster and its CRDs are everybody's.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from dev.cluster.binaries import gateway_crd
from tests.api.conftest import Kubectl, established
from tests.harness import Api, Audit, OperatorProcess, hasty, wait_for

CRD = "httproutes.gateway.networking.k8s.io"
SAMPLE = Path(__file__).resolve().parents[2] / "deploy/samples/route.yaml"
ROUTE = {"gateway": {"name": "public"}, "hostnames": ["shop.example.com"]}


@pytest.fixture
def without_gateway_api(kubectl: Kubectl) -> Iterator[None]:
    """A cluster whose API server serves no HTTPRoutes, before and after."""
    remove(kubectl)
    yield
    remove(kubectl)


def remove(kubectl: Kubectl) -> None:
    kubectl("delete", "crd", CRD, "--ignore-not-found", check=True)
    wait_for("no HTTPRoutes are served", lambda: kubectl("get", CRD).returncode != 0)


def install(kubectl: Kubectl) -> None:
    kubectl("apply", "--server-side", "-f", str(gateway_crd()), check=True)
    established(kubectl, CRD)


def rule(api: Api) -> dict[str, Any]:
    """The one rule of the route."""
    found: dict[str, Any] = ((api.get("httproutes", "myapp-route") or {"spec": {"rules": [{}]}})["spec"]["rules"])[0]
    return found


@pytest.mark.usefixtures("without_gateway_api")
def test_a_route_is_missed_found_kept_and_removed(
    api: Api, operator: OperatorProcess, kubectl: Kubectl, audit: Audit
) -> None:
    api.create("myapps", hasty(route=ROUTE))
    wait_for("ReferenceMissing", lambda: api.reason() == "ReferenceMissing")
    wait_for("its pods are Ready all the same", lambda: (api.get("myapps", "myapp") or {})["status"]["ready"] == "2/2")
    app = api.get("myapps", "myapp") or {}
    assert app["status"]["message"].startswith("the Gateway API is not installed in this cluster")
    assert app["status"]["url"].startswith("http://myapp-service.")
    assert Api.condition(app, "Reconciling")["status"] == "True"
    assert Api.condition(app, "Available")["status"] == "True"
    assert [each for each in audit.attempts() if each.resource == "httproutes"] == []

    install(kubectl)
    wait_for("Ready, without anybody having told the operator", api.is_ready)
    assert (api.get("myapps", "myapp") or {})["status"]["url"] == "http://shop.example.com/"
    made = rule(api)
    assert made["backendRefs"][0]["name"] == "myapp-service"

    api.patch("httproutes", "myapp-route", {"spec": {"rules": [{"backendRefs": [{"name": "other", "port": 1}]}]}})
    wait_for("it is taken back", lambda: rule(api) == made)
    sample = next(yaml.safe_load_all(SAMPLE.read_text()))
    api.create("myapps", sample | {"spec": sample["spec"] | hasty()["spec"]})
    wait_for("the sample is Ready", lambda: api.is_ready("routed"))

    api.edit("myapp", route=None)
    wait_for("it is gone", lambda: api.get("httproutes", "myapp-route") is None)
    wait_for("Ready", api.is_ready)
    kubectl("delete", "crd", CRD, check=True)
    wait_for("what was taken out of the cluster is missed", lambda: api.reason("routed") == "ReferenceMissing")
    assert operator.running
    assert api.is_ready()
