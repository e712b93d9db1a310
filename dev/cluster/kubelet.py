"""The kubelet and kube-proxy: the node's two Kubernetes processes."""

from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import yaml

from dev.cluster import certificates, containerd, kubeconfigs
from dev.cluster.binaries import binary
from dev.cluster.certificates import Pair, Subject
from dev.cluster.commands import wait_until
from dev.cluster.controlplane_config import NODE_ADDRESS
from dev.cluster.daemons import Daemon
from dev.cluster.errors import ClusterError
from dev.cluster.layout import Layout
from dev.cluster.network import POD_RANGE

DNS_ADDRESS = "10.96.0.10"
# systemd-resolved's stub listens on loopback, which in a pod is the pod's own.
RESOLV_CONFS = (Path("/run/systemd/resolve/resolv.conf"), Path("/etc/resolv.conf"))


def daemon(layout: Layout) -> Daemon:
    """The kubelet."""
    return Daemon("kubelet", layout.node_state)


def proxy_daemon(layout: Layout) -> Daemon:
    """kube-proxy."""
    return Daemon("kube-proxy", layout.node_state)


def node_name(layout: Layout) -> str:
    """How the node is called in the cluster."""
    return f"{layout.name}-node"


def folder(layout: Layout) -> Path:
    """The kubelet's own files: volumes of pods, checkpoints, sockets."""
    return layout.node_state / "kubelet"


def resolv_conf() -> Path:
    """The machine's name servers, as pods may use them."""
    return next((path for path in RESOLV_CONFS if path.exists()), RESOLV_CONFS[-1])


def ensure(layout: Layout) -> None:
    """Start the kubelet and kube-proxy where they do not run."""
    if daemon(layout).pid() is None:
        _start_kubelet(layout)
    if proxy_daemon(layout).pid() is None:
        _start_proxy(layout)
    _wait_healthy(daemon(layout), layout.ports.kubelet_health)
    _wait_healthy(proxy_daemon(layout), layout.ports.proxy_health)


def _wait_healthy(process: Daemon, port: int) -> None:
    failed = f"{process.name} does not become healthy: read {process.log}."
    wait_until(lambda: _healthy(process, port), seconds=60, failed=failed)


def _healthy(process: Daemon, port: int) -> bool:
    if process.pid() is None:
        raise ClusterError(f"{process.name} has ended ({process.last_words()}): read {process.log}.")
    try:
        with urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2) as answer:
            return bool(answer.status == HTTPStatus.OK)
    except OSError:
        return False


def _start_kubelet(layout: Layout) -> None:
    name = node_name(layout)
    client = _certificate(layout, "kubelet-client", Subject(f"system:node:{name}", group="system:nodes"))
    serving = _certificate(layout, "kubelet-serving", Subject(f"system:node:{name}", server_names=(NODE_ADDRESS,)))
    kubeconfig = layout.node_state / "kubelet.kubeconfig"
    kubeconfigs.write(layout, kubeconfig, user=name, pair=client)
    path = layout.node_state / "kubelet.yaml"
    path.write_text(yaml.safe_dump(kubelet_configuration(layout, serving)))
    daemon(layout).start(
        [
            binary("kubelet"),
            f"--config={path}",
            f"--kubeconfig={kubeconfig}",
            f"--root-dir={folder(layout)}",
            f"--hostname-override={name}",
            f"--node-ip={NODE_ADDRESS}",
        ]
    )


def _start_proxy(layout: Layout) -> None:
    pair = _certificate(layout, "kube-proxy", Subject("system:kube-proxy"))
    kubeconfig = layout.node_state / "kube-proxy.kubeconfig"
    kubeconfigs.write(layout, kubeconfig, user="system:kube-proxy", pair=pair)
    path = layout.node_state / "kube-proxy.yaml"
    path.write_text(yaml.safe_dump(proxy_configuration(layout, kubeconfig)))
    proxy_daemon(layout).start([binary("kube-proxy"), f"--config={path}"])


def _certificate(layout: Layout, name: str, subject: Subject) -> Pair:
    return certificates.ensure(layout.pki, layout.node_state / "pki", name, subject)


def kubelet_configuration(layout: Layout, serving: Pair) -> dict[str, Any]:
    """The kubelet's configuration file."""
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        # The bridge's address: the API server reaches it there, other machines do not.
        "address": NODE_ADDRESS,
        "port": 10250,
        "readOnlyPort": 0,
        "healthzBindAddress": "127.0.0.1",
        "healthzPort": layout.ports.kubelet_health,
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(layout.pki / "ca.crt")},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": str(serving.certificate),
        "tlsPrivateKeyFile": str(serving.key),
        "containerRuntimeEndpoint": f"unix://{containerd.socket(layout)}",
        "cgroupDriver": "cgroupfs",
        "failCgroupV1": False,
        "failSwapOn": False,
        "clusterDomain": "cluster.local",
        "clusterDNS": [DNS_ADDRESS],
        "resolvConf": str(resolv_conf()),
        # Nothing of ours outside our folder.
        "podLogsDir": str(layout.node_state / "pod-logs"),
        "volumePluginDir": str(layout.node_state / "volume-plugins"),
        "makeIPTablesUtilChains": False,
        # Images come from no registry and could not be fetched again; a full disk is the developer's to see.
        "imageGCHighThresholdPercent": 100,
        "evictionHard": {
            "memory.available": "100Mi",
            "nodefs.available": "0%",
            "nodefs.inodesFree": "0%",
            "imagefs.available": "0%",
        },
        "serializeImagePulls": False,
    }


def proxy_configuration(layout: Layout, kubeconfig: Path) -> dict[str, Any]:
    """kube-proxy's configuration file."""
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "iptables",
        "clientConnection": {"kubeconfig": str(kubeconfig)},
        "hostnameOverride": node_name(layout),
        "clusterCIDR": POD_RANGE,
        "bindAddress": NODE_ADDRESS,
        "healthzBindAddress": f"127.0.0.1:{layout.ports.proxy_health}",
        "metricsBindAddress": f"127.0.0.1:{layout.ports.proxy_metrics}",
        # Node ports answer on the bridge alone, and need no kernel setting that opens loopback.
        "nodePortAddresses": [POD_RANGE],
        "iptables": {"localhostNodePorts": False},
        # The machine's connection tracking stays as it is.
        "conntrack": {"maxPerCore": 0, "min": None, "tcpCloseWaitTimeout": "0s", "tcpEstablishedTimeout": "0s"},
    }
