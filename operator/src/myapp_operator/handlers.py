"""kopf: brings the MyApps. Events become entries in the store and keys in the queue, nothing else.

Only `on.event` is used. kopf's other handlers write annotations and finalizers into the user's object, and an object
with a finalizer cannot be deleted once the operator is gone.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import kopf

from myapp_operator import app_session, envelope, names
from myapp_operator.connection import Connection
from myapp_operator.store import Store
from myapp_operator.workqueue import WorkQueue

_WATCH_SECONDS = 90.0
"""A watch goes on with a new request after so long, so that a dead connection is left behind."""


def registry(store: Store, queue: WorkQueue, connection: Connection, largest: int) -> kopf.OperatorRegistry:
    """The handlers, bound to a store and a queue. `largest`: bytes of a spec that is taken."""
    handlers = kopf.OperatorRegistry()

    @kopf.on.event(names.GROUP, names.VERSION, names.PLURAL, registry=handlers)
    async def seen(event: kopf.RawEvent, **_: Any) -> None:
        app = envelope.unwrap(dict(event["object"]))
        if event["type"] == "DELETED":
            store.drop_app(app.key, app.uid)
            queue.add(app.key)
        elif store.put_app(app):
            queue.add(app.key)
        else:
            queue.add_soon(app.key)

    access = kopf.AiohttpSession(server=connection.host, aiohttp_session=app_session.open_session(connection, largest))

    @kopf.on.login(registry=handlers)
    async def login(**_: Any) -> kopf.AiohttpSession:
        """A session that cannot write, whatever kopf would: a MyApp may carry kopf's own finalizer.

        Always the same one: after a 401 kopf takes it for no new login, and ends, rather than to ask again without end.
        """
        return access

    return handlers


def settings() -> kopf.OperatorSettings:
    """kopf as a watcher that never gives up and never writes."""
    chosen = kopf.OperatorSettings()
    chosen.peering.standalone = True
    chosen.process.ultimate_exiting_timeout = None  # or it would kill the process ten minutes after it was ended once
    chosen.posting.enabled = False
    chosen.scanning.disabled = True
    chosen.watching.chunk_size = 100
    # Its timeout for silence may cancel whoever takes the events, who ends without a word. So each watch has its time.
    chosen.watching.inactivity_timeout = math.inf
    chosen.watching.client_timeout = _WATCH_SECONDS
    chosen.queueing.idle_timeout = 0.5
    chosen.networking.request_timeout = 60
    chosen.networking.error_backoffs = _Endless()
    chosen.persistence.progress_storage = _NoProgress()
    chosen.persistence.diffbase_storage = _NoDiffBase()
    return chosen


class _Endless:
    """Pauses between attempts, in seconds; a new endless series for each request, because kopf gives up at its end."""

    def __iter__(self) -> itertools.chain[float]:
        return itertools.chain((0.5, 1.0, 2.0), itertools.repeat(5.0))


class _NoProgress(kopf.ProgressStorage):
    """kopf keeps handler progress in annotations; we have no such handlers, and nothing may be written."""

    def fetch(self, **_: Any) -> None:
        """Finds nothing."""

    def store(self, **_: Any) -> None:
        """Keeps nothing."""

    def purge(self, **_: Any) -> None:
        """Has nothing to remove."""

    def touch(self, **_: Any) -> None:
        """Writes nothing."""

    def clear(self, *, essence: Any) -> Any:
        """Has nothing to remove, so the copy that kopf makes here by default is saved."""
        return essence


class _NoDiffBase(kopf.DiffBaseStorage):
    """kopf keeps the last handled state in an annotation; we compare by managedFields instead."""

    def build(self, **_: Any) -> Any:
        """Saves the copy of the whole object that kopf makes here by default."""
        return {}

    def fetch(self, **_: Any) -> None:
        """Finds nothing."""

    def store(self, **_: Any) -> None:
        """Keeps nothing."""
