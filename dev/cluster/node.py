"""The node with real containers: what kwokctl lacks."""

from pathlib import Path

from dev.cluster import containerd, controlplane, dns, firewall, kubelet, network, pods
from dev.cluster.daemons import Daemon
from dev.cluster.errors import ClusterError
from dev.cluster.layout import Layout
from dev.cluster.progress import step

PROGRAMS = ("kubelet", "kube-proxy", "pause", "coredns")
# The kubelet's longest socket below the state folder, and what Unix allows.
LONGEST_SOCKET = "node/kubelet/pod-resources/kubelet.sock"
SOCKET_LIMIT = 107


def require_alone(layout: Layout) -> None:
    """Refuse before anything is changed where a node of ours would disturb what is there."""
    if len(f"{layout.state}/{LONGEST_SOCKET}") > SOCKET_LIMIT:
        raise ClusterError(
            f"The path {layout.state} is too long for the sockets below it: use a clone in a shorter folder."
        )
    if layout.runtime.exists() or layout.node_state.exists():
        return
    if firewall.another_kubernetes() or pods.KUBELET_SOCKET.exists():
        raise ClusterError(
            f"Another Kubernetes is on this machine (its iptables chains or {pods.KUBELET_SOCKET} are), which a second "
            "node would disturb: use it with `CLUSTER=current make demo`, or run `NODE=simulated make cluster`."
        )
    network.require_free()


def prepare(layout: Layout) -> None:
    """What must be there before the control plane: its address, and the pods' network."""
    layout.runtime.mkdir(parents=True, exist_ok=True)
    network.ensure(layout)


def ensure(layout: Layout) -> None:
    """Start what of the node does not run, and wait until pods can."""
    containerd.ensure(layout)
    kubelet.ensure(layout)
    with step("Waiting for the node"):
        controlplane.kubectl(
            layout,
            *("wait", "--for=create", f"node/{kubelet.node_name(layout)}", "--timeout=60s"),
            failed=f"The node does not register: read {kubelet.daemon(layout).log}",
        )
        controlplane.kubectl(
            layout,
            *("wait", "--for=condition=Ready", f"node/{kubelet.node_name(layout)}", "--timeout=90s"),
            failed=f"The node does not become Ready: read {kubelet.daemon(layout).log}",
        )
    dns.ensure(layout)


def load_image(layout: Layout, archive: Path) -> None:
    """Import a docker-archive tar into the node."""
    containerd.load(layout, archive)


def daemons(layout: Layout) -> tuple[Daemon, ...]:
    """The node's processes."""
    return (containerd.daemon(layout), kubelet.daemon(layout), kubelet.proxy_daemon(layout))
