"""From plain data to the model, or one sentence that says what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from myapp_operator.errors import InvalidMyAppError
from myapp_operator.grammar import Json
from myapp_operator.model.spec import Spec


def parse_spec(raw: Json, *, strict: bool = False) -> Spec:
    """Reads the spec of a MyApp. `strict` refuses unknown fields and wrong types, as the API server does for a file.

    Raises:
        InvalidMyAppError: with one sentence that names the first wrong field and its rule.
    """
    try:
        if strict:
            return Spec.model_validate(raw, strict=True, extra="forbid", by_alias=True, by_name=False)
        return Spec.model_validate(raw)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(["spec", *_path(raw, first["loc"])])
        raise InvalidMyAppError(f"{field}: {first['msg'].removeprefix('Value error, ')}") from error


def _path(raw: Any, location: tuple[str | int, ...]) -> Iterator[str]:
    """The steps of a location that exist in the user's file; pydantic adds names of its own below a plain value."""
    for step in location:
        if not isinstance(raw, dict | list):
            return
        yield str(step)
        raw = raw.get(step) if isinstance(raw, dict) else raw[int(step)]
