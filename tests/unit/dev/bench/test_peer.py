"""`--peer`: a folder describes another operator, and is told what is wrong with it."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from dev.bench.arms import peer
from dev.bench.errors import BenchError

PEER: dict[str, Any] = {
    "name": "other",
    "install": ["crd.yaml"],
    "object": "app.yaml",
    "plural": "webapps",
    "command": ["./manager", "--probe=127.0.0.1:{port}"],
    "environment": {"KUBECONFIG": "{kubeconfig}"},
    "ready": "Ready",
}
APP: dict[str, Any] = {
    "apiVersion": "web.example.com/v1",
    "kind": "WebApp",
    "metadata": {"name": "{name}", "labels": {"app": "{name}"}},
    "spec": {"image": "a"},
}


def folder(tmp_path: Path, *, app: Any = APP, without: str = "", **changes: Any) -> Path:
    """A folder with a peer."""
    described = {key: value for key, value in (PEER | changes).items() if key != without}
    (tmp_path / "peer.yaml").write_text(yaml.safe_dump(described))
    (tmp_path / "app.yaml").write_text(yaml.safe_dump(app))
    (tmp_path / "crd.yaml").write_text("kind: CustomResourceDefinition\n")
    return tmp_path


def complaint(where: Path) -> str:
    with pytest.raises(BenchError) as caught:
        peer.read(where)
    return str(caught.value).replace(f"{where}/", "")


def test_the_template_becomes_an_object_of_each_name(tmp_path: Path) -> None:
    arm = peer.read(folder(tmp_path))
    assert arm.body("app-7")["metadata"] == {"name": "app-7", "labels": {"app": "app-7"}, "namespace": "bench"}
    assert (arm.kind.kind, arm.kind.api_version, arm.kind.plural) == ("WebApp", "web.example.com/v1", "webapps")


def test_the_command_is_told_kubeconfig_and_port(tmp_path: Path) -> None:
    arm = peer.read(folder(tmp_path))
    assert arm.command(Path("/k"), 8080) == ["env", "KUBECONFIG=/k", "./manager", "--probe=127.0.0.1:8080"]
    assert arm.folder == tmp_path


@pytest.mark.parametrize(
    ("status", "written", "ready"),
    [
        ({}, False, False),
        ({"conditions": [{"type": "Other", "status": "True"}]}, False, False),
        ({"conditions": [{"type": "Ready", "status": "False"}]}, True, False),
        ({"conditions": [{"type": "Ready", "status": "True"}]}, True, True),
        ({"conditions": [{"type": "Ready", "status": "True", "observedGeneration": 1}]}, False, False),
        ({"observedGeneration": 1, "conditions": [{"type": "Ready", "status": "True"}]}, False, False),
        ({"observedGeneration": 2, "conditions": [{"type": "Ready", "status": "True"}]}, True, True),
    ],
)
def test_a_condition_of_an_older_generation_tells_nothing(
    tmp_path: Path, status: dict[str, Any], written: bool, ready: bool
) -> None:
    arm = peer.read(folder(tmp_path))
    seen = {"metadata": {"generation": 2}, "status": status}
    assert arm.is_ready is not None
    assert (arm.is_written(seen), arm.is_ready(seen)) == (written, ready)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"without": "ready"}, "peer.yaml: ready: Field required."),
        ({"colour": "red"}, "peer.yaml: colour: Extra inputs are not permitted."),
        ({"command": "./manager"}, "peer.yaml: command: Input should be a valid list."),
        ({"command": []}, "peer.yaml: command: List should have at least 1 item after validation, not 0."),
        ({"name": "An Other"}, "peer.yaml: name: String should match pattern '^[a-z]([-a-z0-9]*[a-z0-9])?$'."),
        ({"children": ["Pod"]}, "peer.yaml: children.0: Input should be 'Deployment' or 'Service'."),
        ({"install": ["missing.yaml"]}, "peer.yaml: install: there is no missing.yaml."),
        ({"object": "missing.yaml"}, "missing.yaml cannot be read: No such file or directory."),
        ({"app": ["a", "b"]}, "app.yaml must hold one mapping."),
        ({"app": {"kind": "WebApp"}}, "app.yaml: it must be one object with apiVersion and kind."),
        (
            {"app": APP | {"metadata": {"name": "fixed"}}},
            'app.yaml: metadata.name must be "{name}", which stands for the name of each app.',
        ),
    ],
    ids=str,
)
def test_each_mistake_is_told_in_a_sentence(tmp_path: Path, changes: dict[str, Any], sentence: str) -> None:
    assert complaint(folder(tmp_path, **changes)) == sentence


def test_a_folder_without_a_peer_is_told_of(tmp_path: Path) -> None:
    assert complaint(tmp_path) == "peer.yaml cannot be read: No such file or directory."


def test_what_is_no_yaml_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "peer.yaml").write_text("a: [")
    assert complaint(tmp_path).startswith("peer.yaml is no YAML: ")
