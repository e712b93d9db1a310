"""deploy/ with the images of this machine: what the demo and the tests install the operator from."""

from pathlib import Path

import yaml

from dev.cluster.layout import REPOSITORY
from dev.images import OPERATOR

OVERLAY = REPOSITORY / ".local" / "deploy"


def write_overlay(operator_name: str) -> Path:
    """Write a folder for `kubectl apply -k`: a changed operator has another tag, which rolls it out."""
    OVERLAY.mkdir(parents=True, exist_ok=True)
    (OVERLAY / "kustomization.yaml").write_text(overlay(operator_name))
    return OVERLAY


def overlay(operator_name: str) -> str:
    """The kustomization: deploy/ with its guard, and the operator's image of this machine."""
    name, _, tag = operator_name.rpartition(":")
    image = {"name": OPERATOR.name, "newName": name, "newTag": tag}
    head = "# Written by `make demo` and `make test`: deploy/ and its guard with the image that was built here.\n"
    return head + yaml.safe_dump(
        {
            "apiVersion": "kustomize.config.k8s.io/v1beta1",
            "kind": "Kustomization",
            "resources": ["../../deploy"],
            "components": ["../../deploy/components/guard"],
            "images": [image],
        },
        sort_keys=False,
    )
