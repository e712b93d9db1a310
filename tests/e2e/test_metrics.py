"""What an app uses is known: to `kubectl top`, and so to an autoscaler."""

import pytest

from tests.harness import Api, Kubectl, Visitor, hasty, wait_for

LIMIT = 200
BUSY = 50
"""Thousandths of a core: an idle app uses 1 or 2, one that answers 100 requests a second 100 and more."""


def used(kubectl: Kubectl) -> int:
    """What `kubectl top` says the app's pod uses, in thousandths of a core; -1 while it does not know."""
    lines = (kubectl.attempt("top", "pods", "-l", "app=myapp", "--no-headers") or "").splitlines()
    return int(lines[0].split()[1].removesuffix("m")) if lines else -1


@pytest.mark.usefixtures("metrics")
def test_kubectl_top_tells_a_busy_app_from_an_idle_one(api: Api, kubectl: Kubectl, visitor: Visitor) -> None:
    api.create("myapps", hasty(replicas=1, resources={"limits": {"cpu": f"{LIMIT}m", "memory": "256Mi"}}))
    wait_for("Ready", api.is_ready)
    wait_for("an idle app", lambda: 0 <= used(kubectl) < BUSY, every=2)
    visitor.start(f"http://myapp-service.{api.namespace}.svc", per_second=100, visitors=8)
    # More than its limit it cannot use; pod and clock are not read at the same instant, hence half as much again.
    wait_for("a busy app", lambda: BUSY <= used(kubectl) < 1.5 * LIMIT, every=2)
