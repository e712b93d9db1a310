"""Does to apps what their users would: creates, edits and deletes them, all at once or at a steady pace."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable

from dev.bench.arms.arm import NAMESPACE, Arm
from myapp_operator.connection import Connection
from myapp_operator.grammar import Json
from myapp_operator.names import Kind

CONNECTIONS = 16
"""How many requests are on their way at most."""

Action = Callable[[str], Awaitable[object]]


class Load:
    """The users, over a connection of the administrator, whom the API server does not throttle."""

    def __init__(self, arm: Arm, connection: Connection, created: Callable[[str, Json], None]) -> None:
        self._arm = arm
        self._connection = connection
        self._created = created
        self.sent: dict[str, float] = {}
        """When the last request about an app was sent."""

    async def create(self, app: str, patch: Json | None = None) -> None:
        """Create an app, changed by a merge patch."""
        body = merged(self._arm.body(app), patch or {})
        answer = await self._send("POST", app, self._path(self._arm.kind), body=body)
        self._created(app, answer)

    async def patch(self, app: str, patch: Json) -> None:
        """Change an app by a merge patch."""
        path = f"{self._path(self._arm.kind)}/{app}"
        await self._send("PATCH", app, path, body=patch, content="application/merge-patch+json")

    async def delete(self, app: str) -> None:
        """Delete an app; what it owns follows."""
        await self._send("DELETE", app, f"{self._path(self._arm.kind)}/{app}")

    async def delete_child(self, app: str, kind: Kind, child: str) -> None:
        """Delete a child of an app."""
        await self._send("DELETE", app, f"{self._path(kind)}/{child}")

    async def occupy(self, kind: Kind, body: Json) -> None:
        """Create an object that belongs to nobody, where a child would stand."""
        await self._connection.json("POST", self._path(kind), body=body)

    async def post(self, path: str, body: bytes) -> None:
        """Create an object from text; the answer is not read, since it may be too deep for that."""
        response = await self._connection.send("POST", path, body=body)
        response.close()

    async def at_once(self, apps: Iterable[str], action: Action) -> None:
        """Act on all apps as fast as the connections allow."""
        waiting = iter(list(apps))

        async def user() -> None:
            for app in waiting:
                await action(app)

        await asyncio.gather(*(user() for _ in range(CONNECTIONS)))

    async def steadily(self, apps: Iterable[str], action: Action, *, per_second: float) -> None:
        """Act on one app after the other, at a pace that does not depend on the answers."""
        began = time.monotonic()

        async def user(number: int, app: str) -> None:
            await asyncio.sleep(began + number / per_second - time.monotonic())
            await action(app)

        await asyncio.gather(*(user(number, app) for number, app in enumerate(apps)))

    async def _send(self, method: str, app: str, path: str, **options: object) -> Json:
        self.sent[app] = time.monotonic()
        return await self._connection.json(method, path, **options)

    def _path(self, kind: Kind) -> str:
        root = "apis" if "/" in kind.api_version else "api"
        return f"/{root}/{kind.api_version}/namespaces/{NAMESPACE}/{kind.plural}"


def merged(body: Json, patch: Json) -> Json:
    """The object after a merge patch (RFC 7386)."""
    result = dict(body)
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict):
            result[key] = merged(result.get(key) or {}, value)
        else:
            result[key] = value
    return result
