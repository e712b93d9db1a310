"""A witness of every version of some objects: a watch that keeps all it sees, to be judged afterwards."""

import contextlib
import json
import threading
from typing import Any

from kubernetes import config
from urllib3.exceptions import HTTPError

from tests.harness.api import Api, Json
from tests.harness.waiting import wait_for


class Witness:
    """Watches all objects of a kind in one namespace, from the moment it is made until it is closed.

    It lags behind as any watch does: call `catch_up` before judging what it has seen.
    """

    def __init__(self, api: Api, plural: str) -> None:
        self._api = api
        self._plural = plural
        self.versions: list[Json] = []
        """Every version seen, oldest first; the last one of an object that was deleted is among them."""
        since = api.request("GET", api.path(plural))["metadata"]["resourceVersion"]
        client = config.new_client_from_config(str(api.kubeconfig))
        url = f"{client.configuration.host}{api.path(plural)}?watch=1&resourceVersion={since}"
        self._answer: Any = client.rest_client.pool_manager.request(
            "GET", url, preload_content=False, timeout=None, headers={"Accept": "application/json"}
        )
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends the watch."""
        self._answer.shutdown()
        self._thread.join()

    def catch_up(self, seconds: float = 60) -> None:
        """Waits until it has seen all that has been written so far."""
        newest = max((version(each) for each in self._api.list(self._plural)), default=0)
        wait_for(f"the watch of {self._plural} is at {newest}", lambda: self._last() >= newest, seconds=seconds)

    def of(self, name: str) -> list[Json]:
        """The versions of one object, oldest first."""
        return [each for each in [*self.versions] if each["metadata"]["name"] == name]

    def reasons(self, name: str = "myapp") -> list[str]:
        """What STATUS has shown of a MyApp, each word once in a row."""
        shown = [Api.condition(each, "Ready").get("reason", "") for each in self.of(name)]
        return [word for word, before in zip(shown, ["", *shown], strict=False) if word != before]

    def _last(self) -> int:
        return version(self.versions[-1]) if self.versions else 0

    def _listen(self) -> None:
        with contextlib.suppress(HTTPError):  # the stream was shut while it was read
            for line in self._answer:
                self.versions.append(json.loads(line)["object"])


def version(of: Json) -> int:
    """When an object was written: all objects of a cluster share one count."""
    return int(of["metadata"]["resourceVersion"])
