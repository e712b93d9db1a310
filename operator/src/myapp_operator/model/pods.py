"""What belongs to a pod as a whole: volumes, the nodes that it may run on, labels and annotations."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import Field

from myapp_operator.grammar import Json, KubeType, Part, Rule
from myapp_operator.model.values import Annotations, Labels, Name, key_rule, label_rules, name_rule

VOLUME_SOURCES = ("configMap", "secret", "emptyDir", "persistentVolumeClaim", "projected", "downwardAPI", "ephemeral")
"""What a volume may be filled from: nothing of the node, nothing by a driver that the pod chooses itself."""

Volumes = Annotated[
    list[Json],
    Field(max_length=100),
    KubeType(
        "Volume",
        keys=("name",),
        only=("name", *VOLUME_SOURCES),
        without=("clusterTrustBundle", "dataSourceRef", "volumeAttributesClassName"),
    ),
]
# Without what reaches into other namespaces.
PodAffinity = Annotated[Json, KubeType("Affinity", without=("namespaces", "namespaceSelector"))]
Tolerations = Annotated[list[Json], Field(max_length=64), KubeType("Toleration")]
Spread = Annotated[
    list[Json],
    Field(max_length=16),
    KubeType("TopologySpreadConstraint", keys=("topologyKey", "whenUnsatisfiable")),
]


class Scheduling(Part):
    """On which nodes the pods run, as in a Pod."""

    rules = (
        name_rule("priorityClassName", dots=True),
        Rule(
            cel="!has(self.priorityClassName) || !self.priorityClassName.startsWith('system-')",
            message=(
                "priorityClassName must not begin with system-, which is for the cluster's own: choose another class"
            ),
            path=".priorityClassName",
            holds=lambda it: not (it.priority_class_name or "").startswith("system-"),
        ),
        *label_rules("nodeSelector"),
    )

    node_selector: Labels | None = None
    """Labels that a node must have."""
    tolerations: Tolerations | None = None
    """Taints of nodes that do not keep the pods away."""
    affinity: PodAffinity | None = None
    """Nodes and pods that the pods seek or avoid, within the MyApp's namespace."""
    topology_spread_constraints: Spread | None = None
    """How the pods spread over zones, nodes and the like."""
    priority_class_name: Name | None = None
    """PriorityClass of the pods."""


RESERVED_KEYS = "(app|pod-template-hash|apps[.]example[.]com/.*|([^/]*[.])?(kubernetes|k8s)[.]io/.*)"
"""The labels and annotations that are not the user's to set, on pods and on what is made with them; a pattern."""
HARMLESS_LABELS = tuple(f"app.kubernetes.io/{name}" for name in ("component", "created-by", "part-of", "version"))
"""Those of the reserved labels that users may set: they tell people what belongs together."""
NEVER_ON_PODS = (
    "(app|pod-template-hash|apps[.]example[.]com/.*|kubectl[.]kubernetes[.]io/restartedAt|kubernetes[.]io/config[.].*"
    "|([^/]*[.])?(apparmor|seccomp)[.]security[.][^/]*/.*)"
)
"""The annotations of pods that no installation can allow: they belong to the operator, restart pods, weaken them, or
make the kubelet take them for its own. The other reserved ones are up to each installation; a pattern."""


def unreserved_labels(field: str) -> Rule:
    """The rule that a map of labels leaves the reserved keys alone."""

    def holds(part: Any) -> bool:
        keys = set(getattr(part, field) or ()) - {*HARMLESS_LABELS}
        return not any(re.fullmatch(RESERVED_KEYS, key, re.DOTALL) for key in keys)

    return Rule(
        cel=(
            f"!has(self.{field}) || self.{field}.all(key, key in {[*HARMLESS_LABELS]}"
            f" || !key.matches('^{RESERVED_KEYS}$'))"
        ),
        message=(
            "the keys app and pod-template-hash must be left to the operator and to Kubernetes, and so must all under "
            "apps.example.com/, kubernetes.io/ and k8s.io/ but component, created-by, part-of and version of "
            "app.kubernetes.io/: choose another key"
        ),
        path=f".{field}",
        holds=holds,
    )


class PodMetadata(Part):
    """Labels and annotations of the pods, beside those that the operator sets."""

    rules = (
        unreserved_labels("labels"),
        Rule(
            cel=f"!has(self.annotations) || self.annotations.all(key, !key.matches('^{NEVER_ON_PODS}$'))",
            message=(
                "the keys app and pod-template-hash must be left to the operator and to Kubernetes, and so must those "
                "under apps.example.com/ and the ones of AppArmor, seccomp, restarts and the kubelet: remove it"
            ),
            path=".annotations",
            holds=lambda it: not any(re.fullmatch(NEVER_ON_PODS, key, re.DOTALL) for key in it.annotations or ()),
        ),
        *label_rules("labels"),
        key_rule("annotations"),
    )

    labels: Labels | None = None
    """Labels of the pods, such as team: blue. They select nothing."""
    annotations: Annotations | None = None
    """Annotations of the pods. Of those under kubernetes.io/ and k8s.io/ the ones that the operator allows."""
