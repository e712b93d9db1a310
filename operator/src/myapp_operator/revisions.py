"""Which version of an app is to run: the one its MyApp asks for, or the last one that was Ready.

Decided in `rollback`; here the ReplicaSets are read, which have the earlier templates. That is one list, and only with
`autoRollback`: before a write that may bring a new version, when a rollout has failed, and after a start of the
operator for an app that was rolled back.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from myapp_operator import admitted, history, names, rollback, templates
from myapp_operator.desired import Wanted
from myapp_operator.gate import Gate
from myapp_operator.grammar import Json
from myapp_operator.kube import Kube
from myapp_operator.plan import Todo
from myapp_operator.rollback_note import RolledBack
from myapp_operator.seen import Seen, rolled_back
from myapp_operator.store import Store

logger = logging.getLogger(__name__)


_NO_WAY_BACK = "no other version is known to have been Ready, so there is none to go back to"


@dataclass(frozen=True)
class Course:
    """What an app should be now."""

    wanted: Sequence[Wanted]
    failed: bool = False
    """Whether this generation was found to have failed."""
    stranded: str = ""
    """Why it stays as it is, where it should go back."""
    closed: str = ""
    """Why pods of the version that was gone back to must not be made again."""
    unknown: bool = False
    """Whether an earlier version runs of which nothing can be read now."""

    @property
    def writable(self) -> Sequence[Wanted]:
        """The children that may be written; where nobody knows what should run, that is left as it is."""
        return [each for each in self.wanted if not (self.unknown and each.kind in templates.FOLLOWING)]


class Revisions:
    """Reads the versions of an app, where it matters."""

    def __init__(self, kube: Kube, store: Store, gate: Gate) -> None:
        self._kube = kube
        self._store = store
        self._gate = gate

    async def course(self, seen: Seen, wanted: Sequence[Wanted]) -> Course:
        """What the app should be now; `wanted` is what its MyApp asks for."""
        if why := rolled_back(seen):
            template = await self._template(seen, why)
            if template is None:
                return Course(wanted, unknown=True)
            return Course(self._running(seen, wanted, template, why), closed=self._gate.closed(seen.app, template))
        wanted = _noted(wanted, rollback.notes(seen.child(names.DEPLOYMENT), seen))
        if not rollback.is_due(seen, wanted):
            return Course(wanted)
        template = await self._way_back(seen)
        if template is None:
            return Course(wanted, failed=True, stranded=_NO_WAY_BACK)
        if closed := self._gate.closed(seen.app, template):
            return Course(wanted, failed=True, stranded=f"the version before cannot run again: {closed}")
        why = rollback.facts(seen)
        logger.warning("%s goes back to the last version that was Ready: %s", seen.app.key, why.cause)
        return Course(self._running(seen, wanted, template, why), failed=True)

    async def remember(self, seen: Seen, todo: Todo) -> Todo:
        """Has the write of a new version say which one was Ready until now."""
        deployment = seen.child(names.DEPLOYMENT)
        begins = any(map(rollback.may_begin_version, todo.steps))
        if not begins or deployment is None or not seen.spec.rollout.auto_rollback:
            return todo
        if not rollback.is_proven(deployment):
            return todo
        newest = next(iter(await history.replica_sets(self._kube, seen.app.key, deployment.uid)), None)
        if newest is None or admitted.of_replica_set(newest, deployment) is None:
            return todo  # what others have made of the Deployment is nothing to go back to
        ready = templates.hash_of(newest)
        steps = (rollback.remembering(each, ready) if rollback.may_begin_version(each) else each for each in todo.steps)
        return replace(todo, steps=tuple(steps))

    def _running(self, seen: Seen, wanted: Sequence[Wanted], template: Json, why: RolledBack) -> Sequence[Wanted]:
        self._store.memory(seen.app).remember_template(why, template)
        notes = rollback.notes(seen.child(names.DEPLOYMENT), seen, why)
        return _noted(templates.running(wanted, seen.app.key.name, template), notes)

    async def _way_back(self, seen: Seen) -> Json | None:
        """The template of the last version that was Ready; None if there is none, or if it is what has failed."""
        deployment = seen.child(names.DEPLOYMENT)
        if deployment is None or not deployment.last_ready:
            return None
        found = await history.replica_sets(self._kube, seen.app.key, deployment.uid)
        ready = templates.find(deployment.uid, found, deployment.last_ready)
        newest = next(iter(found), None)
        return None if ready is None or ready is newest else templates.of_replica_set(ready)

    async def _template(self, seen: Seen, why: RolledBack) -> Json | None:
        """The template that was gone back to. Where the memory does not hold it, the Deployment's note tells."""
        if known := self._store.memory(seen.app).template(why):
            return known
        deployment = seen.child(names.DEPLOYMENT)
        if deployment is None:
            return None
        found = await history.replica_sets(self._kube, seen.app.key, deployment.uid)
        if ready := templates.find(deployment.uid, found, deployment.last_ready):
            return templates.of_replica_set(ready)
        noted = (admitted.of_replica_set(each, deployment) for each in found)
        return next(filter(None, noted), None)


def _noted(wanted: Sequence[Wanted], notes: Mapping[str, str]) -> Sequence[Wanted]:
    if not notes:
        return wanted
    return [replace(each, notes={**each.notes, **notes}) if each.kind == names.DEPLOYMENT else each for each in wanted]
