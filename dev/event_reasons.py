"""Remakes the list of all reasons of events that Kubernetes writes about what becomes of a MyApp.

    uv run python -m dev.event_reasons        (or: make event-reasons)

Run it after a change of Kubernetes' version, then say in event_words.yaml what becomes of each new reason, and
`make generate`. dev/go/event-reasons finds them in the sources, which it needs whole; so the list is committed, and
tests/api compares the two.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from dev.cluster import ClusterError, binary
from dev.cluster.binaries import sources
from dev.cluster.commands import run

TARGET = Path(__file__).with_name("event_reasons.json")

_CONTROLLERS = "k8s.io/kubernetes/pkg/controller"
PARTS = {
    "k8s.io/kubernetes/pkg/kubelet": "kubelet",
    "k8s.io/kubernetes/pkg/scheduler": "scheduler",
    "k8s.io/kubernetes/pkg/volume": "volumes",
    f"{_CONTROLLERS}/volume": "volumes",
    f"{_CONTROLLERS}/deployment": "deployments",
    f"{_CONTROLLERS}/job": "jobs",
    f"{_CONTROLLERS}/cronjob": "jobs",
    f"{_CONTROLLERS}/podautoscaler": "autoscalers",
    _CONTROLLERS: "controllers",
    "k8s.io/endpointslice": "controllers",
}
"""Packages with all below, and what their events are listed under; the innermost one counts. ReplicaSets share the code
that creates pods, and its events, with other controllers."""

_MODULES = {
    "k8s.io/kubernetes": "pkg/kubelet",
    "k8s.io/endpointslice": "",
    # What constants and parameters of the above are declared in.
    "k8s.io/api": "core/v1",
    "k8s.io/apimachinery": "pkg/types",
    "k8s.io/client-go": "tools/record",
    "k8s.io/component-helpers": "scheduling/corev1",
    "k8s.io/kube-scheduler": "framework",
}
"""What must be known of types, each module with one of its packages."""
_ONLY = {"k8s.io/client-go": ("tools/record", "tools/events", "tools/internal")}
"""Of the large client library, which every package declares something in, the recorders alone."""

Reasons = dict[str, dict[str, list[str]]]
"""By the part that writes them; for each reason the types of its events, as far as the sources tell them."""


def find() -> Reasons:
    """All reasons in the sources of the pinned version; needs Go, and their modules as a build leaves them."""
    folders = sources("kubernetes", *(f"{module}/{package}".rstrip("/") for module, package in _MODULES.items()))
    given = [
        f"{module}/{below}={folder / below}" if below else f"{module}={folder}"
        for module, folder in folders.items()
        for below in _ONLY.get(module, ("",))
    ]
    roots = [f"{part}={package}" for package, part in PARTS.items()]
    answer = run([binary("event-reasons"), *given, "--", *roots], failed="The sources of Kubernetes cannot be searched")
    found: Reasons = json.loads(answer)
    return found


def read() -> Reasons:
    """The list as it was committed."""
    listed: Reasons = json.loads(TARGET.read_text(encoding="utf-8"))
    return listed


def main() -> int:
    """Write the list anew."""
    try:
        found = find()
    except ClusterError as error:
        print(error, file=sys.stderr)
        return 1
    TARGET.write_text(render(found), encoding="utf-8")
    print(f"{TARGET.name}: {sum(map(len, found.values()))} reasons")
    return 0


def render(found: Reasons) -> str:
    """The list as a file, a reason a line."""
    parts = []
    for part, reasons in sorted(found.items()):
        lines = ",\n".join(f"  {json.dumps(reason)}: {json.dumps(types)}" for reason, types in sorted(reasons.items()))
        parts.append(f" {json.dumps(part)}: {{\n{lines}\n }}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    sys.exit(main())
