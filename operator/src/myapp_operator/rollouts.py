"""What is told of a rollout: what began it, and how long it took. Pure; the time comes in as an argument.

A note on the Deployment (`names.ROLLOUT`) says with what settings its pods were made, and, where the operator brought
another version or restarted them, since when and why. It travels with the write that does so, and stays outside the
hash of what was applied; the next change is told from it. So another run of the operator tells the rest of a rollout,
and one that others bring about, by `kubectl rollout restart` or `undo`, is not told as ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime

import orjson

from myapp_operator import names
from myapp_operator.digests import hash_of, is_hash
from myapp_operator.events import EventReason, Notice
from myapp_operator.grammar import Json
from myapp_operator.json_objects import condition
from myapp_operator.masking import mask
from myapp_operator.moments import moment
from myapp_operator.observed import App, Child
from myapp_operator.printable import cut, printable

_SETTINGS = (
    "imagePullPolicy",
    "imagePullSecrets",
    "port",
    "command",
    "args",
    "env",
    "envFrom",
    "resources",
    "probes",
    "serviceAccountName",
    "securityContext",
    "volumes",
    "volumeMounts",
    "sidecars",
    "initContainers",
    "scheduling",
    "podMetadata",
    "drainSeconds",
    "terminationGracePeriodSeconds",
)
"""The parts of the spec that the pods are made from, beside the image; in the order of the notes that exist."""
_DIGITS = 6
"""Hexadecimal digits that are noted of each: enough to see that it has changed."""
_ABSENT = "-" * _DIGITS
_MOST_NAMED = 3
_LONGEST_IMAGE = 200
"""Characters of an image in an event."""
_LONGEST_STATUS_IMAGE = 512
"""Characters of an image in the status, as many as a spec may have: anybody may write our note over."""
_FOLLOWING = "spec.rollout.restartOnConfigChange"
_AT_ONCE = 30.0
"""Seconds within which an app whose rollout began is told not to be Ready."""
_NEWS = 600.0
"""Seconds for which the begin of a rollout is news. Its event is there for an hour, and is not made twice."""


@dataclass(frozen=True, slots=True)
class Note:
    """What is noted on the Deployment."""

    image: str
    settings: str = ""
    """A few digits of each part of the spec; empty where it is not known from which spec the pods were made."""
    began: str = ""
    """When the operator changed the pods; empty where it did not."""
    what: str = ""
    """What was changed, as in messages."""
    restart: bool = False
    """Whether the pods are the same, and only what they read has changed."""

    @classmethod
    def from_text(cls, text: str) -> Note | None:
        """The inverse of `text`; None for anything else."""
        try:
            note = cls(**orjson.loads(text))
        except (ValueError, TypeError):
            return None
        right = (type(getattr(note, each.name)) is (bool if each.name == "restart" else str) for each in fields(cls))
        return note if all(right) else None

    @property
    def text(self) -> str:
        """As the annotation says it."""
        return orjson.dumps({key: value for key, value in asdict(self).items() if value}).decode()


@dataclass(frozen=True, slots=True)
class Asked:
    """What the MyApp asks for, as far as a rollout is told by it."""

    version: str
    """Of the pods (see `versions`)."""
    spec: Json
    """As it is stored."""
    restarted_by: str = ""
    """Which part of the configuration has changed, if one has."""


def noted(body: Json, child: Child | None, asked: Asked, *, reverts: bool, now: datetime) -> str:
    """The note for a Deployment that is about to be written; `child` is our Deployment as it stands there."""
    image, version = _image(body), body["metadata"]["annotations"][names.TEMPLATE]
    current = Note(image, _settings(asked.spec) if version == asked.version else "")
    if child is None or not child.template or child.rollout is None:
        return current.text
    before, marks = Note.from_text(child.noted), _marks(body)
    same, follows = is_hash(child.template, version), child.rollout.configuration == marks
    if same and follows:
        return before.text if before else current.text
    pods = body["spec"].get("replicas", child.rollout.wanted)
    goes_back = names.ROLLED_BACK in body["metadata"]["annotations"]  # maybe for the configuration alone
    if reverts or goes_back or version != asked.version or not pods:
        return current.text  # what runs now is not what was asked for before this
    began = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if same and marks and child.rollout.configuration:
        return Note(image, current.settings, began, asked.restarted_by or "the configuration changed", True).text
    what = f"a change of {_FOLLOWING}" if same else _difference(before, current)
    return Note(image, current.settings, began, what).text


def image(child: Child | None) -> str:
    """The image of the pods that our Deployment asks for; empty where that is not known. Of our own write that the
    watch has not brought back its note tells."""
    if child is None:
        return ""
    if child.rollout and not child.awaited:
        return child.rollout.image
    note = Note.from_text(child.noted) if child.noted else None
    return cut(printable(note.image), _LONGEST_STATUS_IMAGE) if note else ""


@dataclass(frozen=True, slots=True)
class Followed:
    """A rollout of which this process has told, or need not tell any more."""

    text: str
    """Its note."""
    goes_on: bool = True
    at_first: bool = True
    """Whether it was not complete when this process saw it first."""


def told(
    known: Followed | None, child: Child, app: App, now: datetime, *, complete: bool
) -> tuple[Followed | None, Sequence[Notice]]:
    """What is to be told now, and what is to be remembered of it.

    `complete`: whether all pods are as wanted.
    """
    text = child.noted
    if known is None or known.text != text:
        if '"began"' not in text or (note := Note.from_text(text)) is None:
            return None, ()
        began = moment(note.began)
        if began is None or not _goes_on(began, app, now, complete=complete):
            return Followed(text, goes_on=False), ()
        notices = [_start(note)] if (now - began).total_seconds() < _NEWS else []
        known = Followed(text, at_first=not complete)
    else:
        note, notices = None, []
    if not known.goes_on or not complete:
        return known, notices
    note = note or Note.from_text(text)
    return Followed(text, goes_on=False), [*notices, *([_end(note, now, known)] if note else ())]


def _goes_on(began: datetime, app: App, now: datetime, *, complete: bool) -> bool:
    """Whether a rollout of which this process knows nothing is yet to be told. While it went on the app was not Ready
    from its begin on; whatever came later is no part of it."""
    ready = condition(app.status, "Ready")
    if ready.get("status") == "True":
        untold = not complete or app.judged_generation != app.generation
        return untold and (now - began).total_seconds() < _NEWS
    since = moment(ready.get("lastTransitionTime"))
    return since is None or (since - began).total_seconds() <= _AT_ONCE


def _start(note: Note) -> Notice:
    once, what = f"{note.began} {note.what}", printable(note.what)
    if note.restart:
        return Notice(EventReason.RESTARTED, f"restarting the pods because {what}", once=once)
    return Notice(EventReason.ROLLOUT_STARTED, f"rolling out {what}", once=once)


def _end(note: Note, now: datetime, known: Followed) -> Notice:
    began, what = moment(note.began), f"{'restarted because ' if note.restart else ''}{printable(note.what)}"
    took = f" after {_duration((now - began).total_seconds())}" if began and known.at_first else ""
    return Notice(EventReason.ROLLOUT_COMPLETE, f"complete{took}: {what}", once=f"{note.began} {note.what}")


def _duration(seconds: float) -> str:
    """As people say it: 42 seconds, 3 minutes 5 seconds, 2 hours 10 minutes."""
    whole = max(1, round(seconds))
    units = [("hour", whole // 3600), ("minute", whole // 60 % 60), ("second", whole % 60)]
    said = [f"{count} {unit}{'' if count == 1 else 's'}" for unit, count in units if count]
    return " ".join(said[:2])


def _difference(before: Note | None, now: Note) -> str:
    changed = [f"spec.{each}" for each in _changed(before.settings, now.settings)] if before else []
    more = f" and {len(changed) - _MOST_NAMED} more" if len(changed) > _MOST_NAMED else ""
    settings = f"a change of {', '.join(changed[:_MOST_NAMED])}{more}" if changed else ""
    images = ""
    if before and before.image != now.image:
        images = f'image "{_shown(before.image)}" → "{_shown(now.image)}"'
    return " and ".join(filter(None, (images, settings))) or f'image "{_shown(now.image)}"'


def _changed(before: str, now: str) -> list[str]:
    """The settings that differ; none where one side is not known."""
    if not before or not now:
        return []
    at = {each: index * _DIGITS for index, each in enumerate(_SETTINGS)}
    return [each for each, start in at.items() if before[start : start + _DIGITS] != now[start : start + _DIGITS]]


def _settings(spec: Json) -> str:
    return "".join(hash_of(spec[each])[:_DIGITS] if each in spec else _ABSENT for each in _SETTINGS)


def _image(body: Json) -> str:
    """That of the app's own container, which has the name of the app."""
    app = names.DEPLOYMENT.app_of(body["metadata"]["name"])
    containers = body["spec"]["template"]["spec"]["containers"]
    return str(next((each["image"] for each in containers if each["name"] == app), containers[0]["image"]))


def _marks(body: Json) -> Mapping[str, str]:
    annotations = body["spec"]["template"]["metadata"].get("annotations") or {}
    return {key: annotations[key] for key in names.CONFIGURATION.values() if key in annotations}


def _shown(text: str) -> str:
    return cut(printable(mask(text)), _LONGEST_IMAGE)
