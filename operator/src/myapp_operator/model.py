"""The API: what a user writes in a MyApp and what they read back.

The CRD is generated from these classes (see crd/) and `desired` reads nothing else, so a field exists in one place
only. A field that carries a Kubernetes type is passed through as plain data: its schema is the API server's own, named
by `KubeType`, and only what the operator must understand is modelled.

Rules that span several fields are `Rule`s: the CEL text goes into the CRD, where the API server checks it when the
MyApp is applied; `holds` is the same rule in Python, for whoever has no server at hand (`myapp-operator render`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from myapp_operator.errors import InvalidMyAppError
from myapp_operator.grammar import Json, KubeType, Part, Rule

RESOURCES = ("cpu", "memory", "ephemeral-storage")
"""What an app may request and limit. Other resources tie a pod to special nodes, which the API does not offer."""

Image = Annotated[str, Field(min_length=1, max_length=512)]
Port = Annotated[int, Field(ge=1, le=65535)]
Argument = Annotated[str, Field(max_length=8192)]
Arguments = Annotated[list[Argument], Field(max_length=256)]
UserId = Annotated[int, Field(ge=1, le=2147483647)]
GroupId = Annotated[int, Field(ge=0, le=2147483647)]
Percentage = Annotated[str, Field(pattern=r"^(100|[1-9]?[0-9])%$", max_length=4)]
CountOrPercentage = Annotated[int, Field(ge=0, le=1000)] | Percentage
Env = Annotated[list[Json], Field(max_length=1000), KubeType("EnvVar", keys=("name",))]
EnvFrom = Annotated[list[Json], Field(max_length=100), KubeType("EnvFromSource")]
Resources = Annotated[Json, KubeType("ResourceRequirements", only=("requests", "limits"), entries=RESOURCES)]
Probe = Annotated[Json, KubeType("Probe", without=("host",))]


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


class Probes(Part):
    """The probes of the app's container, as in a Pod. A probe always asks the pod itself, never another host."""

    liveness: Probe | None = None
    """Restarts the container when it fails. Unset: none."""
    readiness: Probe | None = None
    """Takes the pod out of the Service while it fails. Unset: two TCP connections to the port, 2 seconds apart."""
    startup: Probe | None = None
    """Holds the other probes back until it succeeds once. Unset: none."""


class SecurityContext(Part):
    """Who the app runs as. The rest is fixed to what pod security `restricted` asks for."""

    run_as_user: UserId = 65532
    """User id of the process. A number, so that images without USER or with a named USER start as they are."""
    run_as_group: GroupId | None = None
    """Primary group id of the process. Unset: the image's."""
    fs_group: GroupId | None = None
    """Group id that owns mounted volumes. Unset: none."""
    read_only_root_filesystem: bool = False
    """True makes the container's own file system read-only."""


class Service(Part):
    """How other pods reach the app: the Service `<name>-service`."""

    port: Port = 80
    """Port of the Service. It leads to the container's port."""


class Rollout(Part):
    """How a new version replaces the old one."""

    rules = (
        Rule(
            cel="!has(self.minReadySeconds) || self.minReadySeconds < self.progressDeadlineSeconds",
            message="minReadySeconds must be below progressDeadlineSeconds: lower it, or raise progressDeadlineSeconds",
            path=".minReadySeconds",
            holds=lambda it: it.min_ready_seconds is None or it.min_ready_seconds < it.progress_deadline_seconds,
        ),
        Rule(
            cel=(
                "!((self.maxSurge == 0 || self.maxSurge == '0%')"
                " && (self.maxUnavailable == 0 || self.maxUnavailable == '0%'))"
            ),
            message=(
                "maxSurge and maxUnavailable must not both be 0, since a rollout could never take its first step: "
                "raise one of them"
            ),
            path=".maxUnavailable",
            holds=lambda it: not (it.max_surge in (0, "0%") and it.max_unavailable in (0, "0%")),
        ),
    )

    strategy: Literal["RollingUpdate", "Recreate"] = "RollingUpdate"
    """RollingUpdate replaces pods step by step; Recreate stops all of them first."""
    max_surge: CountOrPercentage = "25%"
    """Pods above `replicas` during a rolling update, as a number or a percentage."""
    max_unavailable: CountOrPercentage = "25%"
    """Pods that may be missing during a rolling update, as a number or a percentage."""
    min_ready_seconds: Annotated[int, Field(ge=0, le=3600)] | None = None
    """Seconds a pod must stay ready before it counts. Unset: 5 without `probes.readiness`, 0 with it."""
    progress_deadline_seconds: Annotated[int, Field(ge=1, le=86400)] = 600
    """Seconds without progress after which a rollout counts as failed."""
    revision_history_limit: Annotated[int, Field(ge=0, le=100)] = 10
    """Old ReplicaSets that are kept for `kubectl rollout undo`."""


class Spec(Part):
    """What the app should be."""

    rules = (
        IMAGE_RULE,
        Rule(
            cel="self.terminationGracePeriodSeconds > self.drainSeconds",
            message=(
                "terminationGracePeriodSeconds must be above drainSeconds, so that the app has time to end after the "
                "drain: raise it, or lower drainSeconds"
            ),
            path=".terminationGracePeriodSeconds",
            holds=lambda it: it.termination_grace_period_seconds > it.drain_seconds,
        ),
    )

    image: Image
    """The container image of the app, 1 to 512 characters without white space."""
    image_pull_policy: Literal["Always", "IfNotPresent", "Never"] = "IfNotPresent"
    """When the image is pulled. A tag that moves (`latest`) needs Always to be noticed on nodes that have it."""
    image_pull_secrets: (
        Annotated[list[Json], Field(max_length=16), KubeType("LocalObjectReference", keys=("name",))] | None
    ) = None
    """Secrets with the credentials of the image's registry, as in a Pod."""
    replicas: Annotated[int, Field(ge=0, le=1000)] = 2
    """Number of pods. 0 is legal: it keeps everything but the pods."""
    port: Port = 5000
    """Port on which the app listens. The container gets it as environment variable PORT."""
    command: Arguments | None = None
    """Replaces the image's entry point. Passed on unchanged, never through a shell."""
    args: Arguments | None = None
    """Replaces the image's arguments. Passed on unchanged, never through a shell."""
    env: Env | None = None
    """Environment variables, as in a Pod."""
    env_from: EnvFrom | None = None
    """ConfigMaps and Secrets whose keys become environment variables, as in a Pod."""
    resources: Resources | None = None
    """Requests and limits of cpu, memory and ephemeral-storage. Write fractions as strings: cpu: "0.5"."""
    probes: Probes | None = None
    """Liveness, readiness and startup probe of the app."""
    security_context: SecurityContext = SecurityContext()
    """User and groups the app runs as."""
    service: Service = Service()
    """How other pods reach the app."""
    rollout: Rollout = Rollout()
    """How a new version replaces the old one."""
    suspend: bool = False
    """True keeps everything but the pods; false brings them back."""
    drain_seconds: Annotated[int, Field(ge=0, le=3600)] = 5
    """Seconds between a pod leaving the Service and its app being told to end, so that no request is lost. 0: none."""
    termination_grace_period_seconds: Annotated[int, Field(ge=1, le=86400)] = 30
    """Seconds a pod has to end, drain included, before it is killed."""


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
    selector: Annotated[str, Field(max_length=256)] | None = None
    """Selects the app's pods; autoscalers read it through the scale subresource."""
    url: Annotated[str, Field(max_length=2048)] | None = None
    """Where the app answers."""
    image: Image | None = None
    """The image that this generation asks for."""
    message: Annotated[str, Field(max_length=32768)] | None = None
    """One sentence: how the app is doing and why."""
    conditions: Annotated[list[Condition], Field(max_length=16, json_schema_extra=_BY_TYPE)] | None = None
    """Ready, Available, Reconciling, Stalled."""


NAME_RULE = Rule(
    cel=(
        "oldSelf.hasValue() || (self.metadata.name.size() <= 55"
        " && self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$'))"
    ),
    message=(
        "the name must have at most 55 characters, start with a letter and hold only a-z, 0-9 and -, "
        "because the Service is named after it: choose another name"
    ),
    path=".metadata",
    holds=lambda name: re.fullmatch("[a-z]([-a-z0-9]{0,53}[a-z0-9])?", name) is not None,
)
"""Only for new objects (`oldSelf`): a root rule that a stored object breaks would block its status for ever."""


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
