"""What is asked of the API server about the Lease, one method a request.

On a connection of its own: a renewal waits for no other request.
"""

from __future__ import annotations

import aiohttp

from myapp_operator import names
from myapp_operator.connection import Connection
from myapp_operator.errors import ApiError, UnreadableError
from myapp_operator.grammar import Json
from myapp_operator.json_objects import mapping, metadata_of
from myapp_operator.names import Key

_PATIENCE = aiohttp.ClientTimeout(total=3.0, sock_connect=1.5)
"""An overloaded API server takes seconds for an answer, and a connection that is dead gives none: three attempts fit
into the ten seconds after which a leader gives up."""


class LeaseRequests:
    """The requests for one Lease.

    Every method raises `ApiError` for an answer that is a refusal, `UnreadableError` for one that is no Lease and
    `UnreachableError` where there is none.
    """

    def __init__(self, connection: Connection, key: Key, covers: str) -> None:
        """`covers` is written on the Lease: the namespaces of this installation, as `claims.annotation` has them."""
        self.key = key
        self._covers = covers
        self._connection = connection
        self._folder = f"/apis/coordination.k8s.io/v1/namespaces/{key.namespace}/leases"
        self._path = f"{self._folder}/{key.name}"

    async def get(self) -> Json | None:
        """The Lease, or None if there is none."""
        try:
            return _lease(await self._connection.json("GET", self._path, patience=_PATIENCE))
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    async def create(self, lease: Json) -> Json:
        """Creates the Lease, which must not exist yet; returns it as stored."""
        body = self._annotated(lease)
        return _lease(await self._connection.json("POST", self._folder, body=body, patience=_PATIENCE))

    async def replace(self, lease: Json) -> Json:
        """Replaces the Lease, if it still is of the version that stands in it; returns it as stored."""
        body = self._annotated(lease)
        return _lease(await self._connection.json("PUT", self._path, body=body, patience=_PATIENCE))

    def _annotated(self, lease: Json) -> Json:
        metadata = lease["metadata"]
        annotations = {**mapping(metadata.get("annotations")), names.COVERS: self._covers}
        return {**lease, "metadata": {**metadata, "annotations": annotations}}


def _lease(answer: Json) -> Json:
    """The answer, if it is a Lease. One without a version could only be replaced whatever another holder has written.

    Raises:
        UnreadableError: it is none.
    """
    metadata = metadata_of(answer)
    if not metadata.get("name") or not metadata.get("resourceVersion"):
        raise UnreadableError("the answer about the Lease names no Lease: check what answers for the API server")
    return answer
