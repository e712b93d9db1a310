"""The rules of a schema (x-kubernetes-validations), asked in CEL as the API server asks them of a new object. Pure.

The library knows standard CEL. What Kubernetes adds to it, as far as rules of the CRD use it, stands here as functions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

import cel

from myapp_operator.grammar import Json
from myapp_operator.judging.mistakes import Mistake, below
from myapp_operator.quantities import amount

_SIZE = re.compile(r"\bsize\(")
_STEP = re.compile(r"\['(.*?)'\]|\.([^.\[]+)")
_ESCAPES = {"__": "__underscores__", ".": "__dot__", "-": "__dash__", "/": "__slash__"}
_ESCAPED = re.compile("|".join(map(re.escape, _ESCAPES)))
_RESERVED = frozenset(
    {"true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if"}
)
_RESERVED |= {"import", "let", "loop", "package", "namespace", "return", "var", "void", "while"}
"""Words of CEL, which no field can be called by."""


class BrokenRuleError(Exception):
    """A rule of the schema cannot be asked here: it uses what this program does not know. A bug of ours."""


def mistakes(value: Any, schema: Json, path: str = "", *, sound: bool = True) -> Iterator[Mistake]:
    """The rules that a value breaks, which has its defaults.

    `sound`: the value is of the right structure. Where it is not, a rule that cannot be answered, since what it reads
    is missing or of another type, is as good as kept: that mistake is told already.

    Raises:
        BrokenRuleError: there is a rule that cannot be asked.
    """
    if validations := schema.get("x-kubernetes-validations"):
        seen = _seen(value, schema)
        for each in validations:
            if not _holds(each, seen, sound=sound):
                yield Mistake(
                    _named(path, each.get("fieldPath", "")), each.get("message", f"must keep: {each['rule']}")
                )
    if isinstance(value, dict):
        others = schema.get("additionalProperties")
        for key, each in value.items():
            inner = schema.get("properties", {}).get(key, others)
            if isinstance(inner, dict):
                yield from mistakes(each, inner, below(path, key), sound=sound)
    elif isinstance(value, list):
        for place, each in enumerate(value):
            yield from mistakes(each, schema.get("items", {}), below(path, place), sound=sound)


def compiled(rule: str) -> cel.Program:
    """The rule, ready to be asked.

    Raises:
        BrokenRuleError: it is no CEL that the library knows.
    """
    try:
        return _compiled(rule)
    except ValueError as error:
        raise BrokenRuleError(f"{rule}: {error}") from error


@cache
def _compiled(rule: str) -> cel.Program:
    # The library counts the bytes of a text, where CEL counts its characters.
    return cel.compile(_SIZE.sub("characters(", rule))


def _holds(validation: Json, seen: Any, *, sound: bool) -> bool:
    rule, optional = validation["rule"], validation.get("optionalOldSelf", False)
    if "oldSelf" in rule and not optional:
        return True  # it is about changes alone
    context = {"self": seen, **FUNCTIONS}
    if optional:
        context["oldSelf"] = cel.OptionalValue.none()
    try:
        return compiled(rule).execute(context) is not False
    except (TypeError, KeyError, ValueError):
        return not sound  # as the server has it
    except RuntimeError as error:
        if sound:
            raise BrokenRuleError(f"{rule}: {error}") from error
        return True


def _named(path: str, field_path: str) -> str:
    """The field that a rule names, in the words of all other paths."""
    for quoted, plain in _STEP.findall(field_path):
        path = below(path, quoted or plain)
    return path


def _seen(value: Any, schema: Json) -> Any:
    """A value as a rule sees it: of fields that are no words of CEL, the names are escaped."""
    if isinstance(value, dict):
        properties, others = schema.get("properties", {}), schema.get("additionalProperties")
        known = {_escaped(key): _seen(value[key], inner) for key, inner in properties.items() if key in value}
        rest = {key: _seen(each, others) for key, each in value.items() if key not in properties} if others else {}
        return {**known, **rest}
    if isinstance(value, list):
        return [_seen(each, schema.get("items", {})) for each in value]
    return value


@cache
def _escaped(name: str) -> str:
    if name in _RESERVED:
        return f"__{name}__"
    return _ESCAPED.sub(lambda found: _ESCAPES[found[0]], name)


def _quantity(text: str) -> str:
    if amount(text) is None:
        raise ValueError(text)
    return text


def _compare(first: str, second: str) -> int:
    left, right = amount(first) or 0, amount(second) or 0
    return (left > right) - (left < right)


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "characters": len,
    "isQuantity": lambda text: amount(text) is not None,
    "quantity": _quantity,
    "compareTo": _compare,
    "isLessThan": lambda first, second: _compare(first, second) < 0,
    "isGreaterThan": lambda first, second: _compare(first, second) > 0,
    "sign": lambda text: _compare(text, "0"),
    "isInteger": lambda text: (amount(text) or 0) % 1 == 0,
    "lowerAscii": lambda text: text.lower(),
    "upperAscii": lambda text: text.upper(),
    "trim": lambda text: text.strip(),
    "split": lambda text, by, *most: text.split(by) if not most else text.split(by, most[0] - 1),
    "join": lambda texts, *by: (by[0] if by else "").join(texts),
    "replace": lambda text, old, new: text.replace(old, new),
    "substring": lambda text, start, *end: text[start : end[0] if end else None],
    "indexOf": lambda value, part: value.find(part) if isinstance(value, str) else _index(value, part),
    "lastIndexOf": lambda text, part: text.rfind(part),
    "find": lambda text, pattern: ((found := re.search(pattern, text)) and found[0]) or "",
    "isSorted": lambda values: values == sorted(values),
    "sum": sum,
    "min": min,
    "max": max,
}
"""What Kubernetes adds to CEL. A method has its receiver as the first argument."""


def _index(values: list[Any], wanted: Any) -> int:
    return values.index(wanted) if wanted in values else -1
