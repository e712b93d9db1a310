"""The operator as a pod of the cluster on this machine, and the means to hurt it."""

import json
import os
from pathlib import Path
from typing import Any

from tests.harness.api import Api
from tests.harness.kubectl import Kubectl
from tests.harness.waiting import wait_for

_SELECTOR = "app.kubernetes.io/name=myapp-operator"


class OperatorPod:
    """Its process is seen from outside: from inside, process 1 cannot be killed."""

    def __init__(self, kubectl: Kubectl) -> None:
        self._kubectl = kubectl

    @property
    def pod(self) -> dict[str, Any]:
        """The pod that runs or starts."""
        return wait_for("there is a pod", self._pods)[0]

    @property
    def container(self) -> dict[str, Any]:
        """What the kubelet says of its only container."""
        status: dict[str, Any] = self.pod["status"]["containerStatuses"][0]
        return status

    def process(self) -> int:
        """Its process id on this machine."""
        container = self.container["containerID"].partition("://")[2]
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if container in (folder / "cgroup").read_text():
                    return int(folder.name)
            except (FileNotFoundError, ProcessLookupError):
                continue
        raise AssertionError(f"container {container} has no process here")

    def signal(self, number: int) -> int:
        """Sends a signal to the process; returns its id."""
        process = self.process()
        os.kill(process, number)
        return process

    def last_words(self) -> str:
        """The end of the log of the container that ran before this one."""
        return self._kubectl("logs", self.pod["metadata"]["name"], "--previous", "--tail=20")

    def delete_at_once(self) -> None:
        """As somebody who does not want to wait: no grace, and nobody asks the kubelet."""
        self._kubectl("delete", "pod", self.pod["metadata"]["name"], "--grace-period=0", "--force")

    def wait_ready(self) -> None:
        """Waits until it has listed everything."""
        wait_for("the operator is ready", self._is_ready)

    def _is_ready(self) -> bool:
        return any(Api.condition(pod, "Ready").get("status") == "True" for pod in self._pods())

    def _pods(self) -> list[dict[str, Any]]:
        """There may be none for a moment, and the old one lingers while it ends."""
        found = json.loads(self._kubectl("get", "pods", "-l", _SELECTOR, "-o", "json"))["items"]
        return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]
