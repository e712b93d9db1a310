"""kubectl as a user types it: what it prints on success, an assertion with its words on failure."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path


class Kubectl:
    """The cluster's own kubectl, in one namespace."""

    def __init__(self, program: Path, kubeconfig: Path, namespace: str) -> None:
        self.program = program
        self.kubeconfig = kubeconfig
        self.namespace = namespace

    def __call__(self, *arguments: str, stdin: str | None = None, environment: Mapping[str, str] | None = None) -> str:
        """Runs a command that must succeed; returns what it prints."""
        done = self._run(arguments, stdin, environment or {})
        assert done.returncode == 0, f"kubectl {' '.join(arguments)}: {done.stderr or done.stdout}"
        return done.stdout

    def fails(self, *arguments: str, stdin: str | None = None) -> str:
        """Runs a command that must fail; returns its complaint."""
        done = self._run(arguments, stdin, {})
        assert done.returncode != 0, f"kubectl {' '.join(arguments)} should have failed: {done.stdout}"
        return done.stderr

    def succeeds(self, *arguments: str) -> bool:
        """Whether a command succeeds."""
        return self.attempt(*arguments) is not None

    def attempt(self, *arguments: str) -> str | None:
        """What a command prints; None where it fails."""
        done = self._run(arguments, None, {})
        return done.stdout if done.returncode == 0 else None

    def _run(
        self, arguments: tuple[str, ...], stdin: str | None, environment: Mapping[str, str]
    ) -> subprocess.CompletedProcess[str]:
        place = ("--kubeconfig", str(self.kubeconfig), "--namespace", self.namespace)
        return subprocess.run(
            [str(self.program), *place, *arguments],
            input=stdin,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
