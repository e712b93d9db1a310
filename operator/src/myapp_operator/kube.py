"""What is asked of the API server: one method a request, plain JSON in and out.

Nobody else knows a path, a content type or a precondition.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson

from myapp_operator import names, reading
from myapp_operator.connection import JSON, Connection, refusal_of
from myapp_operator.errors import ApiError, ExpiredError, UnreachableError, UnreadableError
from myapp_operator.field_managers import readable
from myapp_operator.grammar import Json
from myapp_operator.json_objects import mapping, metadata_of, read_version
from myapp_operator.names import Key, Kind
from myapp_operator.owners import controller

APPS = Kind(names.KIND, names.API_VERSION, names.PLURAL, "")
"""The MyApps themselves, for lists."""

_SILENCE = 90.0
"""Seconds without a byte after which a watch is begun anew, as its connection may be dead. Bookmarks come about every
minute, but not for a kind of which nothing has changed since the API server started."""
PAGE = 100
"""Objects of a list that are read at once. What Python takes for five hundred it does not give back."""
_LONGEST_LOG = 2**18
MOST_PAGES = 50
"""Pages that are read of a list in which others may have any number of objects."""
_ONLY_METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
_ONLY_METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
_APPLY = "application/apply-patch+yaml"
_BEYOND_ASCII = re.compile("[\x7f-\uffff]+")
_TRY_STRICTLY = {"dryRun": "All", "fieldValidation": "Strict"}
"""As kubectl writes: an unknown field is an error, not dropped."""


@dataclass(frozen=True)
class Listing:
    """A list at one moment of the cluster, or a part of it."""

    items: list[Json]
    version: int
    unreadable: int = 0
    """Items that are left out, as they are no objects or cannot be read."""


UNREADABLE = "UNREADABLE"
"""The type of an event of which nothing can be read; in the place of its object stands why."""


@dataclass(frozen=True)
class Event:
    """One event of a watch: ADDED, MODIFIED, DELETED, BOOKMARK or `UNREADABLE`. The object may be any JSON."""

    type: str
    object: Any


class Kube:
    """The requests over one connection.

    Every method raises `ApiError` for an answer that is a refusal and `UnreachableError` where there is none.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def host(self) -> str:
        """Address of the API server, for messages."""
        return self._connection.host

    async def list(self, kind: Kind, namespace: str | None, *, selector: str = "", fields: str = "") -> Listing:
        """All objects of a kind, in one namespace or in all, without managedFields; metadata only unless the kind says
        `whole`.

        `selector` chooses by labels, `fields` by the few fields that the API server can select by.
        """
        items: list[Json] = []
        version = 0
        async for page in self.pages(kind, namespace, selector=selector, fields=fields):
            items += map(_light, page.items)
            version = page.version
        return Listing(items, version)

    async def pages(
        self, kind: Kind, namespace: str | None, *, selector: str = "", fields: str = "", most: int | None = None
    ) -> AsyncIterator[Listing]:
        """As `list`, page by page, for callers that do not keep all.

        A page of large objects comes in parts; its version, which is 0 until then, comes with the last one. `most`
        pages are asked for; None: all.
        """
        accept = JSON if kind.whole else _ONLY_METADATA_LIST
        query = {"limit": str(PAGE), "labelSelector": selector, "fieldSelector": fields}
        asked, more = 0, True
        while more and asked != most:
            asked += 1
            async for part in self._connection.parts(_path(kind, namespace), query=query, accept=accept):
                items = [each for each in part.items if isinstance(each, dict)]
                version = _version(part.metadata, kind) if part.metadata is not None else 0
                yield Listing(items, version, len(part.items) - len(items))
                if part.metadata is None:
                    continue
                query["continue"] = str(part.metadata.get("continue") or "")
            more = bool(query["continue"])

    async def controlled(
        self, kind: Kind, namespace: str, owners: Set[str], *, selector: str
    ) -> AsyncIterator[Sequence[Json]]:
        """The objects whose controller has one of these uids, page by page, without managedFields.

        Only `MOST_PAGES` are read: a tenant may make any number of objects with the same labels.
        """
        async for page in self.pages(kind, namespace, selector=selector, most=MOST_PAGES):
            yield [_light(each) for each in page.items if _controller(each) in owners]

    async def first(self, kind: Kind, namespace: str, *, selector: str, fields: str) -> Sequence[Json]:
        """The first page of a list: some of the objects, where there are many."""
        pages = self.pages(kind, namespace, selector=selector, fields=fields, most=1)
        return [_light(each) async for page in pages for each in page.items]

    async def watch(
        self, kind: Kind, namespace: str | None, version: int, *, selector: str, seconds: float
    ) -> AsyncIterator[Event]:
        """The changes after a version, for this many seconds, or until nothing has come for long.

        An event that cannot be read costs only itself: a watch is shared by all tenants.

        Raises:
            ExpiredError: the version is too old.
        """
        query = {
            "watch": "1",
            "allowWatchBookmarks": "true",
            "resourceVersion": str(version),
            "labelSelector": selector,
            "timeoutSeconds": str(int(seconds)),
        }
        accept = JSON if kind.whole else _ONLY_METADATA
        patience = aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=_SILENCE)
        response = await self._connection.send(
            "GET", _path(kind, namespace), query=query, accept=accept, patience=patience
        )
        try:
            async for line in reading.lines(response.content):
                yield await _event(line)
        except TimeoutError:
            return  # silence is no outage
        except aiohttp.ClientError as error:
            raise UnreachableError(f"the watch of {kind.plural} was cut: {error!r}") from error
        finally:
            response.close()

    async def metadata(self, kind: Kind, key: Key) -> Json | None:
        """The metadata of one object, where `key` holds its own name; None if there is no such object."""
        return await self._get(kind, key, _ONLY_METADATA)

    async def whole(self, kind: Kind, key: Key) -> Json | None:
        """One object with its spec, where `key` holds its own name; None if there is no such object."""
        return await self._get(kind, key, JSON)

    async def create(self, kind: Kind, body: Json) -> Json:
        """Applies an object that must not exist yet; any object in its place is a conflict (409), never taken over.

        Applied, not posted, so that our fields have one owner; resourceVersion 1 can never be met by an object that
        exists. Answers with the whole object, as admission has made it.
        """
        return await self._apply(kind, body, {"resourceVersion": "1"})

    async def apply(self, kind: Kind, body: Json, uid: str, version: int) -> Json:
        """Applies onto just this version of just this object, taking over what others changed. Answers with the whole
        object, as admission has made it."""
        return await self._apply(kind, body, {"uid": uid, "resourceVersion": str(version)})

    async def hold(self, kind: Kind, body: Json, uid: str, version: int, *, force: bool) -> Json:
        """Applies onto just this version of just this object as the manager that holds the number of pods."""
        now = {"uid": uid, "resourceVersion": str(version)}
        return await self._apply(kind, body, now, manager=names.REPLICAS_MANAGER, force=force)

    async def patch(self, kind: Kind, key: Key, patch: Sequence[Json]) -> Json:
        """A JSON patch. Answers with the whole object."""
        return readable(
            await self._connection.json(
                "PATCH", _path(kind, *key), body=[*patch], content="application/json-patch+json"
            )
        )

    async def delete(self, kind: Kind, key: Key, uid: str, version: int) -> None:
        """Deletes just this version of just this object."""
        preconditions = {"uid": uid, "resourceVersion": str(version)}
        body = {"propagationPolicy": "Background", "preconditions": preconditions}
        await self._connection.json("DELETE", _path(kind, *key), body=body)

    async def put_status(self, key: Key, uid: str, version: int, status: Json) -> int:
        """Replaces the status of just this version of just this MyApp; returns the new version.

        A JSON patch, because apply and merge patch ignore a stale uid.
        """
        patch = [
            {"op": "test", "path": "/metadata/uid", "value": uid},
            {"op": "test", "path": "/metadata/resourceVersion", "value": str(version)},
            {"op": "add", "path": "/status", "value": status},
        ]
        answer = await self._connection.json(
            "PATCH",
            _path(APPS, *key, "status"),
            body=patch,
            content="application/json-patch+json",
            accept=_ONLY_METADATA,
        )
        return _version(metadata_of(answer), APPS)

    async def create_event(self, namespace: str, event: Json) -> None:
        """Creates an event, which must not exist yet."""
        await self._connection.json("POST", _path(names.EVENT, namespace), body=event, accept=_ONLY_METADATA)

    async def repeat_event(self, key: Key, times: Json) -> None:
        """Changes count and times of the event of this name."""
        await self._connection.json(
            "PATCH", _path(names.EVENT, *key), body=times, content="application/merge-patch+json", accept=_ONLY_METADATA
        )

    async def may_write_status(self, account: Key, namespace: str | None) -> bool:
        """Whether a ServiceAccount may write the status of MyApps, in one namespace or in all: no one but an operator
        needs that right."""
        user = f"system:serviceaccount:{account.namespace}:{account.name}"
        groups = ["system:serviceaccounts", f"system:serviceaccounts:{account.namespace}", "system:authenticated"]
        what = {"group": names.GROUP, "resource": names.PLURAL, "subresource": "status", "verb": "patch"}
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "spec": {
                "user": user,
                "groups": groups,
                "resourceAttributes": {**what, **({"namespace": namespace} if namespace else {})},
            },
        }
        answer = await self._connection.json("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", body=review)
        return mapping(answer.get("status")).get("allowed") is True

    async def log(self, pod: Key, container: str, *, previous: bool, lines: int) -> str:
        """The last lines of a container's log; `previous` is the run before the present one."""
        query = {"container": container, "previous": str(previous).lower(), "tailLines": str(lines)}
        query["limitBytes"] = str(_LONGEST_LOG)
        response = await self._connection.send("GET", _path(names.POD, *pod, "log"), query=query)
        try:
            return (await reading.whole(response.content, _LONGEST_LOG)).decode(errors="replace")
        except (aiohttp.ClientError, TimeoutError) as error:
            raise UnreachableError(f"the log of pod {pod.name} was cut: {error!r}") from error

    async def try_create(self, kind: Kind, body: Json, manager: str = names.MANAGER) -> Json:
        """The object that a creation would make. Writes nothing."""
        path, query = _path(kind, body["metadata"]["namespace"]), {**_TRY_STRICTLY, "fieldManager": manager}
        return await self._connection.json("POST", path, query=query, body=body)

    async def try_patch(self, kind: Kind, key: Key, patch: Json | Sequence[Json], manager: str = names.MANAGER) -> Json:
        """The object that a merge patch (a map) or a JSON patch (a list) would make. Writes nothing."""
        merge = isinstance(patch, dict)
        content = "application/merge-patch+json" if merge else "application/json-patch+json"
        query = {**_TRY_STRICTLY, "fieldManager": manager}
        return await self._connection.json("PATCH", _path(kind, *key), query=query, body=patch, content=content)

    async def try_apply(
        self,
        kind: Kind,
        body: Json,
        preconditions: Mapping[str, str],
        *,
        manager: str = names.MANAGER,
        force: bool = True,
    ) -> Json:
        """The object that an apply would make, as a rule the operator's, with the preconditions of `create` or `apply`.
        Writes nothing."""
        metadata = body["metadata"]
        return await self._connection.json(
            "PATCH",
            _path(kind, metadata["namespace"], metadata["name"]),
            query={"fieldManager": manager, "force": str(force).lower(), "dryRun": "All"},
            body=yaml_bytes({**body, "metadata": {**metadata, **preconditions}}),
            content=_APPLY,
        )

    async def _get(self, kind: Kind, key: Key, accept: str) -> Json | None:
        try:
            return readable(await self._connection.json("GET", _path(kind, *key), accept=accept))
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    async def _apply(
        self,
        kind: Kind,
        body: Json,
        preconditions: Mapping[str, str],
        *,
        manager: str = names.MANAGER,
        force: bool = True,
    ) -> Json:
        metadata = body["metadata"]
        return await self._connection.json(
            "PATCH",
            _path(kind, metadata["namespace"], metadata["name"]),
            query={"fieldManager": manager, "force": str(force).lower()},
            body=yaml_bytes({**body, "metadata": {**metadata, **preconditions}}),
            content=_APPLY,
        )


def yaml_bytes(body: Json) -> bytes:
    """JSON that reads the same as YAML, of which an apply is made.

    YAML does not know JSON's pairs of escapes for characters such as an emoji, so those stand for themselves. All else
    beyond ASCII is escaped, since YAML takes some of it for the end of a line and refuses some.
    """
    text = orjson.dumps(body).decode()
    return _BEYOND_ASCII.sub(_escaped, text).encode()


def _escaped(found: re.Match[str]) -> str:
    return "\\u" + found[0].encode("utf-16-be").hex("-", 2).replace("-", "\\u")


def _path(kind: Kind, namespace: str | None, name: str = "", subresource: str = "") -> str:
    root = f"/apis/{kind.api_version}" if "/" in kind.api_version else f"/api/{kind.api_version}"
    parts = [root, *(["namespaces", namespace] if namespace else []), kind.plural, name, subresource]
    return "/".join(part for part in parts if part)


def _controller(raw: Any) -> str | None:
    owner = controller(metadata_of(raw))
    return owner.uid if owner else None


async def _event(line: bytes) -> Event:
    try:
        kind, found = await reading.event(line)
    except UnreadableError as error:
        return Event(UNREADABLE, str(error))
    if kind == "ERROR":
        code = mapping(found).get("code")
        if code == 410:
            raise ExpiredError("the watch fell behind what the API server keeps")
        raise refusal_of(found, code if type(code) is int else 500)
    return Event(kind, found)


def _light(raw: Any) -> Any:
    """An object without its managedFields, which may have a megabyte and are often half of it."""
    metadata_of(raw).pop("managedFields", None)
    return raw


def _version(metadata: Json, kind: Kind) -> int:
    try:
        return read_version(metadata)
    except ValueError as error:
        raise UnreadableError(f"an answer about {kind.plural} cannot be read: {error}") from error
