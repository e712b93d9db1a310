"""A pod that asks an app through its Service all along, at a bounded pace.

With one visitor it sees whether a request is lost; with several it is a load, for an app that is to be kept busy.
"""

import json
from collections.abc import Sequence
from itertools import dropwhile
from pathlib import Path

from tests.harness.kubectl import Kubectl
from tests.harness.waiting import wait_for

_PROGRAM = Path(__file__).with_name("visiting.py")
_STOP = "/tmp/stop"  # noqa: S108  in a container of its own


class Visitor:
    """Asks from inside the cluster, where the app's users are."""

    def __init__(self, kubectl: Kubectl, name: str = "visitor") -> None:
        self._kubectl = kubectl
        self._name = name

    def start(self, url: str, *, per_second: int = 10, visitors: int = 1) -> None:
        """Begins to ask; returns after the first good answer.

        The pace is that of all visitors together, and each has one request under way at most: an app that answers
        slowly is asked more slowly.
        """
        arguments = [url, str(per_second), str(visitors), _STOP]
        self._kubectl("apply", "-f", "-", stdin=json.dumps(_pod(self._name, arguments)))
        wait_for("an answer for the visitor", lambda: self.answers, every=0.5)

    def finish(self) -> Sequence[str]:
        """Has it stop; returns every answer."""
        wait_for("the visitor is done", self._has_stopped, every=0.5)
        return wait_for("its log can be read", lambda: self.answers)

    @property
    def answers(self) -> Sequence[str]:
        """What was answered since the first good answer, one entry a request; none while the log cannot be read.

        Before the first good answer the node may not have heard of the app's pods.
        """
        # Without --ignore-errors, which prints errors among the lines: a pod that has not started would have answered.
        log = self._kubectl.attempt("logs", self._name) or ""
        return list(dropwhile(_has_failed, log.splitlines()))

    @property
    def failures(self) -> Sequence[str]:
        """The requests that were lost, and why."""
        return [*filter(_has_failed, self.answers)]

    def _has_stopped(self) -> bool:
        """Whether it is done; tells it to be, if not."""
        if self._kubectl("get", "pod", self._name, "-o", "jsonpath={.status.phase}") == "Succeeded":
            return True
        self._kubectl.succeeds("exec", self._name, "--", "touch", _STOP)  # it may end by itself meanwhile
        return False


def ask_once(kubectl: Kubectl, url: str) -> str:
    """The answer that a new pod gets."""
    visitor = Visitor(kubectl, "visitor-once")
    visitor.start(url)
    return visitor.finish()[0]


def _has_failed(answer: str) -> bool:
    return answer.startswith("FAILED ")


def _pod(name: str, arguments: Sequence[str]) -> dict[str, object]:
    """What pod security `restricted` admits, and gone as soon as it is told to go."""
    container = {
        "name": "visitor",
        "image": "myapp:latest",
        "imagePullPolicy": "IfNotPresent",
        "command": ["python3", "-c", _PROGRAM.read_text(), *arguments],
        "resources": {"requests": {"cpu": "100m"}},  # or it starves beside the app that it keeps busy
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": {
            "restartPolicy": "Never",
            "activeDeadlineSeconds": 600,  # for one that nobody stops
            "automountServiceAccountToken": False,
            "terminationGracePeriodSeconds": 1,
            "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [container],
        },
    }
