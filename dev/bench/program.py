"""The measured program as a process of its own."""

import subprocess
import urllib.error
import urllib.request
from pathlib import Path

from dev.bench.arms.arm import Command
from dev.bench.errors import BenchError
from dev.cluster.commands import last_words

_STOP_SECONDS = 30


class Program:
    """Started, stopped and started again; everything it prints is in its log."""

    def __init__(self, command: Command, log: Path, *, folder: Path | None) -> None:
        self._command = [str(each) for each in command]
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_bytes(b"")

    def start(self) -> None:
        """Start it; nobody waits until it is ready.

        Raises:
            BenchError: there is no such program.
        """
        try:
            with self.log.open("ab") as log:
                self._process = subprocess.Popen(
                    self._command,
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=log,
                    cwd=self._folder,
                )
        except OSError as error:
            raise BenchError(f"{self._command[0]} could not be started: {error}.") from error

    @property
    def pid(self) -> int:
        """The number of its process.

        Raises:
            BenchError: it does not run.
        """
        if self._process is None:
            raise BenchError("The program was not started.")
        if self._process.poll() is not None:
            words = last_words(self.log.read_text(errors="replace")[-4000:])
            raise BenchError(f"The program has ended with code {self._process.returncode} ({words}): read {self.log}.")
        return self._process.pid

    def tell(self, line: str) -> None:
        """Write a line to its stdin."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())
        self._process.stdin.flush()

    def answers(self, url: str) -> bool:
        """Whether a probe of it succeeds; False too where nobody answers yet."""
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310  a local address of our own
                return int(answer.status) == 200
        except (urllib.error.URLError, OSError):
            return False

    def stop(self) -> None:
        """SIGTERM, and SIGKILL for one that does not heed it."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout=_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process = None
