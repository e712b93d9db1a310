"""An autoscaler and the real webapp: more pods when it is busy, and the app is told to be as wanted all the same."""

import pytest

from tests.harness import Api, Visitor, hasty, wait_for

BOUNDS = {"minReplicas": 1, "maxReplicas": 3, "cpu": 50}
RESOURCES = {"requests": {"cpu": "20m"}, "limits": {"cpu": "200m", "memory": "256Mi"}}


def ready(api: Api) -> str:
    return str((api.get("myapps", "myapp") or {})["status"].get("ready", ""))


@pytest.mark.usefixtures("metrics")
def test_a_busy_app_gets_more_pods_and_is_ready_with_them(api: Api, visitor: Visitor) -> None:
    api.create("myapps", hasty(replicas=5, resources=RESOURCES, autoscaling=BOUNDS))
    wait_for("Ready with the fewest", lambda: api.is_ready() and ready(api) == "1/1")
    visitor.start(f"http://myapp-service.{api.namespace}.svc", per_second=100, visitors=8)
    wait_for("Ready with the most", lambda: api.is_ready() and ready(api) == "3/3", seconds=300, every=1)
    visitor.finish()
    assert api.events("Reverted") == []
