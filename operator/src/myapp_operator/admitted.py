"""Which version of the pods was let through last, and its template, found again in what stands there. Pure.

What stands in a Deployment may be the work of others, also where our own note stands beside it. So a template is taken
only where its hash is the one that was noted (see `versions`); what others added to it is left out before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from myapp_operator import digests, names, templates, versions
from myapp_operator.causes import by_revision
from myapp_operator.field_managers import is_our_entry
from myapp_operator.grammar import Json
from myapp_operator.observed import Child

_RESTARTED_AT = f"f:{names.RESTARTED_AT}"


def standing(deployment: Json) -> Json | None:
    """The template of our Deployment, as the API server has it, if that is the version which was let through last."""
    return _applied(_template(deployment), Child.from_json(deployment))


def earlier(deployment: Json, replica_sets: Sequence[Json]) -> Json | None:
    """The same where the Deployment has another template, or no note: as a ReplicaSet has it; None: not found.

    A note that is not ours any more tells nothing: `kubectl rollout undo` puts that of an earlier version there. But
    the controller has copied ours to the ReplicaSet of that time. So the newest one that has the template of its own
    note was let through last. A ReplicaSet that others brought about has our note as well, and another template.
    """
    child, present = Child.from_json(deployment), _template(deployment)
    ours, note = _ours(child), child.template if _tells(child.template) else ""
    found = by_revision(child.uid, replica_sets)
    if not note and not any(_tells(_note(each)) for each in found):
        return _of_earlier_release(deployment)
    for each in found:
        stored = templates.of_replica_set(each)
        stands_there = each is found[0] and not note
        template = versions.applied_part(stored, ours, stored if stands_there else present)
        if template and versions.version(template) == (note or _note(each)):
            return template
    return None


def of_replica_set(replica_set: Json, deployment: Child) -> Json | None:
    """What we applied of the template of a ReplicaSet, if the Deployment has that version by our own note.

    Where an earlier release wrote last, no note tells, and anything counts as that version.
    """
    template = templates.of_replica_set(replica_set)
    return template if digests.is_earlier(deployment.applied) else _applied(template, deployment)


def _applied(template: Json, child: Child) -> Json | None:
    found = versions.applied_part(template, _ours(child))
    return found if found and versions.version(found) == child.template else None


def _of_earlier_release(deployment: Json) -> Json | None:
    """What we own of the template, if nobody else holds anything in it: earlier releases left no note that tells."""
    entries = deployment["metadata"].get("managedFields") or ()
    others = (each for each in entries if not is_our_entry(each) and not each.get("subresource"))
    if any(map(_is_changed, (_in_template(each.get("fieldsV1") or {}) for each in others))):
        return None
    return versions.applied_part(_template(deployment), _ours(Child.from_json(deployment))) or None


def _is_changed(fields: Mapping[str, Any] | None) -> bool:
    """Whether these fields of a pod template are more than the mark of `kubectl rollout restart`."""
    if fields is None:
        return False
    metadata = fields.get("f:metadata") or {}
    marks = metadata.get("f:annotations") or {}
    below = (fields.keys() - {"f:metadata"}, metadata.keys() - {"f:annotations"}, marks.keys() - {_RESTARTED_AT})
    return any(keys - {"."} for keys in below)


def _tells(note: str) -> bool:
    """Whether a note is one of this release."""
    return bool(note) and not digests.is_earlier(note)


def _note(replica_set: Json) -> str:
    return str((replica_set["metadata"].get("annotations") or {}).get(names.TEMPLATE, ""))


def _ours(child: Child) -> Mapping[str, Any] | None:
    return _in_template(orjson.loads(child.fields or "{}"))


def _in_template(entry: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What of an entry of managedFields is about the pod template; None: nothing, empty: all of it."""
    spec = entry.get("f:spec")
    return spec.get("f:template") if spec else spec


def _template(deployment: Json) -> Json:
    found: Json = templates.without_nulls(deployment["spec"]["template"])
    return found
