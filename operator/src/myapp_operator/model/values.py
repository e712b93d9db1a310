"""Plain values that several parts of the API hold."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field

from myapp_operator.grammar import Rule

RESOURCES = ("cpu", "memory", "ephemeral-storage")
"""What an app may request and limit. Other resources tie a pod to special nodes, which the API does not offer."""

Image = Annotated[str, Field(min_length=1, max_length=512)]
Port = Annotated[int, Field(ge=1, le=65535)]
Argument = Annotated[str, Field(max_length=8192)]
Arguments = Annotated[list[Argument], Field(max_length=256)]
Percentage = Annotated[str, Field(pattern=r"^(100|[1-9]?[0-9])%$", max_length=4)]
CountOrPercentage = Annotated[int, Field(ge=0, le=1000)] | Percentage

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
