"""The connection to the API server: who we are, one request and its answer.

It keeps the official client's configuration, authentication and connection, and sends and reads plain JSON: the
client's typed and dynamic layers cost several times the CPU of the request itself.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import yaml
from kubernetes.aio import config
from kubernetes.aio.client import ApiClient, Configuration

from myapp_operator import names
from myapp_operator.errors import ApiError, StartError, UnreachableError
from myapp_operator.grammar import Json
from myapp_operator.masking import mask

JSON = "application/json"
DEFAULT_NAMESPACE = "default"
_LONGEST_TEXT = 500
"""Characters that are kept of an answer in plain text, such as the page of a proxy; masked before they are cut."""
_TIMEOUT = aiohttp.ClientTimeout(total=30, sock_connect=5)
_SOONER = 0.5
"""Seconds by which the API server gives up before we do: it goes on with a write whose sender was stopped."""


async def load_configuration(kubeconfig: Path | None = None) -> Configuration:
    """Finds out where the API server is and who we are: inside a pod by its ServiceAccount, else by a kubeconfig.

    Raises:
        StartError: there is neither.
    """
    configuration = Configuration()
    if kubeconfig is None:
        try:
            config.load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
        except config.ConfigException:
            pass
        else:
            return configuration
    try:
        file = str(kubeconfig) if kubeconfig else None
        await config.load_kube_config(file, client_configuration=configuration)  # type: ignore[no-untyped-call]
    except config.ConfigException as error:
        raise StartError(2, f"no usable kubeconfig ({error}): set KUBECONFIG or pass --kubeconfig") from error
    return configuration


async def load_users_configuration(kubeconfig: Path | None, context: str | None) -> tuple[Configuration, str]:
    """Finds out the same as kubectl does: by a kubeconfig and one of its contexts first, else by the pod's own account.

    Returns also the namespace that goes with it.

    Raises:
        StartError: there is neither.
    """
    configuration = Configuration()
    file = str(kubeconfig) if kubeconfig else None
    try:
        loader = await config.load_kube_config(file, context, configuration)  # type: ignore[no-untyped-call]
    except (config.ConfigException, yaml.YAMLError, OSError) as error:
        if kubeconfig is None and context is None:
            return await load_configuration(), DEFAULT_NAMESPACE
        raise StartError(2, f"no usable kubeconfig ({error}): check --kubeconfig and --context") from error
    return configuration, loader.current_context["context"].get("namespace") or DEFAULT_NAMESPACE


class Connection:
    """A connection to the API server. Use it as an async context manager.

    Every request raises `ApiError` for an answer that is a refusal and `UnreachableError` where there is none.

    A `guard` is called directly before each write is sent: it gives the seconds that the write may take, or holds it
    back by raising an error of its own. The configuration is then no longer of use for another connection.
    """

    def __init__(self, configuration: Configuration, guard: Callable[[], float] | None = None) -> None:
        self._configuration = configuration
        self._guard = guard
        if guard is not None:
            configuration.client_session_kwargs = {"request_class": _guarded_by(guard)}
        self._api = ApiClient(configuration)

    async def __aenter__(self) -> Connection:
        """Opens nothing yet; connections are made by the first request."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Closes all connections."""
        await self._api.close()  # type: ignore[no-untyped-call]

    @property
    def host(self) -> str:
        """Address of the API server, for messages."""
        return str(self._configuration.host)

    async def json(self, method: str, path: str, **options: Any) -> Json:
        """Sends one request, as `send` does, and reads its answer."""
        response = await self.send(method, path, **options)
        try:
            answer: Json = json.loads(await response.read())
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise UnreachableError(f"the answer to {method} {path} was cut: {error!r}") from error
        return answer

    async def send(  # noqa: PLR0913  one argument for each part of a request
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        content: str = JSON,
        accept: str = JSON,
        patience: aiohttp.ClientTimeout = _TIMEOUT,
    ) -> aiohttp.ClientResponse:
        """Sends one request; an answer that is no success is raised."""
        if self._guard and method != "GET":
            patience = aiohttp.ClientTimeout(total=self._guard())
        url = f"{self._configuration.host}{path}" + (f"?{urlencode(query)}" if query else "")
        headers = {"Accept": accept, "Content-Type": content, "User-Agent": names.MANAGER}
        if authorization := await self._configuration.get_api_key_with_prefix("BearerToken"):
            headers["Authorization"] = authorization
        try:
            answer = await self._api.rest_client.request(  # type: ignore[no-untyped-call]
                method, url, headers, body, _request_timeout=patience
            )
            response: aiohttp.ClientResponse = answer.response
            if response.status >= 400:
                raise _refusal(response, await response.text())
        except (aiohttp.ClientError, TimeoutError, asyncio.IncompleteReadError) as error:
            raise UnreachableError(
                f"no answer from the API server at {self.host}: {str(error) or 'timed out'}"
            ) from error
        return response


def _guarded_by(guard: Callable[[], float]) -> type[aiohttp.ClientRequest]:
    """A request that asks for leave when it has its connection: to get one may take any time."""

    class GuardedRequest(aiohttp.ClientRequest):
        async def send(self, conn: Any) -> aiohttp.ClientResponse:
            if self.method != "GET":
                self.url = self.url.update_query(timeout=f"{guard() - _SOONER:.1f}s")
            return await super().send(conn)

    return GuardedRequest


def _refusal(response: aiohttp.ClientResponse, text: str) -> ApiError:
    """Reads the refusal; some (too many requests, an API that does not exist) are plain text, not a Status object."""
    after = response.headers.get("Retry-After", "")
    retry_after = float(after) if after.isdecimal() else None
    try:
        status = json.loads(text)
        return ApiError(
            response.status, status.get("reason", ""), status.get("message", ""), status.get("details"), retry_after
        )
    except (ValueError, AttributeError):
        return ApiError(response.status, "", mask(text.strip())[:_LONGEST_TEXT], None, retry_after)
