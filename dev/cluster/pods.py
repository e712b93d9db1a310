"""What remains of pods once nobody looks after them: processes, control groups, mounts, records."""

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

from dev.cluster.commands import run, succeeds
from dev.cluster.daemons import end
from dev.cluster.layout import Layout

CGROUPS = Path("/sys/fs/cgroup")
POD_CGROUP = "kubepods"
# Written by the kubelet, the CNI library and containerd's shims outside of any folder one can configure.
CONTAINER_LOGS = Path("/var/log/containers")
CNI_RESULTS = Path("/var/lib/cni/results")
KUBELET_SOCKET = Path("/var/lib/kubelet/device-plugins/kubelet.sock")
SHIM_SOCKETS = Path("/run/containerd/s")


def end_processes() -> None:
    """End every process in a pod; nothing outside of pods is in these groups."""
    for folder in _cgroups():
        for pid in _members(folder):
            end(pid, seconds=0)


def remove_cgroups() -> None:
    """Remove the pods' groups in every hierarchy, innermost first."""
    for folder in _cgroups():
        # A group whose last process has just ended is busy for a moment.
        for _ in range(20):
            if _remove_folder(folder):
                break
            time.sleep(0.05)


def unmount(layout: Layout) -> None:
    """Unmount what containers and volumes left below our folders."""
    table = Path("/proc/self/mountinfo").read_text()
    for point in mounts_below(table, (layout.state, layout.runtime)):
        if not succeeds(["umount", point]):
            run(
                ["umount", "--lazy", point],
                failed=f"{point} could not be unmounted: end what uses it and run this again",
            )


def mounts_below(table: str, folders: tuple[Path, ...]) -> list[str]:
    """The mount points below our folders, the latest first, from the text of /proc/self/mountinfo."""
    points = [line.split()[4].replace("\\040", " ") for line in table.splitlines() if line]
    ours = [point for point in points if any(Path(point).is_relative_to(folder) for folder in folders)]
    return list(reversed(ours))


def remove_records(layout: Layout) -> None:
    """Remove the few files that lie outside our folders."""
    for link in CONTAINER_LOGS.glob("*.log"):
        if link.is_symlink() and link.readlink().is_relative_to(layout.state):
            link.unlink()
    for record in CNI_RESULTS.glob("*"):
        # A record names the network namespace it is about, which lies in our runtime folder.
        if f"{layout.runtime}/" in record.read_text(errors="replace"):
            record.unlink()
    for socket_file in SHIM_SOCKETS.glob("*"):
        if _is_dead(socket_file):
            socket_file.unlink()
    KUBELET_SOCKET.unlink(missing_ok=True)
    for folder in (CONTAINER_LOGS, CNI_RESULTS, KUBELET_SOCKET.parent, SHIM_SOCKETS):
        if _remove_folder(folder):
            _remove_folder(folder.parent)


def _is_dead(socket_file: Path) -> bool:
    """Whether nobody listens any more: a shim that was killed left its socket, whose name does not say whose it was."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(socket_file))
        except ConnectionRefusedError:
            return True
        except OSError:
            return False
    return False


def _cgroups() -> Iterator[Path]:
    for top in (CGROUPS / POD_CGROUP, *CGROUPS.glob(f"*/{POD_CGROUP}")):
        for folder, _, _ in os.walk(top, topdown=False):
            yield Path(folder)


def _members(folder: Path) -> list[int]:
    try:
        return [int(pid) for pid in (folder / "cgroup.procs").read_text().split()]
    except OSError:
        return []


def _remove_folder(folder: Path) -> bool:
    """Remove a folder if it is empty, or a group if it is unused."""
    try:
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True
