"""The pods' network: one bridge, whose gateway is the node's address, and a route to the Services."""

import ipaddress
import json
from collections.abc import Iterable

from dev.cluster import containerd, firewall, sysctls
from dev.cluster.commands import run, succeeds
from dev.cluster.controlplane_config import NODE_ADDRESS, SERVICE_RANGE
from dev.cluster.errors import ClusterError
from dev.cluster.layout import Layout

BRIDGE = "myapp0"
POD_RANGE = "10.244.0.0/24"
NETWORK = "myapp"
FAILED = "The pods' network could not be set up: where root may not change it, run `NODE=simulated make cluster`"


def require_free() -> None:
    """Refuse where the machine already uses our addresses: its traffic would end on our bridge."""
    taken = overlapping(_routes())
    if taken:
        raise ClusterError(
            f"This machine already has a route to {taken}, which the cluster needs for itself: "
            f"remove that network, or use `NODE=simulated make cluster`."
        )


def overlapping(routes: Iterable[tuple[str, str]]) -> str | None:
    """The first foreign route inside our ranges; wider ones go on working beside ours."""
    ours = [ipaddress.IPv4Network(POD_RANGE), ipaddress.IPv4Network(SERVICE_RANGE)]
    for destination, device in routes:
        if device == BRIDGE or destination == "default":
            continue
        network = ipaddress.IPv4Network(destination, strict=False)
        if any(network.subnet_of(own) for own in ours):
            return destination
    return None


def ensure(layout: Layout) -> None:
    """Bridge, address, route, kernel settings and firewall: set once, found on the next call."""
    sysctls.apply(layout)
    if not succeeds(["ip", "link", "show", "dev", BRIDGE]):
        run(["ip", "link", "add", BRIDGE, "type", "bridge"], failed=FAILED)
    run(["ip", "link", "set", BRIDGE, "up"], failed=FAILED)
    run(["ip", "address", "replace", f"{NODE_ADDRESS}/24", "dev", BRIDGE], failed=FAILED)
    # What is sent to a Service that does not exist must die here and never leave the machine.
    run(["ip", "route", "replace", SERVICE_RANGE, "dev", BRIDGE], failed=FAILED)
    firewall.ensure(BRIDGE, (POD_RANGE, SERVICE_RANGE), layout.ports.api_server)
    folder = containerd.cni_configuration(layout)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "10-myapp.conflist").write_text(json.dumps(cni_configuration(layout), indent=2))


def remove(layout: Layout) -> None:
    """Take the bridge, its route and rules away, and put the kernel's settings back."""
    firewall.remove()
    if succeeds(["ip", "link", "show", "dev", BRIDGE]):
        run(["ip", "link", "delete", BRIDGE], failed=f"The bridge {BRIDGE} could not be removed")
    sysctls.restore(layout, forwarding_used=firewall.masquerading())


def cni_configuration(layout: Layout) -> dict[str, object]:
    """How containerd connects a pod; masquerading is done once for all pods by our own firewall chain."""
    return {
        "cniVersion": "0.4.0",
        "name": NETWORK,
        "plugins": [
            {
                "type": "bridge",
                "bridge": BRIDGE,
                "isGateway": True,
                "hairpinMode": True,
                "ipam": {
                    "type": "host-local",
                    "subnet": POD_RANGE,
                    "gateway": NODE_ADDRESS,
                    "routes": [{"dst": "0.0.0.0/0"}],
                    "dataDir": str(layout.node_state / "cni-addresses"),
                },
            }
        ],
    }


def _routes() -> list[tuple[str, str]]:
    found = json.loads(
        run(["ip", "-json", "-4", "route", "show", "table", "main"], failed="The machine's routes could not be read")
    )
    return [(route["dst"], route.get("dev", "")) for route in found]
