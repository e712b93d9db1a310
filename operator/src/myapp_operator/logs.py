"""Log lines: one event each, naming the object, as text for people or as JSON for machines."""

from __future__ import annotations

import logging

from pythonjsonlogger.json import JsonFormatter


def configure(log_format: str, level: str) -> None:
    """Sends everything to stderr in this format (text or json), from this level on."""
    handler = logging.StreamHandler()
    if log_format == "json":
        fields = {"asctime": "time", "levelname": "level", "name": "logger"}
        handler.setFormatter(JsonFormatter("{asctime}{levelname}{name}{message}", style="{", rename_fields=fields))
    else:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(message)s"))
    handler.addFilter(_brief)
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.getLogger("kopf").setLevel(logging.WARNING)  # it logs every event of every object


def _brief(record: logging.LogRecord) -> bool:
    """Leaves out kopf's stack traces: they show its inside, and we say what they mean."""
    if record.name.startswith("kopf"):
        record.exc_info = None
    return True
