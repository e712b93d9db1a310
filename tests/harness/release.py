"""An earlier release of the operator, out of git's history, run with the dependencies of today."""

import io
import os
import subprocess
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_PARTS = ("operator", "crds", "tests/unit/desired")


@dataclass(frozen=True)
class Release:
    """A release unpacked into a folder, laid out as the working copy is."""

    folder: Path

    @classmethod
    def unpack(cls, commit: str, folder: Path) -> "Release":
        """Takes a release out of the history.

        Raises:
            LookupError: it is not there; one sentence says how to get it.
        """
        archive = ["git", "-C", str(ROOT), "archive", "--format=tar", commit, *_PARTS]
        done = subprocess.run(archive, capture_output=True, check=False)
        if done.returncode != 0:
            words = done.stderr.decode(errors="replace").strip()
            raise LookupError(
                f"An earlier release, commit {commit[:7]}, is not in this copy's history ({words}): "
                "use a clone with all of it, for a shallow one `git fetch --unshallow`."
            )
        with tarfile.open(fileobj=io.BytesIO(done.stdout)) as tar:
            tar.extractall(folder, filter="data")
        return cls(folder)

    @property
    def crds(self) -> Path:
        """What `kubectl apply -k` takes to install its CRD."""
        return self.folder / "crds"

    @property
    def examples(self) -> list[Path]:
        """MyApps, from the smallest to one with every field that it knew."""
        return sorted((self.folder / "tests/unit/desired").glob("*.input.yaml"))

    @property
    def environment(self) -> Mapping[str, str]:
        """In which `myapp-operator` is that of the release: what stands here is found before what is installed."""
        return {**os.environ, "PYTHONPATH": str(self.folder / "operator/src")}
