"""What the builders make is taken by a real API server as it is, and read again without a difference."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from myapp_operator import drift, names
from myapp_operator.names import Kind
from myapp_operator.observed import Child
from tests.api.conftest import Kubectl
from tests.unit import golden

Json = dict[str, Any]

# The Gateway API is no part of Kubernetes: a cluster has HTTPRoutes only where somebody installed them.
KINDS = {each.suffix: each for each in (names.HPA, names.PDB, names.INGRESS, names.NETWORK_POLICY)}
APART = [case for case in golden.APART_CASES if case.partition("-")[0] in KINDS]


def whole(kind: Kind, part: Json) -> Json:
    """The object as the operator would apply it."""
    annotations = {**part.get("metadata", {}).get("annotations", {}), names.APPLIED: "0"}
    metadata = {"name": kind.name_for("shop"), "labels": names.labels("shop"), "annotations": annotations}
    return {"apiVersion": kind.api_version, "kind": kind.kind, **part, "metadata": metadata}


@pytest.mark.parametrize(
    "source",
    sorted([*golden.FOLDER.glob("*.input.yaml"), *golden.APART.glob("*.input.yaml")]),
    ids=lambda path: path.name,
)
def test_the_server_takes_every_myapp_of_the_golden_pairs(kubectl: Kubectl, source: Path) -> None:
    app = yaml.safe_load(source.read_text(encoding="utf-8"))
    app["metadata"].pop("namespace", None)
    answer = kubectl("apply", "--namespace", "default", "--dry-run=server", "-f", "-", stdin=json.dumps(app))
    assert answer.returncode == 0, answer.stderr


def children() -> list[Any]:
    """Every child of the golden pairs, named after its case."""
    rendered = ((case, child) for case in golden.CASES for child in yaml.safe_load_all(golden.rendered(case)))
    apart = ((case, whole(KINDS[case.partition("-")[0]], yaml.safe_load(golden.built(case)))) for case in APART)
    return [pytest.param(child, id=f"{case} {child['kind']}") for case, child in (*rendered, *apart)]


@pytest.mark.parametrize("child", children())
def test_the_server_takes_it_and_leaves_every_field_ours(kubectl: Kubectl, child: Json) -> None:
    child["metadata"]["namespace"] = "default"
    apply = ("apply", "--server-side", "--force-conflicts", f"--field-manager={names.MANAGER}", "--dry-run=server")
    answer = kubectl(*apply, "-o", "json", "--show-managed-fields", "-f", "-", stdin=json.dumps(child))
    assert answer.returncode == 0, answer.stderr
    stored = json.loads(answer.stdout)
    stored["metadata"].setdefault("resourceVersion", "1")
    assert list(drift.lost(child, Child.from_json(stored))) == []
