"""What things are called: the API, the children, their labels and annotations, the reasons of the status.

These names are promises to users; none of them ever changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

GROUP = "apps.example.com"
VERSION = "v1"
API_VERSION = f"{GROUP}/{VERSION}"
KIND = "MyApp"
PLURAL = "myapps"

MANAGER = "myapp-operator"
"""Field manager of every write, and value of the label `app.kubernetes.io/managed-by`."""

REPLICAS_MANAGER = f"{MANAGER}-replicas"
"""Field manager that holds the number of pods while it is handed over to an autoscaler (see `replicas`)."""

APPLIED = f"{GROUP}/applied"
"""Annotation on a child: hash of what was applied (see `drift`)."""

NUDGE = f"{GROUP}/nudge"
"""Annotation on a Deployment: a number that grows to make its controller try again at once (see `plan`)."""

LAST_READY = f"{GROUP}/last-ready"
"""Annotation on a Deployment: the pod-template-hash of the last version that was Ready (see `rollback`)."""

ROLLED_BACK = f"{GROUP}/rolled-back"
"""Annotation on a Deployment that runs an earlier version than its MyApp asks for: why (see `rollback_note`)."""

FAILED_VERSION = f"{GROUP}/failed-version"
"""Annotation beside that one: which version of the pods it was gone back from."""

TEMPLATE = f"{GROUP}/template"
"""Annotation on a Deployment: hash of the version of the pods that was let through last (see `versions`)."""

ROLLOUT = f"{GROUP}/rollout"
"""Annotation on a Deployment: from what its pods were made, and which rollout of ours is the last (see `rollouts`)."""

COVERS = f"{GROUP}/namespaces"
"""Annotation on the Lease of an installation: the namespaces that it looks after, or * (see `claims`)."""

CARRIED = frozenset({NUDGE, LAST_READY, ROLLED_BACK, FAILED_VERSION, TEMPLATE, ROLLOUT})
"""Annotations that every apply carries on and that are no reason for one; outside the hash of what was applied."""

REVISION = "deployment.kubernetes.io/revision"
"""Annotation by which Kubernetes numbers the versions of a Deployment, on each ReplicaSet."""
TEMPLATE_HASH = "pod-template-hash"
"""Label by which Kubernetes tells the versions of a Deployment apart."""

USABLE = f"{GROUP}/usable"
"""Label by which the owner of a ServiceAccount opens it to MyApps: "true"."""

ADOPT = f"{GROUP}/adopt"
"""Annotation by which the owner of an object lets a MyApp take it over: "true"."""

RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"
"""Annotation by which `kubectl rollout restart` marks pods; to remove it would restart them once more."""

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
"""Annotation in which kubectl notes the file that it applied last, by its own way of applying."""

MANAGED_BY_SELECTOR = f"app.kubernetes.io/managed-by={MANAGER}"
"""Label selector of everything that the operator made."""


class Key(NamedTuple):
    """Names one MyApp: all that a request to reconcile holds."""

    namespace: str
    name: str

    def __str__(self) -> str:
        """The usual spelling, for logs."""
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, eq=False)
class Kind:
    """One kind of child. `X-<suffix>` is the name of the child of a MyApp X.

    There is one object for each, so that they are told apart by identity: they are keys in the busiest dicts.
    """

    kind: str
    api_version: str
    plural: str
    suffix: str
    whole: bool = False
    """Whether the watch brings spec and status (only where the status of the app needs them), not metadata alone."""
    part: str = ""
    """The part of the spec that asks for this child; empty where every app has it."""
    addon: str = ""
    """What must be installed for this kind to be there; empty where it is part of Kubernetes."""

    def name_for(self, app: str) -> str:
        """The name of this child of the MyApp called `app`."""
        return f"{app}-{self.suffix}"

    def app_of(self, child: str) -> str | None:
        """The inverse: the MyApp that a child of this name would belong to; None where it can be no child."""
        return child.removesuffix(f"-{self.suffix}") if child.endswith(f"-{self.suffix}") else None

    def __str__(self) -> str:
        """As in messages: Deployment."""
        return self.kind


DEPLOYMENT = Kind("Deployment", "apps/v1", "deployments", "deployment", whole=True)
SERVICE = Kind("Service", "v1", "services", "service")
INGRESS = Kind("Ingress", "networking.k8s.io/v1", "ingresses", "ingress", part="ingress")
ROUTE = Kind("HTTPRoute", "gateway.networking.k8s.io/v1", "httproutes", "route", part="route", addon="the Gateway API")
HPA = Kind(
    "HorizontalPodAutoscaler",
    "autoscaling/v2",
    "horizontalpodautoscalers",
    "hpa",
    whole=True,
    part="autoscaling",
)
PDB = Kind("PodDisruptionBudget", "policy/v1", "poddisruptionbudgets", "pdb", part="disruptionBudget")
NETWORK_POLICY = Kind("NetworkPolicy", "networking.k8s.io/v1", "networkpolicies", "networkpolicy", part="networkPolicy")

# No children: what an app may refer to (see `references`).
CONFIG_MAP = Kind("ConfigMap", "v1", "configmaps", "")
SECRET = Kind("Secret", "v1", "secrets", "")
CLAIM = Kind("PersistentVolumeClaim", "v1", "persistentvolumeclaims", "")
SERVICE_ACCOUNT = Kind("ServiceAccount", "v1", "serviceaccounts", "")

REFERABLE = (CONFIG_MAP, SECRET, CLAIM, SERVICE_ACCOUNT)
"""The kinds of object that an app may refer to."""

CONFIGURATION = {CONFIG_MAP: f"{GROUP}/configmaps", SECRET: f"{GROUP}/secrets"}
"""Annotations on a pod template with `restartOnConfigChange`: hash of what the pods use of objects of this kind."""

# No children: what is read to find out why a Deployment is not as wanted.
REPLICA_SET = Kind("ReplicaSet", "apps/v1", "replicasets", "", whole=True)
POD = Kind("Pod", "v1", "pods", "", whole=True)
EVENT = Kind("Event", "v1", "events", "", whole=True)

POD_NAMES = replace(POD, whole=False)
"""The same, for a list that only says whose they are."""
LEASE = Kind("Lease", "coordination.k8s.io/v1", "leases", "", whole=True)
"""No child: what each installation of the operator holds."""


def selector(app: str) -> dict[str, str]:
    """The labels by which the pods of an app are selected. `app` alone is the most common label there is, and would
    catch pods of others. A Deployment that exists keeps the selector it has (see `selectors`)."""
    return {"app": app, "app.kubernetes.io/instance": app, "app.kubernetes.io/managed-by": MANAGER}


def selector_text(labels: Mapping[str, str]) -> str:
    """Labels in the words of a request."""
    return ",".join(f"{key}={value}" for key, value in labels.items())


def labels(app: str) -> dict[str, str]:
    """The labels of every child and every pod of an app."""
    return {"app": app, "app.kubernetes.io/name": app, **selector(app)}


class Reason(StrEnum):
    """Why an app is or is not Ready: one word, shown as STATUS. The whole vocabulary stands in docs/status.md."""

    READY = "Ready"
    SCALED_TO_ZERO = "ScaledToZero"
    SUSPENDED = "Suspended"
    TERMINATING = "Terminating"
    WAITING = "Waiting"
    ROLLING_OUT = "RollingOut"
    SCALING = "Scaling"
    QUOTA_EXCEEDED = "QuotaExceeded"
    FORBIDDEN = "Forbidden"
    REFERENCE_MISSING = "ReferenceMissing"
    SERVICE_ACCOUNT_NOT_ALLOWED = "ServiceAccountNotAllowed"
    INVALID_IMAGE_NAME = "InvalidImageName"
    IMAGE_PULL_BACK_OFF = "ImagePullBackOff"
    CONFIG_ERROR = "ConfigError"
    INIT_FAILED = "InitFailed"
    INITIALIZING = "Initializing"
    OOM_KILLED = "OOMKilled"
    CRASH_LOOP_BACK_OFF = "CrashLoopBackOff"
    EVICTED = "Evicted"
    UNSCHEDULABLE = "Unschedulable"
    NOT_READY = "NotReady"
    PROGRESS_DEADLINE_EXCEEDED = "ProgressDeadlineExceeded"
    ROLLED_BACK = "RolledBack"
    NOT_OWNED = "NotOwned"
    REJECTED = "Rejected"


FROM_PODS = frozenset(
    {
        Reason.INVALID_IMAGE_NAME,
        Reason.IMAGE_PULL_BACK_OFF,
        Reason.CONFIG_ERROR,
        Reason.INIT_FAILED,
        Reason.INITIALIZING,
        Reason.OOM_KILLED,
        Reason.CRASH_LOOP_BACK_OFF,
        Reason.EVICTED,
        Reason.UNSCHEDULABLE,
        Reason.NOT_READY,
    }
)
"""The reasons that only a look at the pods can tell (see `causes`)."""
