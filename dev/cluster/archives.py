"""An image FROM scratch with one static program in it, written without any image tool."""

import hashlib
import io
import json
import os
import tarfile
from pathlib import Path

# A user without rights; the node's own images need none.
USER = "65532:65532"


def write(archive: Path, image: str, program: Path) -> None:
    """Write a docker-archive tar whose image runs the program."""
    layer = archive.with_suffix(".layer")
    with tarfile.open(layer, "w") as tar:
        entry = tarfile.TarInfo(program.name)
        entry.size = program.stat().st_size
        entry.mode = 0o755
        with program.open("rb") as content:
            tar.addfile(entry, content)
    with layer.open("rb") as content:
        diff_id = hashlib.file_digest(content, "sha256").hexdigest()
    configuration = json.dumps(image_configuration(program.name, diff_id)).encode()
    manifest = [{"Config": "config.json", "RepoTags": [image], "Layers": ["layer.tar"]}]
    with tarfile.open(archive, "w") as tar:
        tar.add(layer, "layer.tar")
        _add(tar, "config.json", configuration)
        _add(tar, "manifest.json", json.dumps(manifest).encode())
    layer.unlink()


def image_configuration(program: str, diff_id: str) -> dict[str, object]:
    """The image's own description: what to run, and the one layer it consists of."""
    machine = os.uname().machine
    return {
        "architecture": {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine),
        "os": "linux",
        "config": {"Entrypoint": [f"/{program}"], "User": USER},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{diff_id}"]},
    }


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    tar.addfile(entry, io.BytesIO(content))
