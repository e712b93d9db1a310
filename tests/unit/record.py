"""Records what a real API server makes of managedFields: `uv run python -m tests.unit.record KUBECONFIG`.

Applies the children of every golden case as the operator does. For one of them `kubectl` then plays the others, each
edit as a dry run on what was applied, so that none sees another one. Writes tests/unit/seen/<case>.json: for each edit
the metadata that a watch would bring. Needs an API server with the CRD, a namespace `recording` and no operator in it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from dev.cluster import binary
from myapp_operator import desired, names
from myapp_operator.grammar import Json
from myapp_operator.model import parse_spec
from tests.unit import golden
from tests.unit.samples import app_of

FOLDER = Path(__file__).parent / "seen"
NAMESPACE = "recording"
APPLY = ("apply", "--server-side", "--force-conflicts", "-f", "-")
REMOVE = {"op": "remove"}
CONTAINER = "/spec/template/spec/containers/0"
UNTOUCHED = "nobody touched it"
EDITED = "everything"

Edit = tuple[str, ...]


def patch(*operations: Json) -> Edit:
    """A JSON patch, which can also remove."""
    return ("patch", "--type=json", "-p", json.dumps(operations))


def put(path: str, value: Any) -> Json:
    """One operation of a JSON patch."""
    return {"op": "add", "path": path, "value": value}


DEPLOYMENT: dict[str, Edit] = {
    UNTOUCHED: ("annotate", "note=mine"),
    "kubectl scale": patch(put("/spec/replicas", 7)),
    "kubectl scale to what it is": patch(put("/spec/replicas", 3)),
    "kubectl set image": ("set", "image", "*=other:1"),
    "kubectl set env": ("set", "env", "PORT=1"),
    "kubectl set env of a new variable": ("set", "env", "EXTRA=1"),
    "kubectl set resources": ("set", "resources", "--limits=cpu=2"),
    "the same quantity in other words": patch(put(f"{CONTAINER}/resources/limits/cpu", "1000m")),
    "kubectl rollout pause": patch(put("/spec/paused", value=True)),
    "kubectl rollout restart": patch(
        put("/spec/template/metadata/annotations", {"kubectl.kubernetes.io/restartedAt": "now"})
    ),
    "label changed": patch(put("/metadata/labels/app", "other")),
    "label removed": patch({**REMOVE, "path": "/metadata/labels/app.kubernetes.io~1name"}),
    "label added": patch(put("/metadata/labels/team", "blue")),
    "our annotation removed": ("annotate", f"{names.APPLIED}-"),
    "our annotation changed": ("annotate", "--overwrite", f"{names.APPLIED}=0"),
    "variable removed": patch({**REMOVE, "path": f"{CONTAINER}/env/1"}),
    "all variables removed": patch({**REMOVE, "path": f"{CONTAINER}/env"}),
    "port changed": patch(put(f"{CONTAINER}/ports/0/containerPort", 9)),
    "port added": patch(put(f"{CONTAINER}/ports/-", {"name": "admin", "containerPort": 9})),
    "command changed": patch(put(f"{CONTAINER}/command", ["sh"])),
    "probe removed": patch({**REMOVE, "path": f"{CONTAINER}/livenessProbe"}),
    "drain removed": patch({**REMOVE, "path": f"{CONTAINER}/lifecycle"}),
    "pull secret removed": patch({**REMOVE, "path": "/spec/template/spec/imagePullSecrets/0"}),
    "host network": patch(put("/spec/template/spec/hostNetwork", value=True)),
    "capability dropped no longer": patch(put(f"{CONTAINER}/securityContext/capabilities", {})),
    "sidecar added": patch(put("/spec/template/spec/containers/-", {"name": "foreign", "image": "foreign:1"})),
    "strategy changed": patch(put("/spec/strategy", {"type": "Recreate"})),
    "managedFields cleared": patch(put("/metadata/managedFields", [{}])),
}
SERVICE: dict[str, Edit] = {
    UNTOUCHED: ("annotate", "note=mine"),
    "port changed": patch(put("/spec/ports/0/port", 81)),
    "port added": patch(put("/spec/ports/-", {"name": "admin", "port": 9})),
    "targetPort changed": patch(put("/spec/ports/0/targetPort", 9)),
    "type changed": patch(put("/spec/type", "NodePort")),
    "selector changed": patch(put("/spec/selector/app", "other")),
    "selector added": patch(put("/spec/selector/role", "other")),
    "label removed": patch({**REMOVE, "path": "/metadata/labels/app"}),
}


def kubectl(*arguments: str, stdin: str = "") -> Json:
    """One command in our namespace; returns the object that it prints, if it prints one."""
    command = [str(binary("kubectl")), "--kubeconfig", sys.argv[1], "--namespace", NAMESPACE, *arguments]
    result = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
    if result.returncode:
        raise SystemExit(f"{' '.join(arguments)}: {result.stderr}")
    answer: Json = json.loads(result.stdout) if "json" in arguments else {}
    return answer


PRINT = ("-o", "json", "--show-managed-fields")


def record(case: str) -> None:
    """Applies one golden case and writes what becomes of its children: all edits for `everything`, else none."""
    raw = yaml.safe_load(golden.source(case).read_text(encoding="utf-8"))
    raw["metadata"] |= {"namespace": NAMESPACE, "name": case}
    app = app_of(raw, uid=kubectl("apply", "-f", "-", *PRINT, stdin=yaml.safe_dump(raw))["metadata"]["uid"])
    lines = []
    for want in desired.build(app, parse_spec(raw["spec"])):
        if want.body is None:
            continue
        kubectl(*APPLY, f"--field-manager={names.MANAGER}", stdin=yaml.safe_dump(want.body))
        name = f"{want.kind.plural}/{want.kind.name_for(app.key.name)}"
        edits = DEPLOYMENT if want.kind == names.DEPLOYMENT else SERVICE
        found = {what: dry(edit, name) for what, edit in edits.items() if what == UNTOUCHED or case == EDITED}
        found["applied by another with our values"] = other_apply(want.body)
        inner = (f"{json.dumps(what)}: {json.dumps(watched(raw))}" for what, raw in found.items())
        lines.append(f'"{want.kind}": {{\n' + ",\n".join(inner) + "\n}")
    (FOLDER / f"{case}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def watched(raw: Json) -> Json:
    """What a metadata-only watch would bring of it, less what nothing here looks at."""
    kept = ("uid", "resourceVersion", "generation", "annotations", "ownerReferences", "managedFields")
    metadata = {key: value for key, value in raw["metadata"].items() if key in kept}
    entries = [each for each in metadata.get("managedFields", ()) if each["manager"] != "kube-controller-manager"]
    return {"metadata": {**metadata, "managedFields": entries}}


def dry(edit: Edit, name: str) -> Json:
    """What an edit would make of the object. (`kubectl scale` and `label` would print it as it was.)"""
    words = 2 if edit[0] == "set" else 1
    return kubectl(*edit[:words], name, *edit[words:], "--dry-run=server", *PRINT)


def other_apply(body: Json) -> Json:
    """Somebody applies the same values, in a manifest that knows nothing of us."""
    metadata = {key: value for key, value in body["metadata"].items() if key in ("name", "namespace", "labels")}
    text = yaml.safe_dump({**body, "metadata": metadata})
    return kubectl(*APPLY, "--field-manager=other", "--dry-run=server", *PRINT, stdin=text)


if __name__ == "__main__":
    for each in golden.CASES:
        record(each)
