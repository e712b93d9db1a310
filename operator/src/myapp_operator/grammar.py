"""What the API is written with: parts, rules over several fields, and fields that carry a Kubernetes type."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic.alias_generators import to_camel

Json = dict[str, Any]
"""A Kubernetes object or a part of one, as plain data."""


@dataclass(frozen=True)
class Rule:
    """One rule over several fields: CEL for the API server, `holds` for Python, `message` for the user.

    `path` is the field (relative to the object that carries the rule) which the API server names in its answer.
    A rule without `holds` can only be checked by the server.
    """

    cel: str
    message: str
    path: str = ""
    holds: Callable[[Any], bool] | None = None


@dataclass(frozen=True)
class KubeType:
    """Marks a field that has the schema of a Kubernetes type.

    `type` is its name in the API server's OpenAPI document without the package (`EnvVar`), and `api` the package.
    `keys` are the merge keys of a list of such items. `only` keeps these properties of the type and `without` drops
    those, at any depth. `entries` are the keys that its maps may have. `port` is the one name that a port in it may be
    called by; without it a port is a number.
    """

    type: str
    keys: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    entries: tuple[str, ...] = ()
    api: str = "core.v1"
    port: str = ""


class Part(BaseModel):
    """A part of the API: camelCase outside, rules checked on construction."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, frozen=True, use_attribute_docstrings=True
    )
    rules: ClassVar[tuple[Rule, ...]] = ()

    @model_validator(mode="after")
    def _rules_hold(self) -> Self:
        for rule in self.rules:
            if rule.holds is not None and not rule.holds(self):
                raise ValueError(rule.message)
        return self
