"""Programs that come from Debian: what is missing decides, not what is installed under which name."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from dev.cluster.commands import find, run, succeeds
from dev.cluster.errors import ClusterError
from dev.cluster.progress import step

# Debian's own place, and the one where most other installers put them.
CNI_FOLDERS = (Path("/usr/lib/cni"), Path("/opt/cni/bin"))
CNI_PLUGINS = ("bridge", "host-local", "loopback")
CNI_PACKAGE = "containernetworking-plugins"

# Where other distributions than Debian have it.
FAKETIME_FOLDERS = (Path("/usr/lib64/faketime"), Path("/usr/lib/faketime"))
FAKETIME_PACKAGE = "libfaketime"


def node_programs() -> dict[str, str]:
    """The programs a node with real containers needs, each with the Debian package that has it."""
    return {
        "containerd": "containerd",
        "containerd-shim-runc-v2": "containerd",
        "ctr": "containerd",
        "runc": "runc",
        "iptables-save": "iptables",
        "ip6tables-restore": "iptables",
        "conntrack": "conntrack",
        "ip": "iproute2",
        "mount": "mount",
        "umount": "mount",
    }


def cni_folder() -> Path | None:
    """The folder that holds every CNI plugin the node uses, or None."""
    for folder in CNI_FOLDERS:
        if all((folder / plugin).exists() for plugin in CNI_PLUGINS):
            return folder
    return None


def missing(programs: Mapping[str, str], exists: Callable[[str], bool]) -> tuple[str, ...]:
    """The packages whose programs are not all here, each once."""
    return tuple(sorted({package for program, package in programs.items() if not exists(program)}))


def missing_for_node() -> tuple[str, ...]:
    """The packages that a node with real containers lacks on this machine."""
    packages = missing(node_programs(), lambda program: find(program) is not None)
    return packages if cni_folder() else (*packages, CNI_PACKAGE)


def ensure(programs: Mapping[str, str]) -> None:
    """Install the packages whose programs are missing, or say which they are."""
    install(missing(programs, lambda program: find(program) is not None))


def faketime() -> Path:
    """The library that gives one process a clock of its own; installed where it is missing, or its package is named."""
    library = _faketime()
    if library is None:
        install((FAKETIME_PACKAGE,))
        library = _faketime()
    if library is None:
        raise ClusterError(f"The package {FAKETIME_PACKAGE} holds no libfaketime.so.1 in a folder that is known here.")
    return library


def _faketime() -> Path | None:
    """Looked for anew each time: the folder comes with the package."""
    folders = (*Path("/usr/lib").glob("*-linux-gnu*/faketime"), *FAKETIME_FOLDERS)
    libraries = (folder / "libfaketime.so.1" for folder in folders)
    return next((library for library in libraries if library.exists()), None)


def install(packages: tuple[str, ...]) -> None:
    """Install Debian packages; never at the price of removing one (a Docker of the machine, say)."""
    if not packages:
        return
    names = " ".join(packages)
    if os.geteuid() != 0 or not find("apt-get"):
        raise ClusterError(f"Some programs are missing: install the packages {names} and run this again.")
    command = ["apt-get", "install", "--yes", "--quiet", "--no-remove", "--no-install-recommends", *packages]
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    with step(f"Installing the Debian packages {names}"):
        # A machine whose package lists are fresh is not made to fetch them again.
        if succeeds(command, environment=quiet, seconds=900):
            return
        run(
            ["apt-get", "update", "--quiet"],
            failed="The package lists could not be fetched: check the network",
            environment=quiet,
        )
        run(
            command,
            failed=f"Packages could not be installed: run `apt-get install --no-remove {names}` and read its answer",
            environment=quiet,
            seconds=900,
        )
