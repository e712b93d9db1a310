"""docs/api.md shows every field and every rule, in tables that Markdown can read."""

import json
import re

from dev import api_docs
from myapp_operator import crd

PAGE = api_docs.render()


def test_every_field_of_the_crd_has_a_row() -> None:
    root = crd.manifest()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]
    for part in ("spec", "status"):
        for name in root[part]["properties"]:
            assert f"`{part}.{name}`" in PAGE
    assert "`spec.rollout.maxSurge`" in PAGE
    assert "`status.conditions[].reason`" in PAGE


def test_every_row_has_four_cells() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("|")]
    assert {len(re.split(r"(?<!\\)\|", row)) for row in rows} == {6}


def test_required_fields_are_bold_and_defaults_stand_in_their_column() -> None:
    assert "| **`spec.image`** | string, 1 to 512 characters |  |" in PAGE
    assert "| `spec.replicas` | integer, 0 to 1000 | `2` |" in PAGE
    assert "| **`spec.ingress.host`** | string, at most 253 characters |  |" in PAGE


def test_maps_are_shown_with_their_bounds() -> None:
    assert "| `spec.podMetadata.labels` | map of at most 64: string, at most 63 characters |" in PAGE


def test_a_rule_of_all_containers_names_the_field_of_the_apps_own_and_a_rule_of_others_names_theirs() -> None:
    rules = PAGE.partition("## Rules")[2]
    assert "- `spec.envFrom[]`: an item of envFrom must" in rules
    assert "- `spec.sidecars[].ports`, `spec.initContainers[].ports`: no two ports" in rules


def test_every_sentence_of_the_crd_stands_once() -> None:
    sentences = set(re.findall(r'"message": (".*?[^\\]")', json.dumps(crd.manifest())))
    assert len(sentences) > 10
    for sentence in sentences:
        assert PAGE.count(json.loads(sentence)) == 1, sentence
