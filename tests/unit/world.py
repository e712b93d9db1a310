"""A world for the recipe: a fake of the connection, the store, and what the watches bring."""

import time
from collections.abc import AsyncIterator, Callable, Sequence, Set
from dataclasses import replace
from typing import cast

from myapp_operator import desired, names
from myapp_operator.allowance import Allowance
from myapp_operator.deployment_status import Rollout
from myapp_operator.errors import OperatorError
from myapp_operator.events import Notice
from myapp_operator.grammar import Json
from myapp_operator.kube import Kube, Listing
from myapp_operator.model import parse_spec
from myapp_operator.names import Key, Kind
from myapp_operator.observed import App, Child
from myapp_operator.reconcile import Reconciler
from myapp_operator.recorder import Recorder
from myapp_operator.referents import Referents
from myapp_operator.store import Store
from tests.unit.samples import KEY, condition, refusal, rollout
from tests.unit.versions import replica_set

DEPLOYMENT, SERVICE = names.DEPLOYMENT, names.SERVICE
CONFLICT = refusal(409, "the object has been modified", reason="Conflict")
FORBIDDEN = refusal(403, 'services "x" is forbidden: User "operator" cannot patch resource "services"')
ENDING = refusal(403, "is forbidden: unable to create", "NamespaceTerminating")
STALE_STATUS = refusal(422, "the server rejected our request due to an error in our request", reason="Invalid")
OWNER = {"apiVersion": names.API_VERSION, "kind": names.KIND, "name": "myapp", "uid": "uid-1", "controller": True}


class FakeKube:
    """Remembers every request; answers from `there`, with new versions, or with the error in `fails`.

    `then` holds what happens right after a request.
    """

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.there: dict[str, Json] = {}
        self.fails: dict[str, OperatorError] = {}
        self.then: dict[str, Callable[[], object]] = {}
        self.status: Json = {}
        self.listed: dict[str, list[Json]] = {}
        self.applied_to: dict[str, int] = {}
        self.bodies: list[Json] = []
        self.applied: dict[str, Json] = {}
        self.held: tuple[int, bool] | None = None
        self.app_version = 9999
        """Of the MyApp, where its metadata is asked for: by default as new as any that a watch has brought."""
        self._version = 100

    async def list(self, kind: Kind, namespace: str | None, *, selector: str = "", fields: str = "") -> Listing:
        self._request("list", kind)
        return Listing(self.listed.get(kind.kind, []), self._version)

    async def pages(
        self, kind: Kind, namespace: str | None, *, selector: str = "", fields: str = "", most: int | None = None
    ) -> AsyncIterator[Listing]:
        """One object a page, so that nobody relies on having all of them at once."""
        listing = await self.list(kind, namespace, selector=selector, fields=fields)
        for page in [[each] for each in listing.items] or [[]]:
            yield Listing(page, listing.version)

    async def controlled(
        self, kind: Kind, namespace: str, owners: Set[str], *, selector: str
    ) -> AsyncIterator[Sequence[Json]]:
        async for page in self.pages(kind, namespace, selector=selector):
            refs = [(each, ref) for each in page.items for ref in each["metadata"].get("ownerReferences") or ()]
            yield [each for each, ref in refs if ref["controller"] and ref["uid"] in owners]

    async def first(self, kind: Kind, namespace: str, *, selector: str, fields: str) -> Sequence[Json]:
        self._request("glance at", kind)
        return self.listed.get(f"{kind.kind} of others", [])

    async def metadata(self, kind: Kind, key: Key) -> Json | None:
        self._request("get", kind)
        there = self.there.get(kind.kind)
        version = {"resourceVersion": str(self.app_version)} if kind.kind == names.KIND else {}
        return there and {"metadata": {**there["metadata"], **version}}

    async def whole(self, kind: Kind, key: Key) -> Json | None:
        self._request("read", kind)
        return self.there.get(kind.kind)

    async def create(self, kind: Kind, body: Json) -> Json:
        self._request("create", kind)
        return self._stored(body)

    async def apply(self, kind: Kind, body: Json, uid: str, version: int) -> Json:
        self._request("apply", kind)
        self.applied_to[kind.kind] = version
        self.applied[kind.kind] = body
        stored = self._stored(body)
        stored["metadata"]["uid"] = uid
        return stored

    async def hold(self, kind: Kind, body: Json, uid: str, version: int, *, force: bool) -> Json:
        self._request("hold", kind)
        self.held = (body["spec"]["replicas"], force)
        return self._stored(body)

    async def patch(self, kind: Kind, key: Key, patch: Sequence[Json]) -> Json:
        self._request("patch", kind)
        return self.there[kind.kind]

    async def delete(self, kind: Kind, key: Key, uid: str, version: int) -> None:
        self._request("delete", kind)

    async def put_status(self, key: Key, uid: str, version: int, status: Json) -> int:
        self._request("status", None)
        self.status = status
        return self.next_version()

    def next_version(self) -> int:
        """The resourceVersion of whatever is written next."""
        self._version += 1
        return self._version

    def _request(self, verb: str, kind: Kind | None) -> None:
        request = f"{verb} {kind.kind}" if kind else verb
        self.requests.append(request)
        if error := self.fails.get(request):
            raise error
        if happens := self.then.get(request):
            happens()

    def _stored(self, body: Json) -> Json:
        self.bodies.append(body)
        version = self.next_version()
        return {
            **body,
            "metadata": {
                **body["metadata"],
                "uid": f"uid-{version}",
                "resourceVersion": str(version),
                "generation": 1,
            },
        }


class Heard:
    """Remembers what was told."""

    def __init__(self) -> None:
        self.notices: list[Notice] = []

    def tell(self, app: App, notice: Notice) -> None:
        self.notices.append(notice)


class World:
    """One app, the store, and what the watches have brought."""

    def __init__(self, the_app: App) -> None:
        self.app = the_app
        self.kube = FakeKube()
        self.kube.listed["ReplicaSet"] = [replica_set()]
        self.store = Store()
        self.store.put_app(the_app)
        self.heard = Heard()
        self.referents = Referents()
        recorder = cast(Recorder, self.heard)
        self._reconciler = Reconciler(cast(Kube, self.kube), self.store, self.referents, recorder, Allowance())

    async def reconcile(self) -> float | None:
        """One pass; `kube.requests` then holds its requests alone, and `kube.bodies` what it created or applied."""
        self.kube.requests.clear()
        self.kube.bodies.clear()
        return await self._reconciler.reconcile(KEY)

    def watch_brings_children(self, *kinds: Kind) -> None:
        """The children as they were last applied, complete and untouched."""
        for want in desired.build(self.app, parse_spec(self.app.spec)):
            known = self.store.children(KEY).get(want.kind)
            if want.kind in (kinds or (DEPLOYMENT, SERVICE)):
                self.store.put_child(KEY, want.kind, complete(want.applied, known))

    def watch_brings_rollout(self, status: Rollout) -> None:
        """The Deployment has something new to say of itself."""
        self.watch_brings_children(DEPLOYMENT)
        known = self.store.children(KEY)[DEPLOYMENT]
        newer = replace(known, rollout=status, resource_version=self.kube.next_version())
        self.store.put_child(KEY, DEPLOYMENT, newer)

    def watch_brings_status(self) -> None:
        self.app = replace(self.app, status=self.kube.status, resource_version=self.app.resource_version + 500)
        self.store.put_app(self.app)

    def reason(self) -> str:
        return str(condition(self.kube.status, "Ready")["reason"])


def complete(applied: str, known: Child | None) -> Child:
    raw: Json = {"metadata": {"uid": "uid-child", "resourceVersion": "50", "generation": 1, "ownerReferences": [OWNER]}}
    if known is not None:
        raw["metadata"] |= {"uid": known.uid, "resourceVersion": str(known.resource_version)}
    raw["metadata"]["annotations"] = {names.APPLIED: applied}
    entry = {"manager": names.MANAGER, "operation": "Apply", "fieldsV1": {"f:metadata": {}, "f:spec": {}}}
    return replace(Child.from_json(raw | {"metadata": raw["metadata"] | {"managedFields": [entry]}}), rollout=rollout())


class Clock:
    """Goes on by itself, and further when a test says so."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self._ahead

    def passes(self, seconds: float) -> None:
        self._ahead += seconds
