"""What an image is made from, and the key that changes exactly when that does."""

import hashlib
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from dev.cluster.layout import REPOSITORY

KEY_LENGTH = 12


@dataclass(frozen=True)
class Image:
    """One image: its name, its Dockerfile, and the files of the context that go into it.

    A Dockerfile that begins with `ARG BASE_IMAGE=` gets the base that this machine can have; any other must be able
    to pull its own.
    """

    name: str
    context: Path
    dockerfile: str = "Dockerfile"
    inputs: tuple[str, ...] = (".",)
    """Files and folders of the context, relative to it, beside the Dockerfile."""
    version: str = "dev"
    """What its label says."""
    tag: str = "latest"
    key_in_tag: bool = False
    """The tag names the content as well, so that a changed image is rolled out by a changed name."""

    def reference(self, key: str) -> str:
        """The image's name and tag."""
        return f"{self.name}:{self.tag}-{key}" if self.key_in_tag else f"{self.name}:{self.tag}"

    def key(self, *circumstances: str) -> str:
        """Changes exactly when a file of the image or one of the circumstances does."""
        return content_key(
            _files(self.context, (self.dockerfile, *self.inputs)), self.version, self.tag, *circumstances
        )


def content_key(files: Iterable[tuple[str, bytes]], *more: str) -> str:
    """A short hash of named contents; the order in which the files come does not matter."""
    digest = hashlib.sha256()
    for text in more:
        digest.update(f"{len(text)} {text}\n".encode())
    for name, content in sorted(set(files)):
        digest.update(f"{name} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()[:KEY_LENGTH]


def _files(context: Path, inputs: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    for given in inputs:
        root = context / given
        for path in sorted(root.rglob("*")) if root.is_dir() else [root]:
            if path.is_file() and "__pycache__" not in path.parts:
                yield path.relative_to(context).as_posix(), path.read_bytes()


def _version(package: str) -> str:
    project = tomllib.loads((REPOSITORY / package / "pyproject.toml").read_text())["project"]
    return str(project["version"])


_WORKSPACE = (".dockerignore", "pyproject.toml", "uv.lock", "operator/pyproject.toml", "webapp/pyproject.toml")

APP = Image("myapp", REPOSITORY, "Dockerfile.app", (*_WORKSPACE, "webapp/src"), _version("webapp"))
OPERATOR = Image(
    "myapp-operator",
    REPOSITORY,
    "Dockerfile.operator",
    (*_WORKSPACE, "operator/src"),
    _version("operator"),
    tag=_version("operator"),
    key_in_tag=True,
)
