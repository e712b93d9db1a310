"""What single steps of the event loop take for the worst inputs: `uv run python -m dev.bench.loop_steps`.

Each input is of 256 kB, the largest MyApp that the operator takes by default, or what the API server takes of the
objects that others write. Prints milliseconds of processor time, the best of three, and fails above the aim of 50.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson

from myapp_operator import causes, desired, drift, references, reverting, takeover, versions
from myapp_operator.causes import Evidence, Sample
from myapp_operator.kube import yaml_bytes
from myapp_operator.masking import LONGEST, mask, values_of
from myapp_operator.model import parse_spec
from myapp_operator.names import Key
from myapp_operator.observed import App, Child
from myapp_operator.record import Record

AIM = 50.0
"""Milliseconds."""
_BYTES = 256 * 1024
_NOW = datetime(2030, 1, 1, tzinfo=UTC)


def specs() -> Iterator[tuple[str, Any]]:
    """Specs of that size, each the worst for some step."""
    yield "short variables", _with_variables(lambda number: {"name": f"A{number}", "value": "x"})
    yield (
        "references",
        _with_variables(
            lambda number: {
                "name": f"A{number}",
                "valueFrom": {"configMapKeyRef": {"name": f"a{number}", "key": "k"}},
            }
        ),
    )
    yield "lines", _with_lines("".join(f"{number:06}{'x' * 43}\n" for number in range(4900)))
    yield "lines that are quoted", _with_lines("".join(f'"\\"{number:04}{chr(34) * 10}\n' for number in range(4900)))
    yield "lines that begin alike", _with_lines("".join(f"{'a' * 40}{number:06}\n" for number in range(4900)))
    yield "beyond ASCII", _with_lines("\u00e9 x" * (_BYTES // 4))


def _with_variables(make: Callable[[int], Any]) -> Any:
    spec: dict[str, Any] = {"image": "a", "env": [], "sidecars": [], "initContainers": []}
    rows, size, number = spec["env"], 0, 0
    while size < _BYTES:
        if len(rows) == 1000:
            rows = []
            beside = spec["sidecars"] if len(spec["sidecars"]) < 16 else spec["initContainers"]
            beside.append({"name": f"c{number}", "image": "a", "env": rows})
        rows.append(make(number))
        size, number = size + len(orjson.dumps(rows[-1])) + 1, number + 1
    return spec


def _with_lines(text: str) -> Any:
    return {"image": "a", "env": [{"name": f"A{at}", "value": text[at : at + 131072]} for at in (0, 131072)]}


def steps_of(raw: Any) -> Iterator[tuple[str, Callable[[], object]]]:
    """What the recipe does with an app of this spec, and with its Deployment after others edited all of it."""
    app = App(Key("default", "app"), "uid", 1, 1, False, raw, {})
    spec = parse_spec(raw)
    want = desired.build(app, spec)[0]
    body: Any = want.body
    entry = {"manager": "myapp-operator", "operation": "Apply", "fieldsV1": _fields(body)}
    theirs = {"manager": "kubectl", "operation": "Update", "fieldsV1": entry["fieldsV1"]}
    metadata = {**body["metadata"], "uid": "d", "resourceVersion": "1", "managedFields": [entry, theirs]}
    present = orjson.loads(orjson.dumps({**body, "metadata": metadata}).replace(b'"x"', b'"y"'))
    child, values = Child.from_json(present), values_of(spec, "app")
    robbed = replace(child, fields=child.fields.replace('"k:{', '"k: {'))  # as no API server writes it
    record = Record()
    record.take_app(app)
    yield "parse", lambda: parse_spec(raw)
    yield "keep", lambda: record.take_app(app)
    yield "build", lambda: desired.build(app, spec)
    yield "references", lambda: references.of(body["spec"]["template"])
    yield "hash of the pods", lambda: versions.version(body["spec"]["template"])
    yield "project the child", lambda: Child.from_json(present)
    yield "drift", lambda: drift.drifted(body, want.applied, child)
    yield "drift, names parsed", lambda: drift.taken(body, want.applied, robbed)
    yield "revert", lambda: reverting.changes(body, ["spec"], present, values)
    yield "take over", lambda: takeover.patch(metadata, takeover.whole_spec)
    yield "send", lambda: yaml_bytes(body)
    yield "find values", lambda: values_of(spec, "app")
    said = "\n".join(str(each["value"]) for each in raw["env"] if "value" in each)[:LONGEST].ljust(LONGEST, "a")
    yield "mask", lambda: mask(said, values)
    pods = Sample()
    for page in _pages(said[:4096]):
        yield "read a page of pods", lambda before=pods, page=page: before.with_page(page, "rs")  # type: ignore[misc]
        pods = pods.with_page(page, "rs")
    yield "judge the pods", lambda: causes.find(Evidence(spec, 300, pods.pods), _NOW)


def _fields(value: Any) -> Any:
    """The fieldsV1 of what is applied; lists are told apart by name."""
    if isinstance(value, dict):
        return {f"f:{key}": _fields(each) for key, each in value.items() if key not in ("apiVersion", "kind")}
    if isinstance(value, list) and value and isinstance(value[0], dict) and "name" in value[0]:
        return {"k:" + json.dumps({"name": each["name"]}): {".": {}, **_fields(each)} for each in value}
    return {}


def _pages(said: str) -> Iterator[list[Any]]:
    """Three hundred pods of 33 containers, all of which crash and say as much as the kubelet keeps."""
    status = {"ready": False, "state": {"terminated": {"exitCode": 1, "message": said}}}
    names = [f"c{number}" for number in range(33)]
    for page in range(3):
        yield [
            {
                "metadata": {
                    "name": f"p{page}-{number}",
                    "uid": f"{page}-{number}",
                    "ownerReferences": [{"controller": True, "uid": "rs"}],
                },
                "spec": {"containers": [{"name": name, "image": "a"} for name in names]},
                "status": {"containerStatuses": [{"name": name, **status} for name in names]},
            }
            for number in range(100)
        ]


def _milliseconds(step: Callable[[], object]) -> float:
    best = float("inf")
    for _ in range(3):
        began = time.thread_time()
        step()
        best = min(best, (time.thread_time() - began) * 1000)
    return best


def main() -> int:
    """Prints every step that takes 5 ms or more; returns the exit code."""
    slow = 0
    for name, raw in specs():
        print(f"{name} ({len(orjson.dumps(raw)):,} bytes)")
        for step, run in steps_of(raw):
            took = _milliseconds(run)
            slow += took > AIM
            if took >= 5:
                print(f"  {step:25} {took:6.1f} ms{'  too long' if took > AIM else ''}")
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
