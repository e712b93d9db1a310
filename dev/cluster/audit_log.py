"""The API server's audit log, read while it is written: whole lines, and what became of a request."""

import os
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import parse_qs, urlsplit


class AuditLog:
    """The lines of the log, from its beginning or from its end on, also when it is put aside and begun anew."""

    def __init__(self, path: Path, *, from_end: bool = False) -> None:
        self._path = path
        self._rest = b""
        self._file: BinaryIO | None = None
        if from_end:
            self._file = path.open("rb")
            self._file.seek(0, os.SEEK_END)

    def read(self) -> list[bytes]:
        """The lines that are new and whole. Call it more often than the log is put aside twice (400 MB)."""
        lines: list[bytes] = []
        while True:
            if self._file is None:
                self._file = self._path.open("rb")
            # Asked before reading: what was put aside by then is whole.
            is_current = self._is_current(self._file)
            *whole, self._rest = (self._rest + self._file.read()).split(b"\n")
            lines += whole
            if is_current:
                return lines
            self.close()

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _is_current(self, file: BinaryIO) -> bool:
        try:
            return self._path.stat().st_ino == os.fstat(file.fileno()).st_ino
        except FileNotFoundError:
            return True  # just between two files


def is_over(event: dict[str, Any]) -> bool:
    """Whether the request is over. One that runs long is logged at its start too."""
    return bool(event["stage"] in ("ResponseComplete", "Panic"))


def code_of(event: dict[str, Any]) -> int:
    """The HTTP code of the answer; 0 where the log has none."""
    return int(event.get("responseStatus", {}).get("code", 0))


def is_dry_run(event: dict[str, Any]) -> bool:
    """Whether the request is one to store nothing."""
    return "dryRun" in parse_qs(urlsplit(event.get("requestURI", "")).query)
