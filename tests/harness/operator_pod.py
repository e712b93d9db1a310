"""The operator that leads, as a pod of the cluster on this machine, and the means to hurt it."""

import json
import os
from pathlib import Path
from typing import Any

from tests.harness.api import Api
from tests.harness.kubectl import Kubectl
from tests.harness.waiting import wait_for

_SELECTOR = "app.kubernetes.io/name=myapp-operator"


class OperatorPod:
    """The pod that led when it was looked at first; once that one is deleted, the one that leads then.

    Its process is seen from outside: from inside, process 1 cannot be killed.
    """

    def __init__(self, kubectl: Kubectl) -> None:
        self._kubectl = kubectl
        self._name = ""

    @property
    def pod(self) -> dict[str, Any]:
        """The pod, whether it still leads or not."""
        return wait_for("there is a pod that leads", self._find)

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
        """Waits until every pod of the operator has listed everything, and one of them leads."""
        wait_for("the operator is ready", self._is_ready)

    def _is_ready(self) -> bool:
        pods = self._pods()
        ready = all(Api.condition(pod, "Ready").get("status") == "True" for pod in pods.values())
        return ready and self._leader() in pods

    def _find(self) -> dict[str, Any] | None:
        pods = self._pods()
        if self._name not in pods:
            self._name = self._leader()
        return pods.get(self._name)

    def _leader(self) -> str:
        """Whom the Lease names, which may have been deleted."""
        holder = self._kubectl("get", "lease", "myapp-operator", "-o", "jsonpath={.spec.holderIdentity}")
        return holder.rpartition("_")[0]

    def _pods(self) -> dict[str, dict[str, Any]]:
        """By name. There may be none for a moment, and an old one lingers while it ends."""
        found = json.loads(self._kubectl("get", "pods", "-l", _SELECTOR, "-o", "json"))["items"]
        return {pod["metadata"]["name"]: pod for pod in found if "deletionTimestamp" not in pod["metadata"]}
