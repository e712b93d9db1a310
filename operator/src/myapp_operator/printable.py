"""Makes the words of others fit for a terminal: what would steer it is not printed, and lines are not too long. Pure.

Control characters of a log line could else hide what stands above it, or type commands in some terminals.
"""

from __future__ import annotations

import re

_COLOUR = re.compile(r"\x1b\[[\d;]{0,20}m")
_STEERS = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""All control characters but the tab, line breaks among them, and what turns the direction of writing."""


def cut(line: str, longest: int) -> str:
    """The line, or so many characters of it, the last of which says that it goes on."""
    return line if len(line) <= longest else line[: longest - 1] + "…"


def printable(line: str) -> str:
    """One line of somebody else without colours, and with a sign in place of each other control character."""
    return _STEERS.sub("\N{REPLACEMENT CHARACTER}", _COLOUR.sub("", line))
