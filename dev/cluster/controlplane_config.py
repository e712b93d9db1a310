"""The control plane's configuration files, as plain data: nothing here touches the machine."""

from types import MappingProxyType
from typing import Any

from dev.cluster.layout import Layout

SERVICE_RANGE = "10.96.0.0/16"
# Every name by which this machine and pods reach the API server.
API_SERVER_NAMES = (
    "localhost",
    "127.0.0.1",
    "10.96.0.1",
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
)
# The gateway of the pods' bridge: the one address that both the pods and this machine reach.
NODE_ADDRESS = "10.244.0.1"

# The certificate by which the API server shows itself to extension API servers such as metrics-server.
FRONT_PROXY = "front-proxy-client"

COMPONENTS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
SIMULATED_COMPONENTS = (*COMPONENTS, "kwok-controller")

OPTION_OF_BINARY = MappingProxyType(
    {
        "etcd": "etcdBinary",
        "kube-apiserver": "kubeApiserverBinary",
        "kube-controller-manager": "kubeControllerManagerBinary",
        "kube-scheduler": "kubeSchedulerBinary",
        "kubectl": "kubectlBinary",
        "kwok": "kwokControllerBinary",
    }
)


def client_limits() -> dict[str, str]:
    """What the controller manager and the scheduler may ask: by default (20 a second) 1,000 apps take minutes."""
    return {"kube-api-qps": "500", "kube-api-burst": "1000"}


def kwokctl(layout: Layout, audit_policy: str, binaries: dict[str, str]) -> dict[str, Any]:
    """kwokctl's own configuration: everything on loopback, every port fixed."""
    ports = layout.ports
    real = layout.node == "real"
    return {
        "apiVersion": "config.kwok.x-k8s.io/v1alpha1",
        "kind": "KwokctlConfiguration",
        "options": {
            "runtime": "binary",
            "securePort": True,
            # kwok's default would open etcd, which has no TLS here, to the whole network.
            "bindAddress": "127.0.0.1",
            "components": list(COMPONENTS if real else SIMULATED_COMPONENTS),
            "kubeAuditPolicy": audit_policy,
            **{OPTION_OF_BINARY[name]: path for name, path in binaries.items() if name in OPTION_OF_BINARY},
            "kubeApiserverPort": ports.api_server,
            # Left alone, two clusters started together choose the same ports and write into each other.
            "etcdPort": ports.etcd,
            "etcdPeerPort": ports.etcd_peer,
            "kubeControllerManagerPort": ports.controller_manager,
            "kubeSchedulerPort": ports.scheduler,
            "kwokControllerPort": ports.kwok,
        },
        "componentsPatches": [
            _patch("kube-apiserver", api_server_arguments(layout)),
            _patch("kube-controller-manager", controller_manager_arguments(layout)),
            _patch("kube-scheduler", client_limits()),
        ],
    }


def api_server_arguments(layout: Layout) -> dict[str, str]:
    """What the API server does differently from kwok's own choice."""
    arguments = {
        "service-cluster-ip-range": SERVICE_RANGE,
        "enable-admission-plugins": "NodeRestriction",
        # One writer, no batches: a test that reads the log after its request finds the request in it.
        "audit-log-mode": "blocking",
        # In MB: a cluster that is left running for weeks does not fill the disk.
        "audit-log-maxsize": "200",
        "audit-log-maxbackup": "1",
    }
    if layout.node == "simulated":
        return arguments
    return {
        **arguments,
        # Pods come in over the bridge, people over loopback; TLS and authentication are on.
        "bind-address": "0.0.0.0",  # noqa: S104 - the firewall of network.py keeps other machines out
        "advertise-address": NODE_ADDRESS,
        "kubelet-preferred-address-types": "InternalIP",
        # Without a certificate `kubectl logs` and `exec` are answered by "you must be logged in".
        "kubelet-client-certificate": str(layout.pki / "admin.crt"),
        "kubelet-client-key": str(layout.pki / "admin.key"),
        "kubelet-certificate-authority": str(layout.pki / "ca.crt"),
        **aggregation_arguments(layout),
    }


def aggregation_arguments(layout: Layout) -> dict[str, str]:
    """How extension API servers learn who asks: the API server names the user in headers, under a name of its own."""
    return {
        "proxy-client-cert-file": str(layout.pki / f"{FRONT_PROXY}.crt"),
        "proxy-client-key-file": str(layout.pki / f"{FRONT_PROXY}.key"),
        "requestheader-client-ca-file": str(layout.pki / "ca.crt"),
        # The same CA signs the kubelet's certificate: only this name may speak for others.
        "requestheader-allowed-names": FRONT_PROXY,
        "requestheader-username-headers": "X-Remote-User",
        "requestheader-group-headers": "X-Remote-Group",
        "requestheader-extra-headers-prefix": "X-Remote-Extra-",
    }


def controller_manager_arguments(layout: Layout) -> dict[str, str]:
    """What the controller manager does differently from kwok's own choice."""
    arguments = {
        **client_limits(),
        # Each controller under its own name, with its own rights, as everywhere else; the audit log tells them apart.
        "use-service-account-credentials": "true",
    }
    if layout.node == "simulated":
        return arguments
    return {
        **arguments,
        "service-cluster-ip-range": SERVICE_RANGE,
        "node-monitor-grace-period": "40s",
        "node-monitor-period": "5s",
    }


def audit_policy() -> dict[str, Any]:
    """Who did what to which object, once per answered request, without bodies."""
    return {
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "omitStages": ["RequestReceived"],
        "rules": [{"level": "Metadata"}],
    }


def simulated_nodes(count: int) -> dict[str, Any]:
    """Nodes that kwok keeps Ready, large enough that the scheduler never says no."""
    capacity = {"cpu": "4000", "memory": "16Ti", "ephemeral-storage": "16Ti", "pods": "10000"}
    nodes = [
        {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {
                "name": f"simulated-{index}",
                "annotations": {"kwok.x-k8s.io/node": "fake"},
                "labels": {
                    "kubernetes.io/hostname": f"simulated-{index}",
                    "kubernetes.io/os": "linux",
                    "kubernetes.io/arch": "amd64",
                    "type": "kwok",
                },
            },
            "status": {"allocatable": capacity, "capacity": capacity},
        }
        for index in range(count)
    ]
    return {"apiVersion": "v1", "kind": "List", "items": nodes}


def _patch(component: str, arguments: dict[str, str]) -> dict[str, Any]:
    # Added after kwok's own arguments, where the last one counts.
    return {"name": component, "extraArgs": [{"key": key, "value": value} for key, value in arguments.items()]}
