"""What the pods of a test's namespace show by themselves."""

from typing import Any

from tests.harness import Api

Json = dict[str, Any]


def ails(api: Api) -> bool:
    """Whether a pod shows by itself that something is wrong."""
    return any(_shows(pod["status"]) for pod in api.list("pods"))


def runs(api: Api) -> bool:
    """Whether a container has started."""
    found = [each for pod in api.list("pods") for each in pod["status"].get("containerStatuses", [])]
    return any("running" in each["state"] for each in found)


def restarts(api: Api) -> int:
    """How often any container was started again."""
    found = [each for pod in api.list("pods") for each in pod["status"].get("containerStatuses", [])]
    return max((each["restartCount"] for each in found), default=0)


def _shows(status: Json) -> bool:
    placed = Api.condition({"status": status}, "PodScheduled").get("status") != "False"
    return not placed or status.get("phase") == "Failed" or any(map(_fails, status.get("containerStatuses", [])))


def _fails(container: Json) -> bool:
    waiting = container["state"].get("waiting", {}).get("reason", "ContainerCreating")
    return waiting != "ContainerCreating" or "terminated" in {**container["state"], **container["lastState"]}
