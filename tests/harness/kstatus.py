"""What Flux and Helm conclude from an object: the library that both of them ask."""

import json
import subprocess
from pathlib import Path
from typing import Any, NamedTuple


class Conclusion(NamedTuple):
    """One word, such as Current or InProgress, and a sentence."""

    status: str
    message: str


class Kstatus:
    """Judges objects by the library itself; see dev/go/kstatus."""

    def __init__(self, program: Path) -> None:
        self._program = program

    def __call__(self, *objects: dict[str, Any]) -> list[Conclusion]:
        """The conclusion on each object, in their order."""
        done = subprocess.run(
            [self._program],
            input="\n".join(map(json.dumps, objects)),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return [Conclusion(**json.loads(line)) for line in done.stdout.splitlines()]
