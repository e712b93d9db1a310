"""Running other programs: their output on failure becomes part of one sentence."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from dev.cluster.errors import ClusterError

# Debian keeps these out of an ordinary user's PATH, where iptables, ip and modprobe live.
SYSTEM_FOLDERS = "/usr/local/sbin:/usr/sbin:/sbin"


def search_path() -> str:
    """The folders in which programs are looked for."""
    return f"{os.environ.get('PATH', '')}:{SYSTEM_FOLDERS}"


def find(program: str) -> Path | None:
    """Where a program is, or None."""
    found = shutil.which(program, path=search_path())
    return Path(found) if found else None


def run(
    args: Sequence[str | Path],
    *,
    failed: str,
    stdin: str | None = None,
    environment: Mapping[str, str] | None = None,
    seconds: float | None = 300,
) -> str:
    """Run a program and return its stdout; when it fails, raise `failed` with its last words."""
    env = {**os.environ, "PATH": search_path(), **(environment or {})}
    try:
        done = subprocess.run(
            [str(arg) for arg in args],
            input=stdin,
            env=env,
            timeout=seconds,
            check=False,
            capture_output=True,
            text=True,
        )
    except subprocess.TimeoutExpired as error:
        raise ClusterError(f"{failed} (no answer after {seconds:.0f} s: {Path(args[0]).name}).") from error
    except OSError as error:
        raise ClusterError(f"{failed} ({error}).") from error
    if done.returncode != 0:
        raise ClusterError(f"{failed} ({last_words(done.stderr or done.stdout)}).")
    return done.stdout


def succeeds(args: Sequence[str | Path], *, environment: Mapping[str, str] | None = None, seconds: float = 30) -> bool:
    """Whether a program runs and ends well; its output is of no interest."""
    env = {**os.environ, "PATH": search_path(), **(environment or {})}
    try:
        done = subprocess.run([str(arg) for arg in args], env=env, timeout=seconds, check=False, capture_output=True)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def last_words(output: str) -> str:
    """The last line a program wrote, which mostly says why it failed."""
    lines = [line.strip() for line in output.splitlines() if line.strip() and not line.startswith("hint:")]
    return lines[-1].rstrip(".") if lines else "it said nothing"


def wait_until(done: Callable[[], bool], *, seconds: float, failed: str, every: float = 0.2) -> None:
    """Wait for a condition; raise `failed` when it does not come in time."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            raise ClusterError(failed)
        time.sleep(every)
