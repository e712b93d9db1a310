"""Kernel settings that the node changes, remembered so that `down` can put them back."""

import json
from pathlib import Path

from dev.cluster.commands import find, succeeds
from dev.cluster.errors import ClusterError
from dev.cluster.layout import Layout

PROC_SYS = Path("/proc/sys")
FORWARDING = "net/ipv4/ip_forward"
BRIDGED = "net/bridge/bridge-nf-call-iptables"
# What we need: pods reach each other and the world through this machine, and kube-proxy sees what crosses the bridge.
NEEDED = (FORWARDING, BRIDGED)
# What else changes: the kernel's bridge filter brings the first two with it, the kubelet sets the others.
ALSO_CHANGED = (
    "net/bridge/bridge-nf-call-ip6tables",
    "net/bridge/bridge-nf-call-arptables",
    "vm/overcommit_memory",
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxkeys",
    "kernel/keys/root_maxbytes",
)


def apply(layout: Layout) -> None:
    """Remember the present values once per boot, then set what the node needs."""
    record = _record(layout)
    if not record.exists():
        record.parent.mkdir(parents=True, exist_ok=True)
        record.write_text(json.dumps({name: _read(name) for name in (*NEEDED, *ALSO_CHANGED)}))
    if _read(BRIDGED) is None and find("modprobe"):
        succeeds(["modprobe", "br_netfilter"])
    for name in NEEDED:
        if _read(name) != "1":
            _set(name, "1")


def restore(layout: Layout, *, forwarding_used: bool) -> None:
    """Put back what was there before us, but for the forwarding that somebody else has come to need since."""
    record = _record(layout)
    if not record.exists():
        return
    for name, before in json.loads(record.read_text()).items():
        # A setting that did not exist came with the bridge filter: off, it is as if it were not there.
        value = "0" if before is None else before
        now = _read(name)
        kept = name == FORWARDING and forwarding_used
        if now is not None and now != value and not kept:
            _set(name, value)
    record.unlink()


def _record(layout: Layout) -> Path:
    # In the runtime folder, which a reboot empties just as it resets the settings.
    return layout.runtime / "sysctls.json"


def _set(name: str, value: str) -> None:
    try:
        (PROC_SYS / name).write_text(value)
    except OSError as error:
        setting = name.replace("/", ".")
        raise ClusterError(
            f"The kernel setting {setting} cannot be set to {value} here ({error.strerror}): "
            "set it yourself, or run `NODE=simulated make cluster`."
        ) from error


def _read(name: str) -> str | None:
    try:
        return (PROC_SYS / name).read_text().strip()
    except OSError:
        return None
