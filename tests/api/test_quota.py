"""The sample of a quota (deploy/policies/quota.yaml), as it stands."""

import itertools
from typing import Any

import pytest

from tests.api.conftest import Kubectl
from tests.harness import Api, OperatorProcess, Refused, hasty, myapp, wait_for

COUNT = "count/myapps.apps.example.com"
MOST = 100


@pytest.fixture
def quota(api: Api, kubectl: Kubectl) -> dict[str, Any]:
    """What the sample allows, once the API server counts by it."""
    kubectl("apply", "-n", api.namespace, "-f", "deploy/policies/quota.yaml", check=True)

    def counted() -> Any:
        status = (api.get("resourcequotas", "myapps") or {}).get("status", {})
        return status.get("used") and status["hard"]

    hard: dict[str, Any] = wait_for("the quota counts", counted)
    return hard


def test_the_hundred_and_first_myapp_is_refused(api: Api, quota: dict[str, Any]) -> None:
    assert quota[COUNT] == str(MOST)
    for number in range(MOST):
        api.create("myapps", myapp(f"app-{number}"))
    with pytest.raises(Refused, match=f"exceeded quota: myapps, requested: {COUNT}=1, used: {COUNT}=100"):
        api.create("myapps", myapp("one-too-many"))


@pytest.mark.usefixtures("quota")
def test_an_app_that_names_no_resources_runs_and_one_that_is_too_large_is_told(
    api: Api, operator: OperatorProcess
) -> None:
    api.create("myapps", hasty())
    wait_for("Ready", api.is_ready)
    containers = itertools.chain.from_iterable(pod["spec"]["containers"] for pod in api.list("pods"))
    assert {each["resources"]["limits"]["memory"] for each in containers} == {"256Mi"}
    api.create("myapps", hasty("large", replicas=1, resources={"requests": {"cpu": "50"}}))
    wait_for("QuotaExceeded", lambda: api.reason("large") == "QuotaExceeded")
    assert "exceeded quota: myapps, requested: requests.cpu=50" in api.message("large")
