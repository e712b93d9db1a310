"""What a run has shown, as it is kept in a file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

START = "start"
"""What has failed where an arm never came to its first workload."""


@dataclass(frozen=True)
class Sample:
    """One look at a program while it works."""

    at: float
    """Seconds since the sampling began."""
    apps: int
    """How many apps had their children and status by then."""
    cpu: float
    """Seconds of CPU time since the sampling began."""
    memory: float
    """Resident, in MB."""


@dataclass
class Outcome:
    """What one workload has shown of one arm."""

    figures: dict[str, float] = field(default_factory=dict)
    requests: Mapping[str, int] = field(default_factory=dict)
    samples: Sequence[Sample] = ()


@dataclass
class Trial:
    """One arm on one control plane."""

    arm: str
    repeat: int
    apps: int
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    """By workload."""
    failed: str = ""
    """The workload that failed, after which the others of this trial were left out; empty where none did."""
    sentence: str = ""
    """Why it failed."""


@dataclass
class Results:
    """All trials of one run."""

    command: str
    """How to have it again."""
    day: str
    machine: Mapping[str, str]
    trials: list[Trial] = field(default_factory=list)

    def of(self, arm: str, apps: int) -> list[Trial]:
        """The trials of one arm with so many apps."""
        return [each for each in self.trials if (each.arm, each.apps) == (arm, apps)]

    @property
    def columns(self) -> list[tuple[str, int]]:
        """Every arm with each number of apps that it was tried with, in the order in which they came first."""
        return list(dict.fromkeys((each.arm, each.apps) for each in self.trials))

    def save(self, path: Path) -> None:
        """Write everything as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), indent=1) + "\n")
