"""The limit: a bare script that sends the very requests of our operator for a new app, and does nothing else."""

import sys
from pathlib import Path

from dev.bench.arms import apps
from dev.bench.arms.arm import Arm, Command
from dev.bench.kinds import CHILDREN, MYAPP


def arm() -> Arm:
    """Describes it."""
    return Arm(
        name="limit",
        prepare=apps.prepare,
        command=command,
        kind=MYAPP,
        children=CHILDREN,
        body=apps.body,
        is_written=apps.is_written,
        fed=True,
    )


def command(kubeconfig: Path, _: int) -> Command:
    """The script; it reads the created apps from stdin."""
    return [sys.executable, "-m", "dev.bench.arms.limit_writer", kubeconfig]
