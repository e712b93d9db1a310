"""Where everything lies: the cache that survives, the state that `down` removes, the ports."""

import os
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

NodeKind = Literal["real", "simulated"]

REPOSITORY = Path(__file__).resolve().parents[2]

# Below Linux's ephemeral ports (32768) and Kubernetes' node ports (30000), above what
# servers and other local clusters usually take.
FIRST_PORT = 26500
PORTS_PER_CLUSTER = 10
NAMED_BLOCKS = ("myapp", "myapp-test")
OTHER_BLOCKS = 50


def cache_folder() -> Path:
    """What is built or fetched once for all clones on this machine."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "myapp-operator"


def runtime_folder() -> Path:
    """Sockets and the records of who runs what: gone after a reboot, as they should be."""
    if os.geteuid() == 0:
        return Path("/run/myapp-operator")
    base = os.environ.get("XDG_RUNTIME_DIR")
    return Path(base) / "myapp-operator" if base else Path(f"/tmp/myapp-operator-{os.geteuid()}")  # noqa: S108 - per user


@dataclass(frozen=True)
class Ports:
    """The block of ports of one cluster: the same on every start, so that kubeconfigs stay valid."""

    first: int

    @classmethod
    def of(cls, name: str) -> "Ports":
        """The block that belongs to a cluster's name."""
        if name in NAMED_BLOCKS:
            block = NAMED_BLOCKS.index(name)
        else:
            block = len(NAMED_BLOCKS) + zlib.crc32(name.encode()) % OTHER_BLOCKS
        return cls(FIRST_PORT + block * PORTS_PER_CLUSTER)

    @property
    def etcd(self) -> int:
        """Clients of etcd, which is the API server alone."""
        return self.first

    @property
    def etcd_peer(self) -> int:
        """Other members of etcd, of which there are none."""
        return self.first + 1

    @property
    def controller_manager(self) -> int:
        """Health and metrics of kube-controller-manager."""
        return self.first + 2

    @property
    def api_server(self) -> int:
        """The Kubernetes API."""
        return self.first + 3

    @property
    def scheduler(self) -> int:
        """Health and metrics of kube-scheduler."""
        return self.first + 4

    @property
    def kwok(self) -> int:
        """The stand-in for the kubelets of simulated nodes."""
        return self.first + 5

    @property
    def kubelet_health(self) -> int:
        """The kubelet's health endpoint."""
        return self.first + 6

    @property
    def proxy_health(self) -> int:
        """kube-proxy's health endpoint."""
        return self.first + 7

    @property
    def proxy_metrics(self) -> int:
        """kube-proxy's metrics."""
        return self.first + 8

    def control_plane(self) -> tuple[int, ...]:
        """Every port that must be free before the control plane starts."""
        return (self.etcd, self.etcd_peer, self.controller_manager, self.api_server, self.scheduler, self.kwok)


@dataclass(frozen=True)
class Layout:
    """The names, folders and ports of one cluster."""

    name: str
    node: NodeKind
    state: Path
    kubeconfig: Path

    @classmethod
    def of(
        cls, node: NodeKind, *, name: str | None = None, state: Path | None = None, kubeconfig: Path | None = None
    ) -> "Layout":
        """Fill in what the caller left open: one real and one simulated cluster per clone."""
        local = REPOSITORY / ".local"
        real = node == "real"
        return cls(
            name=name or ("myapp" if real else "myapp-test"),
            node=node,
            state=(state or local / ("cluster" if real else "test-cluster")).resolve(),
            kubeconfig=(kubeconfig or local / ("kubeconfig" if real else "test-kubeconfig")).resolve(),
        )

    @property
    def ports(self) -> Ports:
        """The cluster's ports."""
        return Ports.of(self.name)

    @property
    def control_plane(self) -> Path:
        """kwokctl's working folder."""
        return self.state / "control-plane"

    @property
    def control_plane_cluster(self) -> Path:
        """The folder of our cluster inside kwokctl's working folder."""
        return self.control_plane / "clusters" / self.name

    @property
    def pki(self) -> Path:
        """The cluster's CA and administrator certificate, made by kwokctl."""
        return self.control_plane_cluster / "pki"

    @property
    def audit_log(self) -> Path:
        """One JSON line for each request the API server answered."""
        return self.control_plane_cluster / "logs" / "audit.log"

    @property
    def node_state(self) -> Path:
        """What containerd, the kubelet and kube-proxy keep on disk."""
        return self.state / "node"

    @property
    def runtime(self) -> Path:
        """Sockets of the node: a short path, because Unix limits a socket's path to 107 characters."""
        return runtime_folder() / self.name
