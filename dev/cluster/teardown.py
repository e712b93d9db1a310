"""Taking a cluster away again: everything it made, and nothing else."""

import shutil
from contextlib import suppress

from dev.cluster import kubeconfigs, network, owner, pods, processes
from dev.cluster.layout import Layout, runtime_folder
from dev.cluster.progress import step

POLITELY_SECONDS = 5


def remove(layout: Layout) -> None:
    """Remove the cluster; safe to repeat where an earlier removal was interrupted."""
    with step(f"Removing the cluster {layout.name}"):
        stop(layout)
        shutil.rmtree(layout.state, ignore_errors=True)
        kubeconfigs.remove_admin(layout)


def stop(layout: Layout) -> None:
    """Take away what a reboot would: everything but the cluster's files."""
    if _has_node(layout):
        _remove_node(layout)
    # They need no time to save anything: etcd's log survives a kill as it does a power cut.
    processes.end_all(layout, processes.CONTROL_PLANE, seconds=0)
    owner.release(layout)
    with suppress(OSError):
        runtime_folder().rmdir()


def _has_node(layout: Layout) -> bool:
    """Whether the machine's one bridge and its pods are this cluster's: never take away those of another clone."""
    started = layout.node_state.exists() or layout.runtime.exists()
    return layout.node == "real" and started and owner.owns(layout)


def _remove_node(layout: Layout) -> None:
    # The kubelet first: it would start again what we stop.
    processes.end_all(layout, processes.NODE, seconds=POLITELY_SECONDS)
    pods.end_processes()
    processes.end_all(layout, processes.RUNTIME, seconds=POLITELY_SECONDS)
    pods.unmount(layout)
    network.remove(layout)
    pods.remove_cgroups()
    pods.remove_records(layout)
    shutil.rmtree(layout.runtime, ignore_errors=True)
