"""What a process has used, from /proc: CPU time of all its threads, and resident memory; and how busy all cores are."""

import os
from pathlib import Path
from typing import NamedTuple

from dev.bench.errors import BenchError

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_KIB = 1024
_MB = 1_000_000


class Memory(NamedTuple):
    """Resident memory, in MB (1,000,000 bytes)."""

    now: float
    peak: float


def cpu_seconds(*pids: int) -> float:
    """CPU time that these processes have used since their start, in user and in kernel mode."""
    return sum(parse_cpu(_read(pid, "stat"), _TICKS_PER_SECOND) for pid in pids)


def memory(pid: int) -> Memory:
    """Resident memory of a process."""
    return parse_memory(_read(pid, "status"))


class Processors(NamedTuple):
    """What all cores of the machine have done since it was started, in the kernel's ticks."""

    busy: int
    total: int

    def busy_share(self, before: "Processors") -> float:
        """Share of their time since then in which they had something to do: 1 where none ever rested."""
        return (self.busy - before.busy) / max(1, self.total - before.total)


def processors() -> Processors:
    """All cores of the machine, whoever uses them."""
    return parse_processors(Path("/proc/stat").read_text())


def parse_processors(stat: str) -> Processors:
    """All cores, from the text of /proc/stat."""
    # The first line has user, nice, system, idle, iowait, irq, softirq and steal; guests are part of user and nice.
    ticks = [int(each) for each in stat.splitlines()[0].split()[1:9]]
    return Processors(sum(ticks) - ticks[3] - ticks[4], sum(ticks))


def parse_cpu(stat: str, ticks_per_second: int) -> float:
    """Seconds of CPU time, from the text of /proc/PID/stat."""
    # The program's name stands in parentheses and may hold anything; user and kernel time are fields 14 and 15.
    fields = stat.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / ticks_per_second


def parse_memory(status: str) -> Memory:
    """Resident memory, from the text of /proc/PID/status."""
    now, peak = (kilobytes(status, name) * _KIB / _MB for name in ("VmRSS", "VmHWM"))
    return Memory(now, peak)


def kilobytes(text: str, name: str) -> int:
    """One figure of a file in /proc that has a line for each, such as `VmRSS:  10240 kB`."""
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith(f"{name}:"))


def _read(pid: int, file: str) -> str:
    try:
        return Path(f"/proc/{pid}/{file}").read_text()
    except OSError as error:
        raise BenchError(f"Process {pid} ended while it was measured ({error}).") from error
