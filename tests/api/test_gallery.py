"""Samples of the README's gallery that need what is not to be had for a test with real containers.

All others: tests/e2e/test_gallery.py, and the one for the Gateway API in test_route.py.
"""

from pathlib import Path

import yaml

from tests.harness import Api, OperatorProcess, wait_for

SAMPLES = Path(__file__).parents[2] / "deploy/samples"


def test_the_pods_of_the_private_sample_name_the_credentials_of_its_registry(
    api: Api, operator: OperatorProcess
) -> None:
    sample = yaml.safe_load((SAMPLES / "private.yaml").read_text())
    secret = {"type": "kubernetes.io/dockerconfigjson", "stringData": {".dockerconfigjson": '{"auths": {}}'}}
    api.create("secrets", {"metadata": {"name": "blue-registry"}, **secret})
    api.create("myapps", sample)
    wait_for("Ready", lambda: api.is_ready("private"))
    pods = [pod["spec"] for pod in api.list("pods", "app=private")]
    assert [pod["imagePullSecrets"] for pod in pods] == [[{"name": "blue-registry"}]] * 2
    assert {pod["containers"][0]["image"] for pod in pods} == {"registry.example.com/blue/shop:1.0"}
