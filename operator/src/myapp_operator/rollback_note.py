"""What the annotation of a Deployment says that was gone back to an earlier version. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

_LONGEST_ROLLED_BACK = 2**15
"""Characters of the annotation of a rollback that are read; the status it repeats is shorter."""


@dataclass(frozen=True, slots=True)
class RolledBack:
    """Why a Deployment runs an earlier version than its MyApp asks for, as it stands in its annotation."""

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
    def from_text(cls, text: str) -> RolledBack | None:
        """The inverse of `text`; None for anything else."""
        if len(text) > _LONGEST_ROLLED_BACK:
            return None
        try:
            facts = cls(**json.loads(text))
        except (ValueError, TypeError, RecursionError):
            return None
        if type(facts.generation) is not int or not isinstance(facts.configuration, dict):
            return None
        words = (facts.reason, facts.message, facts.time, facts.version, *facts.configuration.values())
        return facts if all(isinstance(each, str) for each in words) else None

    @property
    def text(self) -> str:
        """As the annotation says it."""
        return json.dumps(asdict(self))

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
