"""Images without a daemon: buildah with a storage of its own, and a base image made of Debian packages.

Where there is no Docker there is often no image registry either. So the base is not pulled: mmdebstrap puts a Debian
with Python together, once, and it stands in for the slim Python image that the Dockerfiles name. `BASE_IMAGE=` names
another base, which buildah then pulls.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dev.cluster import packages
from dev.cluster.commands import succeeds
from dev.cluster.progress import step
from dev.images.recipe import content_key
from dev.steps import run

_SUITE = "bookworm"
_PACKAGES = ("python3", "python3-venv", "python3-pip", "python-is-python3", "ca-certificates")
_RECIPE = (
    "--variant=minbase",
    f"--include={','.join(_PACKAGES)}",
    *(f"--dpkgopt=path-exclude=/usr/share/{folder}/*" for folder in ("doc", "info", "locale", "man")),
    # In an image there is nobody whose packages pip could break; the slim Python image has no such mark either.
    '--customize-hook=rm -f "$1"/usr/lib/python3*/EXTERNALLY-MANAGED',
    _SUITE,
)
STAND_IN = f"localhost/myapp-python:{content_key((), *_RECIPE)}"
"""The base image's name: another recipe is another image."""


@dataclass(frozen=True)
class Storage:
    """buildah's images in a folder of ours, so that those of the machine's user are neither seen nor changed."""

    folder: Path

    def _buildah(self, *args: str | Path) -> list[str | Path]:
        # vfs copies instead of mounting: it works on every file system and without privileges, containers included.
        places = ("--root", self.folder / "storage", "--runroot", self.folder / "run", "--storage-driver", "vfs")
        return ["buildah", *places, *args]

    def _bud(self, *args: str | Path) -> list[str | Path]:
        return self._buildah("bud", "--isolation", "chroot", "--network", "host", *args)

    def build(self, options: Sequence[str], ca: Path | None, context: Path, reference: str, archive: Path) -> None:
        """Build an image, write it to an archive, and keep nothing else of it."""
        # For Dockerfiles that know nothing of a company's certificate authorities; the image does not change by it.
        trust = ["--volume", f"{ca}:/etc/ssl/certs/ca-certificates.crt:ro"] if ca else []
        local = f"localhost/{reference}"
        failed = (
            f"buildah could not build {reference}: read the lines above, correct what they name and run this again."
        )
        self._tidy()
        run(self._bud(*options, *trust, "--tag", local, context), failed=failed, seconds=1800)
        run(self._buildah("push", local, f"docker-archive:{archive}:docker.io/library/{reference}"), failed=failed)
        run(self._buildah("rmi", local), failed=failed)

    def push(self, archive: Path, name: str) -> None:
        """Push the image of an archive to a registry."""
        failed = f"{name} could not be pushed: check IMAGE_REGISTRY, log in with `buildah login` and run this again."
        image = run(self._buildah("pull", "--quiet", f"docker-archive:{archive}"), failed=failed).strip()
        run(self._buildah("push", image, f"docker://{name}"), failed=failed, seconds=1800)
        run(self._buildah("rmi", "--force", image), failed=failed)

    def _tidy(self) -> None:
        """Take away what an interrupted build left: copies of whole file systems."""
        for leftovers in (("rm", "--all"), ("rmi", "--prune")):
            run(
                self._buildah(*leftovers),
                failed=f"buildah's storage is broken: remove {self.folder} and run this again.",
            )

    def stand_in(self) -> str:
        """The name of the base image; made first where this machine has none yet."""
        if not succeeds(self._buildah("inspect", "--type", "image", STAND_IN)):
            self._make_stand_in()
        return STAND_IN

    def _make_stand_in(self) -> None:
        packages.ensure({"mmdebstrap": "mmdebstrap"})
        context = self.folder / "base"
        context.mkdir(parents=True, exist_ok=True)
        tar = context / "base.tar"
        tar.unlink(missing_ok=True)
        (context / "Dockerfile").write_text('FROM scratch\nADD base.tar /\nCMD ["python3"]\n')
        failed = "The base image could not be made: check that Debian's packages can be reached and run this again."
        with step("Making a base image of Debian packages (about a minute, once on this machine)"):
            run(["mmdebstrap", *_RECIPE, tar], failed=failed, seconds=1800)
            run(self._bud("--tag", STAND_IN, context), failed=failed)
        tar.unlink()
