"""MyApps on their way through kopf: what identifies each, and its spec and status as JSON text. Pure.

kopf keeps whatever a list or a watch brings as Python objects, a hundred of them at a time, acts on finalizers of its
own, and reads annotations. So it sees none of that. JSON takes a fifth of the memory, and a MyApp that is too large, or
that cannot be read, leaves nothing but the sentence that says so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import orjson

from myapp_operator import names
from myapp_operator.grammar import Json
from myapp_operator.observed import App

CONTENT = "content"
PROBLEM = "problem"
DELETION = "deletion"
SCALED = "scaled"
SETS_REPLICAS = "setsReplicas"
KILOBYTE = 1000
DEFAULT_KILOBYTES = 256
_STATUS = 64 * KILOBYTE
"""Bytes of a status that are kept however little a spec may have: ours has a few kB, and one that is dropped here would
be written again without end."""
_NOTHING = b"{}"


@dataclass(frozen=True)
class Envelopes:
    """Wraps MyApps whose spec has so many bytes at most, as JSON without spaces."""

    largest: int

    def wrap(self, raw: object) -> Json:
        """Return what kopf is to see of a MyApp.

        Raises:
            ValueError: nothing tells which MyApp it is.
        """
        app = App.from_json(raw)
        metadata = {
            "namespace": app.key.namespace,
            "name": app.key.name,
            "uid": app.uid,
            "resourceVersion": str(app.resource_version),
            "generation": app.generation,
        }
        if app.deleting:
            metadata["deletionTimestamp"] = ""
        spec, status = _json(app.spec), _json(app.status)
        problem = app.problem or self._problem(spec)
        status_fits = 0 < len(status) <= max(self.largest, _STATUS)
        content = b"[%b,%b]" % (_NOTHING if problem else spec, status if status_fits else _NOTHING)
        deletion = (app.deleted_at, app.finalizers)
        return {
            "metadata": metadata,
            CONTENT: content,
            PROBLEM: problem,
            DELETION: deletion,
            SCALED: app.scaled,
            SETS_REPLICAS: app.sets_replicas,
        }

    def _problem(self, spec: bytes) -> str:
        if not spec:
            return f"spec: it holds what is no JSON: apply the {names.KIND} anew"
        if len(spec) <= self.largest:
            return ""
        return (
            f"spec: it has more than the {self.largest // KILOBYTE} kB that this operator takes: move large values"
            " into ConfigMaps, or have its administrator raise --max-object-kilobytes"
        )


def _json(value: Json) -> bytes:
    """The same as JSON; empty where it cannot be written as such."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return b""


def unwrap(envelope: Json) -> App:
    """Return the MyApp that was wrapped."""
    spec, status = orjson.loads(envelope[CONTENT])
    deleted_at, finalizers = envelope[DELETION]
    return replace(
        App.from_json(envelope),
        spec=spec,
        status=status,
        problem=envelope[PROBLEM],
        deleted_at=deleted_at,
        finalizers=tuple(finalizers),
        scaled=envelope[SCALED],
        sets_replicas=envelope[SETS_REPLICAS],
    )
