"""The connection to the API server: who we are, one request and its answer.

It keeps the official client's configuration, authentication and TLS, and sends and reads plain JSON: the client's
typed and dynamic layers cost several times the CPU of the request itself, and its session twice (decisions/0014).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import orjson
import yaml
from aiohttp.client_middlewares import ClientHandlerType
from kubernetes.aio import config
from kubernetes.aio.client import Configuration
from kubernetes.aio.client.rest import RESTClientObject
from yarl import URL

from myapp_operator import names, reading
from myapp_operator.errors import (
    ApiError,
    NotLeadingError,
    ReadOnlyError,
    StartError,
    UnreachableError,
    UnreadableError,
)
from myapp_operator.grammar import Json
from myapp_operator.json_objects import mapping
from myapp_operator.masking import mask
from myapp_operator.reading import Part

JSON = "application/json"
DEFAULT_NAMESPACE = "default"
_LONGEST_TEXT = 500
"""Characters that are kept of an answer in plain text, such as the page of a proxy; masked before they are cut."""
LONGEST_REFUSAL = 2**20
"""Bytes of a refusal that are read. Users can make answers of a megabyte."""
_TIMEOUT = aiohttp.ClientTimeout(total=30, sock_connect=5)
_LIST_TIMEOUT = aiohttp.ClientTimeout(sock_connect=5, sock_read=30)
"""A list of large objects takes longer as a whole: it is read in turn with all other work."""
_MASKED_TEXT = 10 * _LONGEST_TEXT
"""Characters of it that are masked: nothing beyond them is kept."""
_MOST_DIGITS = 5
"""Digits of a `Retry-After` in seconds that is believed."""
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
    back by raising an error of its own.
    """

    def __init__(self, configuration: Configuration, guard: Callable[[], float] | None = None) -> None:
        self._configuration = configuration
        self._proxy = configuration.proxy or _proxy_for(configuration.host)
        self._guard = guard
        self._session: aiohttp.ClientSession
        self._connector: aiohttp.TCPConnector

    async def __aenter__(self) -> Connection:
        """Opens nothing yet; connections are made by the first request."""
        configuration = self._configuration
        tls = RESTClientObject(configuration).ssl_context
        # No limit: each watch holds a connection, and each namespace has a dozen watches.
        self._connector = aiohttp.TCPConnector(limit=0, ssl=tls)
        self._session = aiohttp.ClientSession(
            connector=self._connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            proxy=self._proxy,
            request_class=_guarded_by(self._guard) if self._guard else aiohttp.ClientRequest,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        """Closes all connections."""
        await self._session.close()

    @property
    def host(self) -> str:
        """Address of the API server."""
        return str(self._configuration.host)

    def read_only_session(self, answers: type[aiohttp.ClientResponse]) -> aiohttp.ClientSession:
        """Open another session over the same connections, which sends nothing but GET.

        `answers` decides how bodies are read. Each request of it raises `ReadOnlyError` before anything is sent, if it
        would write.
        """
        configuration = self._configuration

        async def read_only(request: aiohttp.ClientRequest, send: ClientHandlerType) -> aiohttp.ClientResponse:
            if request.method != "GET":
                raise ReadOnlyError(f"{request.method} {request.url.path} was held back: this session only reads")
            if authorization := await configuration.get_api_key_with_prefix("BearerToken"):
                request.headers["Authorization"] = authorization
            request.server_hostname = configuration.tls_server_name
            request.update_proxy(request.proxy, request.proxy_auth, configuration.proxy_headers)
            return await send(request)

        return aiohttp.ClientSession(
            connector=self._connector,
            connector_owner=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": names.MANAGER},
            proxy=self._proxy,
            response_class=answers,
            middlewares=(read_only,),
        )

    async def json(self, method: str, path: str, **options: Any) -> Json:
        """Sends one request, as `send` does, and reads its answer."""
        response = await self.send(method, path, **options)
        try:
            answer: object = await reading.value(response.content)
        except UnreadableError as error:
            response.close()
            raise UnreadableError(f"the answer to {method} {path} cannot be read: {error}") from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise UnreachableError(f"the answer to {method} {path} was cut: {error!r}") from error
        if not isinstance(answer, dict):
            raise UnreadableError(f"the answer to {method} {path} is no JSON object")
        return answer

    async def parts(self, path: str, **options: Any) -> AsyncIterator[Part]:
        """Asks for a list, and gives its items as they come: a large one never stands in memory whole.

        Other requests may be sent meanwhile. The rest of this list waits until the caller asks for the next part.
        """
        response = await self.send("GET", path, patience=_LIST_TIMEOUT, **options)
        try:
            async for part in reading.parts(response.content):
                yield part
        except UnreadableError as error:
            raise UnreadableError(f"the answer to GET {path} cannot be read: {error}") from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise UnreachableError(f"the answer to GET {path} was cut: {error!r}") from error
        finally:
            response.release()

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
        """Sends one request; an answer that is no success is raised. A `body` that is not bytes is sent as JSON."""
        if self._guard and method != "GET":
            patience = aiohttp.ClientTimeout(total=self._guard())
        url = f"{self._configuration.host}{path}" + (f"?{urlencode(query)}" if query else "")
        headers = {"Accept": accept, "Content-Type": content, "User-Agent": names.MANAGER}
        if authorization := await self._configuration.get_api_key_with_prefix("BearerToken"):
            headers["Authorization"] = authorization
        data = body if body is None or isinstance(body, bytes) else orjson.dumps(body)
        try:
            response = await self._session.request(
                method,
                URL(url, encoded=True),
                headers=headers,
                data=data,
                timeout=patience,
                server_hostname=self._configuration.tls_server_name,
                proxy_headers=self._configuration.proxy_headers,
            )
            if response.status >= 400:
                raise _refusal(response, await _start_of(response))
        except (aiohttp.ClientError, TimeoutError, asyncio.IncompleteReadError) as error:
            raise UnreachableError(
                f"no answer from the API server at {self.host}: {str(error) or 'timed out'}"
            ) from error
        return response


def _proxy_for(host: str) -> str | None:
    """The proxy that the environment names for this host. Asked once: the session would ask anew for each request."""
    url = urlsplit(host)
    return None if proxy_bypass(url.hostname or "") else getproxies().get(url.scheme)


def _guarded_by(guard: Callable[[], float]) -> type[aiohttp.ClientRequest]:
    """A request that asks for leave when it has its connection, as to get one may take any time, and once more when
    its bytes go out: until Python 3.12 that is another turn of the loop, and the process may be stopped before it."""

    class GuardedRequest(aiohttp.ClientRequest):
        async def send(self, conn: Any) -> aiohttp.ClientResponse:
            if self.method != "GET":
                self.url = self.url.update_query(timeout=f"{guard() - _SOONER:.1f}s")
            return await super().send(conn)

        async def write_bytes(self, writer: Any, conn: Any, content_length: int | None = None) -> None:
            try:
                if self.method != "GET":
                    guard()
            except NotLeadingError as error:  # nobody awaits this task: the one that waits for the answer is told
                conn.protocol.set_exception(error)
                conn.close()
            else:
                await super().write_bytes(writer, conn, content_length)

    return GuardedRequest


async def _start_of(response: aiohttp.ClientResponse) -> bytes:
    """The body of a refusal, or as much of it as is wanted."""
    body = await reading.whole(response.content, LONGEST_REFUSAL)
    if not response.content.at_eof():
        response.close()
    return body


def _refusal(response: aiohttp.ClientResponse, body: bytes) -> ApiError:
    """Reads the refusal; some (too many requests, an API that does not exist) are plain text, not a Status object."""
    after = response.headers.get("Retry-After", "")
    retry_after = float(after) if after.isdecimal() and len(after) <= _MOST_DIGITS else None
    try:
        return refusal_of(orjson.loads(body), response.status, retry_after)
    except ValueError:
        text = body[:LONGEST_REFUSAL].decode(errors="replace").strip()
        return ApiError(response.status, "", mask(text[:_MASKED_TEXT])[:_LONGEST_TEXT], None, retry_after)


def refusal_of(status: object, code: int, retry_after: float | None = None) -> ApiError:
    """The refusal that a Status object tells; what cannot be read of it is absent."""
    found = mapping(status)
    reason, message = (each if isinstance(each, str) else "" for each in (found.get("reason"), found.get("message")))
    return ApiError(code, reason, message, mapping(found.get("details")), retry_after)
