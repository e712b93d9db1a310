"""py-spy beside the measured program, for whoever looks for where its time goes."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dev.bench.errors import BenchError
from dev.cluster.commands import last_words

_FORMATS = {".svg": "flamegraph", ".json": "speedscope", ".txt": "raw"}
_RATE = "200"
_WRITE_SECONDS = 60


@contextmanager
def profiled(pid: int, target: Path | None) -> Iterator[None]:
    """Record what a process does within, where a file is named for it: .svg, .json (speedscope) or .txt.

    Raises:
        BenchError: py-spy is missing, or the profile cannot be made.
    """
    if target is None:
        yield
        return
    command = [str(Path(sys.executable).with_name("py-spy")), "record", "--pid", str(pid), "--rate", _RATE]
    command += ["--format", _FORMATS.get(target.suffix, "flamegraph"), "--output", str(target)]
    try:
        recorder = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    except OSError as error:
        raise BenchError(f"py-spy could not be started ({error}): run this by `uv run --group bench`.") from error
    try:
        yield
    finally:
        recorder.send_signal(signal.SIGINT)
        said, _ = recorder.communicate(timeout=_WRITE_SECONDS)
    if not target.exists():
        raise BenchError(f"py-spy wrote no profile: {last_words(said)}.")
