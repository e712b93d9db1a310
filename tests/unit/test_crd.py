"""What the CRD promises to a user and to the API server, whatever the model holds."""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import yaml

from myapp_operator import crd
from myapp_operator.crd import schema, typerules
from myapp_operator.grammar import Json, Part, Rule
from myapp_operator.model import NAME_RULE, OWN_NAME_RULE, Spec, Status

ROOT = Path(__file__).parents[2]
CRD: Json = yaml.safe_load(crd.render())
VERSION: Json = CRD["spec"]["versions"][0]
OPENAPI: Json = VERSION["schema"]["openAPIV3Schema"]


def nodes(node: Json, path: str = "") -> Iterator[tuple[str, Json]]:
    """Yield every schema in the CRD with its path."""
    yield path, node
    for name, child in node.get("properties", {}).items():
        yield from nodes(child, f"{path}.{name}".lstrip("."))
    for key, suffix in (("items", "[]"), ("additionalProperties", "{}")):
        if key in node:
            yield from nodes(node[key], path + suffix)


def fields(part: type[Part], path: str) -> Iterator[tuple[str, Any]]:
    """Yield every field of the model with its path in the CRD."""
    for name, field in part.model_fields.items():
        here = f"{path}.{field.alias or name}"
        yield here, field
        inner = next(each.inner for each in schema.of_fields(part) if each.name == field.alias)
        if isinstance(inner, type):
            yield from fields(inner, f"{here}[]" if "list" in str(field.annotation) else here)


NODES = dict(nodes(OPENAPI))
FIELDS = {**dict(fields(Spec, "spec")), **dict(fields(Status, "status"))}


def part_rules(part: type[Part]) -> Iterator[Rule]:
    yield from part.rules
    for each in schema.of_fields(part):
        if isinstance(each.inner, type):
            yield from part_rules(each.inner)


OUR_RULES = [NAME_RULE, OWN_NAME_RULE, *part_rules(Spec)]
RULES = [*OUR_RULES, typerules.QUANTITY_RULE, typerules.port_rule("http"), *chain(*typerules.RULES.values())]


def test_the_file_in_crds_is_current() -> None:
    assert (ROOT / "crds/myapps.yaml").read_text(encoding="utf-8") == crd.render(), "run `make generate`"


def test_what_people_look_for_is_found_in_its_description() -> None:
    """By its name in Kubernetes, with `kubectl explain myapp.spec | grep`."""
    for field, words in (
        ("probes", ("livenessProbe", "readinessProbe", "startupProbe")),
        ("autoscaling", ("HorizontalPodAutoscaler", "hpa")),
        ("disruptionBudget", ("PodDisruptionBudget", "pdb")),
    ):
        assert all(word in NODES[f"spec.{field}"]["description"] for word in words)


def test_it_fits_into_the_annotation_of_kubectl_apply() -> None:
    assert len(crd.render().encode()) < 200_000


def test_names_are_those_that_users_type() -> None:
    names = CRD["spec"]["names"]
    assert CRD["metadata"]["name"] == f"{names['plural']}.{CRD['spec']['group']}"
    assert (names["plural"], names["singular"], names["shortNames"], names["categories"]) == (
        "myapps",
        "myapp",
        ["ma"],
        ["all"],
    )


def test_columns_of_kubectl_get() -> None:
    columns = [(each["name"].upper(), each.get("priority", 0)) for each in VERSION["additionalPrinterColumns"]]
    assert columns == [("READY", 0), ("STATUS", 0), ("URL", 0), ("IMAGE", 0), ("AGE", 0), ("MESSAGE", 1)]


def test_columns_and_scale_read_fields_that_exist() -> None:
    scale = VERSION["subresources"]["scale"].values()
    plain = [each["jsonPath"] for each in VERSION["additionalPrinterColumns"] if "[" not in each["jsonPath"]]
    for path in [*scale, *plain]:
        assert path == ".metadata.creationTimestamp" or path.lstrip(".") in NODES


@pytest.mark.parametrize("path", [path for path, field in FIELDS.items() if not field.is_required()])
def test_the_server_fills_in_what_the_model_assumes(path: str) -> None:
    default = FIELDS[path].default
    expected = default.model_dump(by_alias=True, exclude_none=True) if isinstance(default, Part) else default
    assert NODES[path].get("default") == expected


def test_a_myapp_that_was_never_looked_at_says_so() -> None:
    assert OPENAPI["properties"]["status"]["default"] == {"observedGeneration": -1}


def test_no_default_beyond_the_models() -> None:
    """The published types carry about 170 zero values of Go, which would all be stored in a user's object."""
    assert {path for path, node in NODES.items() if "default" in node} - FIELDS.keys() == {"status"}


@pytest.mark.parametrize("path", FIELDS)
def test_every_field_is_described_with_its_default(path: str) -> None:
    description = NODES[path]["description"]
    assert description.endswith(".")
    if "default" in NODES[path]:
        assert f"Default: {schema.in_words(NODES[path]['default'])}." in description


def test_kubernetes_types_are_described_one_level_deep() -> None:
    assert NODES["spec.env[].valueFrom"]["description"]
    assert "description" not in NODES["spec.env[].valueFrom.secretKeyRef"]


def test_everything_is_bounded() -> None:
    """Without bounds CEL assumes the worst and the API server refuses the rules as too costly."""
    bounds = {"array": "maxItems", "string": "maxLength"}
    for path, node in NODES.items():
        kind = node.get("type", "")
        if path in ("apiVersion", "kind") or "enum" in node or node.get("format") == "date-time":
            continue
        if kind in bounds or "x-kubernetes-int-or-string" in node:
            assert bounds.get(kind, "maxLength") in node, path
        if "additionalProperties" in node:
            assert "maxProperties" in node, path


def test_every_number_of_the_spec_is_bounded() -> None:
    numbers = [path for path in FIELDS if path.startswith("spec.") and NODES[path].get("type") == "integer"]
    assert "spec.replicas" in numbers
    assert [path for path in numbers if not NODES[path].keys() >= {"minimum", "maximum"}] == []


def test_what_the_api_does_not_offer_is_pruned() -> None:
    for path, node in NODES.items():
        assert "x-kubernetes-preserve-unknown-fields" not in node, path
        assert "x-kubernetes-embedded-resource" not in node, path
        assert (
            path == "metadata"
            or node.get("type") != "object"
            or node.keys()
            & {
                "properties",
                "additionalProperties",
            }
        ), path


def test_only_what_a_structural_schema_allows() -> None:
    for path, node in NODES.items():
        unknown = {"$ref", "$defs", "allOf", "oneOf", "not", "const", "title", "nullable", "uniqueItems"}
        assert not node.keys() & unknown, path
        assert "type" in node or node.get("x-kubernetes-int-or-string"), path
        assert not [key for key in node if key.startswith("x-kubernetes-patch")], path
        assert "anyOf" not in node, path


def test_merge_keys_are_required_and_described() -> None:
    keyed = {path: node for path, node in NODES.items() if "x-kubernetes-list-map-keys" in node}
    assert keyed.keys() >= {"spec.imagePullSecrets", "spec.env", "spec.sidecars[].env", "status.conditions"}
    for path, node in keyed.items():
        assert node["x-kubernetes-list-type"] == "map"
        fields = node["items"]["properties"]
        filled_in = {name for name, field in fields.items() if "default" in field}
        assert set(node["x-kubernetes-list-map-keys"]) <= {*node["items"].get("required", ()), *filled_in}, path


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("spec.env[].valueFrom.configMapKeyRef", "name"),
        ("spec.envFrom[].secretRef", "name"),
        ("spec.volumes[].configMap", "name"),
        ("spec.volumes[].secret", "secretName"),
        ("spec.sidecars[].probes.liveness.exec", "command"),
    ],
)
def test_what_no_pod_can_do_without_is_required(path: str, field: str) -> None:
    """Published as optional, so without it the MyApp would be taken and its Deployment refused."""
    assert field in NODES[path]["required"]


def test_no_probe_reaches_another_host() -> None:
    assert "spec.probes.readiness.httpGet.port" in NODES
    assert [path for path in NODES if path.endswith(".host")] == ["spec.ingress.host"]


def test_resources_are_those_that_every_node_has() -> None:
    for name in ("requests", "limits"):
        assert list(NODES[f"spec.resources.{name}"]["properties"]) == ["cpu", "memory", "ephemeral-storage"]
    assert "claims" not in NODES["spec.resources"]["properties"]


def test_every_rule_of_the_model_stands_in_the_crd() -> None:
    listed = [rule for node in NODES.values() for rule in node.get("x-kubernetes-validations", ())]
    assert {rule["rule"] for rule in listed} == {rule.cel for rule in RULES}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.message[:30])
def test_every_rule_says_what_to_do(rule: Rule) -> None:
    must, colon, advice = rule.message.partition(": ")
    assert colon
    assert "must" in must
    assert advice.split()[0].rstrip(",") in {"add", "choose", "lower", "raise", "remove", "write"}


@pytest.mark.parametrize("rule", [NAME_RULE, OWN_NAME_RULE, *Spec.rules], ids=lambda rule: rule.path)
def test_every_rule_on_the_whole_names_a_field(rule: Rule) -> None:
    """Without a path the API server names the part that has the rule: `spec`, and for the root `<nil>`."""
    assert rule.path


def test_a_rule_on_the_whole_object_spares_stored_objects() -> None:
    """A root rule that a stored object breaks would block its status, labels and scale for ever."""
    # The second came with the fields that it is about, so nothing that is stored can break it.
    on_names, on_containers = OPENAPI["x-kubernetes-validations"]
    assert on_names["optionalOldSelf"] is True
    assert on_names["rule"].startswith("oldSelf.hasValue() || ")
    assert on_containers["rule"] == OWN_NAME_RULE.cel


def test_no_rule_ties_replicas_to_another_field() -> None:
    """`kubectl scale` would fail by it, with a sentence about a field that its user never touched."""
    assert not [rule for rule in RULES if "replicas" in rule.cel]
