"""Who runs a cluster: two clones on one machine must not break each other."""

import json
import socket
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from dev.cluster import processes
from dev.cluster.errors import ClusterError
from dev.cluster.layout import REPOSITORY, Layout, NodeKind, runtime_folder

_SOCKETS_CLOSE = 10.0
"""Seconds that a port may still be held by a server that is gone."""


@dataclass(frozen=True)
class Owner:
    """The clone that holds a name, and with it a block of ports."""

    name: str
    node: NodeKind
    state: str
    clone: str

    @classmethod
    def of(cls, layout: Layout) -> "Owner":
        """This clone, as the owner of a cluster."""
        return cls(layout.name, layout.node, str(layout.state), str(REPOSITORY))


def conflict(held_by: Owner | None, wanted: Owner, *, alive: bool) -> str | None:
    """Why a cluster may not start: one sentence, or None."""
    if held_by is None or held_by.state == wanted.state or not alive:
        return None
    return (
        f"The cluster of {held_by.clone} holds the name {wanted.name} and its ports: use that one (its state is in "
        f"{held_by.state}), or remove it with `make cluster-down NODE={held_by.node}` in {held_by.clone}."
    )


def claim(layout: Layout) -> None:
    """Write down that this clone runs the cluster, or say who is in the way."""
    wanted = Owner.of(layout)
    problem = conflict(_read(layout), wanted, alive=_alive(holder(layout)))
    if problem:
        raise ClusterError(problem)
    if not processes.find(layout, processes.CONTROL_PLANE):
        _require_free(layout.ports.control_plane())
    record = _record(layout)
    record.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
    record.write_text(json.dumps(asdict(wanted)))


def holder(layout: Layout) -> Layout | None:
    """The cluster that was started last under this name, by whichever clone."""
    held_by = _read(layout)
    if held_by is None:
        return None
    state = Path(held_by.state)
    # Where its kubeconfig is, only its own clone knows.
    return replace(layout, node=held_by.node, state=state, kubeconfig=state / "kubeconfig")


def ended(layout: Layout) -> Layout | None:
    """The holder, if it cannot look after itself any more: its processes were killed, or its folder was deleted."""
    found = holder(layout)
    if found is None or (found.state.exists() and (_alive(found) or found.state == layout.state)):
        return None
    return found


def owns(layout: Layout) -> bool:
    """Whether no other clone holds the cluster's name."""
    found = holder(layout)
    return found is None or found.state == layout.state


def release(layout: Layout) -> None:
    """Give the name and its ports back."""
    if owns(layout):
        _record(layout).unlink(missing_ok=True)


def _require_free(ports: Iterable[int]) -> None:
    """Say which port is taken before a server fails over it with less clear words.

    A server that was killed counts as gone once its first thread is; the kernel closes its sockets with the last one.
    """
    deadline = time.monotonic() + _SOCKETS_CLOSE
    for port in ports:
        while not _is_free(port):
            if time.monotonic() > deadline:
                raise ClusterError(
                    f"Port {port}, which the cluster needs, is taken by another program: "
                    f"see which with `ss -ltnp sport = :{port}`, end it, and run this again."
                )
            time.sleep(0.1)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _alive(layout: Layout | None) -> bool:
    return layout is not None and bool(processes.find(layout, (*processes.CONTROL_PLANE, *processes.NODE)))


def _record(layout: Layout) -> Path:
    return runtime_folder() / f"{layout.name}.json"


def _read(layout: Layout) -> Owner | None:
    try:
        return Owner(**json.loads(_record(layout).read_text()))
    except (OSError, ValueError, TypeError):
        return None
