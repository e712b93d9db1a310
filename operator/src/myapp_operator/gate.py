"""Lets a version of the pods through once all that it refers to is there; until then the running one goes on.

Decided in `preflight`; here the objects are read whose keys matter, each once for each of its versions, and, where a
template waits, the one that runs.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from weakref import WeakValueDictionary

import orjson

from myapp_operator import admitted, history, names, pacing, preflight, references, templates
from myapp_operator.desired import Wanted
from myapp_operator.errors import ApiError
from myapp_operator.grammar import Json
from myapp_operator.kube import Kube
from myapp_operator.memory import Memory
from myapp_operator.model import Spec
from myapp_operator.names import Key, Kind
from myapp_operator.observed import App, Child
from myapp_operator.preflight import Known
from myapp_operator.references import Reference, Referent, Target
from myapp_operator.referents import Referents
from myapp_operator.refusals import Obstacle, Refused, Stale
from myapp_operator.store import Store
from myapp_operator.verdicts import LEFT_ALONE

logger = logging.getLogger(__name__)

_PATIENCE = 2.0
"""Seconds until something missing is told: what was created just before the app may still be on its way to us."""
_MOST_AT_ONCE = 4
"""Reads in flight over all apps: an object may have a megabyte, and six of them as JSON."""
_MOST_OF_ONE_APP = 2
"""The same for one app: it may refer to hundreds, and others must not wait for all of them."""
_LARGE = 2**16
"""Bytes from which on values are hashed beside the event loop."""
_MOST_KEYS = 10_000
"""Keys of one object that were asked for before and are kept when more are asked for."""
_MOST_READS = 3
"""Requests for one object that changes as often as it is read."""


@dataclass(frozen=True)
class Passage:
    """What of an app may be written now."""

    wanted: Sequence[Wanted]
    obstacles: Mapping[Kind, Obstacle] = field(default_factory=dict)
    """Why it is not all that the MyApp asks for."""
    closed: str = ""
    """Why pods of the version that goes on must not be made again."""
    again: float | None = None
    """Seconds until the pods may follow a newer configuration; None: they follow the newest."""
    changed: str = ""
    """Which part of the configuration is why the pods restart, as in messages."""
    known: Known = field(default_factory=Known)
    """What is known of all that the MyApp refers to."""
    asked: Wanted | None = None
    """The Deployment that the MyApp asks for, with its configuration, be it written now or not."""


@dataclass(frozen=True, slots=True)
class _Running:
    """The template that goes on while another one waits."""

    uid: str
    """Of its Deployment."""
    looks_like: tuple[int, str, str]
    """As the Deployment was when the template was looked for."""
    template: bytes
    """As JSON text; empty where none was found, which is so until the Deployment changes."""


class Gate:
    """Stands before the pods of all apps."""

    def __init__(self, kube: Kube, store: Store, referents: Referents) -> None:
        self._kube = kube
        self._store = store
        self._referents = referents
        self._locks: WeakValueDictionary[Target, asyncio.Lock] = WeakValueDictionary()
        self._reads = asyncio.Semaphore(_MOST_AT_ONCE)
        self._running: dict[Key, _Running] = {}

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
            return Passage(wanted, asked=want)
        restarts = spec.rollout.restart_on_config_change
        known = await self._know(app, found, restarts=restarts)
        deployment = self._store.children(app.key).get(names.DEPLOYMENT)
        ours = deployment if deployment and deployment.is_controlled_by(app) else None
        if ours and not spec.rollout.auto_rollback:
            ours = replace(ours, rolled_back=None)  # what failed is to run all the same
        problem, again, changed = preflight.problem(found, known), None, ""
        if not restarts or ours is None or ours.template != want.version:
            self._store.memory(app).pace = None  # what the pods have after this write is not what a restart gave them
        if restarts:
            want, again, changed = self._configured(app, want, found, known, ours)
            wanted = _instead(wanted, want)
        if ours and preflight.was_let_through(want, ours, app.generation):
            # What is lost later holds nothing back, but an account that was closed is told.
            problem = preflight.problem(preflight.of_account(found), known)
        passage = await self._judge(app, wanted, ours, problem)
        if problem is None:
            passage = replace(passage, again=again, changed=changed)
        return replace(passage, asked=want, known=known)

    def closed(self, app: App, template: Json) -> str:
        """Why pods of an earlier template must not be made again: its account is not open any more; empty: it is."""
        accounts = preflight.of_account(references.of(template))
        targets = [each.target(app.key.namespace) for each in accounts]
        self._referents.use_also(app.key, targets)
        problem = preflight.problem(accounts, self._referents.known(targets))
        return problem.message if problem else ""

    def _configured(
        self, app: App, want: Wanted, found: Sequence[Reference], known: Known, ours: Child | None
    ) -> tuple[Wanted, float | None, str]:
        """The wanted Deployment with what stands for its configuration, the seconds until that may be newer, and which
        part of it has changed."""
        memory, before, again = self._store.memory(app), preflight.configured(want, ours), None
        complete = preflight.problem(found, known) is None
        annotations = preflight.configuration(found, known, before, complete=complete)
        changed = _changed(memory, before, annotations, found, known)
        if ours and ours.template == want.version:
            annotations, again = _paced(memory, before, annotations)
        return preflight.with_configuration(want, annotations), again, changed

    async def _judge(self, app: App, wanted: Sequence[Wanted], ours: Child | None, problem: Refused | None) -> Passage:
        want = next(each for each in wanted if each.kind == names.DEPLOYMENT)
        if problem is None:
            self._running.pop(app.key, None)
            self._referents.held_for(app.key, False, time.monotonic())
            return Passage(wanted)
        deployment = self._store.children(app.key).get(names.DEPLOYMENT)
        if deployment is not None and ours is None and not deployment.may_be_adopted:
            return Passage(wanted)  # it will not be written at all, and the plan says why
        if ours and preflight.was_let_through(want, ours, app.generation, earlier=False):
            return Passage(wanted, {names.DEPLOYMENT: self._obstacle(app, problem)})
        return await self._hold(app, wanted, ours, problem)

    def _obstacle(self, app: App, problem: Refused) -> Obstacle:
        patient = self._referents.held_for(app.key, True, time.monotonic()) < _PATIENCE
        return Obstacle(Stale(), lasting=False) if patient else Obstacle(problem)

    async def _hold(self, app: App, wanted: Sequence[Wanted], ours: Child | None, problem: Refused) -> Passage:
        """Without a Deployment of ours there is none yet. What has one goes on with the version that was let through
        last; where nothing tells which one that was, all that depends on it is left as it is."""
        template = await self._running_template(app, ours, wanted) if ours else None
        closed = self.closed(app, template) if template else ""
        if ours and template is None:
            problem = Refused(problem.reason, f"{problem.message}; {LEFT_ALONE}")
            others = [each for each in wanted if each.kind not in templates.FOLLOWING]
        elif template is None:
            others = [each for each in wanted if each.kind != names.DEPLOYMENT]
        else:
            others = templates.running(wanted, app.key.name, template)
        return Passage(others, {names.DEPLOYMENT: self._obstacle(app, problem)}, closed)

    async def _running_template(self, app: App, deployment: Child, wanted: Sequence[Wanted]) -> Json | None:
        """The template that was let through last, looked for once when another one begins to wait; None if nothing that
        stands there is surely it."""
        known, looks_like = self._running.get(app.key), (deployment.generation, deployment.template, deployment.fields)
        if known and known.uid == deployment.uid and (known.template or known.looks_like == looks_like):
            return orjson.loads(known.template) if known.template else None
        found = await self._let_through(app, deployment)
        template = templates.with_zeros(found, wanted) if found else None
        text = orjson.dumps(template) if template else b""
        self._running[app.key] = _Running(deployment.uid, looks_like, text)
        return template

    async def _let_through(self, app: App, deployment: Child) -> Json | None:
        """The same, as it stands in the Deployment, or else in a ReplicaSet."""
        raw = await self._kube.whole(names.DEPLOYMENT, Key(app.key.namespace, names.DEPLOYMENT.name_for(app.key.name)))
        if raw is None or raw["metadata"]["uid"] != deployment.uid:
            return None
        if template := admitted.standing(raw):
            return template
        return admitted.earlier(raw, await history.replica_sets(self._kube, app.key, raw["metadata"]["uid"]))

    async def _know(self, app: App, found: Sequence[Reference], *, restarts: bool) -> Known:
        """What is known of all that an app refers to, after reading what must be read and was not.

        An app may have thousands of references: those that were read cost no task.
        """
        targets = {each: each.target(app.key.namespace) for each in found}
        wanted: dict[Target, set[str]] = {}
        for each in found:
            if preflight.must_be_read(each, restarts=restarts):
                wanted.setdefault(targets[each], set()).update([each.key] if each.key else ())
        keys = {target: frozenset(asked) for target, asked in wanted.items()}
        to_read = [each for each in keys if (there := self._referents.get(each)) and not there.tells_of(keys[each])]
        turn = asyncio.Semaphore(_MOST_OF_ONE_APP)

        async def read(target: Target) -> None:
            async with turn:
                await self._read(target, keys[target])

        await asyncio.gather(*map(read, sorted(to_read, key=str)))
        return self._referents.known(targets.values())

    async def _read(self, target: Target, keys: frozenset[str]) -> None:
        """Reads an object that is there, unless these keys were read in this version already, perhaps for another app.

        Where the watch has brought a newer version meanwhile, that one: what is unknown would not hold the pods back.
        """
        async with self._locks.setdefault(target, asyncio.Lock()):
            for _ in range(_MOST_READS):
                there = self._referents.get(target)
                if there is None or there.tells_of(keys) or not await self._read_once(target, there, keys):
                    return

    async def _read_once(self, target: Target, there: Referent, keys: frozenset[str]) -> bool:
        """One request for an object of which the watch has told; returns whether there was an answer."""
        known = (there.digests.only if there.digests else None) or frozenset()
        keys = keys | known if len(known) < _MOST_KEYS else keys
        try:
            async with self._reads:
                found = await self._contents(target, keys)
        except ApiError as error:
            if error.status != 403:
                raise
            logger.warning("cannot read %s %s/%s: %s", *target, error)
            return False
        if found is None:
            self._referents.drop(target, there.resource_version)
        else:
            self._referents.put(target, found)
        return True

    async def _contents(self, target: Target, keys: frozenset[str]) -> Referent | None:
        raw = await self._kube.whole(target.kind, Key(target.namespace, target.name))
        if raw is None or references.size(raw) < _LARGE:
            return Referent.contents(raw, keys) if raw else None
        return await asyncio.to_thread(Referent.contents, raw, keys)


def _instead(wanted: Sequence[Wanted], want: Wanted) -> list[Wanted]:
    """The same children with this one in the place of its kind."""
    return [want if each.kind == want.kind else each for each in wanted]


def _changed(
    memory: Memory, before: Mapping[str, str], wanted: Mapping[str, str], found: Sequence[Reference], known: Known
) -> str:
    """Why the pods are to carry something else for their configuration than `before`; empty where they are not."""
    if before == wanted:
        if memory.used is None or memory.used[0] != before:
            memory.used = before, preflight.used(found, known)
        return ""
    was = memory.used[1] if memory.used and memory.used[0] == before else None
    kinds = [kind for kind, mark in names.CONFIGURATION.items() if before.get(mark) != wanted.get(mark)]
    return preflight.changed(was, preflight.used(found, known), kinds)


def _paced(
    memory: Memory, before: Mapping[str, str], wanted: Mapping[str, str]
) -> tuple[Mapping[str, str], float | None]:
    """The annotations that the pods get now, and the seconds until they may get newer ones."""
    now = time.monotonic()
    pace = memory.pace = pacing.step(memory.pace, before, wanted, now)
    if pace is None or wanted in (before, pace.followed):
        return wanted, None
    return pace.followed, pace.not_before - now
