"""Our operator, as it is installed, with the rights that deploy/ gives it."""

import sys
from pathlib import Path

from dev.bench.arms import apps
from dev.bench.arms.arm import Arm, Command
from dev.bench.kinds import CHILDREN, MYAPP


def arm() -> Arm:
    """Describes it."""
    return Arm(
        name="ours",
        prepare=apps.prepare,
        command=command,
        kind=MYAPP,
        children=CHILDREN,
        body=apps.body,
        is_written=apps.is_written,
        is_ready=apps.is_ready,
        heals=True,
        edit=apps.EDIT,
        pod=apps.POD,
        poison=apps.POISON,
        occupied=apps.OCCUPIED,
        probe="/readyz",
    )


def command(kubeconfig: Path, port: int) -> Command:
    """`myapp-operator run` over all namespaces, as one of several."""
    program: list[str | Path] = [sys.executable, "-m", "myapp_operator", "run", "--kubeconfig", kubeconfig]
    program += ["--lease-namespace", "myapp-system", "--log-format", "json"]
    return [*program, "--probes-host", "127.0.0.1", "--probes-port", str(port)]
