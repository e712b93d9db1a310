"""Objects of one kind that could not be read: each is logged once, and all are counted."""

from __future__ import annotations

import logging

from myapp_operator.json_objects import metadata_of
from myapp_operator.names import Kind

_MOST = 1000
"""Objects that are remembered. Of more than that, some are logged again."""
_LONGEST = 200
"""Characters of a name or an error that are logged."""

logger = logging.getLogger(__name__)


class Unreadable:
    """Remembers the objects of one kind that could not be read."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self._known: set[str] = set()
        self.count = 0

    def note(self, raw: object, error: object) -> None:
        """Remember that this object could not be read, and log it unless it is known."""
        metadata = metadata_of(raw)
        name = f"{metadata.get('namespace')}/{metadata.get('name')}"[:_LONGEST]
        if name in self._known:
            return
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known.add(name)
        self.count += 1
        logger.warning(
            "cannot read %s %a (%a), %d of this kind so far: it is left out; look at it with kubectl get -o yaml,"
            " and delete it if it is not needed",
            self._kind,
            name,
            str(error)[:_LONGEST],
            self.count,
        )

    def forget(self, namespace: str, name: str) -> None:
        """Remember that this object can be read."""
        if self._known:
            self._known.discard(f"{namespace}/{name}")
