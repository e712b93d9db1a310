"""Kernel settings that the node changes, remembered so that `down` can put them back."""

import json
from pathlib import Path

from dev.cluster.commands import find, succeeds
from dev.cluster.layout import Layout

PROC_SYS = Path("/proc/sys")

# What we need: pods reach each other and the world through this machine, and kube-proxy sees what crosses the bridge.
NEEDED = (("net/ipv4/ip_forward", "1"), ("net/bridge/bridge-nf-call-iptables", "1"))
# What the kubelet sets by itself when it starts.
SET_BY_KUBELET = (
    "vm/overcommit_memory",
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxkeys",
    "kernel/keys/root_maxbytes",
)


def apply(layout: Layout) -> None:
    """Remember the present values once per boot, then set what the node needs."""
    if not (PROC_SYS / "net/bridge").exists() and find("modprobe"):
        succeeds(["modprobe", "br_netfilter"])
    record = _record(layout)
    if not record.exists():
        names = [name for name, _ in NEEDED] + list(SET_BY_KUBELET)
        record.parent.mkdir(parents=True, exist_ok=True)
        record.write_text(json.dumps({name: _read(name) for name in names}))
    for name, value in NEEDED:
        if _read(name) != value:
            (PROC_SYS / name).write_text(value)


def restore(layout: Layout) -> None:
    """Put back what was there before us."""
    record = _record(layout)
    if not record.exists():
        return
    for name, value in json.loads(record.read_text()).items():
        if value is not None and _read(name) != value:
            (PROC_SYS / name).write_text(value)
    record.unlink()


def _record(layout: Layout) -> Path:
    # In the runtime folder, which a reboot empties just as it resets the settings.
    return layout.runtime / "sysctls.json"


def _read(name: str) -> str | None:
    try:
        return (PROC_SYS / name).read_text().strip()
    except OSError:
        return None
