"""Remakes the extract of Kubernetes' OpenAPI document from which crd/ takes the schemas of `Kube` fields.

    uv run python -m dev.kubernetes_schemas        (or: make kubernetes-schemas)

Run it after marking a field of the model with a Kubernetes type that the extract does not hold yet, or after raising
the oldest supported Kubernetes: change VERSION and `EXTRACT` in crd/kubetypes.py. It needs Go, which fetches and
verifies the module; the result is committed, so that nobody else needs it.

The oldest supported version is taken, not the newest: what an older server does not know, the API must not offer.
The definitions are Kubernetes' own (Apache-2.0), unchanged; crd/kubetypes.py makes structural schemas of them.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from myapp_operator.crd import kubetypes, schema
from myapp_operator.grammar import Json, KubeType
from myapp_operator.model import Spec, Status

MODULE = "k8s.io/kubernetes"
VERSION = "v1.31.14"
DOCUMENTS = {
    "core.v1": "api/openapi-spec/v3/api__v1_openapi.json",
    "autoscaling.v2": "api/openapi-spec/v3/apis__autoscaling__v2_openapi.json",
}
"""Where the types of each package stand. What two documents share, such as label selectors, is alike in both."""
TARGET = Path(kubetypes.__file__).with_name(kubetypes.EXTRACT)


def main() -> None:
    """Write the extract anew."""
    definitions = _definitions()
    marks = {mark for part in (Spec, Status) for mark in schema.kube_types(part)}
    extract = {
        name: definitions[name] for name in sorted({each for mark in marks for each in _closure(mark, definitions)})
    }
    source = f"{MODULE}@{VERSION}: {', '.join(DOCUMENTS.values())}, Apache-2.0"
    TARGET.write_text(json.dumps({"source": source, "definitions": extract}, indent=1, sort_keys=True) + "\n")
    print(f"{TARGET.name}: {len(extract)} definitions from {source}")


def _definitions() -> Json:
    command = ["go", "mod", "download", "-json", f"{MODULE}@{VERSION}"]
    # From the folder of this file: `go mod download` with a version needs no module of ours, only a place to stand.
    answer = subprocess.run(command, check=True, capture_output=True, text=True, cwd=Path(__file__).parent)
    folder = Path(json.loads(answer.stdout)["Dir"])
    schemas: Json = {}
    for document in DOCUMENTS.values():
        schemas |= json.loads((folder / document).read_text())["components"]["schemas"]
    return schemas


def _closure(mark: KubeType, definitions: Json) -> set[str]:
    """The marked type and all that it refers to, less what is not offered of it."""
    found: set[str] = set()
    todo = [kubetypes.definition_of(mark, definitions)]
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            properties = kubetypes.offered(name, definitions[name].get("properties", {}), mark)
            todo.extend(_references(list(properties.values())))
    return found


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if "$ref" in node:
            yield kubetypes.referred(node["$ref"])
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


if __name__ == "__main__":
    main()
