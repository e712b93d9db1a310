"""What the annotations of a Deployment say that was gone back to an earlier version. Pure.

They are two, since the first release reads one that has exactly its four keys: so after a downgrade, or while a replica
of that release leads, the rollback is not forgotten.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

_LONGEST_ROLLED_BACK = 2**15
"""Characters of the annotations of a rollback that are read; the status they repeat is shorter."""

_OF_THE_VERSION = frozenset({"version", "configuration"})


@dataclass(frozen=True, slots=True)
class RolledBack:
    """Why a Deployment runs an earlier version than its MyApp asks for, as it stands in its annotations."""

    generation: int
    """The generation of the MyApp that failed."""
    reason: str
    message: str
    time: str
    version: str = ""
    """Hash of the version of the pods that failed; empty in a note of an earlier release."""
    configuration: Mapping[str, str] = field(default_factory=dict)
    """What stood for its configuration (see `Rollout.configuration`)."""

    @classmethod
    def from_text(cls, text: str, failed: str = "") -> RolledBack | None:
        """The inverse of `text` and `failed`; None for anything else."""
        if len(text) + len(failed) > _LONGEST_ROLLED_BACK:
            return None
        try:
            facts = cls(**json.loads(text), **json.loads(failed or "{}"))
        except (ValueError, TypeError, RecursionError):
            return None
        if type(facts.generation) is not int or not isinstance(facts.configuration, dict):
            return None
        words = (facts.reason, facts.message, facts.time, facts.version, *facts.configuration.values())
        return facts if all(isinstance(each, str) for each in words) else None

    @property
    def text(self) -> str:
        """Why, as `names.ROLLED_BACK` says it."""
        return json.dumps({key: value for key, value in asdict(self).items() if key not in _OF_THE_VERSION})

    @property
    def failed(self) -> str:
        """Which version, as `names.FAILED_VERSION` says it; empty where that is not known."""
        told = {key: value for key, value in asdict(self).items() if key in _OF_THE_VERSION}
        return json.dumps(told) if self.version else ""

    @property
    def cause(self) -> str:
        """As in messages."""
        return f"{self.reason}: {self.message}"

    def is_of(self, generation: int, version: str, configuration: Mapping[str, str]) -> bool:
        """Whether this version of the pods, which that generation of the MyApp asks for, is the one that failed.

        It is no other one because the MyApp has changed elsewhere; one with another configuration is. For an earlier
        release any generation was another version.
        """
        if not self.version:
            return self.generation == generation
        return (self.version, self.configuration) == (version, configuration)
