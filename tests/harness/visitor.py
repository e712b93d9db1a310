"""A pod that asks an app through its Service all along, at a bounded pace and for a bounded time.

With one visitor it sees whether a request is lost; with several it is a load, for an app that is to be kept busy.
"""

import json
from collections.abc import Sequence
from pathlib import Path

from tests.harness.kubectl import Kubectl
from tests.harness.waiting import wait_for

_PROGRAM = Path(__file__).with_name("visiting.py")


class Visitor:
    """Asks from inside the cluster, where the app's users are."""

    def __init__(self, kubectl: Kubectl, name: str = "visitor") -> None:
        self._kubectl = kubectl
        self._name = name
        self._seconds = 0

    def start(self, url: str, *, seconds: int, per_second: int = 5, visitors: int = 1) -> None:
        """Begins to ask; returns after the first good answer.

        The pace is that of all visitors together, and each has one request under way at most: an app that answers
        slowly is asked more slowly, and for longer.
        """
        self._seconds = seconds
        arguments = [url, str(seconds * per_second), str(per_second), str(visitors)]
        self._kubectl("apply", "-f", "-", stdin=json.dumps(_pod(self._name, arguments)))
        wait_for("an answer for the visitor", lambda: self.good)

    def finish(self) -> Sequence[str]:
        """Waits until all was asked; returns every answer."""
        phase = ("get", "pod", self._name, "-o", "jsonpath={.status.phase}")
        wait_for("the visitor is done", lambda: self._kubectl(*phase) == "Succeeded", seconds=self._seconds + 120)
        return self.answers

    @property
    def answers(self) -> Sequence[str]:
        """What was answered so far, one entry a request."""
        logs = ("logs", self._name, "--ignore-errors")
        return self._kubectl(*logs).splitlines() if self._kubectl.succeeds(*logs) else []

    @property
    def good(self) -> Sequence[str]:
        """The answers that came."""
        return [each for each in self.answers if not each.startswith("FAILED")]

    @property
    def failures(self) -> Sequence[str]:
        """The requests that were lost, and why."""
        return [each for each in self.answers if each.startswith("FAILED")]


def ask_once(kubectl: Kubectl, url: str) -> str:
    """The answer that a new pod gets."""
    visitor = Visitor(kubectl, "visitor-once")
    visitor.start(url, seconds=1, per_second=1)
    return visitor.finish()[0]


def _pod(name: str, arguments: Sequence[str]) -> dict[str, object]:
    """What pod security `restricted` admits, and gone as soon as it is told to go."""
    container = {
        "name": "visitor",
        "image": "myapp:latest",
        "imagePullPolicy": "IfNotPresent",
        "command": ["python3", "-c", _PROGRAM.read_text(), *arguments],
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": {
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "terminationGracePeriodSeconds": 1,
            "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [container],
        },
    }
