"""What a user reads back."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from myapp_operator.grammar import Part
from myapp_operator.model.values import Image


class Condition(Part):
    """One statement about the app, by the conventions of Kubernetes."""

    type: Annotated[str, Field(max_length=316)]
    """Ready, Available, Reconciling or Stalled."""
    status: Literal["True", "False", "Unknown"]
    """Whether the statement holds."""
    reason: Annotated[str, Field(max_length=1024)]
    """One word why."""
    message: Annotated[str, Field(max_length=32768)]
    """One sentence for people."""
    last_transition_time: Annotated[str, Field(json_schema_extra={"format": "date-time"})]
    """When `status` last changed."""
    observed_generation: int
    """The generation of the spec that this statement is about."""


class Rollback(Part):
    """Why an earlier version runs than the spec asks for."""

    generation: int
    """The generation of the spec that failed."""
    cause: Annotated[str, Field(max_length=32768)]
    """Why it failed: a reason and its sentence."""
    time: Annotated[str, Field(json_schema_extra={"format": "date-time"})]
    """When the earlier version was gone back to."""


_BY_TYPE: Any = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]}
"""One condition of each type."""


class Status(Part):
    """How the app is doing. Written by the operator alone."""

    observed_generation: int = -1
    """The generation of the spec that this status is about. -1: never looked at."""
    replicas: int | None = None
    """Pods there are."""
    ready_replicas: int | None = None
    """Pods that are ready."""
    updated_replicas: int | None = None
    """Pods that run the current version."""
    ready: Annotated[str, Field(max_length=32)] | None = None
    """Ready pods of wanted pods, such as 1/2."""
    selector: Annotated[str, Field(max_length=2048)] | None = None
    """Selects the app's pods; autoscalers read it through the scale subresource."""
    url: Annotated[str, Field(max_length=2048)] | None = None
    """Where the app answers."""
    image: Image | None = None
    """The image that this generation asks for."""
    message: Annotated[str, Field(max_length=32768)] | None = None
    """One sentence: how the app is doing and why."""
    rollback: Rollback | None = None
    """Only while an earlier version runs, since the version asked for failed and `rollout.autoRollback` is true."""
    conditions: Annotated[list[Condition], Field(max_length=16, json_schema_extra=_BY_TYPE)] | None = None
    """Ready, Available, Reconciling, Stalled."""
