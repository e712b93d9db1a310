"""What the containers of a pod are made of: arguments, environment, resources, probes, and who they run as."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from myapp_operator.grammar import Json, KubeType, Part, Rule
from myapp_operator.model.values import IMAGE_RULE, RESOURCES, Arguments, Image, Label, Port, by_key, name_rule

UserId = Annotated[int, Field(ge=1, le=2147483647)]
GroupId = Annotated[int, Field(ge=0, le=2147483647)]
Env = Annotated[list[Json], Field(max_length=1000), KubeType("EnvVar", keys=("name",))]
EnvBeside = Annotated[
    list[Json], Field(max_length=1000, json_schema_extra={"maxItems": 256}), KubeType("EnvVar", keys=("name",))
]
"""Fewer may be applied, because there may be many such containers, and the API server limits what all rules together
may cost. What was stored with more is followed as before."""
EnvFrom = Annotated[list[Json], Field(max_length=100), KubeType("EnvFromSource")]
Resources = Annotated[Json, KubeType("ResourceRequirements", only=("requests", "limits"), entries=RESOURCES)]
Probe = Annotated[Json, KubeType("Probe", without=("host",), port="http")]
SidecarProbe = Annotated[Json, KubeType("Probe", without=("host",))]
VolumeMounts = Annotated[
    list[Json],
    Field(max_length=100),
    KubeType("VolumeMount", keys=("mountPath",), without=("mountPropagation", "recursiveReadOnly")),
]


def _at_most_once(probe: Literal["liveness", "startup"]) -> Rule:
    return Rule(
        cel=f"!has(self.{probe}) || !has(self.{probe}.successThreshold) || self.{probe}.successThreshold <= 1",
        message=f"successThreshold of {probe} must be 1: remove it",
        path=f".{probe}.successThreshold",
        holds=lambda it: ((getattr(it, probe) or {}).get("successThreshold") or 0) <= 1,
    )


_PROBE_RULES = (
    _at_most_once("liveness"),
    _at_most_once("startup"),
    Rule(
        cel="!has(self.readiness) || !has(self.readiness.terminationGracePeriodSeconds)",
        message="readiness must not have terminationGracePeriodSeconds, since it ends nothing: remove it",
        path=".readiness.terminationGracePeriodSeconds",
        holds=lambda it: (it.readiness or {}).get("terminationGracePeriodSeconds") is None,
    ),
)


class Probes(Part):
    """The probes of the app's container, as in a Pod. A probe always asks the pod itself, never another host."""

    rules = _PROBE_RULES

    liveness: Probe | None = None
    """Restarts the container when it fails. Unset: none."""
    readiness: Probe | None = None
    """Takes the pod out of the Service while it fails. Unset: two TCP connections to the port, 2 seconds apart."""
    startup: Probe | None = None
    """Holds the other probes back until it succeeds once. Unset: none."""


class SidecarProbes(Part):
    """The probes of a container beside the app, as in a Pod; they ask its ports by number."""

    rules = _PROBE_RULES

    liveness: SidecarProbe | None = None
    """Restarts the container when it fails. Unset: none."""
    readiness: SidecarProbe | None = None
    """Takes the pod out of the Service while it fails. Unset: none."""
    startup: SidecarProbe | None = None
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


class ContainerPort(Part):
    """A port of a container beside the app, never one of the node."""

    rules = (
        Rule(
            cel="!has(self.name) || (self.name.matches('^[a-z0-9]+(-[a-z0-9]+)*$') && self.name.matches('[a-z]'))",
            message=(
                "the name of a port must hold only a-z, 0-9 and single - between them, and at least one letter: "
                "choose another name"
            ),
            path=".name",
            holds=lambda it: it.name is None or re.fullmatch("(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*", it.name) is not None,
        ),
    )

    container_port: Port
    """Number of the port."""
    name: Annotated[str, Field(max_length=15)] | None = None
    """Name of the port, at most 15 characters. Unset: none."""
    protocol: Literal["TCP", "UDP", "SCTP"] = "TCP"
    """What is spoken on it."""


def _port_names_differ(container: Container) -> bool:
    given = [port.name for port in container.ports or () if port.name is not None]
    return len(given) == len(set(given))


class Container(Part):
    """A container beside the app. It gets the app's pull policy, security context and drain."""

    rules: ClassVar[tuple[Rule, ...]] = (
        IMAGE_RULE,
        name_rule("name"),
        Rule(
            cel=(
                "!has(self.ports)"
                " || self.ports.all(a, !has(a.name) || self.ports.exists_one(b, has(b.name) && b.name == a.name))"
            ),
            message="no two ports of a container must have the same name: choose another name for one of them",
            path=".ports",
            holds=_port_names_differ,
        ),
    )

    name: Label
    """Name of the container, unlike that of any other in the pod; the app's own has the name of the MyApp."""
    image: Image
    """Image of the container, 1 to 512 characters without white space."""
    command: Arguments | None = None
    """Replaces the image's entry point. Passed on unchanged, never through a shell."""
    args: Arguments | None = None
    """Replaces the image's arguments. Passed on unchanged, never through a shell."""
    env: EnvBeside | None = None
    """Environment variables, as in a Pod."""
    env_from: EnvFrom | None = None
    """ConfigMaps and Secrets whose keys become environment variables, as in a Pod."""
    resources: Resources | None = None
    """Requests and limits of cpu, memory and ephemeral-storage. Write fractions as strings: cpu: "0.5"."""
    probes: SidecarProbes | None = None
    """The livenessProbe, readinessProbe and startupProbe of the container, as in a Pod."""
    ports: (
        Annotated[list[ContainerPort], Field(max_length=16, json_schema_extra=by_key("containerPort", "protocol"))]
        | None
    ) = None
    """Ports on which the container listens."""
    volume_mounts: VolumeMounts | None = None
    """Where the container sees which volume of `spec.volumes`, as in a Pod."""


class Sidecar(Container):
    """A container that runs beside the app."""


class InitContainer(Container):
    """A container that runs before the app, or from then on beside it (a native sidecar)."""

    rules = (
        *Container.rules,
        Rule(
            cel="!has(self.probes) || has(self.restartPolicy)",
            message=(
                "an init container with probes must go on running: write restartPolicy: Always, or remove the probes"
            ),
            path=".probes",
            holds=lambda it: it.probes is None or it.restart_policy is not None,
        ),
    )

    restart_policy: Literal["Always"] | None = None
    """Always makes it a native sidecar: it starts before the app and runs beside it. Unset: it runs to its end."""

    @property
    def stays(self) -> bool:
        """Whether it runs beside the app."""
        return self.restart_policy is not None
