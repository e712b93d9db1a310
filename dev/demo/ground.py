"""The cluster under the demo: one of our own on this machine, or that of the current kubectl context."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dev.cluster import ClusterError, packages, up
from dev.cluster.binaries import to_build
from dev.cluster.commands import find
from dev.cluster.layout import REPOSITORY, Layout, cache_folder
from dev.cluster.lifecycle import WITHOUT_ROOT, programs
from dev.cluster.progress import say
from dev.images import Destination, destination_of_context
from dev.images.build import uses_docker
from dev.steps import run

SECONDS_FOR_IMAGES = 120
SECONDS_FOR_THE_REST = 60

PROGRAMS = {"curl": "curl"}
PROGRAMS_WITHOUT_DOCKER = {"buildah": "buildah", "mmdebstrap": "mmdebstrap"}


@dataclass(frozen=True)
class Ground:
    """How to talk to the cluster and how to bring images to it."""

    kubectl: Path
    destination: Destination
    environment: Mapping[str, str] = field(default_factory=dict)
    own: bool = False
    """The cluster is the one that `make cluster` makes."""


def local() -> Ground:
    """A cluster of our own with real containers; started where it does not run."""
    if os.geteuid() != 0:
        raise ClusterError(WITHOUT_ROOT)
    needed = _programs()
    _announce_local(needed)
    packages.ensure(needed)
    say("\n[1/5] A Kubernetes on this machine\n\n$ make cluster")
    cluster = up("real")
    say(f"It runs: {cluster.kubeconfig.relative_to(REPOSITORY)} leads to it.")
    environment = {"KUBECONFIG": str(cluster.kubeconfig)}
    return Ground(cluster.kubectl, Destination("local", cluster=cluster), environment, own=True)


def current(registry: str) -> Ground:
    """The cluster of the current kubectl context; nothing is built before it is known that images can get there."""
    kubectl = find("kubectl")
    if kubectl is None:
        raise ClusterError("CLUSTER=current needs kubectl: install it, or run `make demo` without CLUSTER=current.")
    context = run([kubectl, "config", "current-context"], failed="kubectl has no current context: choose one first.")
    destination = destination_of_context(kubectl, registry)
    run(
        [kubectl, "get", "--raw", "/readyz", "--request-timeout=15s"],
        failed=f"The cluster of context {context.strip()} does not answer: start it, or choose another context.",
    )
    say(
        f"This shows the MyApp operator on the cluster of your kubectl context {context.strip()}. There it installs a\n"
        "CustomResourceDefinition, the operator in namespace myapp-system, and a MyApp called myapp in your namespace."
    )
    packages.ensure(_programs())
    say("\n[1/5] A Kubernetes: yours\n\n$ kubectl config current-context\n" + context.strip())
    return Ground(kubectl, destination)


def _programs() -> dict[str, str]:
    return PROGRAMS if uses_docker() else {**PROGRAMS, **PROGRAMS_WITHOUT_DOCKER}


def _announce_local(needed: Mapping[str, str]) -> None:
    """Say what this installs and changes, and how long it takes, before it does anything."""
    missing = (*packages.missing(needed, lambda program: find(program) is not None), *packages.missing_for_node())
    build_seconds = sum(program.seconds for program in to_build(programs(Layout.of("real"))))
    images = (cache_folder() / "images").exists()
    seconds = build_seconds + (0 if images else SECONDS_FOR_IMAGES) + SECONDS_FOR_THE_REST
    say(
        "This shows the MyApp operator on a Kubernetes of its own on this machine. It installs and changes:\n"
        f"- Debian packages: {', '.join(missing) or 'none, all are there'}\n"
        f"- {cache_folder()}: Kubernetes, built from source once, and the images\n"
        f"- {REPOSITORY / '.local'}: the state of the cluster\n"
        "- while the cluster runs: a network bridge, iptables rules, a route to 10.96.0.0/16 and IP forwarding\n"
        f"It takes about {_minutes(seconds)} this time"
        + (", most of it for building Kubernetes; later under a minute." if build_seconds else ".")
        + "\n`make cluster-down` takes the cluster away again; the packages and the cache stay."
    )


def _minutes(seconds: int) -> str:
    minutes = max(1, round(seconds / 60))
    return f"{minutes} minutes" if minutes > 1 else "a minute"
