"""The API: what a user writes in a MyApp and what they read back.

The CRD is generated from these classes (see crd/) and `desired` reads nothing else, so a field exists in one place
only. A field that carries a Kubernetes type is passed through as plain data: its schema is the API server's own, named
by `KubeType`, and only what the operator must understand is modelled.

Rules that span several fields are `Rule`s: the CEL text goes into the CRD, where the API server checks it when the
MyApp is applied; `holds` is the same rule in Python, for whoever has no server at hand (`myapp-operator render`).
"""

from myapp_operator.model.containers import Container, ContainerPort, InitContainer, Sidecar
from myapp_operator.model.exposure import ExtraPort, Peer
from myapp_operator.model.parsing import parse_spec
from myapp_operator.model.pods import HARMLESS_LABELS, RESERVED_KEYS, PodMetadata
from myapp_operator.model.rollout import Rollout
from myapp_operator.model.scaling import Autoscaling, DisruptionBudget
from myapp_operator.model.spec import NAME_RULE, OWN_NAME_RULE, Spec
from myapp_operator.model.status import Condition, Status
from myapp_operator.model.values import IMAGE_RULE, KEY, LABEL_VALUE, RESOURCES

__all__ = [
    "HARMLESS_LABELS",
    "IMAGE_RULE",
    "KEY",
    "LABEL_VALUE",
    "NAME_RULE",
    "OWN_NAME_RULE",
    "RESERVED_KEYS",
    "RESOURCES",
    "Autoscaling",
    "Condition",
    "Container",
    "ContainerPort",
    "DisruptionBudget",
    "ExtraPort",
    "InitContainer",
    "Peer",
    "PodMetadata",
    "Rollout",
    "Sidecar",
    "Spec",
    "Status",
    "parse_spec",
]
