"""A plain client for one namespace: paths and JSON, by the official client's connection."""

import http.client
import json
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from kubernetes import config

Json = dict[str, Any]

_ROOTS = {
    "myapps": "/apis/apps.example.com/v1",
    "deployments": "/apis/apps/v1",
    "events": "/api/v1",
    "leases": "/apis/coordination.k8s.io/v1",
    "replicasets": "/apis/apps/v1",
    "resourcequotas": "/api/v1",
    "services": "/api/v1",
    "pods": "/api/v1",
    "configmaps": "/api/v1",
    "persistentvolumeclaims": "/api/v1",
    "secrets": "/api/v1",
    "serviceaccounts": "/api/v1",
    "ingresses": "/apis/networking.k8s.io/v1",
    "networkpolicies": "/apis/networking.k8s.io/v1",
    "poddisruptionbudgets": "/apis/policy/v1",
    "horizontalpodautoscalers": "/apis/autoscaling/v2",
    "httproutes": "/apis/gateway.networking.k8s.io/v1",
}


class Refused(Exception):  # noqa: N818  reads as what happened
    """The API server's refusal."""

    def __init__(self, code: int, message: str, causes: list[tuple[str, str]]) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.causes = causes
        """The fields that are wrong, and what is wrong with them."""


class Api:
    """Reads and writes objects of one namespace as a given user."""

    def __init__(self, kubeconfig: Path, namespace: str) -> None:
        self._client = config.new_client_from_config(str(kubeconfig))
        self.kubeconfig = kubeconfig
        self.namespace = namespace

    def get(self, plural: str, name: str) -> Json | None:
        """The object, or None if there is none."""
        try:
            return self.request("GET", self.path(plural, name))
        except Refused as refused:
            if refused.code == 404:
                return None
            raise

    def list(self, plural: str, selector: str = "") -> list[Json]:
        """All objects of a kind."""
        return self.request("GET", f"{self.path(plural)}?labelSelector={selector}")["items"]

    def create(self, plural: str, body: Json) -> Json:
        """Creates an object and returns it as stored."""
        return self.request("POST", self.path(plural), body)

    def patch(self, plural: str, name: str, patch: Json, *, manager: str = "somebody", subresource: str = "") -> Json:
        """A JSON merge patch, as kubectl edit makes one."""
        path = f"{self.path(plural, name, subresource)}?fieldManager={manager}"
        return self.request("PATCH", path, patch, content="application/merge-patch+json")

    def edit(self, name: str, **spec: Any) -> Json:
        """Changes the spec of a MyApp as its user would."""
        return self.patch("myapps", name, {"spec": spec}, manager="kubectl-edit")

    def delete(self, plural: str, name: str, propagation: str = "Background") -> None:
        """Deletes an object; does not wait until it is gone."""
        self.request("DELETE", self.path(plural, name), {"propagationPolicy": propagation})

    def reason(self, name: str = "myapp") -> str:
        """What `kubectl get myapps` shows as STATUS; empty while there is none, or while it is of an older spec."""
        app = self.get("myapps", name)
        if app is None or app["status"].get("observedGeneration") != app["metadata"]["generation"]:
            return ""
        return self.condition(app, "Ready").get("reason", "")

    def is_ready(self, name: str = "myapp") -> bool:
        """Whether the app is Ready for its current generation."""
        app = self.get("myapps", name)
        ready = self.condition(app, "Ready") if app else {}
        return bool(
            app
            and ready.get("status") == "True"
            and ready["observedGeneration"] == app["metadata"]["generation"] == app["status"]["observedGeneration"]
        )

    def message(self, name: str = "myapp") -> str:
        """The sentence of the status."""
        return str((self.get("myapps", name) or {}).get("status", {}).get("message", ""))

    @staticmethod
    def condition(app: Json, kind: str) -> Json:
        """One condition of a MyApp; empty if it has none of that type."""
        found = [each for each in app.get("status", {}).get("conditions", []) if each["type"] == kind]
        return found[0] if found else {}

    def events(self, reason: str, name: str = "myapp") -> Sequence[Json]:
        """The events of this reason on a MyApp, in the order in which they were first told."""
        found = [each for each in self.list("events") if each["involvedObject"]["kind"] == "MyApp"]
        ours = [each for each in found if (each["reason"], each["involvedObject"]["name"]) == (reason, name)]
        return sorted(ours, key=lambda each: str(each["firstTimestamp"]))

    def create_raw(self, plural: str, text: str) -> None:
        """Creates an object from JSON as it is, however deep: Python writes about 1,000 levels."""
        url = urlsplit(self._client.configuration.host)
        trust = ssl.create_default_context(cafile=self._client.configuration.ssl_ca_cert)
        trust.load_cert_chain(self._client.configuration.cert_file, self._client.configuration.key_file)
        connection = http.client.HTTPSConnection(str(url.hostname), url.port, context=trust, timeout=60)
        try:
            connection.request("POST", self.path(plural), text.encode(), {"Content-Type": "application/json"})
            answer = connection.getresponse()
            words = answer.read()
        finally:
            connection.close()
        if answer.status >= 300:
            raise Refused(answer.status, _words(words), _causes(words))

    def request(self, method: str, path: str, body: Json | None = None, content: str = "application/json") -> Json:
        """One request.

        Raises:
            Refused: the answer is no success.
        """
        headers = {"Content-Type": content, "Accept": "application/json"}
        self._client.update_params_for_auth(headers, [], ["BearerToken"], path, method, body)
        url = self._client.configuration.host + path
        answer = self._client.rest_client.request(method, url, headers=headers, body=body, _request_timeout=60)
        text = answer.read()
        if answer.status >= 300:
            raise Refused(answer.status, _words(text), _causes(text))
        found: Json = json.loads(text)
        return found

    def path(self, plural: str, name: str = "", subresource: str = "") -> str:
        """Where the API server has an object, or without a name all of a kind."""
        parts = [_ROOTS[plural], "namespaces", self.namespace, plural, name, subresource]
        return "/".join(part for part in parts if part)


def _words(text: bytes) -> str:
    """The server's sentence; some answers are no Status object."""
    try:
        return str(json.loads(text)["message"])
    except (ValueError, TypeError, KeyError):
        return text.decode(errors="replace")


def _causes(text: bytes) -> list[tuple[str, str]]:
    """The single mistakes, where the server lists them."""
    try:
        causes = json.loads(text)["details"]["causes"]
    except (ValueError, TypeError, KeyError):
        return []
    return [(each.get("field", ""), each.get("message", "")) for each in causes]
