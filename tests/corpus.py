"""The corpus of bad input, tests/api/corpus/*.yaml: what a user may try, and what they are answered.

Each entry says `why`, the `spec` (an image is added where none is written; null leaves it out) and the answer:
`refused`, the field and the first words of the sentence about it; `dropped`, the field that is not stored; or `stored`,
a field that is, and must be in no child. `name` is that of the MyApp, `metadata` what else stands there. What a field
would bring into a child is called `smuggled` where it is a word; LONG is a text too long for anything.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

LONG = "x" * 300_000
FOLDER = Path(__file__).parent / "api/corpus"
ACCEPTED = Path(__file__).parent / "accepted.yaml"


@dataclass(frozen=True)
class Case:
    """One MyApp that is wrong."""

    why: str
    spec: dict[str, Any]
    name: str = "bad"
    refused: str = ""
    dropped: str = ""
    stored: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, entry: dict[str, Any]) -> Case:
        """Reads one entry of the corpus."""
        spec = {"image": "myapp:latest", **entry["spec"]}
        return cls(**{**entry, "spec": {key: value for key, value in spec.items() if value is not None}})

    @property
    def field(self) -> str:
        """The field that the refusal names."""
        return self.refused.partition(": ")[0]

    @property
    def words(self) -> str:
        """What the refusal says about it."""
        return self.refused.partition(": ")[2]

    @property
    def manifest(self) -> dict[str, Any]:
        """The MyApp."""
        metadata = {"name": self.name, **self.metadata}
        body = {"apiVersion": "apps.example.com/v1", "kind": "MyApp", "metadata": metadata, "spec": self.spec}
        return _lengthened(body)

    def __str__(self) -> str:
        """For pytest: the words of the corpus."""
        return self.why


def _lengthened(node: Any) -> Any:
    """The same with LONG spelled out."""
    if isinstance(node, dict):
        return {key: _lengthened(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_lengthened(value) for value in node]
    return LONG if node == "LONG" else node


def read() -> list[Case]:
    """All cases, file by file."""
    files = (yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.yaml")))
    return [Case.of(entry) for file in files for entry in file]


def accepted() -> list[dict[str, Any]]:
    """Specs in which nothing is wrong, with an image."""
    return [{"image": "myapp:latest", **spec} for spec in yaml.safe_load(ACCEPTED.read_text(encoding="utf-8"))]
