"""What the figures were taken on: they mean nothing without it."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

from dev.bench.meters import kilobytes
from dev.cluster.binaries import KUBERNETES_VERSION

PACKAGES = ("kopf", "aiohttp", "kubernetes")


def describe() -> dict[str, str]:
    """The machine and the versions of what runs on it, as words."""
    return {
        "processor": f"{processor(Path('/proc/cpuinfo').read_text())}, {os.cpu_count()} cores, no process is pinned",
        "memory": f"{kilobytes(Path('/proc/meminfo').read_text(), 'MemTotal') / 1_000_000:.0f} GB",
        "kernel": f"{platform.system()} {'.'.join(platform.release().split('.')[:2])}",
        "Kubernetes": KUBERNETES_VERSION,
        "Python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
    }


def processor(cpuinfo: str) -> str:
    """The name of the processor, from the text of /proc/cpuinfo; some kinds do not tell it."""
    names = (line.partition(":")[2].strip() for line in cpuinfo.splitlines() if line.startswith("model name"))
    return next(names, platform.machine())
