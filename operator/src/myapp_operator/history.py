"""Reads the earlier versions of an app: Kubernetes keeps the pod template of each one in a ReplicaSet."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from myapp_operator import names
from myapp_operator.errors import ApiError
from myapp_operator.grammar import Json
from myapp_operator.kube import Kube
from myapp_operator.names import Key

logger = logging.getLogger(__name__)


async def replica_sets(kube: Kube, app: Key, deployment_uid: str) -> Sequence[Json]:
    """The ReplicaSets of the Deployment of an app; none where the rights for that are missing.

    One from before an adoption may lack a label and be left out: such a version is never gone back to.
    """
    selector = names.selector_text(names.selector(app.name))
    try:
        return await kube.controlled(names.REPLICA_SET, app.namespace, {deployment_uid}, selector=selector)
    except ApiError as error:
        if error.status != 403:
            raise
        words = "cannot see the earlier versions of %s: %s; grant the rights of deploy/operator/role.yaml"
        logger.warning(words, app, error, extra={"app": str(app)})
        return []
