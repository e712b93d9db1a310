"""What the commands print, and how they end where nobody takes it."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import sys
from collections.abc import Mapping
from typing import Any

import click
import yaml

from myapp_operator.printable import printable

EXIT_NOT_WRITTEN = 2
"""The output could not be written. 1 would say of `diff` that something would change."""
_UNWRITTEN = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
_COLOURS = {"+": "green", "-": "red", "@": "cyan"}
_TONES: Mapping[str, Mapping[str, Any]] = {"title": {"bold": True}, "good": {"fg": "green"}, "bad": {"fg": "red"}}


class Program(click.Group):
    """A program whose output may go to a full disk: that is one sentence. A reader who has gone away is none."""

    def main(self, *arguments: Any, **options: Any) -> Any:
        """Runs one command, and ends the process."""
        try:
            return super().main(*arguments, **options)
        except OSError as error:
            if error.errno not in _UNWRITTEN:
                raise
            _give_up_output()
            complain(f"Error: the output cannot be written: {error.strerror}")
            sys.exit(EXIT_NOT_WRITTEN)


def _give_up_output() -> None:
    """What is left of the output goes nowhere; Python would else try once more at its end, and complain."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def complain(words: str) -> None:
    """Says what is wrong, be it in the words of others."""
    for line in words.splitlines():
        click.echo(printable(line), err=True)


def as_text(data: Any, output: str) -> str:
    """Data for programs, as `yaml` or `json`."""
    if output == "json":
        return json.dumps(data, indent=2, ensure_ascii=False) + "\n"
    return yaml.safe_dump(data, sort_keys=False, allow_unicode=True)


def paint(text: str, tone: str) -> str:
    """A text in the colour of its tone."""
    return click.style(text, **_TONES[tone])


def paint_change(line: str) -> str:
    """A line of a unified diff in its colour."""
    return click.style(line, fg=_COLOURS.get(line[:1]))


def is_colourful() -> bool:
    """Only on a terminal, and only if its user does not say NO_COLOR."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")
