"""What is measured: a program, the objects it looks after, and how one tells that it has done its work."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from dev.bench.plane import Account, Plane
from myapp_operator.grammar import Json
from myapp_operator.names import Kind

NAMESPACE = "bench"
"""Where all apps of a run live."""

Command = Sequence[str | Path]


@dataclass(frozen=True)
class Arm:
    """One contestant. What is None or empty here it does not do, and is not asked to."""

    name: str
    prepare: Callable[[Plane], Account]
    """Installs its API and rights; returns who it is."""
    command: Callable[[Path, int], Command]
    """How it is started, from a kubeconfig and a free port for its probes."""
    kind: Kind
    children: tuple[Kind, ...]
    body: Callable[[str], Json]
    """The object of an app of this name."""
    is_written: Callable[[Json], bool]
    """Whether the status of this object tells of its present generation."""
    is_ready: Callable[[Json], bool] | None = None
    """Whether the status says that all pods are up."""
    heals: bool = False
    """Whether it makes a deleted child anew."""
    edit: Json | None = None
    """The merge patch that changes the Deployment."""
    pod: Json | None = None
    """The merge patch that gives an app a pod, where its object asks for none."""
    poison: Json | None = None
    """The merge patch that makes an app that never becomes ready."""
    occupied: str = ""
    """The name of a Service that is in the way of such an app, with {name} for the app's own; empty: there is none."""
    fed: bool = False
    """Whether it watches nothing and is told on stdin of each app that was created."""
    probe: str = ""
    """The path that answers 200 once it is ready; where there is none, its first watch tells."""
    folder: Path | None = None
    """Where it is started."""
