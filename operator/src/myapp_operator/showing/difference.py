"""What would change in one object, and how that reads. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from myapp_operator import names
from myapp_operator.grammar import Json
from myapp_operator.names import Key, Kind

_NEUTRAL_METADATA = ("managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink")
_NOTES = names.CARRIED | {names.LAST_APPLIED, names.APPLIED, *names.CONFIGURATION.values()}


@dataclass(frozen=True)
class Change:
    """One object before and after; None where there is none. `key` holds the object's own name."""

    kind: Kind
    key: Key
    before: Json | None = None
    after: Json | None = None
    refused: str = ""
    """Why it would not come to that, in one sentence; empty where nothing stands in the way."""

    @property
    def verb(self) -> str:
        """What would happen, in one word; empty for nothing."""
        if self.refused:
            return "refuse"
        if neutral(self.before) == neutral(self.after):
            return ""
        if self.before is None:
            return "create"
        return "change" if self.after is not None else "delete"

    def __str__(self) -> str:
        """As in headings."""
        return f"{self.kind} {self.key}"


def neutral(stored: Json | None) -> Json | None:
    """An object without what the server, kubectl and the operator note down for themselves."""
    if stored is None:
        return None
    metadata = {key: value for key, value in stored["metadata"].items() if key not in _NEUTRAL_METADATA}
    plain = {key: value for key, value in stored.items() if key != "status"} | {"metadata": _without_notes(metadata)}
    if template := stored.get("spec", {}).get("template"):
        template = {**template, "metadata": _without_notes(template["metadata"])}
        plain["spec"] = {**stored["spec"], "template": template}
    return plain


def _without_notes(metadata: Json) -> Json:
    """Metadata without the annotations that programs write for themselves."""
    kept = {key: value for key, value in (metadata.get("annotations") or {}).items() if key not in _NOTES}
    rest = {key: value for key, value in metadata.items() if key != "annotations"}
    return {**rest, "annotations": kept} if kept else rest


def unified(change: Change) -> Iterator[str]:
    """The lines of a unified diff; none where nothing would change or the change is refused."""
    if change.refused:
        return
    yield from difflib.unified_diff(
        _lines(change.before),
        _lines(change.after),
        f"{change} (now)" if change.before else f"{change} (does not exist)",
        f"{change} (then)" if change.after else f"{change} (deleted)",
        lineterm="",
    )


def as_data(change: Change) -> Json:
    """The same for programs."""
    what = {
        "apiVersion": change.kind.api_version,
        "kind": change.kind.kind,
        "namespace": change.key.namespace,
        "name": change.key.name,
        "change": change.verb,
    }
    if change.refused:
        return {**what, "message": change.refused}
    return {**what, "before": neutral(change.before), "after": neutral(change.after)}


def _lines(stored: Json | None) -> list[str]:
    if stored is None:
        return []
    return yaml.safe_dump(neutral(stored), width=float("inf"), allow_unicode=True).splitlines()
