"""What a kubelet would say of containers that fail, said of simulated pods, which run nothing."""

from datetime import UTC, datetime
from typing import Any

from tests.harness.api import Api, Json
from tests.harness.waiting import wait_for


class MoodyKubelet:
    """Speaks for the pods of one app, all at once."""

    def __init__(self, api: Api, app: str = "myapp") -> None:
        self._api = api
        self._app = app
        self._restarts = 0

    def crash(self, last_words: str) -> None:
        """The containers end with exit code 1."""
        self._say({"terminated": _end(last_words)})

    def back_off(self, last_words: str) -> None:
        """They are not started again for a while."""
        self._say({"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}}, {"terminated": _end(last_words)})

    def restart(self, last_words: str, *, ready: bool) -> None:
        """They run again."""
        self._restarts += 1
        self._say({"running": {"startedAt": _now()}}, {"terminated": _end(last_words)}, ready=ready)

    def _say(self, state: Json, last_state: Json | None = None, *, ready: bool = False) -> None:
        for pod in wait_for("the pods have been started", self._pods):
            container = pod["spec"]["containers"][0]
            status = {
                "name": container["name"],
                "image": container["image"],
                "imageID": "",
                "ready": ready,
                "started": ready,
                "restartCount": self._restarts,
                "state": state,
                "lastState": last_state or {},
            }
            conditions = [_said(each, ready) for each in pod["status"]["conditions"]]
            patch = {"status": {"containerStatuses": [status], "conditions": conditions}}
            self._api.patch("pods", pod["metadata"]["name"], patch, subresource="status")

    def _pods(self) -> list[Json]:
        """The pods that the simulated node has started, so that it has nothing more to say of them."""
        pods = self._api.list("pods", f"app={self._app}")
        return pods if all("podIP" in pod["status"] for pod in pods) else []


def _said(condition: Json, ready: bool) -> Json:
    wanted = "True" if ready else "False"
    if condition["type"] not in ("Ready", "ContainersReady") or condition["status"] == wanted:
        return condition
    return {**condition, "status": wanted, "lastTransitionTime": _now()}


def _end(last_words: str) -> dict[str, Any]:
    now = _now()
    return {"exitCode": 1, "reason": "Error", "message": last_words, "startedAt": now, "finishedAt": now}


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
