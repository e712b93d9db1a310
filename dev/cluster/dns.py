"""CoreDNS as a pod: `http://myapp-service.default.svc` answers."""

import ipaddress
import socket
from pathlib import Path

import yaml

from dev.cluster import controlplane, kubelet
from dev.cluster.commands import wait_until
from dev.cluster.layout import Layout
from dev.cluster.progress import step

FAILED = "The cluster's DNS does not answer: read {log}"
MANIFEST = Path(__file__).with_name("coredns.yaml")


def ensure(layout: Layout) -> None:
    """Install CoreDNS, or find it as it should be, and wait until it answers."""
    configuration = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "coredns", "namespace": "kube-system"},
        "data": {"Corefile": corefile(_read(kubelet.resolv_conf()))},
    }
    manifest = f"{MANIFEST.read_text()}---\n{yaml.safe_dump(configuration)}"
    controlplane.kubectl(
        layout,
        *("apply", "--server-side", "--force-conflicts", "--field-manager=dev-cluster", "--filename", "-"),
        stdin=manifest,
        failed="CoreDNS could not be installed",
    )
    with step("Waiting for the cluster's DNS"):
        controlplane.kubectl(
            layout,
            *("--namespace", "kube-system", "rollout", "status", "deployment/coredns", "--timeout=120s"),
            failed=FAILED.format(log=kubelet.daemon(layout).log),
        )
        # After a reboot the API still says what was true before it; only an answer proves network, proxy and pod.
        wait_until(_answers, seconds=90, failed=FAILED.format(log=kubelet.daemon(layout).log) + ".")


def _answers() -> bool:
    try:
        socket.create_connection((kubelet.DNS_ADDRESS, 53), timeout=1).close()
    except OSError:
        return False
    return True


def corefile(resolv_conf: str) -> str:
    """CoreDNS's configuration; other names are asked of the machine's name servers, where it has any."""
    lines = [
        ".:5353 {",
        "    errors",
        "    health :8080",
        "    ready :8181",
        "    kubernetes cluster.local in-addr.arpa ip6.arpa {",
        "        pods insecure",
        "        fallthrough in-addr.arpa ip6.arpa",
        "        ttl 5",
        "    }",
    ]
    servers = name_servers(resolv_conf)
    if servers:
        lines.append(f"    forward . {' '.join(servers)}")
    return "\n".join([*lines, "    cache 5", "    reload", "}", ""])


def name_servers(resolv_conf: str) -> list[str]:
    """The name servers a pod can reach: one on loopback would be the pod itself."""
    found = []
    for line in resolv_conf.splitlines():
        words = line.split()
        if len(words) > 1 and words[0] == "nameserver":
            address = ipaddress.ip_address(words[1].partition("%")[0])
            if not address.is_loopback:
                found.append(words[1])
    return found


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
