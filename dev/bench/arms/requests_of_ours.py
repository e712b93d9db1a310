"""The requests that our operator sends for a new app, noted from its own code, as text with gaps.

What differs from app to app (name, uid, version of the MyApp) is put into the text, which costs next to nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from dev.bench.arms import apps
from myapp_operator import desired, names, status
from myapp_operator.connection import JSON, Connection
from myapp_operator.grammar import Json
from myapp_operator.kube import Kube
from myapp_operator.model import parse_spec
from myapp_operator.names import Kind
from myapp_operator.observed import App, Child
from myapp_operator.seen import Seen

NAME, UID, VERSION = "app-gap", "11111111-2222-3333-4444-555555555555", 1234567890


@dataclass(frozen=True)
class Request:
    """One request, as it goes over the wire."""

    method: str
    target: str
    """Path and query."""
    body: str
    headers: Mapping[str, str]

    def about(self, name: str, uid: str, version: str) -> Request:
        """The same for another app."""
        text = self.body.replace(NAME, name).replace(UID, uid).replace(str(VERSION), version)
        return replace(self, target=self.target.replace(NAME, name), body=text)


@dataclass(frozen=True)
class Requests:
    """All requests for one new app."""

    children: tuple[Request, ...]
    first_status: Request
    second_status: Request


async def note() -> Requests:
    """Have our operator's code send its requests to nobody."""
    notebook = _Notebook()
    kube = Kube(notebook)
    raw = apps.body(NAME)
    raw["metadata"] |= {"uid": UID, "resourceVersion": str(VERSION), "generation": 1}
    app = App.from_json(raw)
    wanted = {each.kind: each.body for each in desired.build(app, parse_spec(app.spec)) if each.body}
    for kind, body in wanted.items():
        await kube.create(kind, body)
    await kube.put_status(app.key, UID, VERSION, _status(app, wanted, full=False))
    await kube.put_status(app.key, UID, VERSION, _status(app, wanted, full=True))
    *children, first, second = notebook.noted
    return Requests(tuple(children), first, second)


def _status(app: App, wanted: Mapping[Kind, Json], *, full: bool) -> Json:
    """What our operator says once the children are written, or once their pods are up."""
    children = {kind: Child.from_json(_as_stored(kind, body, full=full)) for kind, body in wanted.items()}
    return status.judge(Seen(app, parse_spec(app.spec), children, {}, datetime.now(UTC))).status


def _as_stored(kind: Kind, body: Json, *, full: bool) -> Json:
    """A child as the API server has it; of a Deployment only what its controller says when all is up."""
    metadata = {**body["metadata"], "uid": UID, "resourceVersion": "1", "generation": 1}
    if kind != names.DEPLOYMENT or not full:
        return {"metadata": metadata}
    replicas = body["spec"]["replicas"]
    counts = dict.fromkeys(("replicas", "readyReplicas", "availableReplicas", "updatedReplicas"), replicas)
    rolled_out = {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}
    return {
        "metadata": metadata,
        "spec": body["spec"],
        "status": {"observedGeneration": 1, **counts, "conditions": [rolled_out]},
    }


class _Notebook(Connection):
    """A connection to nobody: it only notes what would be sent."""

    def __init__(self) -> None:
        self.noted: list[Request] = []

    async def json(  # noqa: PLR0913  one argument for each part of a request
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        content: str = JSON,
        accept: str = JSON,
        **_: Any,
    ) -> Json:
        """Notes a request and answers as the API server would."""
        text = body.decode() if isinstance(body, bytes) else json.dumps(body)
        headers = {"Accept": accept, "Content-Type": content, "User-Agent": names.MANAGER}
        self.noted.append(Request(method, path + (f"?{urlencode(query)}" if query else ""), text, headers))
        return {"metadata": {"resourceVersion": str(VERSION)}}
