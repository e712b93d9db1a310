"""The model's rules as the API server reads them."""

from __future__ import annotations

from myapp_operator.grammar import Json, Rule


def listed(rules: tuple[Rule, ...]) -> Json:
    """Return what a schema carries for its rules; nothing for none.

    A rule that looks at `oldSelf` is asked about new objects too, where the server would otherwise skip it.
    """
    validations = []
    for rule in rules:
        validation: Json = {"rule": rule.cel, "message": rule.message}
        if rule.path:
            validation["fieldPath"] = rule.path
        if "oldSelf" in rule.cel:
            validation["optionalOldSelf"] = True
        validations.append(validation)
    return {"x-kubernetes-validations": validations} if validations else {}
