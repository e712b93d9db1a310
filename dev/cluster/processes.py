"""The processes of a cluster, found by what stands on their command lines.

Pid files vanish with a deleted clone and outlive a reboot; a program of ours that names a folder of ours is ours.
"""

from collections.abc import Iterator
from pathlib import Path

from dev.cluster.daemons import end
from dev.cluster.layout import Layout

CONTROL_PLANE = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok-controller", "etcd")
NODE = ("kubelet", "kube-proxy")
RUNTIME = ("containerd-shim-runc-v2", "containerd")


def belongs(command: list[str], programs: tuple[str, ...], folders: tuple[Path, ...]) -> bool:
    """Whether a command line is one of the programs at work in one of the folders."""
    if not command or Path(command[0]).name not in programs:
        return False
    return any(f"{folder}/" in argument for argument in command[1:] for folder in folders)


def find(layout: Layout, programs: tuple[str, ...]) -> list[int]:
    """The cluster's running processes among these programs."""
    folders = (layout.state, layout.runtime)
    return [pid for pid, command in _commands() if belongs(command, programs, folders)]


def end_all(layout: Layout, programs: tuple[str, ...], *, seconds: float) -> None:
    """End the cluster's processes among these programs, in this order."""
    for program in programs:
        for pid in find(layout, (program,)):
            end(pid, seconds=seconds)


def _commands() -> Iterator[tuple[int, list[str]]]:
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            content = file.read_bytes()
        except OSError:
            continue
        yield int(file.parent.name), content.decode(errors="replace").rstrip("\0").split("\0")
