"""Watches what apps may refer to, metadata only, and has the apps looked at whose objects have changed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence

from myapp_operator.errors import ApiError
from myapp_operator.gaps import Version
from myapp_operator.grammar import Json
from myapp_operator.informer import Watcher
from myapp_operator.kube import Kube
from myapp_operator.names import Key, Kind
from myapp_operator.references import Referent, Target
from myapp_operator.referents import Referents

logger = logging.getLogger(__name__)


class ReferentInformer(Watcher[tuple[Target, Referent]]):
    """Brings one kind of what apps may refer to. Where the rights are missing, the kind is not checked."""

    def __init__(
        self, kube: Kube, referents: Referents, kind: Kind, namespace: str | None, changed: Callable[[Key], None]
    ) -> None:
        super().__init__(kube, kind, namespace)
        self._referents = referents
        self._changed = changed
        self._told = False

    async def list(self) -> int:
        """Takes over one whole list, as for children; the version is 0 where the rights are missing."""
        try:
            return await super().list()
        except ApiError as error:
            if error.status != 403:
                raise
            self._lose_sight()
            return 0

    def _lose_sight(self) -> None:
        self._tell(self._referents.lose_sight(self._kind, self._namespace))
        if not self._told:
            where = self._namespace or "all namespaces"
            logger.info("%s are not checked in %s: the right to watch them was not granted", self._kind.plural, where)
        self._told = True

    def _known(self) -> Mapping[Key, Version]:
        return self._referents.versions(self._kind, self._namespace)

    def _read(self, raw: Json) -> tuple[Target, Referent]:
        return Target(self._kind, raw["metadata"]["namespace"], raw["metadata"]["name"]), Referent.from_json(raw)

    def _replace(self, listed: Sequence[tuple[Target, Referent]], version: int, sent_at: float) -> None:
        self._told = False
        self._tell(self._referents.replace(self._kind, self._namespace, dict(listed), version))

    def _take(self, event: str, found: tuple[Target, Referent]) -> None:
        target, referent = found
        if event == "DELETED":
            news = self._referents.drop(target, referent.resource_version)
        else:
            news = self._referents.put(target, referent)
        if news:
            self._tell([target])

    def _tell(self, targets: Iterable[Target]) -> None:
        for key in {key for target in targets for key in self._referents.users(target)}:
            self._changed(key)
