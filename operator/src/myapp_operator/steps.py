"""Takes the steps of a plan: one request each, and what its answer means.

Nothing is decided here about what should be; that is `plan`. Here a refusal becomes a result.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace

from myapp_operator import admission, attempts, drift, names, plan, replicas, takeover
from myapp_operator.attempts import Step, Verb
from myapp_operator.errors import ApiError, OperatorError
from myapp_operator.grammar import Json
from myapp_operator.json_objects import read_version
from myapp_operator.kube import APPS, Kube
from myapp_operator.names import Key, Kind, Reason
from myapp_operator.observed import App, Child
from myapp_operator.outcomes import Outcomes, judge
from myapp_operator.plan import Todo
from myapp_operator.recorder import Recorder
from myapp_operator.refusals import Answer, NamespaceEnds, Obstacle, Refused, Retry, Stale, classify
from myapp_operator.replicas import Hold
from myapp_operator.store import Store

_MANY_MANAGERS = 50
"""Entries of managedFields beyond which they are worked through beside the event loop."""
_TRIES_AFTER_CLAIM = 3

logger = logging.getLogger(__name__)


class Hands:
    """Writes to the children, and looks who stands in the way where that fails."""

    def __init__(self, kube: Kube, store: Store, recorder: Recorder) -> None:
        self._kube = kube
        self._store = store
        self._outcomes = Outcomes(store, recorder)

    async def confirm(self, app: App) -> bool:
        """Asks whether the MyApp is still there and wanted, and not older than what is known: as after a restore of the
        storage from a backup, which the next list finds out."""
        raw = await self._kube.metadata(APPS, app.key)
        if raw is None or raw["metadata"]["uid"] != app.uid:
            self._store.drop_app(app.key, app.uid)
            return False
        return "deletionTimestamp" not in raw["metadata"] and read_version(raw["metadata"]) >= app.resource_version

    async def execute(self, app: App, todo: Todo) -> Mapping[Kind, Obstacle] | None:
        """Takes the steps at once; returns what stands in the way afterwards, None where the namespace ends.

        What stops one of them is raised once all have ended, since another look at the app may begin then.
        """
        self._store.found_as_wanted(app, todo.as_wanted)
        results = await asyncio.gather(*(self._take(app, step) for step in todo.steps), return_exceptions=True)
        obstacles = dict(todo.obstacles)
        for step, result in zip(todo.steps, results, strict=True):
            if isinstance(result, BaseException):
                raise result
            if isinstance(result, NamespaceEnds):
                return None
            if result is not None:
                obstacles[step.kind] = self._outcomes.failed(app, step, result)
        return obstacles

    async def _take(self, app: App, step: Step) -> Answer | None:
        """Takes one step. None: done."""
        try:
            present = await self._read(app, step)
            answer = await self._send(app, _renewed(app, step, present), present)
        except OperatorError as error:
            return await self._refused(app, step, judge(app, step, error))
        if isinstance(answer, Refused | Stale):
            return answer
        why = f" ({step.why})" if step.why else ""
        logger.info("%s %s %s/%s%s", step.verb, step.kind, app.key.namespace, step.name, why, extra=_named(app, step))
        self._outcomes.succeeded(app, step, present, answer)
        return None

    async def _read(self, app: App, step: Step) -> Json | None:
        """The child as others left it, where they changed it: its metadata has no values. Without an answer what they
        took is taken back all the same; to remove what they added, it must be known who holds it now."""
        unread = drift.EVERYTHING in step.reverts or drift.REPLACED in step.reverts
        if not step.claims and (not step.reverts or unread):
            return None
        try:
            return await self._kube.whole(step.kind, Key(app.key.namespace, step.name))
        except OperatorError as error:
            if step.claims:
                raise
            logger.warning("cannot read what was changed in %s %s: %s", step.kind, app.key, error)
            return None

    async def _refused(self, app: App, step: Step, verdict: Answer) -> Answer:
        match verdict:
            case Stale() if step.verb is Verb.CREATE or self._is_unwatched(app, step):
                found = await self._look_who_is_there(app, step)
                return verdict if isinstance(found, Stale) else found
            case Refused(message=words) | Retry(words=words):
                what = f"{step.verb} {step.kind} {app.key.namespace}/{step.name}"
                logger.warning("cannot %s: %s", what, words, extra=_named(app, step))
        return verdict

    async def _send(self, app: App, step: Step, present: Json | None) -> Json | Refused | Stale | None:
        """Sends it; the answer is the whole object, or none after a deletion."""
        match step.verb:
            case Verb.CREATE:
                return await self._kube.create(step.kind, step.body)
            case Verb.APPLY if step.attempt == attempts.ADMISSION:
                return await self._restore(app, step)
            case Verb.APPLY if step.claims:
                return await self._apply_claimed(app, await self._claim(app, step, present))
            case Verb.APPLY:
                return await self._apply(app, step)
            case Verb.ADOPT:
                return await self._adopt(app, step)
            case Verb.DELETE:
                key = Key(app.key.namespace, step.name)
                await self._kube.delete(step.kind, key, step.uid, step.resource_version)
                return None

    async def _apply(self, app: App, step: Step) -> Json:
        """Applies; where somebody's edit makes the outcome invalid, takes back the whole spec first.

        Only of just the version that was seen to be ours: it may have lost its owner since.
        """
        if step.hold:
            step = await self._hold(step, step.hold)
        try:
            return await self._kube.apply(step.kind, step.body, step.uid, step.resource_version)
        except ApiError as error:
            if getattr(classify(error), "reason", None) is not Reason.REJECTED:
                raise
            key = Key(app.key.namespace, step.name)
            raw = (await self._kube.whole(step.kind, key)) or {}
            metadata = raw.get("metadata", {})
            unchanged = (metadata.get("uid"), metadata.get("resourceVersion")) == (step.uid, str(step.resource_version))
            patch = takeover.patch(metadata, takeover.whole_spec) if unchanged else None
            if patch is None:
                raise
        taken = await self._kube.patch(step.kind, key, patch)
        version = read_version(taken["metadata"])
        return await self._kube.apply(step.kind, replicas.as_many(step.body, raw), step.uid, version)

    async def _claim(self, app: App, step: Step, present: Json | None) -> Step:
        """Makes ours what others hold and must not be there; returns the step on what the child is then.

        Only of just the version that the step is for; of another one the apply will say that it came too late.
        """
        metadata: Json = (present or {}).get("metadata", {})
        if (metadata.get("uid"), metadata.get("resourceVersion")) != (step.uid, str(step.resource_version)):
            return step
        select = takeover.surplus_of(step.body, metadata)
        many = len(metadata.get("managedFields") or ()) > _MANY_MANAGERS
        patch = await asyncio.to_thread(takeover.patch, metadata, select) if many else takeover.patch(metadata, select)
        if patch is None:
            return step
        taken = await self._kube.patch(step.kind, Key(app.key.namespace, step.name), patch)
        return replace(step, resource_version=read_version(taken["metadata"]))

    async def _apply_claimed(self, app: App, step: Step) -> Json:
        """Applies after fields of others were made ours. Where its controller has written the status meanwhile, it is
        applied to that version: the next pass would not know any more what was taken back."""
        for _ in range(_TRIES_AFTER_CLAIM):
            try:
                return await self._apply(app, step)
            except ApiError as error:
                raw = await self._kube.whole(step.kind, Key(app.key.namespace, step.name))
                child = Child.from_json(raw) if raw and isinstance(classify(error), Stale) else None
                same = child and child.uid == step.uid and child.is_controlled_by(app) and not child.deleting
                if not child or not same or drift.surplus(step.body, child):
                    raise
                step = replace(step, resource_version=child.resource_version)
        return await self._apply(app, step)

    async def _restore(self, app: App, step: Step) -> Json | Stale:
        """Puts back what admission had changed. As long as it goes on doing so, the object stays as it is.

        An apply is enough for values. For what it would leave (see `Mutation.outlives_apply`) the trial of a creation
        tells whether admission still does it: if not, a JSON patch puts that back first.
        """
        raw = await self._kube.whole(step.kind, Key(app.key.namespace, step.name))
        child, applied = Child.from_json(raw) if raw else None, step.applied
        if raw is None or child is None or child.uid != step.uid or drift.drifted(step.body, applied, child):
            return Stale()
        step = replace(step, resource_version=child.resource_version)
        outlive = [each for each in admission.mutations(step.body, raw) if each.outlives_apply]
        if outlive:
            still = await self._still_done(step)
            undone = [each for each in outlive if still is not None and each.path not in still]
            if undone:
                patch = admission.restoring(str(child.resource_version), undone)
                patched = await self._kube.patch(step.kind, Key(app.key.namespace, step.name), patch)
                step = replace(step, resource_version=read_version(patched["metadata"]))
            if any(not each.added for each in outlive if each not in undone):
                return raw  # an apply would put another item of the same name beside it
        return await self._apply(app, step)

    async def _still_done(self, step: Step) -> set[str] | None:
        """The paths that admission changes or adds in a new object; None where that cannot be tried."""
        try:
            fresh = await self._kube.try_create(step.kind, admission.under_another_name(step.body))
        except ApiError as error:
            logger.info("what admission made of %s %s is left: a trial is refused: %s", step.kind, step.name, error)
            return None
        return {each.path for each in admission.mutations(step.body, fresh)}

    async def _hold(self, step: Step, hold: Hold) -> Step:
        """Has the second manager hold the number of pods; returns the step on what the Deployment is then."""
        body = replicas.counted({**takeover.identity(step.body), "spec": {}}, hold.replicas)
        held = await self._kube.hold(step.kind, body, step.uid, step.resource_version, force=hold.force)
        return replace(step, resource_version=read_version(held["metadata"]))

    async def _adopt(self, app: App, step: Step) -> Json | Refused | Stale:
        """Takes over an object whose owner allows it, if that is so still.

        Only the last write makes it ours, and takes the owner's annotation away: whatever ends this before, the next
        pass finds an object to take over and does all of it again. So the MyApp must be there just before that one.
        """
        key = Key(app.key.namespace, step.name)
        absence = self._store.absence(app.key, step.kind)
        raw = await self._kube.whole(step.kind, key)
        there = raw and Child.from_json(raw)
        if raw is None or not there or not there.may_be_adopted or there.uid != step.uid:
            return self._found(app, step, raw, absence)
        if words := takeover.hindrance(step.kind, raw["spec"], step.body):
            logger.warning("%s: %s", app.key, words, extra=_named(app, step))
            return Refused(Reason.NOT_OWNED, words)
        uid, metadata = raw["metadata"]["uid"], raw["metadata"]
        if not metadata.get("managedFields"):  # cleared by somebody: any apply has all fields recorded once more
            identified = await self._kube.apply(step.kind, takeover.identity(step.body), uid, read_version(metadata))
            metadata = identified["metadata"]
        taken = await self._kube.patch(step.kind, key, takeover.adoption(metadata, step.kind.api_version))
        if not await self.confirm(app):
            return Stale()
        version = read_version(taken["metadata"])
        return await self._kube.apply(step.kind, replicas.as_many(step.body, raw), uid, version)

    async def _look_who_is_there(self, app: App, step: Step) -> Answer:
        """An object stands where one was to be created, or one that the watch does not bring was changed.

        A Deployment is read whole: without its number of pods nobody could hold that, and the next write would drop it.
        So is a Service that stands in the way: both may be what can never be taken over, which is said at once.
        """
        absence = self._store.absence(app.key, step.kind)
        in_the_way = step.kind == names.SERVICE and step.verb is Verb.CREATE
        read = self._kube.whole if step.kind.whole or in_the_way else self._kube.metadata
        try:
            raw = await read(step.kind, Key(app.key.namespace, step.name))
        except OperatorError as error:
            return judge(app, step, error)
        return self._found(app, step, raw, absence)

    def _found(self, app: App, step: Step, raw: Json | None, absence: int) -> Refused | Stale:
        """Ours, whose label was lost or which the watch has not brought yet, goes into the store, as does what may be
        taken over; anybody else's is reported and left alone. Until the watch brings it, every write that somebody was
        faster than needs another look. One of ours that is being deleted is not kept: nobody would tell of its end, the
        next creation finds out."""
        if raw is None:
            self._store.drop_child(app.key, step.kind, step.resource_version)
            return Stale()
        child = Child.from_json(raw)
        if child.deleting:
            self._store.drop_child(app.key, step.kind, child.resource_version)
            return Stale() if step.verb is Verb.DELETE else plan.ending(step.kind, app, child)
        if child.is_controlled_by(app) or child.may_be_adopted:
            self._store.found_child(app.key, step.kind, child, absence)
            return Stale()
        refused = plan.foreign(step.kind, app, child.owner)
        if refused.adoptable and step.body and "spec" in raw:
            words = takeover.foreseen(step.kind, raw["spec"], step.body)
            refused = Refused(Reason.NOT_OWNED, words) if words else refused
        logger.warning("%s: %s", app.key, refused.message, extra=_named(app, step))
        return refused

    def _is_unwatched(self, app: App, step: Step) -> bool:
        child = self._store.children(app.key).get(step.kind)
        return child is not None and child.looked_up


def _renewed(app: App, step: Step, present: Json | None) -> Step:
    """The revert of the very version that was read, if only something else has changed since it was decided on.

    A Deployment's controller writes its status just then; without this every other revert would come too late.
    """
    if present is None:
        return step
    child = Child.from_json(present)
    same = child.uid == step.uid and child.is_controlled_by(app) and not child.deleting
    if same and drift.taken(step.body, step.attempt, child) == step.reverts:
        return replace(step, resource_version=child.resource_version)
    return step


def _named(app: App, step: Step) -> dict[str, str]:
    """The fields that name the object in a JSON log line."""
    return {"app": str(app.key), "kind": step.kind.kind, "object": step.name}
