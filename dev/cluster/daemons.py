"""Processes that outlive us: started detached, known by pid and start time, ended only if they are ours."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from dev.cluster.commands import last_words, search_path

POLL_SECONDS = 0.1


def identity(pid: int) -> str | None:
    """What tells a process from a later one with the same number: this boot, and when it started."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None
    # The program's name stands in parentheses and may hold anything; the state and 18 numbers follow.
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] == "Z" else f"{boot}/{fields[19]}"


@dataclass(frozen=True)
class Daemon:
    """One long-running process, its log and the record that makes it ours."""

    name: str
    folder: Path

    @property
    def log(self) -> Path:
        """Everything the process prints."""
        return self.folder / f"{self.name}.log"

    @property
    def record(self) -> Path:
        """Which process it is."""
        return self.folder / f"{self.name}.pid"

    def pid(self) -> int | None:
        """The number of the running process, or None where it has ended."""
        try:
            found = json.loads(self.record.read_text())
        except (OSError, ValueError):
            return None
        pid = int(found["pid"])
        return pid if identity(pid) == found["identity"] else None

    def start(self, args: Sequence[str | Path]) -> None:
        """Start it detached from us, so that it survives the terminal."""
        self.folder.mkdir(parents=True, exist_ok=True)
        env = {**os.environ, "PATH": search_path()}
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [str(arg) for arg in args],
                env=env,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.record.write_text(json.dumps({"pid": process.pid, "identity": identity(process.pid)}))

    def stop(self, *, seconds: float = 10) -> None:
        """End it: politely first, then not."""
        pid = self.pid()
        if pid is not None:
            end(pid, seconds=seconds)
        self.record.unlink(missing_ok=True)

    def last_words(self) -> str:
        """The end of its log, for a sentence about its failure."""
        try:
            return last_words(self.log.read_text(errors="replace")[-4000:])
        except OSError:
            return "it left no log"


def end(pid: int, *, seconds: float) -> None:
    """End a process that is known to be ours, and wait until it is gone."""
    known = identity(pid)
    for number, patience in ((signal.SIGTERM, seconds), (signal.SIGKILL, 10.0)):
        if known is None or identity(pid) != known:
            return
        with suppress(ProcessLookupError):
            os.kill(pid, number)
        _wait_gone(pid, known, patience)


def _wait_gone(pid: int, known: str, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while identity(pid) == known and time.monotonic() < deadline:
        # A child of ours stays a zombie until it is asked after.
        with suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
        time.sleep(POLL_SECONDS)
