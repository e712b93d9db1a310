"""Kubeconfig files that carry their certificates in them, so that they work from anywhere."""

import base64
from pathlib import Path
from typing import Any

import yaml

from dev.cluster.certificates import Pair
from dev.cluster.layout import Layout

PEOPLE = "kubernetes-admin"


def write_admin(layout: Layout) -> None:
    """The kubeconfig people and tests use."""
    write(layout, layout.kubeconfig, user=PEOPLE, pair=Pair.of(layout.pki, PEOPLE))


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
