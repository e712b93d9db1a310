"""Running other programs within a long job: never silent, and a failure keeps the log lines that explain it."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from dev.cluster.commands import search_path
from dev.cluster.errors import ClusterError
from dev.cluster.progress import say

LINES_KEPT = 12


class StepError(Exception):
    """One sentence that says what went wrong and what to do next, with the last lines of the log that led to it."""

    def __init__(self, sentence: str, lines: Sequence[str] = ()) -> None:
        super().__init__(sentence)
        self.lines = tuple(lines)


def run(
    args: Sequence[str | Path],
    *,
    failed: str,
    stdin: str | None = None,
    environment: Mapping[str, str] | None = None,
    seconds: float = 600,
) -> str:
    """Run a program and return its stdout; when it fails, raise `failed` with the last lines of what it said."""
    env = {**os.environ, "PATH": search_path(), **(environment or {})}
    try:
        done = subprocess.run(
            [str(arg) for arg in args],
            check=False,
            input=stdin,
            env=env,
            timeout=seconds,
            capture_output=True,
            text=True,
            errors="replace",
        )
    except subprocess.TimeoutExpired as error:
        raise StepError(failed, [f"{Path(args[0]).name} did not end within {seconds:.0f} s."]) from error
    except OSError as error:
        raise StepError(failed, [str(error)]) from error
    if done.returncode != 0:
        raise StepError(failed, last_lines(f"{done.stdout}\n{done.stderr}"))
    return done.stdout


def explain(error: StepError | ClusterError) -> None:
    """Show a failure: the lines that led to it, where there are any, and the sentence that says what to do."""
    lines = error.lines if isinstance(error, StepError) else ()
    if lines:
        say("\nIt stopped. The last lines of what went before:\n")
        say("\n".join(f"  | {line}" for line in lines))
    say(f"\n{error}")


def last_lines(output: str) -> list[str]:
    """The end of a log without its empty lines."""
    return [line.rstrip() for line in output.splitlines() if line.strip()][-LINES_KEPT:]
