"""What a user reads when a spec breaks the rules, and what is stored when it leaves a field out."""

from typing import Any

import pytest

from myapp_operator.errors import InvalidMyAppError
from myapp_operator.grammar import Json
from myapp_operator.model import parse_spec

ABSENT: Any = object()


def refusal(raw: Any, *, strict: bool = True) -> str:
    with pytest.raises(InvalidMyAppError) as error:
        parse_spec(raw, strict=strict)
    return str(error.value)


def of(**fields: Any) -> Json:
    return {key: value for key, value in {"image": "myapp:latest", **fields}.items() if value is not ABSENT}


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (of(image=ABSENT), "spec.image: Field required"),
        (of(image=""), "spec.image: String should have at least 1 character"),
        (of(image="a" * 513), "spec.image: String should have at most 512 characters"),
        (of(replicas=-1), "spec.replicas: Input should be greater than or equal to 0"),
        (of(replicas=1001), "spec.replicas: Input should be less than or equal to 1000"),
        (of(port=0), "spec.port: Input should be greater than or equal to 1"),
        (of(port=70000), "spec.port: Input should be less than or equal to 65535"),
        (of(service={"port": 0}), "spec.service.port: Input should be greater than or equal to 1"),
        (of(securityContext={"runAsUser": 0}), "spec.securityContext.runAsUser: Input should be greater than or equal"),
        (of(rollout={"strategy": "Any"}), "spec.rollout.strategy: Input should be 'RollingUpdate' or 'Recreate'"),
        (of(imagePullPolicy="Often"), "spec.imagePullPolicy: Input should be 'Always', 'IfNotPresent' or 'Never'"),
        (of(args=[1]), "spec.args.0: Input should be a valid string"),
        (of(nope=1), "spec.nope: Extra inputs are not permitted"),
        (of(service={"externalIPs": ["1.2.3.4"]}), "spec.service.externalIPs: Extra inputs are not permitted"),
        (of(service={"type": "ExternalName"}), "spec.service.type: Input should be 'ClusterIP', 'NodePort' or"),
        ("myapp:latest", "spec: Input should be a valid dictionary"),
    ],
)
def test_one_sentence_names_field_and_rule(raw: Any, sentence: str) -> None:
    assert refusal(raw).startswith(sentence)
    assert "\n" not in refusal(raw)


@pytest.mark.parametrize(
    ("raw", "part", "words"),
    [
        (of(image="my app"), "spec: ", "without white space"),
        (of(drainSeconds=30), "spec: ", "terminationGracePeriodSeconds must be above drainSeconds"),
        (of(rollout={"minReadySeconds": 700}), "spec.rollout: ", "minReadySeconds must be below"),
        (of(rollout={"maxSurge": 0, "maxUnavailable": 0}), "spec.rollout: ", "must not both be 0"),
    ],
)
def test_a_broken_rule_reads_as_the_api_server_would_say_it(raw: Json, part: str, words: str) -> None:
    assert refusal(raw).startswith(part)
    assert words in refusal(raw)
    assert "Value error" not in refusal(raw)


def test_of_several_mistakes_the_first_is_told() -> None:
    assert refusal(of(replicas=-1, port=0)).startswith("spec.replicas: ")


def test_a_stored_spec_may_hold_what_this_version_does_not_know() -> None:
    """A newer CRD, or an older operator after a roll-back: run what is known."""
    assert parse_spec(of(nope=1)).image == "myapp:latest"
    assert refusal(of(nope=1, replicas=-1), strict=False).startswith("spec.replicas: ")


@pytest.mark.parametrize("value", [0, 5, "25%", "0%", "100%"])
def test_counts_may_be_percentages(value: int | str) -> None:
    assert parse_spec(of(rollout={"maxSurge": value})).rollout.max_surge == value


@pytest.mark.parametrize("value", ["101%", "x", "-1%", "05%", "12.5%", "25 %"])
def test_percentages_that_are_none_are_refused(value: str) -> None:
    assert refusal(of(rollout={"maxSurge": value})).startswith("spec.rollout: maxSurge must be a number such as 1, or")


@pytest.mark.parametrize("value", [1001, -1])
def test_counts_that_are_none_are_refused(value: int) -> None:
    assert refusal(of(rollout={"maxSurge": value})).startswith("spec.rollout.maxSurge")


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"replicas": "3"}, id="a number as a string"),
        pytest.param({"replicas": True}, id="a truth as a number"),
        pytest.param({"suspend": "yes"}, id="a truth as a string"),
        pytest.param({"suspend": 1}, id="a number as a truth"),
        pytest.param({"image_pull_policy": "Always"}, id="the name of the Python attribute"),
        pytest.param({"rollout": {"maxSurge": "5"}}, id="a number as a string, where a percentage may stand"),
    ],
)
def test_what_the_api_server_refuses_is_refused_here_too(fields: Json) -> None:
    refusal(of(**fields))


def test_the_path_of_a_count_is_that_of_the_users_file() -> None:
    assert refusal(of(rollout={"maxSurge": 1001})).startswith("spec.rollout.maxSurge: ")


def test_plain_data_is_passed_on_as_it_is() -> None:
    env = [{"name": "A_b", "valueFrom": {"secretKeyRef": {"name": "n", "key": "some_key"}}}]
    assert parse_spec(of(env=env), strict=True).env == env


def test_a_sidecar_that_was_stored_with_more_variables_than_may_be_applied_today_is_followed() -> None:
    env = [{"name": f"V{number}", "value": "x"} for number in range(400)]
    assert parse_spec({"image": "a", "sidecars": [{"name": "side", "image": "b", "env": env}]}).sidecars
