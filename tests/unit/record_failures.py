"""Records what a real cluster makes of apps that fail: tests/unit/failures/README.md says how and what.

`uv run python -m tests.unit.record_failures KUBECONFIG [CASE…]`
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dev.cluster import binary
from myapp_operator import desired, names
from myapp_operator.grammar import Json
from myapp_operator.model import parse_spec
from tests.unit.samples import app_of

FOLDER = Path(__file__).parent / "failures"
NAMESPACE = "recording-failures"
SECONDS = 50
AT_ONCE = 4
ALIKE = 2
"""How often a state is kept that differs from others in numbers and times only."""

ADDRESS = re.compile(r"\b\d{1,3}(\.\d{1,3}){3}\b")


def python(program: str) -> list[str]:
    """A container that runs this program instead of the web app."""
    return ["python3", "-c", program]


def http(path: str, **fields: Any) -> Json:
    """A probe that asks often and gives up soon."""
    return {"httpGet": {"path": path, "port": "http"}, "periodSeconds": 1, "failureThreshold": 1, **fields}


def of_key(kind: str, key: str) -> list[Json]:
    """A variable from one key of a ConfigMap or Secret."""
    return [{"name": "WORD", "valueFrom": {f"{kind}KeyRef": {"name": "settings", "key": key}}}]


DEADLY_FOR_A_WHILE = "import os, sys, time\nif time.time() < {until}: sys.exit('settings are missing')\n"
FILL = "import os; open(f'/scratch/{os.uname().nodename}', 'wb').write(b'x' * 20_000_000)"
SERVE = "os.execvp('gunicorn', ['gunicorn', '--config', 'python:myapp_webapp.gunicorn_conf'])"

CASES: dict[str, Json] = {
    "image-missing": {"image": "nowhere.invalid/app:2"},
    "image-never-pulled": {"image": "nowhere.invalid/app:2", "imagePullPolicy": "Never"},
    "image-no-name": {"image": "Upper/Case:1"},
    "traceback": {"command": python("import forgotten_dependency")},
    "traceback-behind-gunicorn": {"args": ["forgotten:app"]},
    "telltale": {
        "command": python("import os; raise ConnectionError(f'no answer from {os.environ[\"DATABASE\"]}')"),
        "env": [{"name": "DATABASE", "value": "postgres://shop:hunter2@db/shop"}],
    },
    "silent": {"command": python("raise SystemExit(3)")},
    "ends-well": {"command": python("print('done')")},
    "no-such-program": {"command": ["nope"]},
    "memory": {
        "command": python("print('reading'); everything = [bytearray(10**6) for _ in range(500)]"),
        "resources": {"limits": {"memory": "32Mi"}},
    },
    "secret-missing": {"env": of_key("secret", "word")},
    "secret-key-missing": {"env": of_key("secret", "word")},
    "configmap-missing": {"envFrom": [{"configMapRef": {"name": "settings"}}]},
    "configmap-key-missing": {"env": of_key("configMap", "word")},
    "no-node": {"resources": {"requests": {"cpu": "1000"}}},
    "readiness": {"probes": {"readiness": http("/nope")}},
    "liveness": {"probes": {"liveness": http("/nope", failureThreshold=2)}},
    "startup": {"probes": {"startup": http("/nope", failureThreshold=3)}},
    "silent-port": {"port": 5001, "env": [{"name": "PORT", "value": "5000"}]},
    "eviction": {
        "command": python("import time; open('/tmp/big', 'wb').write(b'x' * 20_000_000); time.sleep(3600)"),
        "resources": {"limits": {"ephemeral-storage": "1Mi"}},
    },
    "crash-then-well": {"probes": {"readiness": http("/readyz")}},
    "init-crash": {},
    "init-image-missing": {},
    "sidecar-crash": {},
    "volume-secret-missing": {
        "volumes": [{"name": "settings", "secret": {"secretName": "settings"}}],
        "volumeMounts": [{"name": "settings", "mountPath": "/settings"}],
    },
    "volume-key-missing": {
        "volumes": [
            {"name": "settings", "configMap": {"name": "settings", "items": [{"key": "word", "path": "word"}]}}
        ],
        "volumeMounts": [{"name": "settings", "mountPath": "/settings"}],
    },
    "claim-unbound": {
        "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "settings"}}],
        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
    },
    "init-waits": {},
    "disk-full": {
        "replicas": 2,
        "volumes": [{"name": "scratch", "emptyDir": {"sizeLimit": "1Mi"}}],
        "volumeMounts": [{"name": "scratch", "mountPath": "/scratch"}],
        "command": python(f"{FILL}; {SERVE}"),
    },
    "slow-start": {
        "command": python("import time; time.sleep(3600)"),
        "probes": {"liveness": http("/healthz", failureThreshold=3, initialDelaySeconds=3)},
        "drainSeconds": 4,
        "terminationGracePeriodSeconds": 6,
    },
    "quota": {},
}
"""The spec of each MyApp, less what every case has."""

INJECTED: dict[str, Json] = {
    "init-crash": {"initContainers": [{"name": "migrate", "command": python("raise ValueError('no database')")}]},
    "init-image-missing": {"initContainers": [{"name": "migrate", "image": "nowhere.invalid/migrate:1"}]},
    "init-waits": {"initContainers": [{"name": "migrate", "command": python("import time; time.sleep(3600)")}]},
    "sidecar-crash": {"containers": [{"name": "proxy", "command": python("raise OSError('no upstream')")}]},
}
"""What an admission webhook would add to the pod."""

PREPARED: dict[str, Json] = {
    "secret-key-missing": {"kind": "Secret", "stringData": {"other": "x"}},
    "configmap-key-missing": {"kind": "ConfigMap", "data": {"other": "x"}},
    "quota": {"kind": "ResourceQuota", "spec": {"hard": {"pods": "0"}}},
    "volume-key-missing": {"kind": "ConfigMap", "data": {"other": "x"}},
    "claim-unbound": {
        "kind": "PersistentVolumeClaim",
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    },
}
"""What must be there before; each case has its own namespace."""


def kubectl(case: str, *arguments: str, stdin: str = "") -> str:
    """One command in the namespace of a case."""
    place = ("--kubeconfig", sys.argv[1], "--namespace", f"{NAMESPACE}-{case}")
    command = [str(binary("kubectl")), *place, *arguments]
    result = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
    if result.returncode:
        raise SystemExit(f"{' '.join(arguments)}: {result.stderr}")
    return result.stdout


def spec_of(case: str) -> Json:
    """The whole spec of a case."""
    spec = {
        "image": "myapp:latest",
        "replicas": 1,
        "drainSeconds": 0,
        "terminationGracePeriodSeconds": 1,
        **CASES[case],
    }
    if case == "crash-then-well":
        program = DEADLY_FOR_A_WHILE.format(until=int(time.time()) + 12) + SERVE
        spec["command"] = python(program)
    return spec


def deployment(case: str, spec: Json) -> Json:
    """What the operator would apply, and what others would add to the pod."""
    raw = {"metadata": {"name": "shop", "namespace": f"{NAMESPACE}-{case}"}, "spec": spec}
    app = app_of(raw, uid="nobody")
    body = next(each.body for each in desired.build(app, parse_spec(spec)) if each.kind == names.DEPLOYMENT)
    assert body is not None
    body["metadata"].pop("ownerReferences", None)  # there is no MyApp, so it would be collected
    pod = body["spec"]["template"]["spec"]
    for field, added in INJECTED.get(case, {}).items():
        safe = {"image": "myapp:latest", "imagePullPolicy": "IfNotPresent"}
        safe |= {"terminationMessagePolicy": "FallbackToLogsOnError"}
        pod[field] = [*pod.get(field, []), *({**safe, **each} for each in added)]
    return body


def start(case: str) -> Json:
    """Makes the namespace, what the case needs there, and the Deployment; returns the spec."""
    kubectl(case, "create", "namespace", f"{NAMESPACE}-{case}")
    if case in PREPARED:
        prepared = {"apiVersion": "v1", "metadata": {"name": "settings"}, **PREPARED[case]}
        kubectl(case, "create", "-f", "-", stdin=json.dumps(prepared))
        time.sleep(2)  # a quota counts a moment later
    spec = spec_of(case)
    kubectl(case, "create", "-f", "-", stdin=json.dumps(deployment(case, spec)))
    return spec


def look(case: str) -> Json:
    """All that there is now, cut down to what may be read."""
    found = json.loads(kubectl(case, "get", "deployments,replicasets,pods", "-o", "json"))["items"]
    kinds = {kind: [each for each in found if each["kind"] == kind] for kind in ("Deployment", "ReplicaSet", "Pod")}
    return {
        "now": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "deployment": kinds["Deployment"][0]["metadata"]["uid"],
        "replicaSets": [
            {"metadata": metadata(each), "spec": kept(each["spec"], "replicas")} for each in kinds["ReplicaSet"]
        ],
        "pods": [pod(each) for each in kinds["Pod"]],
    }


def metadata(raw: Json) -> Json:
    """Who it is and whose."""
    found = kept(raw["metadata"], "name", "uid", "creationTimestamp", "deletionTimestamp", "ownerReferences")
    revision = kept(raw["metadata"].get("annotations", {}), "deployment.kubernetes.io/revision")
    return {**found, "annotations": revision} if revision else found


def pod(raw: Json) -> Json:
    """A pod without addresses, volumes, and what else nobody reads."""
    container = (
        "name",
        "image",
        "ports",
        "resources",
        "livenessProbe",
        "readinessProbe",
        "startupProbe",
        "restartPolicy",
    )
    status = raw["status"]
    trimmed: Json = kept(status, "phase", "reason", "message")
    trimmed["conditions"] = [
        kept(each, "type", "status", "reason", "message", "lastTransitionTime") for each in status.get("conditions", [])
    ]
    for field in ("initContainerStatuses", "containerStatuses"):
        if field in status:
            said = ("name", "ready", "started", "state", "lastState", "restartCount")
            trimmed[field] = [kept(each, *said) for each in status[field]]
    for each in [*trimmed.get("initContainerStatuses", []), *trimmed.get("containerStatuses", [])]:
        for state in [*each["state"].values(), *each["lastState"].values()]:
            state.pop("containerID", None)
    spec = {
        field: [kept(each, *container) for each in raw["spec"][field]]
        for field in ("initContainers", "containers")
        if field in raw["spec"]
    }
    claims = [kept(each, "name", "persistentVolumeClaim", "ephemeral") for each in raw["spec"].get("volumes", [])]
    if claims := [each for each in claims if len(each) > 1]:
        spec["volumes"] = claims
    return {"metadata": metadata(raw), "spec": spec, "status": trimmed}


def kept(raw: Json, *fields: str) -> Json:
    """Only these fields, where they are set."""
    return {field: raw[field] for field in fields if field in raw}


def events(case: str) -> list[Json]:
    """What the kubelet and the controllers had to say."""
    found = json.loads(kubectl(case, "get", "events", "-o", "json"))["items"]
    return [
        {
            "metadata": kept(each["metadata"], "resourceVersion"),
            "involvedObject": kept(each["involvedObject"], "kind", "name", "uid", "fieldPath"),
            **kept(each, "reason", "message", "firstTimestamp", "lastTimestamp"),
        }
        for each in found
        if each["type"] == "Warning" or each["reason"] in ("Killing", "FailedBinding")
    ]


def write(case: str, spec: Json, states: list[Json]) -> None:
    """One line a state; addresses of the cluster are nobody's business."""
    lines = ",\n  ".join(json.dumps(each) for each in states)
    said = ",\n  ".join(json.dumps(each) for each in events(case))
    text = f'{{"spec": {json.dumps(spec)},\n "states": [\n  {lines}\n ],\n "events": [\n  {said}\n ]}}\n'
    text = ADDRESS.sub("10.1.2.3", text).replace(f"{NAMESPACE}-{case}", "default")
    (FOLDER / f"{case}.json").write_text(text, encoding="utf-8")


def record(cases: list[str]) -> None:
    """Some cases, beside each other."""
    specs = {case: start(case) for case in cases}
    states: dict[str, list[Json]] = {case: [] for case in cases}
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        for case, seen in states.items():
            now = look(case)
            shapes = [shape(each) for each in seen]
            if shape(now) not in shapes[-1:] and shapes.count(shape(now)) < ALIKE:
                seen.append(now)
        time.sleep(0.5)
    for case, spec in specs.items():
        write(case, spec, states[case])
        kubectl(case, "delete", "namespace", f"{NAMESPACE}-{case}", "--wait=false")


def shape(state: Json) -> str:
    """A state without its numbers."""
    return re.sub(r"\d+", "0", json.dumps(state))


if __name__ == "__main__":
    wanted = sys.argv[2:] or list(CASES)
    for first in range(0, len(wanted), AT_ONCE):
        record(wanted[first : first + AT_ONCE])
