"""Pure: which of several installations of the operator looks after a namespace, told by their Leases.

An installation is called after the namespace of its Lease, which names in an annotation what the installation covers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from myapp_operator.grammar import Json
from myapp_operator.json_objects import mapping
from myapp_operator.names import COVERS

ALL = "*"
"""In the place of a namespace: all of them."""
_MAX_TEXT = 8192
"""Characters of the annotation that are read: a tenant may write a Lease too."""
_MAX_NAMESPACES = 100
_AFTER_ALL = "~"
"""In the place of a creation time: later than any."""


@dataclass(frozen=True)
class Claim:
    """What one installation covers."""

    home: str
    """The namespace of its Lease; empty for an operator without one."""
    covers: frozenset[str]
    """Namespaces, or `ALL`."""
    created: str = _AFTER_ALL
    """When its Lease was created, as the API server says it."""
    uid: str = ""

    def rank(self, namespace: str) -> tuple[int, str, str] | None:
        """The lowest one looks after a namespace; None: this installation does not cover it.

        An installation in the namespace itself comes first, then one that names it, then one for all namespaces; of two
        the one whose Lease is older. An operator without a Lease cannot tell others of itself, and comes last.
        """
        if not self.covers & {namespace, ALL}:
            return None
        named = namespace in self.covers
        order = 3 if not self.home else 0 if named and self.home == namespace else 1 if named else 2
        return order, self.created, self.uid


def annotation(namespaces: Sequence[str]) -> str:
    """What a Lease says of an installation for these namespaces; none: all of them."""
    return ",".join(namespaces) or ALL


def read(lease: Json) -> Claim:
    """The claim of a Lease. One without the annotation, of an earlier release, claims its own namespace alone."""
    metadata = lease["metadata"]
    home = metadata["namespace"]
    text = str(mapping(metadata.get("annotations")).get(COVERS, home))[:_MAX_TEXT]
    covers = frozenset(text.split(",")[:_MAX_NAMESPACES])
    return Claim(home, covers, str(metadata.get("creationTimestamp") or _AFTER_ALL), str(metadata.get("uid", "")))


def leader_of(namespace: str, claims: Iterable[Claim]) -> Claim | None:
    """The installation that looks after a namespace; None where no one does."""
    ranked = [(rank, claim) for claim in claims if (rank := claim.rank(namespace))]
    return min(ranked, key=lambda each: each[0])[1] if ranked else None
