"""What Kubernetes checks in its code about where pods run: tolerations, spread, affinity, selectors.

As typerules.py, of which this is a part.
"""

from __future__ import annotations

from collections.abc import Mapping

from myapp_operator.grammar import Rule
from myapp_operator.model import KEY, LABEL_VALUE

_FITTING_VALUES = Rule(
    cel=(
        "self.operator in ['In', 'NotIn'] ? has(self.values) && self.values.size() > 0"
        " : !has(self.values) || self.values.size() == (self.operator in ['Gt', 'Lt'] ? 1 : 0)"
    ),
    message=(
        "values must be there for In and NotIn, be one for Gt and Lt, and be absent for Exists and DoesNotExist: "
        "add or remove values"
    ),
)

_TOLERATION = (
    Rule(
        cel="!has(self.operator) || self.operator != 'Exists' || !has(self.value) || self.value == ''",
        message="a toleration with the operator Exists must not have a value: remove it, or choose Equal",
        path=".value",
    ),
    Rule(
        cel="has(self.key) && self.key != '' || has(self.operator) && self.operator == 'Exists'",
        message="a toleration without a key must have the operator Exists, for all taints: add a key, or the operator",
    ),
    Rule(
        cel="!has(self.tolerationSeconds) || has(self.effect) && self.effect == 'NoExecute'",
        message="tolerationSeconds must stand beside the effect NoExecute: choose it, or remove tolerationSeconds",
        path=".tolerationSeconds",
    ),
    Rule(
        cel=f"!has(self.key) || self.key == '' || self.key.matches('^{KEY}$')",
        message="the key of a toleration must be a name such as team or example.com/team: choose another key",
        path=".key",
    ),
    Rule(
        cel=(
            "has(self.operator) && self.operator == 'Exists' || !has(self.value)"
            f" || self.value.matches('^{LABEL_VALUE}$')"
        ),
        message=(
            "the value of a toleration must hold only letters, digits, -, _ and ., and begin and end with a "
            "letter or digit: choose another value"
        ),
        path=".value",
    ),
)

_SPREAD = (
    Rule(
        cel="!has(self.minDomains) || self.whenUnsatisfiable == 'DoNotSchedule'",
        message="minDomains must stand beside DoNotSchedule in whenUnsatisfiable: choose that, or remove minDomains",
        path=".minDomains",
    ),
    Rule(
        cel="!has(self.matchLabelKeys) || self.matchLabelKeys.size() == 0 || has(self.labelSelector)",
        message="matchLabelKeys must stand beside a labelSelector: add it, or remove matchLabelKeys",
        path=".matchLabelKeys",
    ),
)

RULES: Mapping[str, tuple[Rule, ...]] = {
    "LabelSelectorRequirement": (_FITTING_VALUES,),
    "NodeSelectorRequirement": (_FITTING_VALUES,),
    "Toleration": _TOLERATION,
    "TopologySpreadConstraint": _SPREAD,
}
"""Rules on whole types, by the type's name."""
