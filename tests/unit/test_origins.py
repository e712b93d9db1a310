"""From which field of the MyApp a field of a child comes."""

import pytest

from myapp_operator import names, origins
from myapp_operator.names import Kind


@pytest.mark.parametrize(
    ("kind", "path", "field"),
    [
        (names.DEPLOYMENT, "spec.replicas 5 → 2", "spec.replicas"),
        (names.DEPLOYMENT, "spec.minReadySeconds", "spec.rollout"),
        (names.DEPLOYMENT, "spec.paused", ""),
        (names.DEPLOYMENT, "spec.template.spec.containers[shop].env[EXTRA] (added)", "spec.env"),
        (names.DEPLOYMENT, "spec.template.spec.containers[shop].livenessProbe.periodSeconds 3 → 2", "spec.probes"),
        (names.DEPLOYMENT, "spec.template.spec.containers[side].image a → b", "spec.sidecars"),
        (names.DEPLOYMENT, "spec.template.spec.containers[shop]", ""),
        (names.DEPLOYMENT, "spec.template.spec.nodeSelector (added)", "spec.scheduling"),
        (names.DEPLOYMENT, "spec.template.metadata.labels.team", "spec.podMetadata"),
        (names.DEPLOYMENT, "metadata.labels.app (removed)", "spec.labels"),
        (names.DEPLOYMENT, "metadata.ownerReferences", ""),
        (names.DEPLOYMENT, "every field", ""),
        (names.SERVICE, "spec.type NodePort → ClusterIP", "spec.service"),
        (names.SERVICE, "metadata.annotations[a/b]", "spec.service"),
        (names.PDB, "spec.minAvailable 2 → 1", "spec.disruptionBudget"),
        (names.INGRESS, "every field, since metadata.managedFields was cleared", ""),
    ],
)
def test_of(kind: Kind, path: str, field: str) -> None:
    assert origins.of(kind, path, "shop") == field


@pytest.mark.parametrize(
    ("path", "internal"),
    [
        ("metadata.annotations[apps.example.com/applied]", True),
        ("metadata.annotations[deployment.kubernetes.io/revision] (added)", True),
        ("metadata.annotations[cert-manager.io/issuer]", False),
        ("spec.replicas", False),
    ],
)
def test_is_internal(path: str, internal: bool) -> None:
    assert origins.is_internal(path) is internal


def test_a_path_of_a_megabyte_of_brackets_is_walked_once() -> None:
    """Names in paths are the words of others."""
    assert origins.of(names.SERVICE, f"spec.selector[{'[' * 2**20} x]", "shop") == "spec.service"
    assert origins._STEP.findall("[" * 2**20) == [], "which takes a quarter of an hour where each looks for its end"
