"""Hides what nobody should read in a status, an event or a log line: credentials in URLs, values of variables. Pure.

What an app says before it ends, or what a registry and a probe answer, may quote them. So the words of others are
masked where they come in, before they are cut or put into a sentence of ours. Text and values are a tenant's: the work
is bounded for any of them (docs/decisions/0016-the-event-loop.md).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from myapp_operator.model import Spec
from myapp_operator.names import DEPLOYMENT, SERVICE

_HIDDEN = "***"
_SHORTEST = 4
"""Characters of the shortest value that is hidden: anything shorter is found everywhere by chance."""

_HARMLESS = frozenset({"true", "false", "none", "null"})
"""What many variables say, and every other sentence of an API server."""

_SHORTEST_ANYWHERE = 8
"""Characters from which a value is hidden within words too."""

_MOST_LINES = 5000
"""Lines of values that are looked for. A bundle of certificates has fewer; each one costs time."""

LONGEST = 32768
"""Characters of a text that are read; what follows is cut off. The API allows a condition's message as many."""

_MAY_BE_CUT = 2000
"""Characters from which a text may have been cut: the kubelet keeps 2048 or 4096 bytes, `refusals` 8000 characters."""

_MOST_COMPARED = 20_000
"""Comparisons of a value with a text, after which the whole text is hidden: values that begin alike cost one each
wherever the text has that beginning."""

_COMPARED_AT_ONCE = 1000
"""Characters of a value that one comparison stands for."""

_NAMING = frozenset({"name", "key", "image", "secretName", "claimName", "serviceAccountName", "className"})
"""The fields of a spec that hold names. A name is no secret, and where it is hidden the sentence tells nothing."""

_USER_IN_URL = re.compile(r"://(?:[^/:@\s]*:(?:[^/\s]|/(?!/))*|[^/\s]+)@")
"""A password may hold a slash, but no two: they begin the next URL."""
_KEY_IN_URL = re.compile(
    r"([?&][\w.-]{0,40}(?:token|secret|passw|pwd|key|sig|credential)[\w.-]{0,40}=)[^&\s\"']+", re.IGNORECASE
)


@dataclass(frozen=True)
class Values:
    """Values that no text may show, by how they begin; of those that begin alike the longest comes first."""

    long: dict[str, list[str]]
    """By their first `_SHORTEST_ANYWHERE` characters; hidden wherever they stand."""
    short: dict[str, list[str]]
    """By their first `_SHORTEST` characters; hidden as a word: `http` must not take the middle out of `https`."""
    too_many: bool = False
    """There are too many to look for, so nothing that others say may be shown."""

    @classmethod
    def of(cls, values: Iterable[str]) -> Values:
        """Sorts the values."""
        long: dict[str, list[str]] = {}
        short: dict[str, list[str]] = {}
        for value in sorted(values, key=lambda each: (-len(each), each)):
            if len(value) >= _SHORTEST_ANYWHERE:
                long.setdefault(value[:_SHORTEST_ANYWHERE], []).append(value)
            elif len(value) >= _SHORTEST:
                short.setdefault(value[:_SHORTEST], []).append(value)
        return cls(long, short)


NO_VALUES = Values({}, {})


def mask(text: str, values: Values = NO_VALUES) -> str:
    """The text of somebody else without credentials in URLs and without these values (see `values_of`).

    At most `LONGEST` characters are kept, and nothing where it would take too long to find the values.
    """
    if values.too_many:
        return _HIDDEN if text else text
    text = text[:LONGEST]
    if values.long or values.short:
        text = _without(text, values)
    return _KEY_IN_URL.sub(rf"\1{_HIDDEN}", _USER_IN_URL.sub(f"://{_HIDDEN}@", text))


def _without(text: str, values: Values) -> str:
    """The text without the values; those that overlap are hidden together."""
    shown: list[str] = []
    hidden_to = 0
    for start, end in _places(text, values):
        if end < 0:
            return _HIDDEN
        if start > hidden_to or not shown:
            shown.append(text[hidden_to:start])
        hidden_to = max(hidden_to, end)
    shown.append(text[hidden_to:])
    return _HIDDEN.join(shown)


def _places(text: str, values: Values) -> Iterator[tuple[int, int]]:
    """Where values stand, from the first on: the longest at each place. The end is -1 where it takes too long to tell.

    At the end of a text that may have been cut, the beginning of a value counts as the value.
    """
    compared, may_be_cut = 0, len(text) >= _MAY_BE_CUT
    for start in range(len(text)):
        for value in values.long.get(text[start : start + _SHORTEST_ANYWHERE], ()):
            compared += 1 + len(value) // _COMPARED_AT_ONCE
            if text.startswith(value, start) or (may_be_cut and value.startswith(text[start:])):
                yield start, start + len(value)
                break
        for value in values.short.get(text[start : start + _SHORTEST], ()):
            compared += 1
            if text.startswith(value, start) and _is_word(text, start, start + len(value)):
                yield start, start + len(value)
                break
        if compared > _MOST_COMPARED:
            yield start, -1


def _is_word(text: str, start: int, end: int) -> bool:
    return not (_is_letter(text[start - 1 : start]) or _is_letter(text[end : end + 1]))


def _is_letter(character: str) -> bool:
    return character.isalnum() or character == "_"


def values_of(spec: Spec, app: str) -> Values:
    """What stands literally in the environment of the app of this name, each line of it, as it is and as messages quote
    it. Names are left out: of the app and of what its spec refers to."""
    lines: set[str] = set()
    for value in _literals(spec):
        lines.update(line for each in value.splitlines() if len(line := each.strip()) >= _SHORTEST)
        if len(lines) > _MOST_LINES:
            return Values({}, {}, too_many=True)
    if not lines:
        return NO_VALUES
    quoted = lines | {json.dumps(line, ensure_ascii=False)[1:-1] for line in lines}
    forms = quoted | {" ".join(line.split()) for line in quoted}
    forms -= {app, *(kind.name_for(app) for kind in (DEPLOYMENT, SERVICE)), *_names(spec.model_dump(by_alias=True))}
    return Values.of(form for form in forms if form.lower() not in _HARMLESS)


def _literals(spec: Spec) -> Iterator[str]:
    """The literal values of all variables of all containers."""
    for container in (spec, *(spec.sidecars or ()), *(spec.init_containers or ())):
        yield from (str(each["value"]) for each in container.env or () if each.get("value") is not None)


def _names(part: Any) -> Iterator[str]:
    """All names in a part of a spec; of an image also the name without registry and tag."""
    if isinstance(part, list):
        for each in part:
            yield from _names(each)
    elif isinstance(part, dict):
        for key, value in part.items():
            if key in _NAMING and isinstance(value, str):
                yield value
            else:
                yield from _names(value)
        image = part.get("image")
        if isinstance(image, str):
            yield image.rpartition("/")[2].partition("@")[0].partition(":")[0]
