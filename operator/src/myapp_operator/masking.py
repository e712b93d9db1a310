"""Hides what nobody should read in a status, an event or a log line: credentials in URLs, values of variables. Pure.

What an app says before it ends, or what a registry and a probe answer, may quote them. All patterns are linear in the
length of the text, which a user controls.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from myapp_operator.model import Spec

_HIDDEN = "***"
_SHORTEST = 4
"""Characters of the shortest value that is hidden: anything shorter is found everywhere by chance."""

_HARMLESS = frozenset({"true", "false", "none", "null"})
"""What many variables say, and every other sentence of an API server."""

_SHORTEST_ANYWHERE = 8
"""Characters from which a value is hidden within words too."""

_USER_IN_URL = re.compile(r"://[^/\s]+@")
_KEY_IN_URL = re.compile(
    r"([?&][\w.-]{0,40}(?:token|secret|passw|pwd|key|sig|credential)[\w.-]{0,40}=)[^&\s\"']+", re.IGNORECASE
)


def mask(text: str, values: Sequence[str] = ()) -> str:
    """The text without credentials in URLs and without these values (see `values_of`)."""
    for value in values:
        if value in text:
            text = text.replace(value, _HIDDEN) if len(value) >= _SHORTEST_ANYWHERE else _without_word(text, value)
    return _KEY_IN_URL.sub(rf"\1{_HIDDEN}", _USER_IN_URL.sub(f"://{_HIDDEN}@", text))


def values_of(spec: Spec) -> Sequence[str]:
    """What stands literally in the environment of an app, each line of it, as it is and as messages quote it; the
    longest first, since one may hold another."""
    literal = (str(each["value"]) for each in spec.env or () if each.get("value") is not None)
    lines = {line.strip() for value in literal for line in value.splitlines()}
    quoted = lines | {json.dumps(line, ensure_ascii=False)[1:-1] for line in lines}
    forms = quoted | {" ".join(line.split()) for line in quoted}
    hidden = (form for form in forms if len(form) >= _SHORTEST and form.lower() not in _HARMLESS)
    return sorted(hidden, key=lambda form: (-len(form), form))


def _without_word(text: str, word: str) -> str:
    """A short value hides only itself: `http` must not take the middle out of `https`."""
    return re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", _HIDDEN, text)
