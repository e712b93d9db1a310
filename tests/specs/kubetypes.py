"""Kubernetes' own types as users write them, within what its API server checks in its code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from myapp_operator.grammar import Json
from tests.specs.words import (
    DOTTED,
    FILE,
    KEY,
    LABEL,
    LABEL_VALUE,
    MODE,
    PORTS,
    SECONDS,
    SELECTOR,
    URL_PATH,
    VARIABLE,
    WORDS,
    Strategy,
    matching,
    one_of_fields,
    parts,
    some,
)

CPU: list[tuple[Any, Any]] = [("100m", "0.1"), ("0.25", 1), ("1", "1500m"), (2, 2)]
"""A request and a limit that it does not exceed, as users write them."""
MEMORY: list[tuple[Any, Any]] = [("64Mi", "64Mi"), ("128Mi", "1Gi"), ("100M", "0.1G"), (67108864, "1e9")]

OBJECT_AND_KEY = parts({"name": DOTTED, "key": FILE}, optional=st.booleans())
POD_FIELD = st.fixed_dictionaries({"fieldPath": st.sampled_from(["metadata.name", "metadata.labels", "metadata.uid"])})
POD_RESOURCE = st.fixed_dictionaries(
    {"resource": st.sampled_from(["limits.cpu", "requests.memory"]), "containerName": LABEL}
)
VARIABLE_SOURCE = one_of_fields(
    {
        "configMapKeyRef": OBJECT_AND_KEY,
        "secretKeyRef": OBJECT_AND_KEY,
        "fieldRef": st.sampled_from(
            [{"fieldPath": "metadata.name"}, {"fieldPath": "status.podIP", "apiVersion": "v1"}]
        ),
        "resourceFieldRef": st.sampled_from(
            [{"resource": "limits.cpu"}, {"resource": "requests.memory", "divisor": "1Mi"}]
        ),
    }
)
FILES = some(parts({"key": FILE, "path": FILE}, mode=MODE), unique_by=lambda each: each["path"])
POD_FILES = some(
    one_of_fields({"fieldRef": POD_FIELD, "resourceFieldRef": POD_RESOURCE}).flatmap(
        lambda source: st.fixed_dictionaries({"path": FILE}).map(lambda path: {**path, **source})
    ),
    unique_by=lambda each: each["path"],
)
PROJECTED = one_of_fields(
    {
        "configMap": parts({"name": DOTTED}, items=FILES, optional=st.booleans()),
        "secret": parts({"name": DOTTED}, items=FILES, optional=st.booleans()),
        "downwardAPI": st.just({"items": [{"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}]}),
        "serviceAccountToken": parts({"path": st.just("token")}, audience=LABEL, expirationSeconds=st.just(600)),
    }
)
CLAIM = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
VOLUME_SOURCE = one_of_fields(
    {
        "configMap": parts({"name": DOTTED}, items=FILES, optional=st.booleans(), defaultMode=MODE),
        "secret": parts({"secretName": DOTTED}, items=FILES, optional=st.booleans(), defaultMode=MODE),
        "emptyDir": parts({}, medium=st.sampled_from(["", "Memory"]), sizeLimit=st.sampled_from(["64Mi", "1G"])),
        "persistentVolumeClaim": parts({"claimName": DOTTED}, readOnly=st.booleans()),
        "projected": parts({"sources": st.lists(PROJECTED, min_size=1, max_size=1)}, defaultMode=MODE),
        "downwardAPI": parts({"items": POD_FILES}, defaultMode=MODE),
        "ephemeral": st.fixed_dictionaries(
            {"volumeClaimTemplate": parts({"spec": st.just(CLAIM)}, metadata=st.just({"labels": {"a": "b"}}))}
        ),
    }
)


def probe(port: Strategy) -> Strategy:
    """A probe of any kind that asks a port of this kind."""
    header = st.fixed_dictionaries({"name": st.just("X-Probe"), "value": LABEL})
    return one_of_fields(
        {
            "httpGet": parts(
                {"port": port},
                path=URL_PATH,
                scheme=st.sampled_from(["HTTP", "HTTPS"]),
                httpHeaders=st.lists(header, max_size=1),
            ),
            "tcpSocket": st.fixed_dictionaries({"port": port}),
            "exec": st.fixed_dictionaries({"command": some(WORDS)}),
            "grpc": parts({"port": PORTS}, service=LABEL),
        },
        initialDelaySeconds=st.integers(0, 60),
        periodSeconds=SECONDS,
        timeoutSeconds=SECONDS,
        failureThreshold=SECONDS,
    )


def resources() -> Strategy:
    """Requests and limits of some resources."""

    def written(pairs: Mapping[str, tuple[Any, Any]], kinds: tuple[str, ...]) -> Json:
        both = {"requests": {key: pair[0] for key, pair in pairs.items()}}
        both |= {"limits": {key: pair[1] for key, pair in pairs.items()}}
        return {kind: both[kind] for kind in kinds}

    amounts = {"cpu": CPU, "memory": MEMORY, "ephemeral-storage": MEMORY}
    pairs = st.fixed_dictionaries({}, optional={key: st.sampled_from(pairs) for key, pairs in amounts.items()})
    return st.builds(written, pairs, st.sampled_from([(), ("requests",), ("limits",), ("requests", "limits")]))


EXPRESSION = st.one_of(
    st.fixed_dictionaries({"key": KEY, "operator": st.sampled_from(["In", "NotIn"]), "values": some(LABEL_VALUE)}),
    st.fixed_dictionaries({"key": KEY, "operator": st.sampled_from(["Exists", "DoesNotExist"])}),
)
NODES = st.fixed_dictionaries({"matchExpressions": some(EXPRESSION)})
PODS = st.fixed_dictionaries({"topologyKey": st.just("kubernetes.io/hostname"), "labelSelector": SELECTOR})
WEIGHT = st.integers(1, 100)
PREFERRED, REQUIRED = (
    "preferredDuringSchedulingIgnoredDuringExecution",
    "requiredDuringSchedulingIgnoredDuringExecution",
)
NEAR_PODS = parts(
    {},
    **{REQUIRED: some(PODS), PREFERRED: some(st.fixed_dictionaries({"weight": WEIGHT, "podAffinityTerm": PODS}))},
)
AFFINITY = parts(
    {},
    nodeAffinity=parts(
        {},
        **{
            REQUIRED: st.fixed_dictionaries({"nodeSelectorTerms": some(NODES)}),
            PREFERRED: some(st.fixed_dictionaries({"weight": WEIGHT, "preference": NODES})),
        },
    ),
    podAffinity=NEAR_PODS,
    podAntiAffinity=NEAR_PODS,
)
TOLERATION = st.one_of(
    st.fixed_dictionaries({"key": KEY, "operator": st.just("Equal"), "value": LABEL_VALUE}),
    parts({"key": KEY, "operator": st.just("Exists")}, effect=st.sampled_from(["NoSchedule", "PreferNoSchedule"])),
    parts({"key": KEY, "operator": st.just("Exists"), "effect": st.just("NoExecute")}, tolerationSeconds=SECONDS),
)
SPREAD = parts(
    {
        "topologyKey": st.sampled_from(["kubernetes.io/hostname", "topology.kubernetes.io/zone"]),
        "whenUnsatisfiable": st.sampled_from(["DoNotSchedule", "ScheduleAnyway"]),
        "maxSkew": st.integers(1, 5),
    },
    labelSelector=SELECTOR,
)
METRIC = st.fixed_dictionaries({"name": FILE})
TARGET = st.sampled_from(
    [{"type": "AverageValue", "averageValue": "500m"}, {"type": "AverageValue", "averageValue": 5}]
)
METRIC_SPEC = st.one_of(
    st.fixed_dictionaries(
        {"type": st.just("Pods"), "pods": st.fixed_dictionaries({"metric": METRIC, "target": TARGET})}
    ),
    st.fixed_dictionaries(
        {"type": st.just("External"), "external": st.fixed_dictionaries({"metric": METRIC, "target": TARGET})}
    ),
)
PACE = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["Pods", "Percent"]),
        "value": st.integers(1, 100),
        "periodSeconds": st.integers(1, 1800),
    }
)
SPEED = parts(
    {"policies": some(PACE)},
    stabilizationWindowSeconds=st.integers(0, 3600),
    selectPolicy=st.sampled_from(["Max", "Min", "Disabled"]),
)

TYPES: Mapping[str, Strategy] = {
    "LocalObjectReference": st.fixed_dictionaries({"name": DOTTED}),
    "EnvVar": st.one_of(
        parts({"name": VARIABLE}, value=WORDS),
        st.fixed_dictionaries({"name": VARIABLE, "valueFrom": VARIABLE_SOURCE}),
    ),
    "EnvFromSource": one_of_fields(
        dict.fromkeys(("configMapRef", "secretRef"), parts({"name": DOTTED}, optional=st.booleans())), prefix=VARIABLE
    ),
    "ResourceRequirements": resources(),
    "Volume": st.builds(lambda name, source: {"name": name, **source}, LABEL, VOLUME_SOURCE),
    "VolumeMount": parts(
        {"name": st.just("?"), "mountPath": matching("/[a-z]{1,5}(/[a-z]{1,5})?")},
        readOnly=st.booleans(),
        subPath=FILE,
    ),
    "Affinity": AFFINITY,
    "Toleration": TOLERATION,
    "TopologySpreadConstraint": SPREAD,
    "MetricSpec": METRIC_SPEC,
    "HorizontalPodAutoscalerBehavior": parts({}, scaleUp=SPEED, scaleDown=SPEED),
}
"""Kubernetes' own types."""
