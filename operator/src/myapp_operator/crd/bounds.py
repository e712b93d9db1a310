"""What Kubernetes checks in its code and does not say in its OpenAPI document: ranges, lengths, what excludes what.

With it a MyApp that could never run is refused when it is applied, with a sentence; without it the API server would
take the MyApp and refuse its Deployment. Source: pkg/apis/core/validation/validation.go of Kubernetes.
"""

from __future__ import annotations

from collections.abc import Mapping

from myapp_operator.crd import rules
from myapp_operator.grammar import Json, Rule
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
_PORT = {"minimum": 1, "maximum": 65535}

QUANTITY_RULE = Rule(
    cel="isQuantity(string(self)) && !quantity(string(self)).isLessThan(quantity('0'))",
    message=(
        'this must be a quantity that is not negative: write cpu as 2, 500m or "0.5", '
        "and memory or storage as 512Mi, 2Gi or 2G"
    ),
)

UNIONS: Mapping[str, Json] = {
    "Quantity": {"maxLength": 32, **rules.listed((QUANTITY_RULE,))},
    # A probe's port. The container has one port, named `http`; a probe of any other name could never succeed.
    "IntOrString": {**_PORT, "maxLength": 4, "pattern": "^http$"},
}
"""Types that may be a number or a string, with the bounds that stand beside the two."""


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
}
"""Rules on whole types, by the type's name."""


def of_string(name: str) -> Json:
    """Return the bounds of a string field."""
    return {"maxLength": _MAX_LENGTHS.get(name, _MAX_LENGTH)}


def of_integer(name: str) -> Json:
    """Return the bounds of an integer field. What Kubernetes counts is never negative and fits into 32 bits."""
    return _PORT if name == "port" else {"minimum": 0, "maximum": 2147483647}
