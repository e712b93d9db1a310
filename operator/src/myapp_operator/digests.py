"""Hashes of JSON values. Pure.

They stand in annotations of children and pods, so the bytes that are hashed may never change: another hash of the same
value would write every child, or restart its pods. They are those of Python's `json`, with sorted keys, without spaces
and in ASCII. orjson writes the same bytes for nearly all that is hashed, in a tenth of the time; where it might not,
`json` writes them.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import orjson

_LENGTH = 32
"""Hexadecimal digits of a hash: 128 bits, so that two different texts of one hash cannot be made."""
_EARLIER_LENGTH = 16
"""Digits of a hash in the annotations that earlier releases wrote."""
_DELETE = b"\x7f"
"""The one ASCII character that `json` escapes and orjson does not."""


def hash_of(value: Any) -> str:
    """Hash of any JSON value; the order of keys does not matter."""
    return hashlib.sha256(_canonical(value)).hexdigest()[:_LENGTH]


def is_earlier(stored: str) -> bool:
    """Whether an annotation holds a hash as earlier releases wrote it."""
    return len(stored) == _EARLIER_LENGTH


def is_hash(stored: str, wanted: str) -> bool:
    """Whether an annotation holds this hash. One that an earlier release wrote holds the first half of it; it is
    replaced by the next write that has another reason, so that an upgrade writes nothing."""
    return stored == wanted or (is_earlier(stored) and wanted.startswith(stored))


def _canonical(value: Any) -> bytes:
    try:
        text = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # an integer of more than 64 bits, half a character, keys that are no text, nested too deep
        return _by_json(value)
    return text if _is_the_same_in_json(text) else _by_json(value)


def _by_json(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _is_the_same_in_json(text: bytes) -> bool:
    """Whether `json` would write these bytes of orjson. Each spells floats in its own way, and orjson writes null for
    those that JSON has no number for."""
    if not text.isascii() or _DELETE in text:
        return False
    unescaped = text.replace(b"\\\\", b"").replace(b'\\"', b"") if b"\\" in text else text
    outside = b"".join(unescaped.split(b'"')[::2])  # of strings: what is left are numbers, words and brackets
    exponents = outside.count(b"e") - outside.count(b"true") - outside.count(b"false")
    return not exponents and b"." not in outside and b"null" not in outside
