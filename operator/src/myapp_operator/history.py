"""Reads the earlier versions of an app: Kubernetes keeps the pod template of each one in a ReplicaSet."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from itertools import accumulate

import orjson

from myapp_operator import names
from myapp_operator.causes import by_revision
from myapp_operator.errors import ApiError
from myapp_operator.grammar import Json
from myapp_operator.json_objects import mapping
from myapp_operator.kube import Kube
from myapp_operator.names import Key

_LARGEST = 4 * 1024**2
"""Bytes of the versions of one app that are kept while they are looked at."""
_MOST = 100
"""Versions that are kept: Kubernetes keeps ten unless it is told otherwise, and a tenant may make thousands."""
_LABELS = (names.TEMPLATE_HASH,)
_ANNOTATIONS = (names.REVISION, names.TEMPLATE)

logger = logging.getLogger(__name__)


async def replica_sets(kube: Kube, app: Key, deployment_uid: str) -> list[Json]:
    """The ReplicaSets of a Deployment, that of the newest version first; none where the rights for that are missing.

    Each has a whole template, and others may claim to be one of this Deployment: so they are read page by page, and of
    as many as `_LARGEST` and `_MOST` allow what tells and makes up a version is kept. One from before an adoption may
    lack a label and be left out: such a version is never gone back to.
    """
    kept: list[Json] = []
    selector = names.selector_text(names.selector(app.name))
    try:
        async for page in kube.controlled(names.REPLICA_SET, app.namespace, {deployment_uid}, selector=selector):
            kept = _newest(deployment_uid, [*kept, *(_version(each, deployment_uid) for each in page)])
    except ApiError as error:
        if error.status != 403:
            raise
        words = "cannot see the earlier versions of %s: %s; grant the rights of deploy/operator/role.yaml"
        logger.warning(words, app, error, extra={"app": str(app)})
        return []
    return kept


def _newest(deployment_uid: str, found: Sequence[Json]) -> list[Json]:
    """Those of this Deployment, the newest first, as far as their number and bytes allow; two in any case."""
    ours = by_revision(deployment_uid, found)[:_MOST]
    sizes = accumulate(len(orjson.dumps(each)) for each in ours)
    return ours[: max(2, sum(size <= _LARGEST for size in sizes))]


def _version(replica_set: Json, deployment_uid: str) -> Json:
    """What is kept of a ReplicaSet of this Deployment: all else may have a megabyte and tells nothing of a version."""
    metadata = replica_set["metadata"]
    labels, annotations = mapping(metadata.get("labels")), mapping(metadata.get("annotations"))
    return {
        "metadata": {
            **{key: metadata.get(key) for key in ("uid", "name", "creationTimestamp")},
            "ownerReferences": [{"controller": True, "uid": deployment_uid}],
            "labels": {key: labels[key] for key in _LABELS if key in labels},
            "annotations": {key: annotations[key] for key in _ANNOTATIONS if key in annotations},
        },
        "spec": {"template": replica_set["spec"]["template"]},
    }
