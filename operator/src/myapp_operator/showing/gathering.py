"""Reads all that `explain` shows, with the rights of whoever asks. What may not be read is noted and left out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from typing import TypeVar

from myapp_operator import causes, desired, names, preflight, references, selectors, templates
from myapp_operator.errors import ApiError, InvalidMyAppError, NoSuchMyAppError, OperatorError
from myapp_operator.grammar import Json
from myapp_operator.json_objects import condition
from myapp_operator.kube import APPS, Kube, Listing
from myapp_operator.model import parse_spec
from myapp_operator.names import Key, Kind, Reason
from myapp_operator.observed import App
from myapp_operator.references import Referent
from myapp_operator.showing import pods
from myapp_operator.showing.facts import Facts

_PODS_ASKED = 5
"""Pods whose events are read: those in trouble come first."""
_LOG_LINES = 20
_MOST_REFERENCES = 200
"""Objects that are asked for at most to find out which of them are missing."""

T = TypeVar("T")


async def gather(kube: Kube, key: Key) -> Facts:
    """Reads about the MyApp of this name.

    Raises:
        NoSuchMyAppError: there is none.
        ApiError: the API server does not know who asks.
        UnreachableError: there is no answer from the API server.
    """
    reader = _Reader(kube, Facts(key))
    await reader.read_app()
    await reader.read_children()
    await reader.read_pods()
    await reader.read_missing()
    await asyncio.gather(reader.read_events(), reader.read_log())
    return reader.facts


def _selector(deployment: Json) -> str:
    return names.selector_text(deployment["spec"]["selector"].get("matchLabels") or {})


def _why_hidden(key: Key, error: ApiError) -> str:
    if error.status != 403:
        return f"the {names.KIND} could not be read"
    right = f'the right to get {names.PLURAL}.{names.GROUP} in namespace "{key.namespace}"'
    return f"not shown, since you may not read the {names.KIND}: it takes {right}"


class _Reader:
    """Fills in the facts, part by part."""

    def __init__(self, kube: Kube, facts: Facts) -> None:
        self._kube = kube
        self.facts = facts

    async def read_app(self) -> None:
        key = self.facts.key
        try:
            self.facts.app = await self._kube.whole(APPS, key)
        except ApiError as error:
            if error.status == 401:
                raise  # then nothing else may be read either
            self._note(f"the {names.KIND}", error)
            self.facts.hidden = _why_hidden(key, error)
            return
        if self.facts.app is None:
            raise NoSuchMyAppError(
                f'there is no {names.KIND} "{key.name}" in namespace "{key.namespace}": '
                f"`kubectl get myapps -n {key.namespace}` lists those that there are"
            )

    async def read_children(self) -> None:
        await asyncio.gather(*(self._read_child(kind) for kind in desired.BUILDERS))

    async def _read_child(self, kind: Kind) -> None:
        key = Key(self.facts.key.namespace, kind.name_for(self.facts.key.name))
        try:
            self.facts.children[kind] = await self._kube.whole(kind, key)
        except OperatorError as error:
            if self.facts.asks_for(kind):
                self._note(f"the {kind}", error)

    async def read_pods(self) -> None:
        """The pods of the Deployment, or, where those are not known, the ones with the labels of the app; and
        pods of others with the label by which many a tool chooses."""
        key, deployment = self.facts.key, self.facts.children.get(names.DEPLOYMENT)
        sets = await self._attempt("the ReplicaSets", self._replica_sets(deployment)) if deployment else None
        if deployment is None or sets is None:
            found = self._first(names.POD, names.selector_text(names.selector(key.name)))
        else:
            self.facts.newest = causes.newest_replica_set(deployment["metadata"]["uid"], sets)
            found = self._pods(deployment, sets)
        others = self._first(names.POD_NAMES, selectors.besides(key.name, sets), selectors.MAY_ANSWER)
        own, strangers = await asyncio.gather(self._attempt("the pods", found), self._attempt("the pods", others))
        self.facts.pods = sorted(
            own or (), key=lambda pod: (not self.facts.is_new(pod), pods.is_ready(pod), pod["metadata"]["name"])
        )
        self.facts.strangers = selectors.strangers(strangers or (), sets or ())

    async def read_missing(self) -> None:
        """All that is missing: the status has no room for more than a few. Of a Secret no values are read."""
        app: Json = self.facts.app or {}
        if condition(app.get("status") or {}, "Ready").get("reason") != Reason.REFERENCE_MISSING:
            return
        try:
            asked = desired.build(App.from_json(app), parse_spec(app["spec"]))
        except (InvalidMyAppError, ValueError):
            return
        template = next(each.body["spec"]["template"] for each in asked if each.kind is names.DEPLOYMENT and each.body)
        found = references.of(template)
        targets = [*dict.fromkeys(each.target(self.facts.key.namespace) for each in found)][:_MOST_REFERENCES]
        there = dict(zip(targets, await asyncio.gather(*map(self._referent, targets)), strict=True))
        unread = {target.kind for target, each in there.items() if each is None}
        objects = {(target.kind, target.name): each for target, each in there.items() if isinstance(each, Referent)}
        asked_for = [each for each in found if each.target(self.facts.key.namespace) in there]
        seen = frozenset({*names.REFERABLE} - unread)
        self.facts.missing = preflight.missing(asked_for, preflight.Known(seen, objects))

    async def _referent(self, target: references.Target) -> Referent | str | None:
        """What the MyApp refers to; empty where it does not exist, None where it may not be read."""
        key = Key(target.namespace, target.name)
        whole = target.kind is names.CONFIG_MAP
        try:
            raw = await (self._kube.whole if whole else self._kube.metadata)(target.kind, key)
        except OperatorError as error:
            self._note(f"the {target.kind.plural}", error)
            return None
        if raw is None:
            return ""
        return Referent.contents(raw) if whole else Referent.from_json(raw)

    async def read_events(self) -> None:
        """Those of the MyApp, its Deployment, the newest ReplicaSet and the first pods."""
        of = [self.facts.app, self.facts.children.get(names.DEPLOYMENT), self.facts.newest]
        uids = [each["metadata"]["uid"] for each in [*of, *self.facts.pods[:_PODS_ASKED]] if each]
        lists = await asyncio.gather(*(self._attempt("the events", self._events_of(uid)) for uid in uids))
        self.facts.events = [event for listing in lists if listing for event in listing.items]

    async def read_log(self) -> None:
        """The end of the log of the container that fails, among the newest pods."""
        self.facts.failing = pods.failing([each for each in self.facts.pods if self.facts.is_new(each)])
        if self.facts.failing is None:
            return
        pod = Key(self.facts.key.namespace, self.facts.failing.pod)
        container, previous = self.facts.failing.container, self.facts.failing.previous
        request = self._kube.log(pod, container, previous=previous, lines=_LOG_LINES)
        self.facts.log = await self._attempt(f"the log of container {container}", request) or ""

    def _events_of(self, uid: str) -> Awaitable[Listing]:
        return self._kube.list(names.EVENT, self.facts.key.namespace, fields=f"involvedObject.uid={uid}")

    async def _replica_sets(self, deployment: Json) -> Sequence[Json]:
        """Those of the Deployment, by its own selector: some may be from before its adoption."""
        namespace, uid = self.facts.key.namespace, deployment["metadata"]["uid"]
        pages = self._kube.controlled(names.REPLICA_SET, namespace, {uid}, selector=_selector(deployment))
        return [each async for page in pages for each in page]

    async def _pods(self, deployment: Json, sets: Sequence[Json]) -> Sequence[Json]:
        """Those of these ReplicaSets."""
        if not sets:
            return ()
        hashes = ",".join(sorted({templates.hash_of(each) for each in sets} - {""}))
        selector = f"{_selector(deployment)},{names.TEMPLATE_HASH} in ({hashes})"
        uids = {each["metadata"]["uid"] for each in sets}
        pages = self._kube.controlled(names.POD, self.facts.key.namespace, uids, selector=selector)
        return [each async for page in pages for each in page]

    async def _first(self, kind: Kind, selector: str, fields: str = "") -> Sequence[Json]:
        return await self._kube.first(kind, self.facts.key.namespace, selector=selector, fields=fields)

    async def _attempt(self, what: str, request: Awaitable[T]) -> T | None:
        try:
            return await request
        except OperatorError as error:
            self._note(what, error)
            return None

    def _note(self, what: str, error: OperatorError) -> None:
        sentence = f"{what}: {error}"
        if sentence not in self.facts.unread:
            self.facts.unread.append(sentence)
