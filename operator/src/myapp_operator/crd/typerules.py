"""What Kubernetes checks in its code about its own types: what excludes what, and what must not be missing.

A MyApp that breaks one of these is refused when it is applied, with a sentence. Source, as for bounds.py:
pkg/apis/core/validation/validation.go and pkg/apis/autoscaling/validation/validation.go of Kubernetes.
"""

from __future__ import annotations

from collections.abc import Mapping

from myapp_operator.grammar import Rule
from myapp_operator.model import RESERVED_KEYS, RESOURCES

QUANTITY_RULE = Rule(
    cel="isQuantity(string(self)) && !quantity(string(self)).isLessThan(quantity('0'))",
    message=(
        'this must be a quantity that is not negative: write cpu as 2, 500m or "0.5", '
        "and memory or storage as 512Mi, 2Gi or 2G"
    ),
)


def port_rule(name: str) -> Rule:
    """The rule on a port that is told by its number or by this name."""
    return Rule(
        cel=f"type(self) == int || self == '{name}'",
        message=f"the port of a probe must be a number, or {name} for the port of the app: write one of them",
    )


_METRICS = ("ContainerResource", "External", "Object", "Pods", "Resource")


def _one_of(subject: str, *names: str) -> Rule:
    return Rule(
        cel=f"[{', '.join(f'has(self.{name})' for name in names)}].exists_one(it, it)",
        message=f"{subject} must have exactly one of {', '.join(names[:-1])} and {names[-1]}: choose one",
    )


def _request_within_limit(resource: str) -> Rule:
    name = resource.replace("-", "__dash__")  # https://kubernetes.io/docs/reference/using-api/cel/#escaping
    request, limit = f"self.requests.{name}", f"self.limits.{name}"
    return Rule(
        cel=(
            f"!has(self.requests) || !has(self.limits) || !has({request}) || !has({limit})"
            f" || !isQuantity(string({request})) || !isQuantity(string({limit}))"
            f" || !quantity(string({request})).isGreaterThan(quantity(string({limit})))"
        ),
        message=f"requests.{resource} must not be above limits.{resource}: lower the request or raise the limit",
        path=f".requests['{resource}']",
    )


def _fitting_metric() -> Rule:
    """A metric says twice what it is: by its type, and by the field that it carries."""
    fields = {kind: kind[0].lower() + kind[1:] for kind in _METRICS}
    pairs = " && ".join(f"has(self.{field}) == (self.type == '{kind}')" for kind, field in fields.items())
    return Rule(
        cel=f"{pairs} && [{', '.join(f'has(self.{field})' for field in fields.values())}].exists_one(it, it)",
        message=(
            f"a metric must have one of the types {', '.join(_METRICS)} and the field of that name alone, such as "
            "resource for Resource: choose one type and remove what belongs to another"
        ),
    )


def _inside_the_volume(field: str) -> Rule:
    return Rule(
        cel=f"!has(self.{field}) || !self.{field}.matches('^/|(^|/)[.][.](/|$)')",
        message=f"{field} must be a path inside the volume, with no / at its beginning and no .. in it: remove them",
        path=f".{field}",
    )


def _unreserved(field: str) -> Rule:
    """The rule on what the claim of an ephemeral volume carries; on pods the model has one of its own."""
    return Rule(
        cel=f"!has(self.{field}) || self.{field}.all(key, !key.matches('^{RESERVED_KEYS}$'))",
        message=(
            "a volumeClaimTemplate must not have the key app or pod-template-hash, nor one under apps.example.com/, "
            "kubernetes.io/ or k8s.io/: choose another key"
        ),
        path=f".{field}",
    )


RULES: Mapping[str, tuple[Rule, ...]] = {
    "ResourceRequirements": tuple(map(_request_within_limit, RESOURCES)),
    "Probe": (_one_of("a probe", "httpGet", "tcpSocket", "exec", "grpc"),),
    "EnvFromSource": (_one_of("an item of envFrom", "configMapRef", "secretRef"),),
    "EnvVarSource": (_one_of("valueFrom", "configMapKeyRef", "secretKeyRef", "fieldRef", "resourceFieldRef"),),
    "EnvVar": (
        Rule(
            cel="!has(self.valueFrom) || !has(self.value) || self.value.size() == 0",
            message="a variable must not have both value and valueFrom: remove one of them",
        ),
    ),
    "Volume": (
        _one_of(
            "a volume",
            "configMap",
            "secret",
            "emptyDir",
            "persistentVolumeClaim",
            "projected",
            "downwardAPI",
            "ephemeral",
        ),
        Rule(
            cel="self.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",
            message=(
                "the name of a volume must hold only a-z, 0-9 and -, and begin and end with a letter "
                "or digit: choose another name"
            ),
            path=".name",
        ),
    ),
    "VolumeProjection": (
        _one_of("an item of projected.sources", "configMap", "secret", "downwardAPI", "serviceAccountToken"),
    ),
    "DownwardAPIVolumeFile": (_one_of("an item of downwardAPI", "fieldRef", "resourceFieldRef"),),
    "ObjectMeta": (_unreserved("labels"), _unreserved("annotations")),
    "EphemeralVolumeSource": (
        Rule(
            cel="has(self.volumeClaimTemplate)",
            message="an ephemeral volume must have a volumeClaimTemplate: add it, or choose emptyDir",
        ),
    ),
    "PersistentVolumeClaimSpec": (
        Rule(
            cel=(
                "has(self.accessModes) && self.accessModes.size() > 0"
                " && has(self.resources) && has(self.resources.requests) && 'storage' in self.resources.requests"
            ),
            message="a volumeClaimTemplate must have accessModes and resources.requests.storage: add what is missing",
        ),
    ),
    "VolumeMount": (
        Rule(
            cel="!has(self.subPath) || !has(self.subPathExpr)",
            message="a volumeMount must not have both subPath and subPathExpr: remove one of them",
        ),
        _inside_the_volume("subPath"),
        _inside_the_volume("subPathExpr"),
    ),
    "MetricSpec": (_fitting_metric(),),
}
"""Rules on whole types, by the type's name."""
