"""Objects that tests apply."""

from typing import Any

NO_KEY = {"name": "A", "valueFrom": {"configMapKeyRef": {"name": "a", "key": "..", "optional": True}}}
"""A variable that a MyApp takes and a Deployment does not (docs/not-offered.md)."""


def myapp(name: str = "myapp", /, **spec: Any) -> dict[str, Any]:
    """A MyApp; without arguments it is the smallest one."""
    return {
        "apiVersion": "apps.example.com/v1",
        "kind": "MyApp",
        "metadata": {"name": name},
        "spec": {"image": "myapp:latest", **spec},
    }


def hasty(name: str = "myapp", /, **spec: Any) -> dict[str, Any]:
    """A MyApp whose pods come and go without waiting: for tests that are about something else."""
    rollout = {"minReadySeconds": 0} | spec.pop("rollout", {})
    return myapp(name, **{"drainSeconds": 0, "terminationGracePeriodSeconds": 1, "rollout": rollout} | spec)
