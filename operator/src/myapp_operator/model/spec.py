"""What a user writes: the whole of it, and its name."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field

from myapp_operator.grammar import Json, KubeType, Part, Rule
from myapp_operator.model import across
from myapp_operator.model.containers import (
    Env,
    EnvFrom,
    InitContainer,
    Probes,
    Resources,
    SecurityContext,
    Sidecar,
    VolumeMounts,
)
from myapp_operator.model.exposure import Ingress, NetworkPolicy, Route, Service
from myapp_operator.model.pods import PodMetadata, Scheduling, Volumes, unreserved_labels
from myapp_operator.model.rollout import Rollout
from myapp_operator.model.scaling import Autoscaling, DisruptionBudget
from myapp_operator.model.values import (
    IMAGE_RULE,
    Arguments,
    Image,
    Labels,
    Name,
    Port,
    by_key,
    label_rules,
    name_rule,
)


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
        name_rule("serviceAccountName", dots=True),
        unreserved_labels("labels"),
        *label_rules("labels"),
        *across.RULES,
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
    """Number of pods. 0 is legal: it keeps everything but the pods. Ignored while `autoscaling` is set."""
    port: Port = 5000
    """Port on which the app listens, and which the container gets as PORT. Changing it may lose requests meanwhile."""
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
    """The livenessProbe, readinessProbe and startupProbe of the app's container, as in a Pod."""
    volumes: Volumes | None = None
    """Volumes that the containers mount, as in a Pod, from the cluster's own objects and no others."""
    volume_mounts: VolumeMounts | None = None
    """Where the app sees which volume of `volumes`, as in a Pod."""
    sidecars: Annotated[list[Sidecar], Field(max_length=16, json_schema_extra=by_key("name"))] | None = None
    """Containers that run beside the app."""
    init_containers: Annotated[list[InitContainer], Field(max_length=16, json_schema_extra=by_key("name"))] | None = (
        None
    )
    """Containers that run before the app, one after the other; with `restartPolicy: Always` from then on beside it."""
    service_account_name: Name | None = None
    """ServiceAccount with the label apps.example.com/usable: "true"; its token is mounted. Unset: default, no token."""
    security_context: SecurityContext = SecurityContext()
    """User and groups the app runs as."""
    service: Service = Service()
    """How other pods reach the app."""
    ingress: Ingress | None = None
    """How the app is reached from outside by an Ingress. Unset: none."""
    route: Route | None = None
    """How the app is reached from outside by the Gateway API. Unset: none."""
    autoscaling: Autoscaling | None = None
    """How many pods there are, by load: a HorizontalPodAutoscaler (hpa). Unset: as many as `replicas`."""
    disruption_budget: DisruptionBudget | None = None
    """How many pods may be missing while nodes are drained: a PodDisruptionBudget (pdb). Unset: any number."""
    network_policy: NetworkPolicy | None = None
    """Who may reach the app. Unset: as the namespace has it."""
    scheduling: Scheduling | None = None
    """On which nodes the pods run. Unset: on any."""
    pod_metadata: PodMetadata | None = None
    """Further labels and annotations of the pods."""
    labels: Labels | None = None
    """Further labels of all that the operator makes for the app, but not of its pods, such as team: blue."""
    rollout: Rollout = Rollout()
    """How a new version replaces the old one."""
    suspend: bool = False
    """True keeps everything but the pods; false brings them back."""
    drain_seconds: Annotated[int, Field(ge=0, le=3600)] = 5
    """Seconds between a pod leaving the Service and its app being told to end, so that no request is lost. 0: none."""
    termination_grace_period_seconds: Annotated[int, Field(ge=1, le=86400)] = 30
    """Seconds a pod has to end, drain included, before it is killed."""


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


def _has_the_apps_name(named: tuple[str, Spec]) -> bool:
    app, spec = named
    return any(each.name == app for each in (*(spec.sidecars or ()), *(spec.init_containers or ())))


OWN_NAME_RULE = Rule(
    cel=" && ".join(
        f"(!has(self.spec.{field}) || self.spec.{field}.all(each, each.name != self.metadata.name))"
        for field in ("sidecars", "initContainers")
    ),
    message=(
        "a sidecar or init container must not have the name of the MyApp, which is that of the app's own container: "
        "choose another name"
    ),
    path=".spec",
    holds=lambda named: not _has_the_apps_name(named),
)
"""`holds` takes the name and the spec. It also watches over stored objects: none can break it, since it came with the
fields that it is about."""
