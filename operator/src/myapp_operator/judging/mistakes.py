"""One mistake in a MyApp: where it stands and what to do, in plain words. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple

_PLAIN_KEY = re.compile(r"[A-Za-z_][-A-Za-z0-9_]*")


class Mistake(NamedTuple):
    """`path` is that of the field, such as spec.env[0].value; `words` say what is wrong and what to do."""

    path: str
    words: str

    def __str__(self) -> str:
        """As it is printed."""
        return f"{self.path}: {self.words}" if self.path else self.words


def below(path: str, step: str | int) -> str:
    """The path of a field or of an item of a list."""
    if isinstance(step, int):
        return f"{path}[{step}]"
    if not _PLAIN_KEY.fullmatch(step):
        return f"{path}[{step}]"
    return f"{path}.{step}" if path else step


def is_within(path: str, outer: str) -> bool:
    """Whether a path is that of a field or of something in it."""
    return path == outer or path.startswith((f"{outer}.", f"{outer}["))
