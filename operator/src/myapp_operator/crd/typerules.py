"""What Kubernetes checks in its code about its own types: what excludes what, and what must not be missing.

A MyApp that breaks one of these is refused when it is applied, with a sentence. Source, as for bounds.py:
pkg/apis/core/validation/validation.go and pkg/apis/autoscaling/validation/validation.go of Kubernetes.
"""

from __future__ import annotations

from collections.abc import Mapping

from myapp_operator.crd import placement
from myapp_operator.grammar import Rule
from myapp_operator.model import RESERVED_KEYS, RESOURCES

QUANTITY_RULE = Rule(
    cel="isQuantity(string(self)) && !quantity(string(self)).isLessThan(quantity('0'))",
    message=('this must be a quantity of 0 or more: write cpu as 2, 500m or "0.5", memory and storage as 512Mi or 2G'),
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
        cel=(
            f"!has(self.{field}) || self.{field} != '..' && !self.{field}.startsWith('/')"
            f" && !self.{field}.startsWith('../') && !self.{field}.endsWith('/..') && !self.{field}.contains('/../')"
        ),
        message=f"{field} must be a path inside the volume, with no / at its beginning and no .. in it: remove them",
        path=f".{field}",
    )


_FILE = Rule(
    cel="!self.path.startsWith('/') && !self.path.startsWith('..') && !self.path.endsWith('/..')",
    message="path must be a path inside the volume, with no / or .. at its beginning and no .. in it: remove them",
    path=".path",
)
"""Without a look at the middle of the path, which would cost too much: there may be 100,000 such files in a spec."""


def _field_path(fields: tuple[str, ...], maps: tuple[str, ...], choices: str) -> Rule:
    """The rule on a fieldRef: one of these fields, or one entry of these maps."""
    path = "self.fieldRef.fieldPath"
    entries = " || ".join(f'{path}.startsWith("{each}[\'")' for each in maps)
    return Rule(
        cel=f'!has(self.fieldRef) || {path} in {[*fields]} || ({entries}) && {path}.endsWith("\']")',
        message=f"fieldPath must be one of {choices}: choose one",
        path=".fieldRef.fieldPath",
    )


_MAPS = ("metadata.labels", "metadata.annotations")
_NAMES = ("metadata.name", "metadata.namespace", "metadata.uid")
_FIELD_OF_VARIABLE = _field_path(
    (
        *_NAMES,
        *("spec.nodeName", "spec.serviceAccountName"),
        *("status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"),
    ),
    _MAPS,
    "metadata.name, metadata.namespace, metadata.uid, metadata.labels['key'], metadata.annotations['key'], "
    "spec.nodeName, spec.serviceAccountName, status.hostIP, status.hostIPs, status.podIP and status.podIPs",
)
_FIELD_OF_FILE = _field_path(
    (*_NAMES, *_MAPS),
    _MAPS,
    "metadata.name, metadata.namespace, metadata.uid, metadata.labels and metadata.annotations, "
    "or of the last two one such as metadata.labels['key']",
)


def _either(one: str, other: str, field: str) -> str:
    """The CEL of this field in the one or the other of two sources; where there is none, what fits everywhere."""
    return f"(has(self.{one}) ? self.{one}.{field} : has(self.{other}) ? self.{other}.{field} : 'a')"


def _named(one: str, other: str) -> Rule:
    """The rule on the name of a ConfigMap or Secret."""
    return Rule(
        cel=f"!{_either(one, other, 'name')}.matches('[^-.a-z0-9]')",
        message="the name of a ConfigMap or Secret must hold only a-z, 0-9, . and -: choose another name",
    )


_KEYED = Rule(
    cel=f"!{_either('configMapKeyRef', 'secretKeyRef', 'key')}.matches('[^-.A-Za-z0-9_]')",
    message="the key of a ConfigMap or Secret must hold only letters, digits, -, _ and .: choose another key",
)

_DIVISOR = Rule(
    cel=(
        "!has(self.divisor) || string(self.divisor) in (self.resource.endsWith('cpu') ? ['0', '1', '1m']"
        " : ['0', '1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei'])"
    ),
    message="divisor must be 1 or 1m for cpu, and 1, 1k, 1M, 1Ki, 1Mi and the like for the others: choose one",
    path=".divisor",
)


def _target(cel: str, fields: str) -> Rule:
    return Rule(cel=cel, message=f"the target of this metric must have {fields}: choose one", path=".target")


_SHARE = _target(
    "has(self.target.averageUtilization) != has(self.target.averageValue)",
    "exactly one of averageUtilization and averageValue",
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
    **placement.RULES,
    "ResourceRequirements": tuple(map(_request_within_limit, RESOURCES)),
    "Probe": (_one_of("a probe", "httpGet", "tcpSocket", "exec", "grpc"),),
    "HTTPHeader": (
        Rule(
            cel="!self.name.matches('[^-A-Za-z0-9]')",
            message="the name of a header must hold only letters, digits and -: choose another name",
            path=".name",
        ),
    ),
    "EnvFromSource": (
        _one_of("an item of envFrom", "configMapRef", "secretRef"),
        _named("configMapRef", "secretRef"),
        Rule(
            cel="!has(self.prefix) || self.prefix.matches('^[ -<>-~]*$')",
            message="prefix must hold only printable ASCII without =: choose another prefix",
            path=".prefix",
        ),
    ),
    "EnvVarSource": (
        _one_of("valueFrom", "configMapKeyRef", "secretKeyRef", "fieldRef", "resourceFieldRef"),
        _named("configMapKeyRef", "secretKeyRef"),
        _KEYED,
        _FIELD_OF_VARIABLE,
    ),
    "ResourceFieldSelector": (_DIVISOR,),
    "EnvVar": (
        Rule(
            cel="!has(self.valueFrom) || !has(self.value) || self.value.size() == 0",
            message="a variable must not have both value and valueFrom: remove one of them",
        ),
        Rule(
            cel="self.name.matches('^[ -<>-~]+$')",
            message="the name of a variable must hold only printable ASCII without =: choose another name",
            path=".name",
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
    "DownwardAPIVolumeFile": (
        _one_of("an item of downwardAPI", "fieldRef", "resourceFieldRef"),
        Rule(
            cel="!has(self.resourceFieldRef) || has(self.resourceFieldRef.containerName)",
            message="a resourceFieldRef of a volume must name the container that it is about: add containerName",
            path=".resourceFieldRef",
        ),
        _FIELD_OF_FILE,
        _FILE,
    ),
    "KeyToPath": (_FILE,),
    "ServiceAccountTokenProjection": (_FILE,),
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
        Rule(
            cel=(
                "!has(self.resources) || !has(self.resources.requests) || !('storage' in self.resources.requests)"
                " || string(self.resources.requests['storage']) != '0'"
            ),
            message="requests.storage must be above 0: raise it",
            path=".resources.requests",
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
    "ContainerResourceMetricSource": (_SHARE,),
    "ResourceMetricSource": (_SHARE,),
    "PodsMetricSource": (_target("has(self.target.averageValue)", "averageValue, which is the one that it takes"),),
    "ObjectMetricSource": (
        _target("has(self.target.value) || has(self.target.averageValue)", "value or averageValue"),
    ),
    "ExternalMetricSource": (
        _target("has(self.target.value) != has(self.target.averageValue)", "exactly one of value and averageValue"),
    ),
}
"""Rules on whole types, by the type's name."""
