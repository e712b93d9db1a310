"""Images: when one is built again, what the build is told, and how it reaches which cluster."""

from pathlib import Path

import pytest
import yaml

from dev.cluster.layout import REPOSITORY
from dev.images import APP, OPERATOR, Image
from dev.images.build import options
from dev.images.load import MINIKUBE, choose
from dev.images.recipe import content_key
from dev.steps import StepError


@pytest.fixture
def image(tmp_path: Path) -> Image:
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY src /\n")
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "app.py").write_text("print()\n")
    (tmp_path / "notes.txt").write_text("not part of the image\n")
    return Image("it", tmp_path, inputs=("src",))


def test_the_key_stays_while_nothing_that_goes_in_changes(image: Image) -> None:
    before = image.key("buildah")
    (image.context / "notes.txt").write_text("changed\n")
    cache = image.context / "src" / "__pycache__"
    cache.mkdir()
    (cache / "app.pyc").write_bytes(b"\0")
    assert image.key("buildah") == before


@pytest.mark.parametrize("changed", ["Dockerfile", "src/app.py", "src/new.py"])
def test_the_key_changes_with_every_file_that_goes_in(image: Image, changed: str) -> None:
    before = image.key("buildah")
    (image.context / changed).write_text("# changed\n")
    assert image.key("buildah") != before


def test_the_key_changes_with_the_tool_and_the_base(image: Image) -> None:
    assert len({image.key("docker", ""), image.key("buildah", ""), image.key("docker", "other:1")}) == 3


def test_the_key_tells_a_name_from_a_content() -> None:
    assert content_key([("a", b"b")]) != content_key([("ab", b"")])


def test_a_changed_operator_has_another_name_and_the_app_keeps_the_one_of_the_sample() -> None:
    sample = yaml.safe_load((REPOSITORY / "deploy/samples/myapp.yaml").read_text())
    assert APP.reference("0123456789ab") == sample["spec"]["image"]
    assert OPERATOR.reference("0123456789ab") == f"myapp-operator:{OPERATOR.version}-0123456789ab"


def test_the_deployment_names_the_operators_version() -> None:
    deployment = yaml.safe_load((REPOSITORY / "deploy/operator/deployment.yaml").read_text())
    assert deployment["spec"]["template"]["spec"]["containers"][0]["image"] == f"myapp-operator:{OPERATOR.version}"


@pytest.mark.parametrize("image_of_ours", [APP, OPERATOR], ids=lambda it: it.name)
def test_every_input_of_our_images_exists_and_the_build_may_see_it(image_of_ours: Image) -> None:
    seen = (REPOSITORY / ".dockerignore").read_text().splitlines()
    for path in image_of_ours.inputs:
        assert (REPOSITORY / path).exists()
        assert path == ".dockerignore" or f"!{path}" in seen


def test_without_a_base_of_its_own_the_dockerfiles_default_stays(image: Image) -> None:
    assert not [option for option in options(image, "", None) if "BASE_IMAGE" in option or "secret" in option]


@pytest.mark.parametrize(
    ("context", "providers", "registry", "way", "name"),
    [
        ("kind-kind", [], "", "kind", "kind"),
        ("kind-my-lab", [], "", "kind", "my-lab"),
        ("minikube", [], "", "minikube", "minikube"),
        ("lab", [MINIKUBE], "", "minikube", "lab"),
        ("production", [], "registry.example.com/team/", "registry", "registry.example.com/team"),
        ("kind-kind", [], "registry.example.com", "registry", "registry.example.com"),
    ],
)
def test_the_context_decides_how_images_get_there(
    context: str, providers: list[str], registry: str, way: str, name: str
) -> None:
    destination = choose(context, providers, registry)
    assert (destination.way, destination.name) == (way, name)


def test_any_other_cluster_needs_a_registry_and_says_so() -> None:
    with pytest.raises(StepError, match="'production': set IMAGE_REGISTRY="):
        choose("production", [], "")
