"""The recipe: brings one app nearer to its desired state and says how it is doing.

It runs the same way whatever happened. Each step hands a value to the next; the decisions are made in the pure modules
(`desired`, `plan`, `status`), and here is only their order and the requests to the API server.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from myapp_operator import desired, plan, status, takeover
from myapp_operator.errors import ApiError, InvalidMyAppError, OperatorError
from myapp_operator.kube import APPS, Kube
from myapp_operator.model import parse_spec
from myapp_operator.names import Key, Kind, Reason
from myapp_operator.observed import App, Child
from myapp_operator.plan import Step, Todo, Verb
from myapp_operator.refusals import Answer, NamespaceEnds, Obstacle, Refused, Retry, Stale, classify
from myapp_operator.status import Judged
from myapp_operator.store import Store
from myapp_operator.verdicts import Seen

_STALE_PAUSE = 1.0
"""Seconds to wait for the watch after somebody was faster than us."""

_NAMESPACE_PAUSE = 60.0
"""Seconds until an app in a namespace that ends is looked at again, in case it was not that namespace."""

logger = logging.getLogger(__name__)


class Reconciler:
    """Holds what the recipe needs: the connection and the store."""

    def __init__(self, kube: Kube, store: Store) -> None:
        self._kube = kube
        self._store = store

    async def reconcile(self, key: Key) -> float | None:
        """Looks at one app once. Returns the seconds until it must be looked at again even if nothing happens."""
        app = self._store.app(key)
        if app is None or app.deleting:
            return None
        try:
            spec = parse_spec(app.spec)
        except InvalidMyAppError as error:
            return await self._write_status(app, status.judge_invalid(app, str(error), _now()))
        wanted = desired.build(app, spec)
        todo = plan.make(wanted, self._store.children(key), app, self._store.attempts(app), time.monotonic())
        if todo.creates and not await self._confirm(app):
            return None
        obstacles = await self._execute(app, todo)
        if obstacles is None:
            return _NAMESPACE_PAUSE
        judged = status.judge(Seen(app, spec, self._store.children(key), obstacles, _now()))
        wait = await self._write_status(app, judged)
        return _earliest(wait, judged.again, todo.again, *self._pauses(app, todo, obstacles))

    async def _confirm(self, app: App) -> bool:
        """Whether a MyApp whose children may have existed before is still there; else they are gone with it.

        A missed deletion would otherwise make a loop: the garbage collector removes the children, we make them again.
        """
        if app.never_judged and not self._store.had_children(app):
            return True
        raw = await self._kube.metadata(APPS, app.key)
        if raw is None or raw["metadata"]["uid"] != app.uid:
            self._store.drop_app(app.key, app.uid)
            return False
        return "deletionTimestamp" not in raw["metadata"]

    async def _execute(self, app: App, todo: Todo) -> Mapping[Kind, Obstacle] | None:
        """Takes the steps at once; returns what stands in the way afterwards, None where the namespace ends."""
        self._store.forgive(app, todo.as_wanted)
        results = await asyncio.gather(*(self._take(app, step) for step in todo.steps))
        obstacles = dict(todo.obstacles)
        for step, result in zip(todo.steps, results, strict=True):
            if isinstance(result, NamespaceEnds):
                return None
            if result is not None:
                obstacles[step.kind] = self._obstacle(app, step, result)
        return obstacles

    def _obstacle(self, app: App, step: Step, verdict: Refused | Retry | Stale) -> Obstacle:
        if isinstance(verdict, Stale):
            return Obstacle(verdict, lasting=False)
        now = time.monotonic()
        attempt = plan.failed(step, verdict, self._store.attempts(app).get(step.kind), now)
        self._store.remember(app, step.kind, attempt)
        return attempt.obstacle(now) or Obstacle(verdict)

    async def _take(self, app: App, step: Step) -> Answer | None:
        """Takes one step. None: done."""
        try:
            answer = await self._send(app, step)
        except OperatorError as error:
            return await self._refused(app, step, classify(error))
        why = f" ({step.why})" if step.why else ""
        logger.info("%s %s %s/%s%s", step.verb, step.kind, app.key.namespace, step.name, why, extra=_named(app, step))
        self._remember_success(app, step, answer, time.monotonic())
        return None

    async def _refused(self, app: App, step: Step, verdict: Answer) -> Answer:
        match verdict:
            case Stale() if step.verb is Verb.CREATE or self._is_unwatched(app, step):
                return await self._look_who_is_there(app, step)
            case Refused(message=words) | Retry(words=words):
                what = f"{step.verb} {step.kind} {app.key.namespace}/{step.name}"
                logger.warning("cannot %s: %s", what, words, extra=_named(app, step))
        return verdict

    def _remember_success(self, app: App, step: Step, answer: Child | None, now: float) -> None:
        if step.attempt == plan.NUDGING:
            before = self._store.attempts(app).get(step.kind)
            self._store.remember(app, step.kind, plan.nudged(step, before, now))
        else:
            self._store.forgive(app, [step.kind])
        if answer is not None:
            self._store.answered_child(app, step.kind, answer, now)

    async def _send(self, app: App, step: Step) -> Child | None:
        match step.verb:
            case Verb.CREATE:
                return Child.from_json(await self._kube.create(step.kind, step.body))
            case Verb.APPLY:
                return await self._apply(app, step)
            case Verb.DELETE:
                key = Key(app.key.namespace, step.name)
                await self._kube.delete(step.kind, key, step.uid, step.resource_version)
                return None

    async def _apply(self, app: App, step: Step) -> Child:
        """Applies; where somebody's edit makes the outcome invalid, takes back the whole spec first.

        Only of just the version that was seen to be ours: it may have lost its owner since.
        """
        try:
            return Child.from_json(await self._kube.apply(step.kind, step.body, step.uid, step.resource_version))
        except ApiError as error:
            if getattr(classify(error), "reason", None) is not Reason.REJECTED:
                raise
            key = Key(app.key.namespace, step.name)
            metadata = ((await self._kube.metadata(step.kind, key)) or {}).get("metadata", {})
            unchanged = (metadata.get("uid"), metadata.get("resourceVersion")) == (step.uid, str(step.resource_version))
            patch = takeover.patch(metadata) if unchanged else None
            if patch is None:
                raise
        taken = await self._kube.patch(step.kind, key, patch)
        version = int(taken["metadata"]["resourceVersion"])
        return Child.from_json(await self._kube.apply(step.kind, step.body, step.uid, version))

    async def _look_who_is_there(self, app: App, step: Step) -> Answer:
        """An object stands where one was to be created: ours, whose label was lost or which the watch has not brought
        yet, goes into the store; anybody else's is reported and left alone. Until the watch brings it, every write that
        somebody was faster than needs another look."""
        try:
            raw = await self._kube.metadata(step.kind, Key(app.key.namespace, step.name))
        except OperatorError as error:
            return classify(error)
        if raw is None:
            self._store.drop_child(app.key, step.kind, step.resource_version)
            return Stale()
        child = replace(Child.from_json(raw), looked_up=True)
        if not child.is_controlled_by(app):
            refused = plan.foreign(step.kind, app, child.owner)
            logger.warning("%s: %s", app.key, refused.message, extra=_named(app, step))
            return refused
        self._store.put_child(app.key, step.kind, child)
        return Stale()

    def _is_unwatched(self, app: App, step: Step) -> bool:
        child = self._store.children(app.key).get(step.kind)
        return child is not None and child.looked_up

    def _pauses(self, app: App, todo: Todo, obstacles: Mapping[Kind, Obstacle]) -> Iterator[float]:
        """Seconds until the steps of this pass may be tried again."""
        now, attempts = time.monotonic(), self._store.attempts(app)
        for step in todo.steps:
            if step.kind in attempts:
                yield attempts[step.kind].not_before - now
        if any(isinstance(each.verdict, Stale) for each in obstacles.values()):
            yield _STALE_PAUSE

    async def _write_status(self, app: App, judged: Judged) -> float | None:
        """Writes the status if it says something new and it is time; returns when to try again."""
        now = time.monotonic()
        unsettled = self._store.unsettled_for(app, judged.settled, now)
        wait = status.due(app.status, judged, self._store.since_status(app, now), unsettled)
        if wait is None or self._store.status_awaited(app):
            return None
        if wait > 0:
            return wait
        try:
            version = await self._kube.put_status(app.key, app.uid, app.resource_version, judged.status)
        except OperatorError as error:
            if isinstance(error, ApiError) and error.status == 404:
                self._store.drop_app(app.key, app.uid)
                return None
            if isinstance(classify(error), Stale):
                return _STALE_PAUSE
            raise
        self._store.answered_status(app, version, time.monotonic())
        return None


def _named(app: App, step: Step) -> dict[str, str]:
    """The fields that name the object in a JSON log line."""
    return {"app": str(app.key), "kind": step.kind.kind, "object": step.name}


def _earliest(*waits: float | None) -> float | None:
    return min((max(wait, 0.0) for wait in waits if wait is not None), default=None)


def _now() -> datetime:
    return datetime.now(UTC)
