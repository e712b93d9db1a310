"""Log lines: one event each, naming the object, as text for people or as JSON for machines.

Lines carry words of others: of the API server, of an app, of a tenant in a name or an annotation. So whatever is
logged, by us or by a library, is made harmless here: no line break that forges a line, no character that steers a
terminal, no line without end. A traceback has lines of its own, each marked as a part of the one before.
"""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from pythonjsonlogger.core import LogData
from pythonjsonlogger.json import JsonFormatter

from myapp_operator.printable import cut, printable

_LONGEST = 2000
"""Characters of a message."""
_LONGEST_TRACEBACK = 8000
"""Characters of a traceback; its end tells most."""
_CONTINUED = "  | "

logger = logging.getLogger(__name__)


def configure(log_format: str, level: str) -> None:
    """Sends everything to stderr in this format (text or json), from this level on, also what ends the process."""
    handler = logging.StreamHandler()
    if log_format == "json":
        fields = {"asctime": "time", "levelname": "level", "name": "logger"}
        handler.setFormatter(_Json("{asctime}{levelname}{name}{message}", style="{", rename_fields=fields))
    else:
        handler.setFormatter(_Text("%(asctime)s %(levelname)-7s %(message)s"))
    handler.addFilter(_brief)
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.getLogger("kopf").setLevel(logging.WARNING)  # it logs every event of every object
    sys.excepthook = _log_the_end


class _Text(logging.Formatter):
    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  the name of the library
        """The first line."""
        return one_line(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802
        """The lines of a traceback."""
        return _CONTINUED + f"\n{_CONTINUED}".join(_lines(super().formatException(ei)))

    def formatStack(self, stack_info: str) -> str:  # noqa: N802
        """The lines of a stack."""
        return _CONTINUED + f"\n{_CONTINUED}".join(_lines(stack_info))


class _Json(JsonFormatter):
    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802
        """When, as RFC 3339 in UTC: whoever collects lines of many machines must know the zone."""
        return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def process_log_record(self, log_data: LogData) -> LogData:
        """Every field; JSON itself keeps the line breaks of a traceback from being any."""
        fields = super().process_log_record(log_data)
        return {key: _fit(key, value) if isinstance(value, str) else value for key, value in fields.items()}


def one_line(text: str) -> str:
    """A text of whatever origin as one line of bounded length."""
    if not text.isprintable():
        text = printable(" ".join(text[: 2 * _LONGEST].split()))
    return cut(text, _LONGEST)


def _fit(field: str, value: str) -> str:
    return "\n".join(_lines(value)) if field in ("exc_info", "stack_info") else one_line(value)


def _lines(traceback: str) -> list[str]:
    cut = traceback if len(traceback) <= _LONGEST_TRACEBACK else "…" + traceback[-_LONGEST_TRACEBACK:]
    return [printable(line) for line in cut.splitlines()]


def _brief(record: logging.LogRecord) -> bool:
    """Leaves out kopf's stack traces: they show its inside, and we say what they mean."""
    if record.name.startswith("kopf"):
        record.exc_info = None
    return True


def _log_the_end(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    """An error that nothing catches ends the process; it may quote others as any other error does."""
    logger.critical("ended by an error that no part of the operator expects", exc_info=(kind, error, traceback))
