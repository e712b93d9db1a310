"""Bringing a built image to the cluster that shall run it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import yaml

from dev.cluster import Cluster, load_image
from dev.cluster.layout import cache_folder
from dev.cluster.progress import step
from dev.images.build import Built, uses_docker
from dev.images.buildah import Storage
from dev.steps import StepError, run

MINIKUBE = "minikube.sigs.k8s.io"
"""Who minikube says it is in the kubeconfig entries it writes."""


@dataclass(frozen=True)
class Destination:
    """Where images go: the way, and the name that this way needs (kind's cluster, minikube's profile, the registry)."""

    way: Literal["local", "kind", "minikube", "registry"]
    name: str = ""
    cluster: Cluster | None = None


def choose(context: str, providers: Sequence[str], registry: str) -> Destination:
    """How images get to the cluster of a kubectl context; a registry that was asked for always wins."""
    if registry:
        return Destination("registry", registry.rstrip("/"))
    if context.startswith("kind-"):
        return Destination("kind", context.removeprefix("kind-"))
    if context == "minikube" or MINIKUBE in providers:
        return Destination("minikube", context)
    raise StepError(
        f"Images cannot be loaded straight into the cluster of context {context!r}: set IMAGE_REGISTRY= to a registry "
        "that you may push to and it can pull from, or use a context of kind or minikube."
    )


def destination_of_context(kubectl: Path, registry: str) -> Destination:
    """How images get to the cluster that kubectl talks to now."""
    failed = "kubectl has no current context: choose one with `kubectl config use-context NAME` and run this again."
    context = run([kubectl, "config", "current-context"], failed=failed).strip()
    broken = f"The kubeconfig entry {context!r} cannot be read: correct it, or choose another context."
    config = yaml.safe_load(run([kubectl, "config", "view", "--minify"], failed=broken))
    extensions = config["contexts"][0]["context"].get("extensions") or []
    providers = [(extension.get("extension") or {}).get("provider", "") for extension in extensions]
    return choose(context, providers, registry)


def load(destination: Destination, built: Built) -> str:
    """Bring an image to a cluster; the answer is the name by which the cluster knows it."""
    with step(f"Loading {built.reference} into the cluster"):
        match destination.way:
            case "kind":
                _run_loader(["kind", "load", "image-archive", built.archive, "--name", destination.name])
            case "minikube":
                _run_loader(["minikube", "--profile", destination.name, "image", "load", str(built.archive)])
            case "registry":
                return _push(built, destination.name)
            case "local":
                assert destination.cluster is not None
                load_image(destination.cluster, built.archive)
    return built.reference


def _run_loader(command: list[str | Path]) -> None:
    run(command, failed=f"{command[0]} could not load the image: check that the cluster runs and run this again.")


def _push(built: Built, registry: str) -> str:
    # A moving tag in a registry would leave pods running whatever their node had pulled before.
    repository, _, tag = built.reference.partition(":")
    name = f"{registry}/{repository}:{tag if built.key in tag else f'{tag}-{built.key}'}"
    if not uses_docker():
        Storage(cache_folder() / "buildah").push(built.archive, name)
        return name
    failed = f"{name} could not be pushed: check IMAGE_REGISTRY, log in with `docker login` and run this again."
    run(["docker", "load", "--input", built.archive], failed=failed)
    run(["docker", "tag", built.reference, name], failed=failed)
    run(["docker", "push", name], failed=failed, seconds=1800)
    return name
