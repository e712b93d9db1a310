"""Which object controls another one, by its ownerReferences. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from myapp_operator.grammar import Json
from myapp_operator.json_objects import mappings

_LONGEST_OF_OWNER = 253
"""Characters that are kept of each word of an owner. Names have no more; the API server takes a megabyte of each."""


@dataclass(frozen=True, slots=True)
class Owner:
    """The controller ownerReference of a child."""

    api_version: str
    kind: str
    name: str
    uid: str

    def __str__(self) -> str:
        """As in messages."""
        return f'{self.kind} "{self.name}"'


def controller(meta: Json) -> Owner | None:
    """The controller of an object with this metadata."""
    for each in mappings(meta.get("ownerReferences")):
        if each.get("controller"):
            return Owner(
                *(str(each.get(field, ""))[:_LONGEST_OF_OWNER] for field in ("apiVersion", "kind", "name", "uid"))
            )
    return None
