"""What specs are written with: texts that mean something, and how fields are put together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

Strategy = st.SearchStrategy[Any]


def matching(pattern: str) -> Strategy:
    return st.from_regex(pattern, fullmatch=True)


def some(one: Strategy, **options: Any) -> Strategy:
    """A short list, which is never empty."""
    return st.lists(one, min_size=1, max_size=2, **options)


def one_of_fields(fields: Mapping[str, Strategy], **beside: Strategy) -> Strategy:
    """An object with one of these fields, and what may stand beside it."""
    return st.one_of(*(st.fixed_dictionaries({name: each}, optional=beside) for name, each in fields.items()))


def parts(required: Mapping[str, Strategy], **optional: Strategy) -> Strategy:
    return st.fixed_dictionaries({**required}, optional=optional)


LABEL = matching("[a-z]([-a-z0-9]{0,8}[a-z0-9])?")
DOTTED = matching("[a-z]([-a-z0-9]{0,8}[a-z0-9])?([.][a-z0-9]{1,5})?")
HOST = matching("([*][.])?[a-z]([-a-z0-9]{0,8}[a-z0-9])?[.]example[.]com")
URL_PATH = matching("(/([-A-Za-z0-9_~!$&()*+,;=:@]|%41){1,6}){0,3}/?").map(lambda text: text or "/")
WORDS = st.text(max_size=12)
"""What nobody reads anything into: any characters, also none."""
KEY = matching("(team[.]example[.]com/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,6}[A-Za-z0-9])?").filter(lambda key: key != "app")
LABEL_VALUE = matching("([A-Za-z0-9]([-A-Za-z0-9_.]{0,6}[A-Za-z0-9])?)?")
LABELS = st.dictionaries(KEY, LABEL_VALUE, max_size=2)
SELECTOR = st.fixed_dictionaries({"matchLabels": st.dictionaries(KEY, LABEL_VALUE, min_size=1, max_size=2)})
VARIABLE = matching("[A-Z_][A-Z0-9_]{0,5}")
FILE = matching("[a-z]{1,5}([.][a-z]{1,3})?")
SECONDS = st.integers(1, 3600)
PORTS = st.integers(1, 65535)
MODE = st.integers(0, 0o777)
