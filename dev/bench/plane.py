"""A control plane for one arm: fresh, with an empty etcd, since creating Services slows with their number."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from dev.cluster import Cluster, down, up
from dev.cluster.layout import REPOSITORY, Layout
from dev.cluster.processes import find
from dev.steps import StepError, run
from myapp_operator.names import Kind

NAME = "myapp-bench"
FOLDER = REPOSITORY / ".local" / "bench"
STATE = FOLDER / "cluster"
KUBECONFIG = FOLDER / "kubeconfig"
SERVERS = ("kube-apiserver", "etcd")
_LASTS = "6h"
_CRD_SECONDS = 60


@dataclass(frozen=True)
class Account:
    """Who a measured program is: its name in the audit log, and a kubeconfig with nothing but its token."""

    user: str
    kubeconfig: Path


@dataclass(frozen=True)
class Plane:
    """A running control plane, and what it takes to prepare it."""

    cluster: Cluster

    @property
    def servers(self) -> list[int]:
        """The processes of API server and etcd."""
        return find(Layout.of("simulated", name=NAME, state=STATE, kubeconfig=KUBECONFIG), SERVERS)

    def kubectl(self, *arguments: str, failed: str, stdin: str | None = None) -> str:
        """Run kubectl as the administrator.

        Raises:
            StepError: it failed; the sentence is `failed`.
        """
        command: list[str | Path] = [self.cluster.kubectl, "--kubeconfig", self.cluster.kubeconfig, *arguments]
        return run(command, failed=failed, stdin=stdin)

    def apply(self, manifests: str, *, failed: str) -> None:
        """Apply objects, once the API server serves the APIs that they are of."""
        self._patiently("apply", "--server-side", "-f", "-", stdin=manifests, failed=failed)

    def wait_served(self, kind: Kind) -> None:
        """Wait until the API server serves a kind whose CRD was applied a moment ago."""
        path = f"/apis/{kind.api_version}/{kind.plural}?limit=1"
        self._patiently("get", "--raw", path, failed=f"The API server does not serve {kind.plural}.")

    def _patiently(self, *arguments: str, failed: str, stdin: str | None = None) -> None:
        deadline = time.monotonic() + _CRD_SECONDS
        while True:
            try:
                self.kubectl(*arguments, failed=failed, stdin=stdin)
            except StepError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.5)
            else:
                return

    def account(self, namespace: str, name: str) -> Account:
        """A kubeconfig that holds only the token of a ServiceAccount, which must exist."""
        created = ("create", "token", name, "--namespace", namespace, "--duration", _LASTS)
        token = self.kubectl(*created, failed=f"The ServiceAccount {namespace}/{name} gets no token.").strip()
        config = yaml.safe_load(self.cluster.kubeconfig.read_text())
        config["users"] = [{"name": config["users"][0]["name"], "user": {"token": token}}]
        path = FOLDER / f"{name}.kubeconfig"
        path.touch(mode=0o600)
        path.write_text(yaml.safe_dump(config))
        return Account(f"system:serviceaccount:{namespace}:{name}", path)


@contextmanager
def fresh() -> Iterator[Plane]:
    """A control plane that nobody has used, taken away afterwards."""
    remove()
    FOLDER.mkdir(parents=True, exist_ok=True)
    try:
        yield Plane(up("simulated", name=NAME, state=STATE, kubeconfig=KUBECONFIG))
    finally:
        remove()


def remove() -> None:
    """Take the control plane away, where there is one."""
    if STATE.exists():
        down("simulated", name=NAME, state=STATE, kubeconfig=KUBECONFIG)
        shutil.rmtree(STATE, ignore_errors=True)
