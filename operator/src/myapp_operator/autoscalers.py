"""Finds the autoscalers of others that scale the Deployment of an app, or would scale an app that has its own one.

They do not carry our label, so no watch brings them. They are listed only where somebody has set the number of pods as
an autoscaler does, of the Deployment or of the MyApp, and then once a minute.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from myapp_operator import names, replicas
from myapp_operator.desired import Wanted
from myapp_operator.kube import MOST_PAGES, Kube
from myapp_operator.memory import Scaler
from myapp_operator.observed import App
from myapp_operator.store import Store

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
        if known is not None and known.until > now and known.idle == idle:
            return known
        target = replicas.of_myapp(app) if idle else replicas.of_deployment(app)
        found: list[str] = []
        async for page in self._kube.pages(names.HPA, app.key.namespace, most=MOST_PAGES):
            found = sorted([*found, *replicas.scalers(page.items, app, target)])[:1]
        return Scaler(next(iter(found), ""), now + _PAUSE, idle)
