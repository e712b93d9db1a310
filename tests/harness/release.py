"""An earlier release of the operator, run with the dependencies of today."""

import os
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Release:
    """A release unpacked into a folder, laid out as the working copy is."""

    folder: Path

    @classmethod
    def unpack(cls, archive: Path, folder: Path) -> "Release":
        """Takes a release out of its archive, which tests/api/releases/README.md tells how to make."""
        with tarfile.open(archive) as tar:
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
