"""Plain values that several parts of the API hold."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import Field
from pydantic.alias_generators import to_snake
from pydantic.config import JsonDict

from myapp_operator.grammar import Rule

RESOURCES = ("cpu", "memory", "ephemeral-storage")
"""What an app may request and limit. Other resources tie a pod to special nodes, which the API does not offer."""

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"

Image = Annotated[str, Field(min_length=1, max_length=512)]
Name = Annotated[str, Field(max_length=253)]
Label = Annotated[str, Field(max_length=63)]
Port = Annotated[int, Field(ge=1, le=65535)]
Argument = Annotated[str, Field(max_length=8192)]
Arguments = Annotated[list[Argument], Field(max_length=256)]
Percentage = Annotated[str, Field(max_length=15)]
"""Its form is a rule, `count_rule`."""
CountOrPercentage = Annotated[int, Field(ge=0, le=1000)] | Percentage
LabelValue = Annotated[str, Field(max_length=63)]
Labels = Annotated[dict[str, LabelValue], Field(max_length=64)]
AnnotationValue = Annotated[str, Field(max_length=2048)]
Annotations = Annotated[dict[str, AnnotationValue], Field(max_length=64)]

DNS_NAME = f"{_LABEL}([.]{_LABEL})*"
"""A pattern for names of most objects in Kubernetes."""
KEY = f"({DNS_NAME}/)?[A-Za-z0-9]([-A-Za-z0-9_.]{{0,61}}[A-Za-z0-9])?"
"""A pattern for keys of labels and the like."""
_PERCENTAGE = "(100|[1-9]?[0-9])%"
_CONTROL = "[\x00-\x1f\x7f-\x9f\u2028\u2029]"
_CONTROL_CEL = r"[\\p{Cc}\\p{Zl}\\p{Zp}]"
"""The same for RE2, in a string of CEL."""
LABEL_VALUE = "([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?"

IMAGE_RULE = Rule(
    cel="self.image.matches('^[!-~]*$')",
    message=(
        "image must be a name such as registry.example.com/myapp:1.0, in ASCII and without white space: "
        "remove what does not belong to the name"
    ),
    path=".image",
    holds=lambda it: re.fullmatch("[!-~]*", it.image) is not None,
)
"""For every part that names an image. A rule and no pattern: a pattern answers with itself, not with a sentence."""


def by_key(*keys: str) -> JsonDict:
    """What the schema of a list says, of which no two items may have the same values in these fields."""
    return {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": [*keys]}


def name_rule(field: str, *, dots: bool = False) -> Rule:
    """The rule on a field that names something in Kubernetes; with `dots` its parts may be separated by dots."""
    pattern = DNS_NAME if dots else _LABEL
    attribute = to_snake(field)
    # A word of CEL's own: https://kubernetes.io/docs/reference/using-api/cel/#escaping
    escaped = "__namespace__" if field == "namespace" else field
    return Rule(
        cel=f"!has(self.{escaped}) || self.{escaped}.matches('^{pattern}$')",
        message=(
            f"{field} must hold only {'a-z, 0-9, . and -' if dots else 'a-z, 0-9 and -'}, and begin and end with a "
            "letter or digit: choose another name"
        ),
        path=f".{field}",
        holds=lambda it: getattr(it, attribute) is None or re.fullmatch(pattern, getattr(it, attribute)) is not None,
    )


def count_rule(field: str) -> Rule:
    """The rule on a field that holds a number or a percentage."""
    attribute = to_snake(field)

    def holds(part: Any) -> bool:
        given = getattr(part, attribute)
        return not isinstance(given, str) or re.fullmatch(_PERCENTAGE, given) is not None

    return Rule(
        cel=f"!has(self.{field}) || type(self.{field}) == int || self.{field}.matches('^{_PERCENTAGE}$')",
        message=f"{field} must be a number such as 1, or a percentage from 0% to 100%: write one of them",
        path=f".{field}",
        holds=holds,
    )


def label_rules(field: str) -> tuple[Rule, ...]:
    """The rules on a map of labels."""
    attribute = to_snake(field)
    return (
        key_rule(field),
        Rule(
            cel=f"!has(self.{field}) || self.{field}.all(key, self.{field}[key].matches('^{LABEL_VALUE}$'))",
            message=(
                f"a value of {field} must hold only letters, digits, -, _ and ., and begin and end with a letter or "
                "digit: choose another value"
            ),
            path=f".{field}",
            holds=lambda it: _all_match(LABEL_VALUE, (getattr(it, attribute) or {}).values()),
        ),
    )


def annotation_rules(field: str) -> tuple[Rule, ...]:
    """The rules on a map of annotations of a child. Which keys may be used is up to each installation (`allowance`).

    Controllers put values into configuration of their own, where a line break begins another directive.
    """
    attribute = to_snake(field)
    return (
        key_rule(field),
        Rule(
            cel=f"!has(self.{field}) || self.{field}.all(key, !key.startsWith('apps.example.com/'))",
            message=f"a key of {field} must not begin with apps.example.com/, which is the operator's: remove it",
            path=f".{field}",
            holds=lambda it: not any(key.startswith("apps.example.com/") for key in getattr(it, attribute) or ()),
        ),
        Rule(
            cel=f"!has(self.{field}) || !self.{field}.exists(key, self.{field}[key].matches('{_CONTROL_CEL}'))",
            message=f"a value of {field} must not hold a line break or other control character: write it on one line",
            path=f".{field}",
            holds=lambda it: not any(re.search(_CONTROL, each) for each in (getattr(it, attribute) or {}).values()),
        ),
    )


def key_rule(field: str) -> Rule:
    """The rule on the keys of labels or annotations."""
    attribute = to_snake(field)
    return Rule(
        cel=f"!has(self.{field}) || self.{field}.all(key, key.matches('^{KEY}$'))",
        message=f"a key of {field} must be a name such as team or example.com/team: choose another key",
        path=f".{field}",
        holds=lambda it: _all_match(KEY, getattr(it, attribute) or ()),
    )


def _all_match(pattern: str, texts: Iterable[Any]) -> bool:
    return all(re.fullmatch(pattern, text) is not None for text in texts)
