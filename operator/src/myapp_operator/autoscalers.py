"""Finds the autoscalers of others that scale the Deployment of an app, or would scale an app that has its own one.

They do not carry our label, so no watch brings them. They are listed only where somebody has set the number of pods as
an autoscaler does, of the Deployment or of the MyApp, and then once a minute. Such a mark on the MyApp stays for ever,
as after `kubectl scale`. So where none was found for it, none is looked for until the MyApp changes, as an autoscaler
would change it.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Sequence

from myapp_operator import names, replicas
from myapp_operator.desired import Wanted
from myapp_operator.errors import OperatorError
from myapp_operator.kube import MOST_PAGES, Kube
from myapp_operator.memory import Scaler
from myapp_operator.observed import App
from myapp_operator.store import Store

logger = logging.getLogger(__name__)

_PAUSE = 60.0
"""Seconds until it is looked again whether an autoscaler is still there."""


class Autoscalers:
    """Lists them where it matters, and keeps in the store what was found."""

    def __init__(self, kube: Kube, store: Store) -> None:
        self._kube = kube
        self._store = store

    async def left_to_them(self, app: App, wanted: Sequence[Wanted]) -> tuple[list[Wanted], Scaler]:
        """What is wanted beside the autoscaler that there is, and which one of somebody else's that is."""
        found = await self._find(app, wanted)
        self._store.memory(app).scaler = found
        found = found or Scaler()
        name = "" if found.idle else found.name
        return replicas.left_to_scaler(wanted, self._store.children(app.key), app, name), found

    async def _find(self, app: App, wanted: Sequence[Wanted]) -> Scaler | None:
        deployment = next(each for each in wanted if each.kind == names.DEPLOYMENT)
        child = self._store.children(app.key).get(names.DEPLOYMENT)
        idle = app.scaled and any(each.kind == names.HPA and each.body for each in wanted)
        if not idle and not replicas.are_scaled_by_others(deployment, child, app):
            return None
        known, now = self._store.memory(app).scaler, time.monotonic()
        if known is not None and known.until > now and known.idle == idle and known.generation in (0, app.generation):
            return known
        if idle:
            return await self._find_idle(app, now)
        return Scaler(await self._first(app, replicas.of_deployment(app)), now + _PAUSE)

    async def _find_idle(self, app: App, now: float) -> Scaler:
        """One that targets the MyApp. Only a note of the status rests on it, so an error stops nothing."""
        try:
            name = await self._first(app, replicas.of_myapp(app))
        except OperatorError as error:
            logger.warning("%s: autoscalers of the MyApp are not looked for now: %s", app.key, error)
            return Scaler("", now + _PAUSE, idle=True, generation=app.generation)
        if name:
            return Scaler(name, now + _PAUSE, idle=True)
        return Scaler("", math.inf, idle=True, generation=app.generation)

    async def _first(self, app: App, target: replicas.Target) -> str:
        """The first one of somebody else's by name; empty where there is none."""
        found: list[str] = []
        async for page in self._kube.pages(names.HPA, app.key.namespace, most=MOST_PAGES):
            found = sorted([*found, *replicas.scalers(page.items, app, target)])[:1]
        return next(iter(found), "")
