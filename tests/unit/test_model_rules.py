"""Each rule's Python half, `holds`, agrees with its message. The CEL half is tried on a real server in tests/api."""

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import ValidationError

from myapp_operator.crd import schema
from myapp_operator.errors import InvalidMyAppError
from myapp_operator.grammar import Json, Part, Rule
from myapp_operator.model import IMAGE_RULE, OWN_NAME_RULE, Rollout, Spec, parse_spec
from tests import corpus

GRACE_RULE = next(rule for rule in Spec.rules if rule.path == ".terminationGracePeriodSeconds")
DEADLINE_RULE, FIRST_STEP_RULE = Rollout.rules[:2]

ACCEPTED: list[tuple[Rule, type[Part], Json]] = [
    (IMAGE_RULE, Spec, {"image": "a"}),
    (IMAGE_RULE, Spec, {"image": "registry.example.com:5000/team/myapp:1.0@sha256:" + 64 * "a"}),
    (GRACE_RULE, Spec, {"image": "a", "drainSeconds": 29}),
    (GRACE_RULE, Spec, {"image": "a", "drainSeconds": 0, "terminationGracePeriodSeconds": 1}),
    (DEADLINE_RULE, Rollout, {}),
    (DEADLINE_RULE, Rollout, {"minReadySeconds": 599}),
    (DEADLINE_RULE, Rollout, {"minReadySeconds": 0, "progressDeadlineSeconds": 1}),
    (FIRST_STEP_RULE, Rollout, {"maxSurge": 0}),
    (FIRST_STEP_RULE, Rollout, {"maxUnavailable": "0%"}),
    (FIRST_STEP_RULE, Rollout, {"maxSurge": "1%", "maxUnavailable": 0}),
]

REFUSED: list[tuple[Rule, type[Part], Json]] = [
    (IMAGE_RULE, Spec, {"image": "my app"}),
    (IMAGE_RULE, Spec, {"image": " myapp"}),
    (IMAGE_RULE, Spec, {"image": "myapp\n"}),
    (IMAGE_RULE, Spec, {"image": "my\u00a0app"}),
    (IMAGE_RULE, Spec, {"image": "m\u00fcapp"}),
    (GRACE_RULE, Spec, {"image": "a", "drainSeconds": 30}),
    (GRACE_RULE, Spec, {"image": "a", "terminationGracePeriodSeconds": 5}),
    (DEADLINE_RULE, Rollout, {"minReadySeconds": 600}),
    (DEADLINE_RULE, Rollout, {"minReadySeconds": 5, "progressDeadlineSeconds": 5}),
    (FIRST_STEP_RULE, Rollout, {"maxSurge": 0, "maxUnavailable": 0}),
    (FIRST_STEP_RULE, Rollout, {"maxSurge": "0%", "maxUnavailable": 0}),
    (FIRST_STEP_RULE, Rollout, {"maxSurge": 0, "maxUnavailable": "0%"}),
]


def described(case: Any) -> str:
    return case.path if isinstance(case, Rule) else getattr(case, "__name__", str(case))


@pytest.mark.parametrize(("rule", "part", "values"), ACCEPTED, ids=described)
def test_holds(rule: Rule, part: type[Part], values: Json) -> None:
    assert rule.holds is not None
    assert rule.holds(part.model_validate(values))


@pytest.mark.parametrize(("rule", "part", "values"), REFUSED, ids=described)
def test_is_broken_and_the_message_says_so(rule: Rule, part: type[Part], values: Json) -> None:
    with pytest.raises(ValidationError) as refusal:
        part.model_validate(values)
    assert [error["msg"] for error in refusal.value.errors()] == [f"Value error, {rule.message}"]


def rules_of(part: type[Part]) -> Iterator[Rule]:
    yield from (rule for rule in part.rules if rule.holds is not None)
    for each in schema.of_fields(part):
        if isinstance(each.inner, type):
            yield from rules_of(each.inner)


RULES = [*rules_of(Spec)]
BROKEN = [case for case in corpus.read() if any(rule.message.startswith(case.words or "-") for rule in RULES)]


@pytest.mark.parametrize("case", BROKEN, ids=str)
def test_what_the_server_refuses_by_a_rule_is_refused_here_with_the_same_words(case: corpus.Case) -> None:
    with pytest.raises(InvalidMyAppError) as refusal:
        parse_spec(case.spec, strict=True)
    assert f": {case.words}" in str(refusal.value)


def test_every_rule_that_python_checks_is_broken_by_some_case() -> None:
    broken = {rule.message for case in BROKEN for rule in RULES if rule.message.startswith(case.words)}
    assert broken == {rule.message for rule in RULES}


@pytest.mark.parametrize("name", ["a", "shop"])
def test_no_other_container_has_the_name_of_the_app(name: str) -> None:
    assert OWN_NAME_RULE.holds is not None
    beside = {"name": name, "image": "a"}
    for field in ("sidecars", "initContainers"):
        spec = parse_spec({"image": "a", field: [{"name": "b", "image": "a"}, beside]})
        assert OWN_NAME_RULE.holds(("shop", spec)) is (name != "shop")
