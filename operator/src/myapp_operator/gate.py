"""Lets a version of the pods through once all that it refers to is there; until then the running one goes on.

Decided in `preflight`; here the objects are read whose keys matter, each once for each of its versions, and, where a
template waits, the one that runs.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from weakref import WeakValueDictionary

from myapp_operator import names, preflight, references, templates
from myapp_operator.desired import Wanted
from myapp_operator.errors import ApiError
from myapp_operator.grammar import Json
from myapp_operator.kube import Kube
from myapp_operator.model import Spec
from myapp_operator.names import Key, Kind
from myapp_operator.observed import App, Child
from myapp_operator.preflight import Known
from myapp_operator.references import Reference, Referent, Target
from myapp_operator.referents import Referents
from myapp_operator.refusals import Obstacle, Refused, Stale
from myapp_operator.store import Store

logger = logging.getLogger(__name__)

_PATIENCE = 2.0
"""Seconds until something missing is told: what was created just before the app may still be on its way to us."""
_MOST_READS = 3
"""Requests for one object that changes as often as it is read."""


@dataclass(frozen=True)
class Passage:
    """What of an app may be written now."""

    wanted: Sequence[Wanted]
    obstacles: Mapping[Kind, Obstacle] = field(default_factory=dict)
    """Why it is not all that the MyApp asks for."""


class Gate:
    """Stands before the pods of all apps."""

    def __init__(self, kube: Kube, store: Store, referents: Referents) -> None:
        self._kube = kube
        self._store = store
        self._referents = referents
        self._locks: WeakValueDictionary[Target, asyncio.Lock] = WeakValueDictionary()
        self._running: dict[Key, tuple[str, Json]] = {}
        """The templates that go on while others wait, with the uid of their Deployment."""

    def forget(self, app: Key) -> None:
        """Forgets an app that is gone."""
        self._referents.use(app, ())
        self._running.pop(app, None)

    async def passage(self, app: App, spec: Spec, wanted: Sequence[Wanted]) -> Passage:
        """What may be written of the children that the MyApp asks for."""
        want = next(each for each in wanted if each.kind == names.DEPLOYMENT and each.body)
        found = references.of((want.body or {})["spec"]["template"])
        self._referents.use(app.key, (each.target(app.key.namespace) for each in found))
        if not found:
            self._running.pop(app.key, None)
            return Passage(wanted)
        restarts = spec.rollout.restart_on_config_change
        known = await self._know(app, found, restarts=restarts)
        return await self._judge(app, wanted, found, known, restarts=restarts)

    async def _judge(
        self, app: App, wanted: Sequence[Wanted], found: Sequence[Reference], known: Known, *, restarts: bool
    ) -> Passage:
        want = next(each for each in wanted if each.kind == names.DEPLOYMENT)
        deployment = self._store.children(app.key).get(names.DEPLOYMENT)
        ours = deployment if deployment and deployment.is_controlled_by(app) else None
        version = preflight.identity((want.body or {})["spec"]["template"])
        problem = preflight.problem(found, known)
        if restarts:
            before = ours.rollout.configuration if ours and ours.rollout else {}
            annotations = preflight.configuration(found, known, before, complete=problem is None)
            want = preflight.with_configuration(want, annotations)
        if problem is None or (ours and preflight.was_let_through(want, version, ours, app.generation)):
            self._running.pop(app.key, None)
            self._referents.held_for(app.key, False, time.monotonic())
            return Passage(_instead(wanted, preflight.noted(want, version)))
        if deployment is not None and ours is None and not deployment.may_be_adopted:
            return Passage(wanted)  # it will not be written at all, and the plan says why
        return await self._hold(app, wanted, ours, problem)

    async def _hold(self, app: App, wanted: Sequence[Wanted], ours: Child | None, problem: Refused) -> Passage:
        """Without a Deployment of ours there is none yet; what has one goes on as it is, in all but its pods."""
        patient = self._referents.held_for(app.key, True, time.monotonic()) < _PATIENCE
        obstacle = Obstacle(Stale(), lasting=False) if patient else Obstacle(problem)
        template = await self._running_template(app, ours) if ours else None
        if ours is None or template is None:
            others = [each for each in wanted if each.kind != names.DEPLOYMENT]
            return Passage(others, {names.DEPLOYMENT: obstacle})
        held = templates.running(wanted, app.key.name, template)
        want = next(each for each in held if each.kind == names.DEPLOYMENT)
        let_through = "" if ours.rolled_back else ours.template  # what was gone back from does not run
        return Passage(_instead(held, preflight.noted(want, let_through)), {names.DEPLOYMENT: obstacle})

    async def _running_template(self, app: App, deployment: Child) -> Json | None:
        """The template of our Deployment, read once when another one begins to wait; None if it is gone."""
        uid, template = self._running.get(app.key, ("", None))
        if template is None or uid != deployment.uid:
            name = names.DEPLOYMENT.name_for(app.key.name)
            raw = await self._kube.whole(names.DEPLOYMENT, Key(app.key.namespace, name))
            if raw is None or raw["metadata"]["uid"] != deployment.uid:
                return None
            template = templates.without_nulls(raw["spec"]["template"])
            self._running[app.key] = deployment.uid, template
        return template

    async def _know(self, app: App, found: Sequence[Reference], *, restarts: bool) -> Known:
        """What is known of all that an app refers to, after reading what must be read and was not."""
        targets = {each: each.target(app.key.namespace) for each in found}
        to_read = {targets[each] for each in found if preflight.must_be_read(each, restarts=restarts)}
        await asyncio.gather(*map(self._read, sorted(to_read, key=str)))
        return self._referents.known(targets.values())

    async def _read(self, target: Target) -> None:
        """Reads an object that is there, unless it was read in this version already, perhaps for another app.

        Where the watch has brought a newer version meanwhile, that one: what is unknown would not hold the pods back.
        """
        async with self._locks.setdefault(target, asyncio.Lock()):
            for _ in range(_MOST_READS):
                there = self._referents.get(target)
                if there is None or there.digests is not None or not await self._read_once(target, there):
                    return

    async def _read_once(self, target: Target, there: Referent) -> bool:
        """One request for an object of which the watch has told; returns whether there was an answer."""
        try:
            raw = await self._kube.whole(target.kind, Key(target.namespace, target.name))
        except ApiError as error:
            if error.status != 403:
                raise
            logger.warning("cannot read %s %s/%s: %s", *target, error)
            return False
        if raw is None:
            self._referents.drop(target, there.resource_version)
        else:
            self._referents.put(target, Referent.contents(raw))
        return True


def _instead(wanted: Sequence[Wanted], want: Wanted) -> list[Wanted]:
    """The same children with this one in the place of its kind."""
    return [want if each.kind == want.kind else each for each in wanted]
