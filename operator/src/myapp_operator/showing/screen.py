"""The screen of `explain`: a report as lines of text. Pure; the time comes in as an argument."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from myapp_operator import names
from myapp_operator.moments import moment
from myapp_operator.printable import printable
from myapp_operator.showing.report import Log, PodLine, Report

_MOST_PODS = 10
"""Pods that are shown although they are well; of the others each is."""
_LONGEST_STRANGER = 200


class Tone(StrEnum):
    """What a text is worth; which colour that is, if any, is the caller's choice."""

    TITLE = "title"
    GOOD = "good"
    BAD = "bad"


Paint = Callable[[str, Tone], str]


def plain(text: str, _: Tone) -> str:
    """Paints nothing."""
    return text


def lay_out(report: Report, now: datetime, paint: Paint = plain) -> Iterator[str]:
    """The lines; a part of which there is nothing to show is left out."""
    yield from _lines(_printable(report), now, paint)


def _lines(report: Report, now: datetime, paint: Paint) -> Iterator[str]:
    yield from _head(report, paint)
    yield from _part("Missing", report.missing, paint)
    rows = [(each.type, each.status, each.reason, age(each.since, now)) for each in report.conditions]
    yield from _part("Conditions", _table(rows), paint)
    yield from _part("Children", _table((each.kind, each.name, each.state) for each in report.children), paint)
    yield from _part("Pods", _pods(report.pods, now, paint), paint)
    yield from _part(f"Pods of others with the label app={report.name}", _strangers(report.strangers), paint)
    yield from _part("Events", _events(report, now, paint), paint)
    if report.log is not None:
        yield from _part(_title(report.log), report.log.lines, paint)
    yield from _part("Could not be read", report.unread, paint)


def age(since: str, now: datetime) -> str:
    """How long ago a timestamp of the API server was, such as 5m; `?` where there is none."""
    then = moment(since)
    if then is None:
        return "?"
    seconds = max(0, int((now - then).total_seconds()))
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"


def _printable(part: Any) -> Any:
    """A part of the report, all that others wrote into it fit for a terminal. A log may hold anything."""
    if isinstance(part, str):
        return printable(part)
    if isinstance(part, list):
        return [_printable(each) for each in part]
    if is_dataclass(part) and not isinstance(part, type):
        return replace(part, **{each.name: _printable(getattr(part, each.name)) for each in fields(part)})
    return part


def _head(report: Report, paint: Paint) -> Iterator[str]:
    status = report.status or report.hidden or "no status yet"
    tone = Tone.GOOD if any(each.type == "Ready" and each.status == "True" for each in report.conditions) else Tone.BAD
    ready = f", {report.ready} ready" if report.ready else ""
    yield f"{paint(f'{names.KIND} {report.namespace}/{report.name}', Tone.TITLE)}: {paint(status, tone)}{ready}"
    where = ", ".join(each for each in (report.image and f"image {report.image}", report.url) if each)
    page = f"what this means: {report.page}" if report.page else ""
    for line in (report.message, *report.notes, page, where):
        if line:
            yield f"  {line}"


def _part(title: str, lines: Iterable[str], paint: Paint) -> Iterator[str]:
    found = list(lines)
    if found:
        yield ""
        yield paint(title, Tone.TITLE)
        yield from (f"  {line}" for line in found)


def _table(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Columns two spaces apart; the last one is as wide as it likes."""
    found = list(rows)
    widths = [max(map(len, column)) for column in zip(*found, strict=True)]
    for row in found:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _pods(pods: Sequence[PodLine], now: datetime, paint: Paint) -> Iterator[str]:
    """One line a pod, and below it whatever is not simply well."""
    shown = [each for number, each in enumerate(pods) if number < _MOST_PODS or not _is_well(each)]
    rows = [
        (each.name, each.version, each.ready, each.status, _times(each.restarts, "restart"), age(each.created, now))
        for each in shown
    ]
    for pod, line in zip(shown, _table(rows), strict=True):
        yield line
        if pod.note:
            yield paint(f"  {pod.note}", Tone.BAD)
        for container in pod.containers:
            if not container.ready or container.restarts:
                yield paint(f"  {container.name}: {container.state}", Tone.GOOD if container.ready else Tone.BAD)
    if len(pods) > len(shown):
        yield f"and {len(pods) - len(shown)} that are ready"


def _is_well(pod: PodLine) -> bool:
    ready, _, of = pod.ready.partition("/")
    return ready == of and not pod.note and not any(each.restarts for each in pod.containers)


def _strangers(strangers: Sequence[str]) -> Iterator[str]:
    yield from (each[:_LONGEST_STRANGER] for each in strangers)


def _events(report: Report, now: datetime, paint: Paint) -> Iterator[str]:
    rows = [(age(each.last, now), each.type, each.reason, each.object) for each in report.events]
    for event, line in zip(report.events, _table(rows), strict=True):
        yield paint(line, Tone.BAD) if event.type == "Warning" else line
        times = f" (x{event.count})" if event.count > 1 else ""
        yield f"  {' '.join(event.message.split())}{times}"


def _title(log: Log) -> str:
    run = "the run before, of " if log.previous else ""
    return f"Last lines of {run}container {log.container} in pod {log.pod}"


def _times(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
