"""Kubeconfig files that carry their certificates in them, so that they work from anywhere."""

import base64
from pathlib import Path
from typing import Any

import yaml

from dev.cluster.certificates import Pair
from dev.cluster.errors import ClusterError
from dev.cluster.layout import Layout

PEOPLE = "kubernetes-admin"


def write_admin(layout: Layout) -> None:
    """The kubeconfig people and tests use; a file with other clusters in it is not ours to write."""
    if layout.kubeconfig.exists() and not is_ours(layout):
        raise ClusterError(f"{layout.kubeconfig} holds other clusters: name another file for this one's kubeconfig.")
    write(layout, layout.kubeconfig, user=PEOPLE, pair=Pair.of(layout.pki, PEOPLE))


def remove_admin(layout: Layout) -> None:
    """Delete the kubeconfig, if it is the one we wrote."""
    if is_ours(layout):
        layout.kubeconfig.unlink()


def is_ours(layout: Layout) -> bool:
    """Whether a kubeconfig is there and knows this cluster and no other."""
    try:
        content = yaml.safe_load(layout.kubeconfig.read_text())
        return [cluster["name"] for cluster in content["clusters"]] == [layout.name]
    except (OSError, yaml.YAMLError, KeyError, TypeError):
        return False


def write(layout: Layout, path: Path, *, user: str, pair: Pair) -> None:
    """Write a kubeconfig for one user; it holds a private key, so nobody else may read it."""
    server = f"https://127.0.0.1:{layout.ports.api_server}"
    authority = Pair.of(layout.pki, "ca").certificate
    content = render(layout.name, server, authority=_text(authority), user=user, credentials=_credentials(pair))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(yaml.safe_dump(content, sort_keys=False))


def render(name: str, server: str, *, authority: str, user: str, credentials: dict[str, str]) -> dict[str, Any]:
    """One cluster, one user, one context of the cluster's name."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": {"server": server, "certificate-authority-data": authority}}],
        "users": [{"name": user, "user": credentials}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": user}}],
        "current-context": name,
    }


def _credentials(pair: Pair) -> dict[str, str]:
    return {"client-certificate-data": _text(pair.certificate), "client-key-data": _text(pair.key)}


def _text(file: Path) -> str:
    return base64.b64encode(file.read_bytes()).decode()
