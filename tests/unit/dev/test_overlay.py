"""The overlay that installs what was just built."""

import pytest
import yaml

from dev.overlay import overlay


@pytest.mark.parametrize(
    ("reference", "name", "tag"),
    [
        ("myapp-operator:0.1.0-0123456789ab", "myapp-operator", "0.1.0-0123456789ab"),
        ("localhost:5000/team/myapp-operator:0.1.0-ab", "localhost:5000/team/myapp-operator", "0.1.0-ab"),
    ],
)
def test_the_overlay_names_the_image_that_was_built(reference: str, name: str, tag: str) -> None:
    written = yaml.safe_load(overlay(reference))
    assert written["resources"] == ["../../deploy"]
    assert written["components"] == ["../../deploy/components/guard"]
    assert written["images"] == [{"name": "myapp-operator", "newName": name, "newTag": tag}]
