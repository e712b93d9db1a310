"""A MyApp is judged as the API server would, by nothing but the CRD: the corpus says what that is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from myapp_operator import crd, judging
from myapp_operator.grammar import Json
from myapp_operator.judging import rules, structure
from myapp_operator.judging.mistakes import is_within
from tests import corpus
from tests.corpus import Case

SCHEMA = crd.schema_of_the_api()
CASES = corpus.read()
REFUSED = [case for case in CASES if case.refused or case.dropped]
STORED = [case for case in CASES if case.stored]
KEYWORDS = {"type", "properties", "required", "additionalProperties", "items", "enum", "default", "nullable", "pattern"}
KEYWORDS |= {f"{bound}{what}" for bound in ("min", "max") for what in ("Length", "Items", "Properties", "imum")}
KEYWORDS |= {"exclusiveMinimum", "exclusiveMaximum", "multipleOf", "format", "anyOf", "description"}
KEYWORDS |= {f"x-kubernetes-{each}" for each in ("list-type", "list-map-keys", "int-or-string", "validations")}
KEYWORDS |= {"x-kubernetes-preserve-unknown-fields", "x-kubernetes-map-type"}
"""What a schema may say."""
KNOWN = {"has", "matches", "all", "exists", "exists_one", "size", "startsWith", "endsWith", "contains", "string", "int"}
KNOWN |= {"double", "type", "map", "filter", "hasValue", "value", "duration", "timestamp"}
"""Functions and macros that the library brings."""


def judged(spec: Json, **metadata: Any) -> list[str]:
    """What is said of a MyApp."""
    body = {
        "apiVersion": "apps.example.com/v1",
        "kind": "MyApp",
        "metadata": {"name": "shop", **metadata},
        "spec": {"image": "shop:1", **spec},
    }
    return [str(each) for each in judging.mistakes(body, SCHEMA)]


@pytest.mark.parametrize("case", REFUSED, ids=str)
def test_what_the_api_server_refuses_is_refused_for_the_same_field(case: Case) -> None:
    """What it drops is refused by `kubectl --validate=strict`, which is the default."""
    found = judging.mistakes(case.manifest, SCHEMA)
    field = re.sub(r"\['(.*?)'\]", r"[\1]", case.field or case.dropped)
    assert found
    assert all(is_within(each.path, field) for each in found), found


@pytest.mark.parametrize("case", STORED, ids=str)
def test_what_the_api_server_takes_is_taken(case: Case) -> None:
    assert judging.mistakes(case.manifest, SCHEMA) == []


def every_rule(node: Any) -> Iterator[str]:
    """The rules of a schema, at any depth."""
    if isinstance(node, dict):
        yield from (each["rule"] for each in node.get("x-kubernetes-validations", ()))
        for each in node.values():
            yield from every_rule(each)


@pytest.mark.parametrize("rule", sorted(set(every_rule(SCHEMA))))
def test_every_rule_of_the_crd_can_be_asked(rule: str) -> None:
    rules.compiled(rule)
    words = re.sub(r"'(\\.|[^'\\])*'", "''", rule)
    assert set(re.findall(r"\b([A-Za-z_]+)\(", words)) <= KNOWN | rules.FUNCTIONS.keys()


def every_node(node: Json) -> Iterator[Json]:
    """The schemas in a schema, itself among them."""
    yield node
    inner = [*node.get("properties", {}).values(), node.get("items"), node.get("additionalProperties")]
    for each in inner:
        if isinstance(each, dict):
            yield from every_node(each)


def test_the_crd_says_nothing_that_is_not_judged() -> None:
    """A keyword or format that is new to the CRD must be judged here too, or `render` passes too much."""
    assert {key for node in every_node(SCHEMA) for key in node} <= KEYWORDS
    assert {node["format"] for node in every_node(SCHEMA) if "format" in node} <= {"date-time", "int32", "int64"}
    assert all("x-kubernetes-int-or-string" in node for node in every_node(SCHEMA) if "anyOf" in node)


def test_the_end_in_a_pattern_is_the_end() -> None:
    schema = {"type": "string", "pattern": r"^[$a]\$?b$"}
    assert [*structure.mistakes("$$b", schema)] == []
    assert [each.words for each in structure.mistakes("ab\n", schema)] == [r"must match ^[$a]\$?b$"]


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (
            {"resources": {"limits": {"cpu": 0.5}}},
            "must be a whole number or text, not the number 0.5: put it",
        ),
        ({"rollout": {"maxUnavailable": 0.5}}, "maxUnavailable must be a number such as 1, or a percentage from 0% to"),
        ({"env": [{"name": "A", "value": 1}]}, "spec.env[0].value: must be text, not the number 1: put it in quotes"),
        (
            {"env": [{"name": "A", "valeu": "1"}]},
            "spec.env[0].valeu: there is no such field in spec.env[0]: did you mean",
        ),
        ({"env": [{"name": "A"}, {"name": "A"}]}, "spec.env[1]: has the same name as spec.env[0]: remove one of them"),
        (
            {"resources": {"limits": {"nvidia.com/gpu": 1}}},
            "spec.resources.limits[nvidia.com/gpu]: there is no",
        ),
        ({"probes": {"liveness": {"httpGet": {"paht": "/", "port": 80}}}}, "did you mean path?"),
        ({"volumes": [{"name": "a", "emptyDir": {"sizelimit": "1Gi"}}]}, "did you mean sizeLimit?"),
        ({"replicas": "2"}, "spec.replicas: must be a whole number, not text"),
        ({"command": "sh"}, "spec.command: must be a list, not text"),
        ({"rollout": {"strategy": "Recreat"}}, "must be one of RollingUpdate, Recreate: did you mean Recreate?"),
        ({"env": [None]}, "spec.env[0]: must be a map, not nothing"),
        ({"port": 10**30}, "spec.port: must be at most 65535"),
        ({"suspend": 1}, "spec.suspend: must be true or false, not the number 1"),
    ],
)
def test_a_mistake_is_told_in_plain_words_with_what_to_do(spec: Json, words: str) -> None:
    (found,) = judged(spec)
    assert words in found


def test_all_mistakes_are_told_at_once() -> None:
    spec = {"replicas": -1, "nope": 1, "drainSeconds": 30, "rollout": {"maxSurge": "101%"}, "env": [{"name": 1}]}
    found = judged(spec, labels={"a b": "c"})
    fields = [each.partition(":")[0] for each in found]
    assert sorted(fields) == [
        "metadata.labels[a b]",
        "spec.env[0].name",
        "spec.nope",
        "spec.replicas",
        "spec.rollout.maxSurge",
        "spec.terminationGracePeriodSeconds",
    ]


@pytest.mark.parametrize(
    "spec",
    [
        {"replicas": None},
        {"env": None, "rollout": {"maxSurge": None}},
        {"replicas": 0, "resources": {"limits": {"cpu": 1, "memory": "1e3"}}},
        {"port": 65535, "env": [{"name": "A", "value": ""}]},
    ],
)
def test_what_the_api_server_would_take_passes(spec: Json) -> None:
    assert judged(spec) == []


def test_a_name_may_be_left_to_the_api_server() -> None:
    body = {"metadata": {"generateName": "shop-"}, "spec": {"image": "a"}}
    assert judging.mistakes(body, SCHEMA) == []
    assert judging.as_stored(body, SCHEMA)["metadata"]["name"] == "shop-xxxxx"
    (found,) = judging.mistakes({"metadata": {"generateName": "Shop-"}, "spec": {"image": "a"}}, SCHEMA)
    assert found.path == "metadata"


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"spec": {"image": "a"}}, "metadata"),
        ({"metadata": {}, "spec": {"image": "a"}}, "metadata.name"),
        ({"metadata": {"name": ""}, "spec": {"image": "a"}}, "metadata.name"),
        ({"metadata": {"name": 1}, "spec": {"image": "a"}}, "metadata.name"),
        ({"metadata": "shop", "spec": {"image": "a"}}, "metadata"),
        ({"metadata": {"name": "My"}, "spec": {"image": "a"}}, "metadata"),
        ({"metadata": {"name": "a", "nmaespace": "b"}, "spec": {"image": "a"}}, "metadata.nmaespace"),
        ({"metadata": {"name": "a", "namespace": "b/c"}, "spec": {"image": "a"}}, "metadata.namespace"),
        ({"metadata": {"name": "a"}}, "spec"),
        ({"metadata": {"name": "a"}, "spec": None}, "spec"),
        ({"metadata": {"name": "a"}, "spec": []}, "spec"),
        ({"metadata": {"name": "a"}, "spec": {"image": "a"}, "sepc": {}}, "sepc"),
    ],
)
def test_what_stands_around_the_spec_is_judged_too_in_one_line(body: Json, path: str) -> None:
    assert [each.path for each in judging.mistakes(body, SCHEMA)] == [path]


def test_rules_are_not_asked_about_lists_without_bound() -> None:
    """They compare each item with each other one."""
    ports = [{"name": f"p{number}", "port": 1 + number % 60000} for number in range(200_000)]
    found = judged({"service": {"extraPorts": ports}})
    assert any("spec.service.extraPorts: must have at most" in each for each in found)


def test_a_rule_reads_characters_and_not_bytes() -> None:
    """The library counts bytes."""
    schema = {"type": "object", "x-kubernetes-validations": [{"rule": "self.a.size() == 2 && size(self.a) == 2"}]}
    schema["properties"] = {"a": {"type": "string"}}
    assert [*rules.mistakes({"a": "é\U0001f600"}, schema)] == []


def test_a_rule_that_this_program_does_not_know_is_no_silence() -> None:
    schema = {"x-kubernetes-validations": [{"rule": "self.unheardOf()", "message": "no"}]}
    with pytest.raises(rules.BrokenRuleError):
        [*rules.mistakes({}, schema)]


def test_the_stored_app_has_its_defaults_and_no_status() -> None:
    stored = judging.as_stored({"metadata": {"name": "a"}, "spec": {"image": "a"}, "status": {"ready": "1/1"}}, SCHEMA)
    assert (stored["spec"]["replicas"], stored["spec"]["rollout"]["maxSurge"]) == (2, "25%")
    assert "status" not in stored
