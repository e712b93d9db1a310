"""Documents of YAML and JSON, read as kubectl reads them: what YAML leaves open is decided as it is there. Pure.

kubectl turns YAML into JSON by the rules of go-yaml: `yes` and `y` are true, `010` is eight, `1:30` and dates are
text, keys are text. PyYAML decides several of these in another way, so only its parser is used. Aliases are written
out, which may make much of little: that is bounded.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import yaml

_MOST_NODES = 500_000
"""Values in one document, its aliases written out. The API server takes three megabytes."""
_DEEPEST = 100
"""Levels of nesting. A MyApp has a dozen."""
_PLAIN = "plain"
"""The tag of what stands there without quotes and without a tag."""
_STANDARD = "tag:yaml.org,2002:"
_LARGEST = 2**63
_TRUE = frozenset({"y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"})
_FALSE = frozenset({"n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"})
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_NO_JSON = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_INTEGER = re.compile(r"([-+]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")


class UnreadableDocumentError(ValueError):
    """A text is no document: `str()` of it says why."""


class _Loader(yaml.SafeLoader):
    """The parser alone: which value a plain scalar is, is decided here."""

    def resolve(self, kind: type[yaml.Node], value: Any, implicit: Any) -> str:
        """The tag of a node that has none."""
        if kind is yaml.ScalarNode and implicit[0]:
            return _PLAIN
        return str(super().resolve(kind, value, (False, True)))  # type: ignore[no-untyped-call]


def read(text: str) -> Iterator[Any]:
    """The documents of a text, as JSON knows values; None for an empty one.

    Raises:
        UnreadableDocumentError: it is neither YAML nor JSON, or holds what JSON cannot hold, or too much.
    """
    if text.lstrip("\ufeff \t\r\n").startswith("{"):
        try:
            yield _whole_numbers(json.loads(text.lstrip("\ufeff"), parse_constant=_refuse))
        except (ValueError, RecursionError):
            pass  # it may be YAML that begins so; if it is not, that is what is told
        else:
            return
    try:
        for node in yaml.compose_all(text, Loader=_Loader):
            yield _Reader().value(node, 0)
    except yaml.YAMLError as error:
        raise UnreadableDocumentError(str(error)) from error
    except RecursionError as error:
        raise UnreadableDocumentError(_too_deep()) from error


class _Reader:
    """Makes values of nodes, and counts them."""

    def __init__(self) -> None:
        self._left = _MOST_NODES

    def value(self, node: yaml.Node, depth: int) -> Any:
        """What a node stands for, `depth` levels below the top."""
        self._left -= 1
        if self._left < 0:
            raise UnreadableDocumentError(
                f"it has more than {_MOST_NODES:,} values once its aliases are written out: write less"
            )
        if depth > _DEEPEST:
            raise UnreadableDocumentError(_too_deep())
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, depth)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(each, depth + 1) for each in node.value]
        return _scalar(node)

    def _mapping(self, node: yaml.MappingNode, depth: int) -> dict[str, Any]:
        own: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key, value in node.value:
            if key.tag == _PLAIN and key.value == "<<":
                for each in value.value if isinstance(value, yaml.SequenceNode) else (value,):
                    found = self.value(each, depth + 1)
                    if not isinstance(found, dict):
                        raise UnreadableDocumentError(f"what << merges must be a map{_at(key)}")
                    for name, item in found.items():
                        merged.setdefault(name, item)  # of several maps the first one counts
                continue
            own[_key(key)] = self.value(value, depth + 1)  # of two the last one counts
        return {**merged, **own}


def _key(node: yaml.Node) -> str:
    found = _scalar(node) if isinstance(node, yaml.ScalarNode) else None
    if found is None:
        raise UnreadableDocumentError(f"a key must be text{_at(node)}")
    return found if isinstance(found, str) else json.dumps(found)


def _scalar(node: yaml.Node) -> Any:
    text = node.value
    if node.tag == _PLAIN:
        return _plain(text, node)
    if node.tag in (f"{_STANDARD}int", f"{_STANDARD}float", f"{_STANDARD}bool", f"{_STANDARD}null"):
        return _plain(text, node)
    return text


def _plain(text: str, node: yaml.Node) -> Any:
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if _NO_JSON.fullmatch(text):
        raise UnreadableDocumentError(f"{text} is no number that JSON knows{_at(node)}")
    digits = text.replace("_", "") if text[0] in "+-.0123456789" else ""
    if found := _INTEGER.fullmatch(digits):
        return _integer(found[1], found[2])
    if _FLOAT.fullmatch(digits):
        return _whole(float(digits), node)
    return text


def _integer(sign: str, digits: str) -> int | float:
    base = {"x": 16, "b": 2, "o": 8}.get(digits[1:2].lower(), 8 if digits[0] == "0" and len(digits) > 1 else 10)
    if len(digits) > 100:
        return float("1e99")  # no field takes it
    number = int(digits[2:] if digits[1:2].isalpha() else digits, base) * (-1 if sign == "-" else 1)
    return number if -_LARGEST <= number < _LARGEST else float(number)


def _whole(number: float, node: yaml.Node | None = None) -> int | float:
    """1.0 is sent to the API server as 1."""
    if number in (float("inf"), float("-inf")):
        raise UnreadableDocumentError(f"a number is larger than JSON knows{_at(node) if node else ''}")
    return int(number) if number.is_integer() and abs(number) < _LARGEST else number


def _whole_numbers(value: Any) -> Any:
    """The same for values that were JSON."""
    if isinstance(value, dict):
        return {key: _whole_numbers(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_whole_numbers(each) for each in value]
    if isinstance(value, float):
        return _whole(value)
    return float(value) if isinstance(value, int) and not -_LARGEST <= value < _LARGEST else value


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _at(node: yaml.Node) -> str:
    return f" (line {node.start_mark.line + 1})"


def _too_deep() -> str:
    return f"it is nested more than {_DEEPEST} levels deep"
