"""Takes each rule out of the CRD and tries what it keeps out: `uv run python -m tests.api.mutants KUBECONFIG`.

A rule whose absence nobody notices is no rule: the case of the corpus that it refuses must then be let in. It needs an
API server and some minutes; the CRD goes into a group of its own, so that nobody else sees it change.
tests/api/test_corpus.py proves the same for every commit, from each case being refused by one rule alone.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from dev.cluster import binary
from myapp_operator import crd
from myapp_operator.grammar import Json
from tests.api.test_corpus import REFUSED, pattern, placed, schema
from tests.corpus import Case
from tests.harness import wait_for

GROUP = "mutants.example.com"
RULES = "x-kubernetes-validations"


def main(kubeconfig: Path) -> int:
    """Tries every rule; the exit code says whether each was missed."""
    kubectl = [str(binary("kubectl")), "--kubeconfig", str(kubeconfig)]
    survivors = 0
    try:
        for cel, case in keepers().items():
            run([*kubectl, "apply", "--server-side", "--force-conflicts", "-f", "-"], without(manifest(), cel))
            if not let_in(kubectl, case):
                print(f"still refused, whatever else refuses it: {case.why}\n  {cel}")
                survivors += 1
    finally:
        run([*kubectl, "delete", "crd", f"myapps.{GROUP}", "--ignore-not-found"], {})
    print(f"{len(keepers())} rules taken out one by one, {survivors} of them missed by nobody")
    return 1 if survivors else 0


def keepers() -> dict[str, Case]:
    """Each rule and a case that it refuses."""
    return {
        rule["rule"]: next(
            case for case in REFUSED if pattern(case.field) == where and rule["message"].startswith(case.words)
        )
        for where, rule in placed(schema(), "")
        if any(pattern(case.field) == where and rule["message"].startswith(case.words) for case in REFUSED)
    }


def let_in(kubectl: list[str], case: Case) -> bool:
    """Whether the case is taken, once the API server has taken up the changed CRD."""
    body = {**case.manifest, "apiVersion": f"{GROUP}/v1"}
    command = [*kubectl, "create", "--namespace", "default", "--dry-run=server", "--validate=ignore", "-f", "-"]
    try:
        return wait_for(case.why, lambda: run(command, body) == 0)
    except AssertionError:
        return False


def run(command: list[str], body: Json) -> int:
    """Runs kubectl with an object as its input; returns its exit code."""
    return subprocess.run(command, input=json.dumps(body), text=True, check=False, capture_output=True).returncode


def manifest() -> Json:
    """The CRD in a group of its own."""
    found = crd.manifest()
    found["metadata"]["name"] = f"myapps.{GROUP}"
    found["spec"]["group"] = GROUP
    found["spec"]["names"] |= {"shortNames": [], "categories": []}
    return found


def without(node: Any, cel: str) -> Any:
    """The same without this rule, wherever it stands."""
    if isinstance(node, list):
        return [without(each, cel) for each in node]
    if not isinstance(node, dict):
        return node
    kept = {key: without(value, cel) for key, value in node.items()}
    if RULES in kept:
        kept[RULES] = [rule for rule in kept[RULES] if rule["rule"] != cel]
    return {key: value for key, value in kept.items() if key != RULES or value}


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
