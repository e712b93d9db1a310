"""From an Image to a docker-archive tar: by docker where its daemon runs, else by buildah, which needs none."""

import os
from dataclasses import dataclass
from pathlib import Path

from dev.cluster import locks, packages
from dev.cluster.commands import find, succeeds
from dev.cluster.layout import cache_folder
from dev.cluster.progress import step
from dev.images import buildah
from dev.images.recipe import KEY_LENGTH, Image
from dev.steps import run

ARCHIVES_KEPT = 3
"""For each image: enough to go back and forth between two branches."""


@dataclass(frozen=True)
class Built:
    """A built image: its name and tag, the archive that holds it, and the key of its content."""

    reference: str
    archive: Path
    key: str


def uses_docker() -> bool:
    """Whether a Docker daemon answers here."""
    return find("docker") is not None and succeeds(["docker", "info", "--format", "{{.ID}}"])


def build(image: Image) -> Built:
    """Build an image, unless the archive of just these files is there already."""
    docker = uses_docker()
    base = os.environ.get("BASE_IMAGE", "")
    key = image.key("docker" if docker else f"buildah {buildah.STAND_IN}", base)
    built = Built(image.reference(key), cache_folder() / "images" / f"{image.name}-{key}.tar", key)
    with locks.held("images", "another build of images on this machine"):
        if built.archive.exists():
            os.utime(built.archive)
            return built
        built.archive.parent.mkdir(parents=True, exist_ok=True)
        making = built.archive.with_suffix(".part")
        try:
            (_by_docker if docker else _by_buildah)(image, built, base, making)
            making.rename(built.archive)
        finally:
            making.unlink(missing_ok=True)
        _forget_old(image, built.archive.parent)
    return built


def _by_docker(image: Image, built: Built, base: str, archive: Path) -> None:
    failed = (
        f"docker could not build {built.reference}: read the lines above, correct what they name and run this again."
    )
    with step(f"Building the image {built.reference} with docker"):
        arguments = options(image, base, ca_bundle())
        command: list[str | Path] = ["docker", "build", *arguments, "--tag", built.reference, image.context]
        # The older builder, still the default of old clients, knows no secrets.
        run(command, failed=failed, environment={"DOCKER_BUILDKIT": "1"}, seconds=1800)
        run(["docker", "save", "--output", archive, built.reference], failed=failed)


def _by_buildah(image: Image, built: Built, base: str, archive: Path) -> None:
    packages.ensure({"buildah": "buildah"})
    ca = ca_bundle()
    storage = buildah.Storage(cache_folder() / "buildah")
    arguments = options(image, base or storage.stand_in(), ca)
    with step(f"Building the image {built.reference} with buildah (up to half a minute)"):
        storage.build(arguments, ca, image.context, built.reference, archive)


def options(image: Image, base: str, ca: Path | None) -> list[str]:
    """What both tools understand: Dockerfile, base image, and whom this machine trusts, for the downloads."""
    chosen = ["--file", str(image.context / image.dockerfile), "--build-arg", f"VERSION={image.version}"]
    if base:
        chosen += ["--build-arg", f"BASE_IMAGE={base}"]
    if ca:
        mounted = "/run/secrets/ca"
        chosen += ["--secret", f"id=ca,src={ca}"]
        chosen += ["--build-arg", f"SSL_CERT_FILE={mounted}", "--build-arg", f"PIP_CERT={mounted}"]
    return chosen


def ca_bundle() -> Path | None:
    """The certificate authorities that this machine trusts: behind a company's own, a build needs them too."""
    given = os.environ.get("SSL_CERT_FILE") or "/etc/ssl/certs/ca-certificates.crt"
    return Path(given) if Path(given).is_file() else None


def _forget_old(image: Image, folder: Path) -> None:
    archives = sorted(
        folder.glob(f"{image.name}-{'?' * KEY_LENGTH}.tar"), key=lambda path: path.stat().st_mtime, reverse=True
    )
    for archive in archives[ARCHIVES_KEPT:]:
        archive.unlink(missing_ok=True)
