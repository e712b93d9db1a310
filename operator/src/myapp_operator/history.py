"""Reads the earlier versions of an app: Kubernetes keeps the pod template of each one in a ReplicaSet."""

from __future__ import annotations

import logging

from myapp_operator import names
from myapp_operator.errors import ApiError
from myapp_operator.grammar import Json
from myapp_operator.kube import Kube
from myapp_operator.names import Key

logger = logging.getLogger(__name__)


async def replica_sets(kube: Kube, app: Key) -> list[Json]:
    """The ReplicaSets of an app; none where the rights for that are missing."""
    try:
        return (await kube.list(names.REPLICA_SET, app.namespace, selector=names.selector_text(app.name))).items
    except ApiError as error:
        if error.status != 403:
            raise
        words = "cannot see the earlier versions of %s: %s; grant the rights of deploy/operator/role.yaml"
        logger.warning(words, app, error, extra={"app": str(app)})
        return []
