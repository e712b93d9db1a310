"""Who runs a cluster: two clones on one machine must not break each other."""

import json
import socket
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from dev.cluster import processes
from dev.cluster.errors import ClusterError
from dev.cluster.layout import REPOSITORY, Layout, runtime_folder


@dataclass(frozen=True)
class Owner:
    """The clone that holds a name, and with it a block of ports."""

    name: str
    node: str
    state: str
    clone: str

    @classmethod
    def of(cls, layout: Layout) -> "Owner":
        """This clone, as the owner of a cluster."""
        return cls(layout.name, layout.node, str(layout.state), str(REPOSITORY))


def conflict(held_by: Owner | None, wanted: Owner, *, still_there: bool) -> str | None:
    """Why a cluster may not start: one sentence, or None."""
    if held_by is None or held_by.state == wanted.state or not still_there:
        return None
    return (
        f"The cluster of {held_by.clone} holds the name {wanted.name} and its ports: use that one (its state is in "
        f"{held_by.state}), or remove it with `make cluster-down NODE={held_by.node}` in {held_by.clone}."
    )


def claim(layout: Layout) -> None:
    """Write down that this clone runs the cluster, or say who is in the way."""
    wanted = Owner.of(layout)
    record = _record(layout)
    held_by = _read(record)
    problem = conflict(held_by, wanted, still_there=held_by is not None and Path(held_by.state).exists())
    if problem:
        raise ClusterError(problem)
    if not processes.find(layout, processes.CONTROL_PLANE):
        _require_free(layout.ports.control_plane())
    record.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
    record.write_text(json.dumps(asdict(wanted)))


def abandoned(layout: Layout) -> Path | None:
    """The state folder of a cluster that runs on although its clone was deleted."""
    held_by = _read(_record(layout))
    if held_by is None or Path(held_by.state).exists():
        return None
    return Path(held_by.state)


def owns(layout: Layout) -> bool:
    """Whether no other clone holds the cluster's name."""
    held_by = _read(_record(layout))
    return held_by is None or held_by.state == str(layout.state)


def release(layout: Layout) -> None:
    """Give the name and its ports back."""
    if owns(layout):
        _record(layout).unlink(missing_ok=True)


def _require_free(ports: Iterable[int]) -> None:
    """Say which port is taken before a server fails over it with less clear words."""
    for port in ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                raise ClusterError(
                    f"Port {port}, which the cluster needs, is taken by another program: "
                    f"see which with `ss -ltnp sport = :{port}`, end it, and run this again."
                ) from error


def _record(layout: Layout) -> Path:
    return runtime_folder() / f"{layout.name}.json"


def _read(record: Path) -> Owner | None:
    try:
        found = json.loads(record.read_text())
        return Owner(**found)
    except (OSError, ValueError, TypeError):
        return None
