"""Reads all that `explain` shows, with the rights of whoever asks. What may not be read is noted and left out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from myapp_operator import causes, desired, names
from myapp_operator.errors import ApiError, NoSuchMyAppError, OperatorError
from myapp_operator.kube import APPS, Kube, Listing
from myapp_operator.names import Key, Kind
from myapp_operator.showing import pods
from myapp_operator.showing.facts import Facts, controller

_PODS_ASKED = 5
"""Pods whose events are read: those in trouble come first."""
_LOG_LINES = 20

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
    await asyncio.gather(reader.read_events(), reader.read_log())
    return reader.facts


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
        """The pods of the Deployment, or, where it cannot be told which those are, all with the label of the app."""
        selector = names.selector_text(self.facts.key.name)
        sets, all_pods = await asyncio.gather(
            self._attempt("the ReplicaSets", self._list(names.REPLICA_SET, selector=selector)),
            self._attempt("the pods", self._list(names.POD, selector=selector)),
        )
        found = all_pods.items if all_pods else []
        deployment = self.facts.children.get(names.DEPLOYMENT)
        if sets is not None and deployment is not None:
            uid = deployment["metadata"]["uid"]
            self.facts.newest = causes.newest_replica_set(uid, sets.items)
            uids = {each["metadata"]["uid"] for each in sets.items if controller(each) == uid}
            found = [each for each in found if controller(each) in uids]
        self.facts.pods = sorted(
            found, key=lambda pod: (not self.facts.is_new(pod), pods.is_ready(pod), pod["metadata"]["name"])
        )

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
        return self._list(names.EVENT, fields=f"involvedObject.uid={uid}")

    def _list(self, kind: Kind, **choice: str) -> Awaitable[Listing]:
        return self._kube.list(kind, self.facts.key.namespace, **choice)

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
