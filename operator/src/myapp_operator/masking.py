"""Hides what nobody should read in a status, an event or a log line: credentials in URLs, values of variables. Pure.

What an app says before it ends, or what a registry and a probe answer, may quote them. So the words of others are
masked where they come in, before they are cut or put into a sentence of ours. All patterns are linear in the length of
the text, which a user controls.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
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

_NAMING = frozenset({"name", "key", "image", "secretName", "claimName", "serviceAccountName", "className"})
"""The fields of a spec that hold names. A name is no secret, and where it is hidden the sentence tells nothing."""

_USER_IN_URL = re.compile(r"://(?:[^/:@\s]*:(?:[^/\s]|/(?!/))*|[^/\s]+)@")
"""A password may hold a slash, but no two: they begin the next URL."""
_KEY_IN_URL = re.compile(
    r"([?&][\w.-]{0,40}(?:token|secret|passw|pwd|key|sig|credential)[\w.-]{0,40}=)[^&\s\"']+", re.IGNORECASE
)


def mask(text: str, values: Sequence[str] | None = ()) -> str:
    """The text of somebody else without credentials in URLs and without these values (see `values_of`)."""
    if values is None:
        return _HIDDEN if text else text
    for value in values:
        if value in text:
            text = text.replace(value, _HIDDEN) if len(value) >= _SHORTEST_ANYWHERE else _without_word(text, value)
    return _KEY_IN_URL.sub(rf"\1{_HIDDEN}", _USER_IN_URL.sub(f"://{_HIDDEN}@", text))


def values_of(spec: Spec, app: str) -> Sequence[str] | None:
    """What stands literally in the environment of the app of this name, each line of it, as it is and as messages quote
    it; the longest first, since one may hold another. Names are left out: of the app and of what its spec refers to.

    None: there are too many to look for, so nothing that others say may be shown.
    """
    lines: set[str] = set()
    for value in _literals(spec):
        lines.update(line for each in value.splitlines() if len(line := each.strip()) >= _SHORTEST)
        if len(lines) > _MOST_LINES:
            return None
    if not lines:
        return ()
    quoted = lines | {json.dumps(line, ensure_ascii=False)[1:-1] for line in lines}
    forms = quoted | {" ".join(line.split()) for line in quoted}
    forms -= {app, *(kind.name_for(app) for kind in (DEPLOYMENT, SERVICE)), *_names(spec.model_dump(by_alias=True))}
    hidden = (form for form in forms if len(form) >= _SHORTEST and form.lower() not in _HARMLESS)
    return sorted(hidden, key=lambda form: (-len(form), form))


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


def _without_word(text: str, word: str) -> str:
    """A short value hides only itself: `http` must not take the middle out of `https`."""
    return re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", _HIDDEN, text)
