"""What a container is made of: image, arguments, environment, resources, probes, and who it runs as."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from myapp_operator.grammar import Json, KubeType, Part
from myapp_operator.model.values import RESOURCES

UserId = Annotated[int, Field(ge=1, le=2147483647)]
GroupId = Annotated[int, Field(ge=0, le=2147483647)]
Env = Annotated[list[Json], Field(max_length=1000), KubeType("EnvVar", keys=("name",))]
EnvFrom = Annotated[list[Json], Field(max_length=100), KubeType("EnvFromSource")]
Resources = Annotated[Json, KubeType("ResourceRequirements", only=("requests", "limits"), entries=RESOURCES)]
Probe = Annotated[Json, KubeType("Probe", without=("host",))]


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
