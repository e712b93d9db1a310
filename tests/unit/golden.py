"""Remakes the outputs of the golden pairs in tests/unit/desired: `uv run python -m tests.unit.golden`.

Its verify twin is test_desired.py. A new case needs only `<case>.input.yaml`; this writes the output beside it.

Read the diff before you commit it. A line that changes below `spec.template` of a Deployment restarts every pod of
every app in every cluster on the day the operator is upgraded; any other line writes to every app once. So an output
never changes without an entry in CHANGELOG.md that says so.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import yaml
from click.testing import CliRunner

from myapp_operator.cli import main
from myapp_operator.model import parse_spec

FOLDER = Path(__file__).parent / "desired"
CASES = sorted(path.name.removesuffix(".input.yaml") for path in FOLDER.glob("*.input.yaml"))


def source(case: str) -> Path:
    """The MyApp of a case."""
    return FOLDER / f"{case}.input.yaml"


def target(case: str) -> Path:
    """The children of a case."""
    return FOLDER / f"{case}.output.yaml"


def rendered(case: str) -> str:
    """What `myapp-operator render` prints for a case."""
    result = CliRunner().invoke(main, ["render", str(source(case))], catch_exceptions=False)
    if result.exit_code:
        raise ValueError(f"{case}: {result.output}")
    return result.stdout


# What the builder of a kind that an app may do without makes, by the name of its module: its part of the child alone.
APART = Path(__file__).parent / "builders"
APART_CASES = sorted(path.name.removesuffix(".input.yaml") for path in APART.glob("*.input.yaml"))


def built(case: str) -> str:
    """What the builder makes of a case called `<builder>` or `<builder>-<what it is about>`."""
    raw = yaml.safe_load((APART / f"{case}.input.yaml").read_text(encoding="utf-8"))
    builder = import_module(f"myapp_operator.desired.{case.partition('-')[0]}")
    part = builder.build(raw["metadata"]["name"], parse_spec(raw["spec"], strict=True))
    return yaml.safe_dump(part, sort_keys=False)


if __name__ == "__main__":
    for each in CASES:
        target(each).write_text(rendered(each), encoding="utf-8")
    for each in APART_CASES:
        (APART / f"{each}.output.yaml").write_text(built(each), encoding="utf-8")
