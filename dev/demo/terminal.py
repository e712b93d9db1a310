"""Commands as a user types them: shown, run for real, their output shown."""

import os
import re
import shlex
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dev.cluster.progress import HEARTBEAT_SECONDS, say
from dev.steps import StepError, last_lines, run


@dataclass(frozen=True)
class Terminal:
    """A shell without a shell: `kubectl` in a command means the cluster's own."""

    kubectl: Path
    environment: Mapping[str, str]

    def type(self, command: str, *, advice: str, stdin: str | None = None, shown: str = "") -> str:
        """Show a command, run it, show and return its output; when it fails, raise `advice`."""
        say(f"\n$ {shown or command}")
        with _signs_of_life():
            output = self._run(command, advice, stdin)
        if output.strip():
            say(output.rstrip())
        return output

    def ask(self, command: str) -> str:
        """Run a command that the user need not see; an empty answer where it fails."""
        try:
            return self._run(command, command, None)
        except StepError:
            return ""

    def evidence(self, *commands: str) -> list[str]:
        """The last lines of what some commands say about a failure, under the command that said them."""
        lines: list[str] = []
        for command in commands:
            answer = last_lines(self.ask(command))
            lines += [f"$ {command}", *answer] if answer else []
        return lines

    def _run(self, command: str, advice: str, stdin: str | None) -> str:
        args = self._args(command)
        return run(args, failed=advice, stdin=stdin, environment=self.environment, seconds=300)

    def _args(self, command: str) -> list[str]:
        program, *rest = shlex.split(command)
        return [str(self.kubectl) if program == "kubectl" else program, *rest]

    @contextmanager
    def port_forward(self, target: str) -> Iterator[int]:
        """Hold a `kubectl port-forward` open; the value is the local port."""
        command = self._args(f"kubectl port-forward {target}")
        with subprocess.Popen(
            command, env={**os.environ, **self.environment}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as forward:
            try:
                assert forward.stdout is not None
                first = forward.stdout.readline()
                port = re.search(r"127\.0\.0\.1:(\d+)", first)
                if not port:
                    raise StepError(
                        "kubectl port-forward did not start: read what it says and run this again.", [first]
                    )
                yield int(port[1])
            finally:
                forward.terminate()


def reachable(address: str, port: int, *, seconds: float) -> bool:
    """Whether this machine gets a connection to an address within some seconds; a refusal may still turn into one."""
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        try:
            socket.create_connection((address, port), timeout=left).close()
        except OSError:
            time.sleep(0.2)
        else:
            return True
    return False


@contextmanager
def _signs_of_life() -> Iterator[None]:
    """While a command runs without a word, say that it still does."""
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(HEARTBEAT_SECONDS):
            say("  ... still running")

    heart = threading.Thread(target=beat, daemon=True)
    heart.start()
    try:
        yield
    finally:
        ended.set()
        heart.join()
