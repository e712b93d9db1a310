"""What one tenant writes into an object stays its own trouble: depth, bytes, finalizers, times that are none."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dev.cluster import Cluster
from tests.api.conftest import Kubectl
from tests.harness import Api, Audit, OperatorProcess, hasty, kubeconfig_of, service_account, wait_for

DEEPER_THAN_A_PARSER = 1100
"""Levels; orjson reads 1,024, and Python about 1,000."""
DEEPER_THAN_A_WRITER = 300
"""Levels; orjson writes 254."""
MEMORY = 300
"""Megabytes that the operator may have, whatever tenants write."""
LARGE_APPS = 200
LARGE_MAPS = 400
CONNECTIONS = 60
"""Sockets of an operator that watches one namespace or two; each read in flight has one more."""
KOPFS_FINALIZER = "kopf.zalando.org/KopfFinalizerMarker"


def deep(body: dict[str, object], levels: int, manager: str = "someone") -> str:
    """The object as JSON, with managedFields of so many levels."""
    fields = '{"f:a":' * levels + "{}" + "}" * levels
    entry = {
        "manager": manager,
        "operation": "Apply",
        "apiVersion": body["apiVersion"],
        "time": "2024-01-01T00:00:00Z",
        "fieldsType": "FieldsV1",
        "fieldsV1": "HERE",
    }
    metadata = {**body["metadata"], "managedFields": [entry]}  # type: ignore[dict-item]
    return json.dumps({**body, "metadata": metadata}).replace('"HERE"', fields)


def service(name: str) -> dict[str, object]:
    labels = {"app.kubernetes.io/managed-by": "myapp-operator"}
    metadata = {"name": name, "labels": labels}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": [{"port": 80}]}}


def config_map(name: str, **data: str) -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def write_deep_objects(api: Api) -> None:
    """One of each kind that the operator reads and anybody may write."""
    api.create_raw("myapps", deep(hasty("deep"), DEEPER_THAN_A_PARSER))
    api.create_raw("services", deep(service("other-service"), DEEPER_THAN_A_WRITER, "myapp-operator"))
    api.create_raw("services", deep(service("another-service"), DEEPER_THAN_A_PARSER, "myapp-operator"))
    api.create_raw("configmaps", deep(config_map("deep"), DEEPER_THAN_A_PARSER))


def runs(api: Api, name: str) -> bool:
    """Whether its pods are ready. Its MyApp is too deep for the parser of this test."""
    return bool(((api.get("deployments", f"{name}-deployment") or {}).get("status") or {}).get("readyReplicas"))


def test_objects_nested_deeper_than_a_parser_goes_stop_nobody(api: Api, operator: OperatorProcess) -> None:
    write_deep_objects(api)
    api.create("myapps", hasty("beside"))
    wait_for("the other one is Ready", lambda: api.is_ready("beside"), seconds=60)
    wait_for("its own app runs", lambda: runs(api, "deep"), seconds=60)
    assert operator.probe("/readyz") == 200
    assert "Traceback" not in operator.output()
    assert "watch of" not in operator.output(), "no watch has ended"


def test_the_operator_starts_where_objects_are_nested_deeper_than_a_parser_goes(
    api: Api, operator: OperatorProcess
) -> None:
    operator.stop()
    write_deep_objects(api)
    api.create("myapps", hasty("beside"))
    operator.start()
    wait_for("the other one is Ready", lambda: api.is_ready("beside"), seconds=60)
    wait_for("its own app runs", lambda: runs(api, "deep"), seconds=60)
    assert "Traceback" not in operator.output()


def test_a_child_with_deep_fields_under_our_name_is_no_trouble_of_others(api: Api, operator: OperatorProcess) -> None:
    api.create_raw("services", deep(service("myapp-service"), DEEPER_THAN_A_WRITER, "myapp-operator"))
    api.create("myapps", hasty())
    wait_for("told", lambda: api.reason() == "NotOwned")
    api.patch("services", "myapp-service", {"metadata": {"annotations": {"apps.example.com/adopt": "true"}}})
    wait_for("taken over", api.is_ready, seconds=60)
    assert "Traceback" not in operator.output()


def test_a_myapp_with_kopfs_finalizer_is_followed_and_nothing_is_written_for_kopf(
    api: Api, operator: OperatorProcess, audit: Audit
) -> None:
    body = hasty()
    body["metadata"]["finalizers"] = [KOPFS_FINALIZER]
    api.create("myapps", body)
    wait_for("Ready", api.is_ready)
    api.edit("myapp", replicas=3)
    wait_for("three pods", lambda: api.is_ready() and (api.get("myapps", "myapp") or {})["status"]["replicas"] == 3)
    api.delete("myapps", "myapp")
    api.create("myapps", hasty("beside"))
    wait_for("the other one is Ready", lambda: api.is_ready("beside"))
    assert operator.probe("/readyz") == 200
    refused = [each for each in audit.requests() if each.code >= 400 and each.resource == "myapps"]
    assert not refused
    app = api.get("myapps", "myapp")
    assert app, "the finalizer is its owner's, who takes it away"
    assert app["metadata"]["finalizers"] == [KOPFS_FINALIZER]
    api.patch("myapps", "myapp", {"metadata": {"finalizers": None}})


@pytest.mark.parametrize(
    "since",
    [
        "2024-01-01T00:00:00+99:99",
        "0000-01-01T00:00:00Z",
        "9999-12-31T23:59:59-23:59",
        "2024-01-01T00:00:00.123456789Z",
    ],
)
def test_a_time_in_a_status_that_is_none_keeps_no_app_from_being_judged(
    api: Api, operator: OperatorProcess, since: str
) -> None:
    api.create("myapps", hasty())
    wait_for("Ready", api.is_ready)
    app = api.get("myapps", "myapp") or {}
    conditions = [{**each, "lastTransitionTime": since} for each in app["status"]["conditions"]]
    try:
        api.patch("myapps", "myapp", {"status": {"conditions": conditions}}, subresource="status")
    except Exception as error:
        pytest.skip(f"the API server refuses it: {error}")
    api.edit("myapp", replicas=3)
    wait_for("judged", lambda: api.is_ready() and (api.get("myapps", "myapp") or {})["status"]["replicas"] == 3)
    assert "Traceback" not in operator.output()
    times = [each["lastTransitionTime"] for each in (api.get("myapps", "myapp") or {})["status"]["conditions"]]
    assert all(each.startswith("20") for each in times), times


@pytest.fixture
def other(kubectl: Kubectl, cluster: Cluster, api: Api) -> Iterator[Api]:
    """A second namespace of the same operator: another tenant."""
    name = f"{api.namespace}-other"
    kubectl("create", "namespace", name, check=True)
    yield Api(cluster.kubeconfig, name)
    kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture
def both(cluster: Cluster, api: Api, other: Api, account: Path, tmp_path: Path) -> Iterator[OperatorProcess]:
    """An operator of both namespaces, not started yet."""
    service_account(cluster.kubectl, cluster.kubeconfig, other.namespace, tmp_path / "other")
    name = f"system:serviceaccount:{api.namespace}:myapp-operator"
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "myapp-operator"}
    subject = {"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": name}
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "both"},
        "roleRef": role,
        "subjects": [subject],
    }
    path = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{other.namespace}/rolebindings"
    other.request("POST", path, binding)
    token = kubeconfig_of("myapp-operator", cluster.kubectl, cluster.kubeconfig, api.namespace, tmp_path)
    process = OperatorProcess(token, tmp_path, "--namespace", api.namespace, "--namespace", other.namespace)
    yield process
    if process.running:
        process.stop()


def large(name: str) -> dict[str, object]:
    """A MyApp of 1.2 MB."""
    return hasty(name, replicas=0, env=[{"name": f"V{number}", "value": "x" * 100_000} for number in range(12)])


@pytest.mark.timeout(600)
def test_two_hundred_myapps_of_a_megabyte_cost_no_memory_and_nobody_waits_for_them(
    api: Api, other: Api, both: OperatorProcess
) -> None:
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda number: api.create("myapps", large(f"large-{number}")), range(LARGE_APPS)))
    both.start(wait=False)
    wait_for("it is ready", lambda: both.probe("/readyz") == 200, seconds=120)
    other.create("myapps", hasty("beside"))
    wait_for("the other tenant's app is Ready", lambda: other.is_ready("beside"), seconds=60)
    wait_for("told", lambda: api.reason("large-0") == "Rejected", seconds=120)
    assert "more than the 256 kB" in api.message("large-0")
    assert "--max-object-kilobytes" in api.message("large-0")
    wait_for("all are told", lambda: api.reason(f"large-{LARGE_APPS - 1}") == "Rejected", seconds=240)
    assert both.megabytes < MEMORY
    small = json.loads(json.dumps(hasty("large-0", replicas=0)))
    api.patch("myapps", "large-0", {"spec": {"env": None, "replicas": small["spec"]["replicas"]}})
    wait_for("what is made smaller is taken", lambda: api.reason("large-0") == "ScaledToZero", seconds=60)


@pytest.mark.timeout(600)
def test_a_myapp_with_four_hundred_large_config_maps_reads_few_at_a_time(
    api: Api, other: Api, both: OperatorProcess
) -> None:
    with ThreadPoolExecutor(2) as pool:
        list(
            pool.map(
                lambda number: api.create("configmaps", config_map(f"map-{number}", key="x" * 1_000_000)),
                range(LARGE_MAPS),
            )
        )
    both.start()
    sources = [
        {"name": f"V{number}", "valueFrom": {"configMapKeyRef": {"name": f"map-{number}", "key": "missing"}}}
        for number in range(LARGE_MAPS)
    ]
    api.create("myapps", hasty("greedy", replicas=0, env=sources))
    other.create("myapps", hasty("beside"))
    most = 0

    def told() -> bool:
        nonlocal most
        most = max(most, both.connections)
        return api.reason("greedy") == "ReferenceMissing"

    wait_for("the other tenant's app is Ready", lambda: other.is_ready("beside"), seconds=60)
    wait_for("told", told, seconds=240)
    assert most < CONNECTIONS
    assert both.megabytes < MEMORY
