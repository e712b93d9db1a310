"""Looks at the pods of an app that is not as wanted, when it is time. A look is two lists, or a few more of events."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from myapp_operator import causes, looks, names, selectors, verdicts
from myapp_operator.causes import Cause, Evidence, Found, Sample
from myapp_operator.errors import ApiError, OperatorError
from myapp_operator.grammar import Json
from myapp_operator.kube import MOST_PAGES, Kube
from myapp_operator.looks import Looks, Situation
from myapp_operator.names import Key
from myapp_operator.seen import Seen, are_pods_refused, is_complete, past_own_deadline, runs
from myapp_operator.store import Store
from myapp_operator.turns import SpacedTurns

logger = logging.getLogger(__name__)

_SPACING = 0.1
"""Seconds between two looks at any apps."""
_MOST_EVENTS = 500
"""Events of one object that are kept; they are named by their time, so the newest ones come last."""


@dataclass(frozen=True)
class Sight:
    """What one look has found."""

    found: Found
    refusal: str | None = None
    """The newest words with which pods were refused."""
    strangers: bool = False
    """Whether pods of others carry the label of the app."""


class Onlooker:
    """Knows when to look, and keeps in the store what was found. `wake` asks for another pass of an app, whose turn it
    is: a worker does not wait for one."""

    def __init__(self, kube: Kube, store: Store) -> None:
        self.wake: Callable[[Key], None] = lambda _: None
        self._kube = kube
        self._store = store
        self._turns = SpacedTurns(_SPACING)
        self._timer: asyncio.TimerHandle | None = None
        self._trouble: dict[str, str] = {}

    def forget(self, app: Key) -> None:
        """Looks no more at an app that is gone."""
        self._turns.leave(app)

    async def look(self, seen: Seen, template: str) -> tuple[Looks, float | None]:
        """Looks if it is time; returns what is known of the pods, and the seconds until the next look.

        `template` is a hash of the pods that are wanted. A Deployment that has not yet answered to our last write is
        not worth a look; it will tell when it has.
        """
        now, known = time.monotonic(), self._store.memory(seen.app).looks
        if not runs(seen):
            self._turns.leave(seen.app.key)
            return known, None
        plan = looks.noticed(known, _situation(seen, template), now)
        in_line = False
        if not plan.is_due(now):
            self._turns.leave(seen.app.key)
        elif self._turns.take(seen.app.key, now):
            plan = await self._look(seen, plan)
        else:
            in_line = True
        self._serve_line()
        self._store.memory(seen.app).looks = plan
        return plan, None if plan.due is None or in_line else plan.due - now

    def _serve_line(self) -> None:
        """Sees to it that whoever is in line gets a turn."""
        wait = self._turns.wait(time.monotonic())
        if wait is not None and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(wait, self._give_turn)

    def _give_turn(self) -> None:
        self._timer = None
        if (key := self._turns.give(time.monotonic())) is not None:
            self.wake(key)
        self._serve_line()

    async def _look(self, seen: Seen, plan: Looks) -> Looks:
        sight = await self._glance(seen, plan)
        now = time.monotonic()
        if sight is None:
            return looks.failed(plan, now)
        answered = looks.answered(plan, sight.found.cause, sight.refusal, sight.found.again, now)
        return replace(answered, strangers=sight.strangers)

    async def _glance(self, seen: Seen, plan: Looks) -> Sight | None:
        """One look; None: there was no answer. Where the rights are missing there is nothing to be seen."""
        key, deployment = seen.app.key, seen.child(names.DEPLOYMENT)
        try:
            sight = await self._read(seen, deployment.uid if deployment else "", plan)
        except OperatorError as error:
            forbidden = isinstance(error, ApiError) and error.status == 403
            self._complain(key, error, forbidden=forbidden)
            return Sight(Found()) if forbidden else None
        except Exception:  # pods hold what others write: a riddle in there must not keep the status from being told
            logger.exception("cannot judge the pods of %s", key, extra={"app": str(key)})
            return None
        self._trouble.pop(key.namespace, None)
        return sight

    async def _read(self, seen: Seen, deployment_uid: str, plan: Looks) -> Sight:
        key, now = seen.app.key, datetime.now(UTC)
        newest, replica_sets = await self._replica_sets(key, deployment_uid)
        uid, replicas = (newest["metadata"]["uid"], newest["spec"]["replicas"]) if newest else ("", 0)
        sample = await self._pods(key, newest) if newest else Sample()
        known = _known(seen, plan)
        evidence = Evidence(
            seen.spec,
            replicas - sample.left_out,
            sample.pods,
            app=key.name,
            namespace=key.namespace,
            before=known,
        )
        found = causes.find(evidence, now)
        if found.asks:
            events = [each for fields in found.asks for each in await self._events(key, fields)]
            found = causes.find(replace(evidence, events=events), now)
        # An app that comes up at once need not know; nor is one asked about that only waits for its pods to start.
        strangers = bool(plan.last is not None and await self._strangers(key, replica_sets))
        if not uid or not are_pods_refused(seen):
            return Sight(found, strangers=strangers)
        events = await self._events(key, f"involvedObject.uid={uid},reason=FailedCreate")
        return Sight(found, causes.refused_pods(events, uid), strangers)

    async def _replica_sets(self, key: Key, deployment_uid: str) -> tuple[Json | None, Sequence[Json]]:
        """The newest ReplicaSet of a Deployment, and uid and labels of all. One is kept whole: each has a template."""
        newest: Json | None = None
        known: list[Json] = []
        selector = names.selector_text(names.selector(key.name))
        async for page in self._kube.controlled(names.REPLICA_SET, key.namespace, {deployment_uid}, selector=selector):
            newest = causes.newest_replica_set(deployment_uid, [*([newest] if newest else ()), *page])
            known += map(selectors.version_of, page)
        return newest, known

    async def _pods(self, key: Key, replica_set: Json) -> Sample:
        """The pods that count, page by page: an app may have left thousands behind that do not.

        They are chosen as the ReplicaSet chooses them, so that none of another version is read, nor one of others.
        """
        sample = Sample()
        selector = names.selector_text(replica_set["spec"]["selector"].get("matchLabels") or {})
        async for page in self._kube.pages(names.POD, key.namespace, selector=selector, most=MOST_PAGES):
            sample = sample.with_page(page.items, replica_set["metadata"]["uid"])
        return sample

    async def _strangers(self, key: Key, replica_sets: Sequence[Json]) -> list[str]:
        """Pods of others with the label of this app. One page is enough to know that there are some."""
        selector = selectors.besides(key.name, replica_sets)
        page = await self._kube.first(names.POD_NAMES, key.namespace, selector=selector, fields=selectors.MAY_ANSWER)
        return selectors.strangers(page, replica_sets)

    async def _events(self, key: Key, fields: str) -> list[Json]:
        kept: list[Json] = []
        async for page in self._kube.pages(names.EVENT, key.namespace, fields=fields, most=MOST_PAGES):
            kept = [*kept, *map(causes.short_event, page.items)][-_MOST_EVENTS:]
        return kept

    def _complain(self, key: Key, error: OperatorError, *, forbidden: bool) -> None:
        """Logs a failure when it is another one than the last of this namespace; there may be thousands of apps."""
        kind = f"{error.status} {error.reason}" if isinstance(error, ApiError) else "unreachable"
        if self._trouble.get(key.namespace) == kind:
            return
        self._trouble[key.namespace] = kind
        advice = "; grant the rights of deploy/operator/role.yaml to have causes told" if forbidden else ""
        logger.warning("cannot look at the pods of %s: %s%s", key, error, advice, extra={"app": str(key)})


def _known(seen: Seen, plan: Looks) -> Cause | None:
    """What the last look found, be it one of an earlier run of the operator."""
    told = verdicts.told(seen) if plan.standing else None
    return Cause(told.reason, told.message) if told else plan.cause


def _situation(seen: Seen, template: str) -> Situation:
    deployment = seen.child(names.DEPLOYMENT)
    return Situation(
        generation=seen.app.generation,
        template=template if seen.wanted else "",
        version=deployment.resource_version if deployment else 0,
        asked=deployment.generation if deployment else 0,
        complete=is_complete(seen) or not seen.wanted,
        refused=are_pods_refused(seen),
        told=verdicts.told(seen) is not None or verdicts.tells_beside(seen),
        pods=seen.wanted,
        overdue=past_own_deadline(seen),
    )
