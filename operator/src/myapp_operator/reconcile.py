"""The recipe: brings one app nearer to its desired state and says how it is doing.

It runs the same way whatever happened. Each step hands a value to the next; the decisions are made in the pure modules
(`desired`, `plan`, `status`), and here is only their order and the requests to the API server.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from myapp_operator import (
    admission,
    attempts,
    events,
    fights,
    names,
    plan,
    preflight,
    rollback,
    rollouts,
    selectors,
    status,
)
from myapp_operator.allowance import Allowance
from myapp_operator.asked import Asked
from myapp_operator.autoscalers import Autoscalers
from myapp_operator.desired import Wanted
from myapp_operator.digests import hash_of
from myapp_operator.errors import ApiError, InvalidMyAppError, OperatorError
from myapp_operator.events import EventReason, Notice
from myapp_operator.gate import Gate, Passage
from myapp_operator.grammar import Json
from myapp_operator.kube import Kube
from myapp_operator.looking import Onlooker
from myapp_operator.looks import Looks
from myapp_operator.memory import Memory
from myapp_operator.names import Key, Kind
from myapp_operator.observed import App
from myapp_operator.plan import Todo
from myapp_operator.preflight import Known
from myapp_operator.recorder import Recorder
from myapp_operator.referents import Referents
from myapp_operator.refusals import Obstacle, Retry, Stale, classify
from myapp_operator.revisions import Revisions
from myapp_operator.seen import Seen, current_rollout, is_complete
from myapp_operator.status import Judged
from myapp_operator.steps import Hands
from myapp_operator.store import Store

_STALE_PAUSE = 1.0
"""Seconds to wait for the watch where what an app refers to may be on its way."""

_LEAST_PAUSE = 0.1
"""Seconds, at least, until a step that had to wait is planned again: passes without a pause would hold the loop."""
_NAMESPACE_PAUSE = 60.0
"""Seconds until an app in a namespace that ends is looked at again, in case it was not that namespace."""


class Reconciler:
    """Holds what the recipe needs: connection, knowledge, who writes the events, and what is allowed here."""

    def __init__(
        self, kube: Kube, store: Store, referents: Referents, recorder: Recorder, allowance: Allowance
    ) -> None:
        self._kube = kube
        self._store = store
        self._recorder = recorder
        self._asked = Asked(allowance)
        self._hands = Hands(kube, store, recorder)
        self._onlooker = Onlooker(kube, store)
        self._gate = Gate(kube, store, referents)
        self._revisions = Revisions(kube, store, self._gate)
        self._autoscalers = Autoscalers(kube, store)

    def ask_for_passes(self, of: Callable[[Key], None]) -> None:
        """Says of whom to ask for a pass of an app, when it is its turn to have its pods looked at."""
        self._onlooker.wake = of

    async def reconcile(self, key: Key) -> float | None:
        """Looks at one app once. Returns the seconds until it must be looked at again even if nothing happens."""
        app = self._store.app(key)
        if app is None or app.deleting:
            self._gate.forget(key)
            self._onlooker.forget(key)
            return await self._tell_what_holds(app) if app else None
        try:
            spec, asked = self._asked.by(app)
        except InvalidMyAppError as error:
            self._onlooker.forget(key)
            judged = status.judge_invalid(app, str(error), _now(), self._store.children(key))
            return await self._write_status(app, judged)
        asked = selectors.kept(asked, self._store.children(key), app)
        left, scaler = await self._autoscalers.left_to_them(app, asked)
        passage = await self._gate.passage(app, spec, left)
        before, looks = self._store.children(key), self._store.memory(app).looks
        seen = Seen(app, spec, before, passage.obstacles, _now(), looks)
        seen = replace(seen, idle_scaler=scaler.name) if scaler.idle else replace(seen, scaler=scaler.name)
        if spec.rollout.auto_rollback and passage.asked:
            seen = replace(seen, version=passage.asked.version, configuration=passage.asked.configuration)
        course = await self._revisions.course(seen, passage.wanted)
        todo = self._plan(app, course.writable, passage.obstacles, time.monotonic())
        if not await self._confirm(app, todo):
            return None
        todo = self._noted(await self._revisions.remember(seen, todo), seen, left, passage)
        obstacles = await self._hands.execute(app, todo)
        if obstacles is None:
            return _NAMESPACE_PAUSE
        seen = replace(
            seen,
            children=self._store.children(key),
            obstacles=obstacles,
            now=_now(),
            looks=Looks(),
            fights=todo.fights,
            stranded=course.stranded,
            closed=course.closed or passage.closed,
            unknown=course.unknown,
            asked=frozenset(each.kind for each in asked if each.body),
            admitted=self._store.memory(app).admitted,
        )
        seen, look = await self._look(seen, course.wanted, passage.known)
        if rollback.is_due(seen, course.wanted) and not course.failed:
            return 0.0
        self._tell_rollout(seen)
        judged = status.judge(seen)
        wait = await self._write_status(app, judged)
        again = scaler.until - time.monotonic() if scaler.name else None
        pauses = (passage.again, again, *self._pauses(app, todo, obstacles))
        planned = None if todo.again is None else max(todo.again, _LEAST_PAUSE)
        return _earliest(wait, look, judged.again, planned, *pauses)

    async def _tell_what_holds(self, app: App) -> float | None:
        """Says what holds a MyApp that is being deleted; one that nothing holds is gone in a moment."""
        if not app.finalizers:
            return None
        return await self._write_status(app, status.judge_terminating(app, _now(), self._store.children(app.key)))

    async def _look(self, seen: Seen, wanted: Iterable[Wanted], known: Known) -> tuple[Seen, float | None]:
        """Adds what is known of the pods, and gives the seconds until the next look at them.

        What was seen before a look is not judged after it: the pods may have come or gone meanwhile. Nor is what they
        miss, once the watch has brought it.
        """
        template = next((each.template for each in wanted if each.kind is names.DEPLOYMENT), "")
        looks, again = await self._onlooker.look(seen, template)
        if looks.cause and preflight.is_there_now(looks.cause, known):
            looks = replace(looks, cause=None)
        return replace(seen, looks=looks, children=self._store.children(seen.app.key), now=_now()), again

    def _plan(self, app: App, wanted: Sequence[Wanted], held: Mapping[Kind, Obstacle], now: float) -> Todo:
        """What to do now; in a fight over a child, its next revert waits. `held`: what waits for something else."""
        memory = self._store.memory(app)
        applied = {each.kind: each.applied for each in wanted}
        changes = fights.going_on(memory.contests, applied, now)
        deletions = fights.going_on(memory.deletions, applied, now)
        children = self._store.children(app.key)
        if memory.admitted or admission.is_told(app.status):
            untold = {each.kind for each in wanted} - memory.asked_admission if admission.is_told(app.status) else set()
            wanted = plan.doubting(wanted, memory.admitted, untold)
        todo = plan.make(wanted, children, app, memory.attempts, now)
        todo = plan.note_others(todo, children, memory.present)
        if held:
            todo = replace(todo, obstacles={**held, **todo.obstacles})
        unserved = self._store.unserved()
        todo = plan.keep_off(todo, wanted, unserved)
        memory.missed = unserved & todo.obstacles.keys()
        todo = plan.after_conflicts(todo, memory.conflicts, now)
        return plan.hold_back(todo, changes, deletions, now)

    def _noted(self, todo: Todo, seen: Seen, asked: Iterable[Wanted], passage: Passage) -> Todo:
        """The plan, with the write of the Deployment noting of which rollout it is."""
        if all(step.kind != names.DEPLOYMENT for step in todo.steps):
            return todo
        version = next(each.version for each in asked if each.kind == names.DEPLOYMENT)
        wants = rollouts.Asked(version, seen.app.spec, passage.changed)
        return plan.with_rollout(todo, seen.child(names.DEPLOYMENT), wants, seen.now)

    def _tell_rollout(self, seen: Seen) -> None:
        """Events for a rollout that began or is complete."""
        deployment, memory = seen.child(names.DEPLOYMENT), self._store.memory(seen.app)
        if deployment is None or not deployment.noted:
            return
        complete = current_rollout(seen) is not None and is_complete(seen) and seen.looks.cause is None
        memory.rollout, notices = rollouts.told(memory.rollout, deployment, seen.app, seen.now, complete=complete)
        for notice in notices:
            self._recorder.tell(seen.app, notice)

    async def _confirm(self, app: App, todo: Todo) -> bool:
        """Whether the MyApp is still there, if it gets children that were there before.

        A missed deletion would otherwise make a loop: the garbage collector removes the children, we make them again.
        And an object of somebody else's, taken over for a MyApp that is gone, would be deleted.
        """
        first = app.never_judged and not self._store.had_children(app)
        if not todo.adopts and (first or not todo.creates):
            return True
        return await self._hands.confirm(app)

    def _pauses(self, app: App, todo: Todo, obstacles: Mapping[Kind, Obstacle]) -> Iterator[float]:
        """Seconds until the steps of this pass may be tried again."""
        now, memory = time.monotonic(), self._store.memory(app)
        for step in todo.steps:
            for failed in (memory.attempts.get(step.kind), memory.conflicts.get(step.kind)):
                if failed is not None:
                    yield failed.not_before - now
        if any(isinstance(each.verdict, Stale) for kind, each in obstacles.items() if kind not in memory.conflicts):
            yield _STALE_PAUSE

    async def _write_status(self, app: App, judged: Judged) -> float | None:
        """Writes the status if it says something new and it is time; returns when to try again."""
        now, memory = time.monotonic(), self._store.memory(app)
        unsettled = memory.unsettled_for(judged.settled, now)
        at_once = memory.status_budget.allows(now)
        wait = status.due(app.status, judged, self._store.since_status(app, now), unsettled, at_once=at_once)
        if wait is None or self._store.status_awaited(app):
            return None
        wait = max(wait, _fought_for(app, memory, now))
        what, conflict = ("status", app.resource_version), memory.status_conflict
        if conflict is not None and conflict.blocks(what, now):
            wait = max(wait, conflict.not_before - now)
        if wait > 0:
            return wait
        try:
            version = await self._kube.put_status(app.key, app.uid, app.resource_version, judged.status)
        except OperatorError as error:
            if isinstance(error, ApiError) and error.status == 404:
                self._store.drop_app(app.key, app.uid)
                return None
            verdict = classify(error)
            if isinstance(verdict, Stale):
                conflict = memory.status_conflict = attempts.conflicted(what, str(error), conflict, now)
                return conflict.not_before - now
            if isinstance(verdict, Retry):
                memory.status_hash = ""  # it may have been written, and would be taken for another writer's
            raise
        memory.status_conflict = None
        self._store.answered_status(app, version, time.monotonic())
        self._note_status(app, memory, judged.status, now)
        if notice := events.of_status(app.status, judged.status):
            self._recorder.tell(app, notice)
        return None

    def _note_status(self, app: App, memory: Memory, written: Json, now: float) -> None:
        """Remembers a status write, and tells of a fight where it replaces what another writer has put over ours."""
        if memory.status_hash and memory.status_hash != hash_of(app.status):
            before, generation = memory.status_contest, str(app.generation)
            memory.status_contest = fights.reverted(before, generation, (fights.STATUS,), "", now)
            if memory.status_contest.fight(generation, now):
                self._recorder.tell(app, Notice(EventReason.REVERTED, fights.STATUS_SENTENCE, warning=True))
        memory.status_hash = hash_of(written)
        memory.status_budget = memory.status_budget.spent(now)


def _fought_for(app: App, memory: Memory, now: float) -> float:
    """Seconds until a status that another writer replaces again and again may be written."""
    fight = memory.status_contest and memory.status_contest.fight(str(app.generation), now)
    return fight.not_before - now if fight else 0.0


def _earliest(*waits: float | None) -> float | None:
    return min((max(wait, 0.0) for wait in waits if wait is not None), default=None)


def _now() -> datetime:
    return datetime.now(UTC)
