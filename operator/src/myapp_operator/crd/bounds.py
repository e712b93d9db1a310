"""What Kubernetes checks in its code and does not say in its OpenAPI document: ranges, lengths and choices.

With it a MyApp that could never run is refused when it is applied; without it the API server would take the MyApp and
refuse its Deployment. Source: pkg/apis/core/validation/validation.go of Kubernetes. What excludes what: typerules.py.
"""

from __future__ import annotations

from collections.abc import Mapping

from myapp_operator.crd import rules
from myapp_operator.crd.typerules import QUANTITY_RULE, port_rule
from myapp_operator.grammar import Json
from myapp_operator.model import RESOURCES

MAX_ITEMS = 256
MAX_PROPERTIES = 64
_MAX_LENGTH = 1024
_MAX_LENGTHS: Mapping[str, int] = {
    "name": 253,  # ConfigMaps and Secrets: a DNS subdomain
    "key": 253,  # the server's limit for keys of a ConfigMap
    "value": 131072,  # what Linux takes for one string of an environment (MAX_ARG_STRLEN)
    "command": 8192,  # as the app's own command
}
# Lists within lists: the rules inside multiply with each level, and the API server limits what all may cost.
_MAX_ITEMS: Mapping[str, int] = {
    **dict.fromkeys(("items", "httpHeaders", "matchExpressions", "matchFields"), 64),
    "sources": 16,
}
_COUNT = {"minimum": 0, "maximum": 2147483647}
_MODE = {"minimum": 0, "maximum": 0o777}
PORT: Mapping[str, int] = {"minimum": 1, "maximum": 65535}
_INTEGERS: Mapping[str, Mapping[str, int]] = {
    "port": PORT,
    "mode": _MODE,
    "defaultMode": _MODE,
    "expirationSeconds": {"minimum": 600, "maximum": 2147483647},  # of a token
    "weight": {"minimum": 1, "maximum": 100},  # of a preference of the scheduler
    "maxSkew": {"minimum": 1, "maximum": 2147483647},
    "minDomains": {"minimum": 1, "maximum": 2147483647},
    "stabilizationWindowSeconds": {"minimum": 0, "maximum": 3600},
    "averageUtilization": {"minimum": 1, "maximum": 2147483647},
}

_GIVEN: Json = {"minLength": 1}

OF_TYPES: Mapping[str, Json] = {
    "ConfigMapProjection": {"name": _GIVEN},
    "ConfigMapVolumeSource": {"name": _GIVEN},
    "ConfigMapEnvSource": {"name": _GIVEN},
    "ConfigMapKeySelector": {"name": _GIVEN, "key": _GIVEN},
    "ContainerResourceMetricSource": {"container": _GIVEN, "name": _GIVEN},
    "CrossVersionObjectReference": {"kind": _GIVEN, "name": _GIVEN},
    "DownwardAPIVolumeFile": {"path": _GIVEN},
    "EnvFromSource": {"prefix": {"maxLength": 253}},
    "ExecAction": {"command": {"minItems": 1}},
    "HPAScalingPolicy": {"value": {"minimum": 1}, "periodSeconds": {"minimum": 1, "maximum": 1800}},
    "HTTPHeader": {"name": _GIVEN},
    "KeyToPath": {"key": _GIVEN, "path": _GIVEN},
    "MetricIdentifier": {"name": _GIVEN},
    "NodeSelector": {"nodeSelectorTerms": {"minItems": 1}},
    "PersistentVolumeClaimVolumeSource": {"claimName": _GIVEN},
    "PodAffinityTerm": {"topologyKey": _GIVEN},
    "Probe": {"terminationGracePeriodSeconds": {"minimum": 1}},
    "ResourceMetricSource": {"name": _GIVEN},
    "SecretEnvSource": {"name": _GIVEN},
    "SecretKeySelector": {"name": _GIVEN, "key": _GIVEN},
    "SecretProjection": {"name": _GIVEN},
    "SecretVolumeSource": {"secretName": _GIVEN},
    "ServiceAccountTokenProjection": {"path": _GIVEN},
    "Toleration": {"key": {"maxLength": 317}, "value": {"maxLength": 63}},
    "TopologySpreadConstraint": {"topologyKey": _GIVEN},
    "Volume": {"name": {"maxLength": 63}},
    "VolumeMount": {"name": {"maxLength": 63}, "mountPath": _GIVEN},
}
"""Bounds of single fields, by type and name, where they are narrower than those of all fields of that name."""

_LABEL_OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")
_RESOURCE_FIELDS = tuple(f"{kind}.{each}" for kind in ("limits", "requests") for each in RESOURCES)
_POLICIES = ("Honor", "Ignore")

CHOICES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "HPAScalingPolicy": {"type": ("Pods", "Percent")},
    "HPAScalingRules": {"selectPolicy": ("Max", "Min", "Disabled")},
    "HTTPGetAction": {"scheme": ("HTTP", "HTTPS")},
    "LabelSelectorRequirement": {"operator": _LABEL_OPERATORS},
    "MetricTarget": {"type": ("Utilization", "Value", "AverageValue")},
    "NodeSelectorRequirement": {"operator": (*_LABEL_OPERATORS, "Gt", "Lt")},
    "ObjectFieldSelector": {"apiVersion": ("v1",)},
    "PersistentVolumeClaimSpec": {
        "accessModes": ("ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"),
    },
    "ResourceFieldSelector": {"resource": _RESOURCE_FIELDS},
    "Toleration": {
        "effect": ("", "NoSchedule", "PreferNoSchedule", "NoExecute"),
        "operator": ("", "Exists", "Equal"),
    },
    "TopologySpreadConstraint": {
        "nodeAffinityPolicy": _POLICIES,
        "nodeTaintsPolicy": _POLICIES,
        "whenUnsatisfiable": ("DoNotSchedule", "ScheduleAnyway"),
    },
}
"""The only words that Kubernetes takes in a field, or in the items of a list; of most the document says nothing."""

REQUIRED: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("ConfigMapEnvSource", "ConfigMapKeySelector", "ConfigMapProjection"), ("name",)),
    **dict.fromkeys(("SecretEnvSource", "SecretKeySelector", "SecretProjection"), ("name",)),
    "ConfigMapVolumeSource": ("name",),
    "SecretVolumeSource": ("secretName",),
    "ExecAction": ("command",),
}
"""Fields that the document calls optional, and without which the API server takes no pod."""

OFFERED: Mapping[str, tuple[str, ...]] = {
    "ObjectMeta": ("labels", "annotations"),  # of the claim that an ephemeral volume makes
}
"""What is offered of a type wherever it stands. Of all others it is everything, less what a field leaves out."""


def of_string(name: str) -> Json:
    """Return the bounds of a string field."""
    return {"maxLength": _MAX_LENGTHS.get(name, _MAX_LENGTH)}


def of_integer(name: str) -> Json:
    """Return the bounds of an integer field. What Kubernetes counts is never negative and fits into 32 bits."""
    return dict(_INTEGERS.get(name, _COUNT))


def of_quantity(name: str) -> Json:
    """Return the bounds of a quantity, which may be a number or a string. A divisor has a rule of its own, that of its
    resource."""
    return {"maxLength": 32} | ({} if name == "divisor" else rules.listed((QUANTITY_RULE,)))


def of_list(name: str) -> Json:
    """Return the bounds of a list."""
    return {"maxItems": _MAX_ITEMS.get(name, MAX_ITEMS)}


def of_port(name: str) -> Json:
    """Return the bounds of a port that may also be called by this one name."""
    return {**PORT, "maxLength": 15, **rules.listed((port_rule(name),))}
