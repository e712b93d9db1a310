"""Splits the JSON of a list into its items, and cuts off what is nested too deep. Pure.

A list is read by a parser written in C, all at once, unless that fails or the list is large. Then this scanner finds
where each item begins and ends, in linear time, without recursion and in pieces of any size: one item that a parser
refuses costs only itself, and no list stands in memory whole. The API server takes any depth in
`metadata.managedFields[].fieldsV1`; orjson reads 1,024 levels and writes 254, Python recurses through about 1,000.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import orjson

DEEPEST = 100
"""Levels of one object that are read; below them stands null. No object of Kubernetes has a third of them by itself."""
LARGEST = 10 * 2**20
"""Bytes of one object that are read. etcd keeps 1.5 MiB, of which JSON makes six times as much where it must escape, as
in `\\u003c`; the rest is for the event around it."""

_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+("?)|[\[\]{}]', re.DOTALL)
"""A string, also one whose end is not here yet (then without its group), or a bracket."""
_STRING_END = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+("?)', re.DOTALL)
_ITEMS = re.compile(rb'[{,]\s*"items"\s*:\s*$')
_TAIL = 64
"""Bytes before a list in which its name stands."""
_LONGEST_STRAY = 2**16
_QUOTE = ord('"')
_OPENING = b"[{"


class Scanner:
    """Takes JSON in pieces, and gives the text of each item as soon as it is whole.

    `level` is the level of an item: 3 for those of a list, 1 for a single object.
    """

    def __init__(self, level: int = 3, largest: int = LARGEST) -> None:
        self._level = level
        self._cut = level + DEEPEST
        """The level that is left out, with all below it."""
        self._largest = largest
        self._depth = 0
        self._in_string = False
        self._escaped = False
        self._in_items = level == 1
        self._item: bytearray | None = None
        self._between = bytearray()
        self.rest = bytearray()
        """The list without its items."""
        self.lost = 0
        """Items that were no objects, or too large."""

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """Take the next piece, and yield the items that end in it.

        Raises:
            ValueError: it is no JSON: more brackets close than were opened.
        """
        kept_to = 0  # what lies before is kept or left out already
        at = self._end_of_string(piece) if self._in_string else 0
        for token in _TOKEN.finditer(piece, at) if not self._in_string else ():
            sign = piece[token.start()]
            if sign == _QUOTE:
                if not token[1]:
                    self._in_string, self._escaped = True, token.end() < len(piece)
                    break
            elif sign in _OPENING:
                self._depth += 1
                if self._depth <= self._level or self._depth == self._cut:
                    kept_to = self._open(piece, kept_to, token.start())
            else:
                if self._depth <= self._level or self._depth == self._cut:
                    kept_to, item = self._close(piece, kept_to, token)
                    if item is not None:
                        yield item
                self._depth -= 1
        self._keep(piece, kept_to, len(piece), self._depth)

    def finish(self) -> None:
        """Tell that there is no more.

        Raises:
            ValueError: the JSON is not whole.
        """
        if self._depth or self._in_string:
            raise ValueError("it is cut off")
        self._count_strays()

    def _end_of_string(self, piece: bytes) -> int:
        if not (end := _STRING_END.match(piece, 1 if self._escaped else 0)):
            return 0  # never: it matches anything
        self._in_string, self._escaped = not end[1], not end[1] and end.end() < len(piece)
        return end.end()

    def _open(self, piece: bytes, kept_to: int, start: int) -> int:
        if self._depth == self._cut:
            self._keep(piece, kept_to, start, self._depth - 1)
            if self._item is not None:
                self._item += b"null"
        elif self._depth == self._level and self._in_items:
            self._keep(piece, kept_to, start, self._depth)
            self._item = bytearray()
        elif self._depth == self._level - 1:
            self._keep(piece, kept_to, start, self._depth)
            is_list = piece[start : start + 1] == b"["
            self._in_items = is_list and _ITEMS.search(self.rest[-_TAIL:]) is not None
            self.rest += piece[start : start + 1]
            return start + 1
        else:
            return kept_to
        return start

    def _close(self, piece: bytes, kept_to: int, token: re.Match[bytes]) -> tuple[int, bytes | None]:
        if self._depth < 1:
            raise ValueError("it is no JSON")
        if self._depth == self._cut:
            return token.end(), None
        if self._depth == self._level and self._item is not None:
            self._keep(piece, kept_to, token.end(), self._depth)
            item, self._item = bytes(self._item), None
            if len(item) <= self._largest:
                return token.end(), item
            self.lost += 1
            return token.end(), None
        if self._depth == self._level - 1 and self._in_items:
            self._keep(piece, kept_to, token.start(), self._depth)
            self._count_strays()
            self._in_items = False
            return token.start(), None
        return kept_to, None

    def _keep(self, piece: bytes, start: int, end: int, depth: int) -> None:
        """Keep a part of the piece, which lies at this depth, where it belongs.

        What is nested too deep, and the end of an item too large, belongs nowhere.
        """
        if start >= end or depth >= self._cut:
            return
        if self._item is not None:
            if len(self._item) <= self._largest:
                self._item += piece[start:end]
        elif self._in_items:
            self._between += piece[start : min(end, start + _LONGEST_STRAY - len(self._between))]
        else:
            self.rest += piece[start:end]
            if len(self.rest) > self._largest:
                raise ValueError("it is too large")

    def _count_strays(self) -> None:
        """Counts what stands between the items, and is none."""
        self.lost += sum(1 for each in self._between.split(b",") if each.strip())
        self._between.clear()


def parsed(text: bytes) -> Any:
    """Return the value of JSON that is not nested too deep; characters that no text may hold are replaced.

    Raises:
        ValueError: it is none.
    """
    try:
        return orjson.loads(text)
    except ValueError:
        return json.loads(text.decode(errors="replace"))
