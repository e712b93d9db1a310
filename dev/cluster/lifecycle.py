"""Up and down: the recipe, each line a module."""

import math
import os
import shutil
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from dev.cluster import controlplane, locks, metrics, node, owner, packages, teardown
from dev.cluster.binaries import Program, binary, gigabytes, to_build
from dev.cluster.errors import ClusterError
from dev.cluster.layout import Layout, NodeKind, cache_folder
from dev.cluster.progress import duration, say

WITHOUT_ROOT = (
    "A node with real containers needs root, which this is not: "
    "either `NODE=simulated make cluster` for a cluster whose pods run nothing, "
    "or `CLUSTER=current make demo` to use the cluster of your current kubectl context."
)


@dataclass(frozen=True)
class Cluster:
    """A running cluster, and what tests and the demo need of it."""

    name: str
    node: NodeKind
    state: Path
    kubeconfig: Path
    audit_log: Path
    kubectl: Path


def up(
    node_kind: NodeKind, *, name: str | None = None, state: Path | None = None, kubeconfig: Path | None = None
) -> Cluster:
    """Start a cluster, repair what of it has ended, or find it running (seconds)."""
    layout = Layout.of(node_kind, name=name, state=state, kubeconfig=kubeconfig)
    if node_kind == "real" and os.geteuid() != 0:
        raise ClusterError(WITHOUT_ROOT)
    with _alone(layout):
        _take_over(layout)
        if node_kind == "real":
            node.require_alone(layout)
        owner.claim(layout)
        _announce(layout)
        _ensure(layout)
    return _cluster(layout)


def down(
    node_kind: NodeKind, *, name: str | None = None, state: Path | None = None, kubeconfig: Path | None = None
) -> None:
    """Remove a cluster and everything it made on this machine; the cache stays."""
    layout = Layout.of(node_kind, name=name, state=state, kubeconfig=kubeconfig)
    if not layout.state.exists() and owner.ended(layout) is None:
        say(f"There is no cluster in {layout.state}.")
        return
    if node_kind == "real" and os.geteuid() != 0:
        raise ClusterError("This cluster was made by root: run this as root.")
    with _alone(layout):
        teardown.remove(layout)


def load_image(cluster: Cluster, archive: Path) -> None:
    """Bring a docker-archive tar into the node, under the names it carries."""
    node.load_image(_with_containers(cluster), archive)


def add_metrics(cluster: Cluster) -> None:
    """Start metrics-server in a running cluster, where it does not run yet; a pod's figures come 20 s after its start.

    Built when it is first asked for, which takes minutes.
    """
    layout = _with_containers(cluster)
    with _alone(layout):
        building = to_build([metrics.PROGRAM])
        if building:
            _announce_builds(building)
        metrics.ensure(layout)


def programs(layout: Layout) -> tuple[str, ...]:
    """Every binary this kind of cluster needs."""
    return (*controlplane.programs(layout), *(node.PROGRAMS if layout.node == "real" else ()))


def _ensure(layout: Layout) -> None:
    """The recipe: what is there already costs a look."""
    real = layout.node == "real"
    if real:
        packages.install(packages.missing_for_node())
    for program in programs(layout):
        binary(program)
    if real:
        node.prepare(layout)
    controlplane.ensure(layout)
    if real:
        node.ensure(layout)


def _alone(layout: Layout) -> AbstractContextManager[None]:
    return locks.held(f"cluster-{layout.name}", f"another command about the cluster {layout.name}")


def _take_over(layout: Layout) -> None:
    """Clear away a cluster that nobody looks after: what it left on the machine would be in our way."""
    ended = owner.ended(layout)
    if ended is None:
        return
    if ended.state.exists():
        say(f"The cluster in {ended.state} has ended without being removed; its place is taken over.")
        teardown.stop(ended)
    else:
        say(f"The folder {ended.state} was deleted while its cluster ran.")
        teardown.remove(ended)


def _with_containers(cluster: Cluster) -> Layout:
    """The layout of a cluster that must have a real node."""
    if cluster.node != "real":
        raise ClusterError("A simulated node runs no containers and takes no images: start the cluster with NODE=real.")
    return Layout.of("real", name=cluster.name, state=cluster.state, kubeconfig=cluster.kubeconfig)


def _cluster(layout: Layout) -> Cluster:
    return Cluster(
        name=layout.name,
        node=layout.node,
        state=layout.state,
        kubeconfig=layout.kubeconfig,
        audit_log=layout.audit_log,
        kubectl=binary("kubectl"),
    )


def _announce(layout: Layout) -> None:
    """Say what will change on this machine before anything does."""
    missing = packages.missing_for_node() if layout.node == "real" else ()
    building = to_build(programs(layout))
    if missing:
        say(f"Debian packages to install: {', '.join(missing)}.")
    if building:
        _announce_builds(building)
    if layout.node == "real" and not layout.state.exists():
        say(
            "On this machine it adds a network bridge, iptables chains, a route to 10.96.0.0/16 and IP forwarding, "
            "and runs containers of its own; `make cluster-down` takes all of it away again."
        )


def _announce_builds(building: tuple[Program, ...]) -> None:
    about = duration(60 * math.ceil(sum(program.seconds for program in building) / 60))
    needed = gigabytes(building)
    say(
        f"To build once, into {cache_folder()}: {', '.join(program.name for program in building)} "
        f"(about {about} on 2 free cores and {math.ceil(needed)} GB of disk the first time; nothing after that)."
    )
    cache_folder().mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(cache_folder()).free / 1e9
    if free < needed:
        raise ClusterError(
            f"{cache_folder()} has {free:.1f} GB free, and the build needs about {needed:.0f}: "
            "make room, or set XDG_CACHE_HOME to a folder on a larger disk."
        )


def status(layout: Layout) -> list[str]:
    """What runs, one line each."""
    if not layout.state.exists():
        return [f"There is no cluster in {layout.state}."]
    lines = [f"{layout.name}: control plane {'running' if controlplane.running(layout) else 'not running'}"]
    if layout.node == "real":
        lines += [
            f"{layout.name}: {daemon.name} {'running' if daemon.pid() else 'not running'}, log in {daemon.log}"
            for daemon in node.daemons(layout)
        ]
    return lines
