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
        self._since = int(api.request("GET", api.path(plural))["metadata"]["resourceVersion"])
        self._closed = threading.Event()
        self._missed: Json = {}
        self._client = config.new_client_from_config(str(api.kubeconfig))
        self._answer = self._watch()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends the watch."""
        self._closed.set()
        while self._thread.is_alive():  # it may be just about to watch on
            with contextlib.suppress(RuntimeError):  # the API server has ended it a moment ago
                self._answer.shutdown()
            self._thread.join(timeout=0.2)
        assert not self._missed, f"the witness has missed something: {self._missed}"

    def catch_up(self) -> None:
        """Waits until it has seen all that has been written so far."""
        newest = max((version(each) for each in self._api.list(self._plural)), default=0)
        wait_for(f"the watch of {self._plural} is at {newest}", lambda: self._last() >= newest)

    def of(self, name: str) -> list[Json]:
        """The versions of one object, oldest first."""
        return [each for each in [*self.versions] if each["metadata"]["name"] == name]

    def reasons(self, name: str = "myapp") -> list[str]:
        """What STATUS has shown of a MyApp, each word once in a row."""
        shown = [Api.condition(each, "Ready").get("reason", "") for each in self.of(name)]
        return [word for word, before in zip(shown, ["", *shown], strict=False) if word != before]

    def _last(self) -> int:
        return version(self.versions[-1]) if self.versions else 0

    def _watch(self) -> Any:
        """A watch of all that comes after what was seen."""
        url = f"{self._client.configuration.host}{self._api.path(self._plural)}?watch=1&resourceVersion={self._since}"
        return self._client.rest_client.pool_manager.request(
            "GET", url, preload_content=False, timeout=None, headers={"Accept": "application/json"}
        )

    def _listen(self) -> None:
        """Keeps what comes; watches on where the API server ends a watch, as it may at any time."""
        while not self._closed.is_set() and not self._missed:
            with contextlib.suppress(HTTPError):  # the stream was shut while it was read
                for line in self._answer:
                    self._keep(json.loads(line))
            if not self._closed.is_set() and not self._missed:
                self._answer = self._watch()

    def _keep(self, event: Json) -> None:
        if event["type"] == "ERROR":
            self._missed = event["object"]
            return
        self.versions.append(event["object"])
        self._since = version(event["object"])


def version(of: Json) -> int:
    """When an object was written: all objects of a cluster share one count."""
    return int(of["metadata"]["resourceVersion"])
