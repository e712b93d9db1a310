"""The pod template of an app.

That of an unchanged spec must never change between releases of the operator, because every change of it restarts every
pod: the golden pairs of the tests hold it. So whatever every pod will need stands in it from the start.
"""

from __future__ import annotations

from myapp_operator import names
from myapp_operator.desired import containers
from myapp_operator.desired.emptiness import without_empty
from myapp_operator.grammar import Json
from myapp_operator.model import Spec


def template(app: str, spec: Spec) -> Json:
    """The template of every pod of an app of this name."""
    return {"metadata": _metadata(app, spec), "spec": _pod(app, spec)}


def _metadata(app: str, spec: Spec) -> Json:
    """The user's labels and annotations, which never take the place of ours."""
    given = spec.pod_metadata
    return without_empty(
        {
            "labels": {**((given and given.labels) or {}), **names.labels(app)},
            "annotations": given and given.annotations,
        }
    )


def _pod(app: str, spec: Spec) -> Json:
    beside = [containers.sidecar(spec, each) for each in spec.sidecars or ()]
    return without_empty(
        {
            "serviceAccountName": spec.service_account_name or "default",
            "automountServiceAccountToken": spec.service_account_name is not None,
            "enableServiceLinks": False,
            "hostNetwork": False,
            "hostPID": False,
            "hostIPC": False,
            "securityContext": _security(spec),
            "terminationGracePeriodSeconds": spec.termination_grace_period_seconds,
            "imagePullSecrets": spec.image_pull_secrets,
            **_scheduling(spec),
            "volumes": spec.volumes,
            "initContainers": [containers.init(spec, each) for each in spec.init_containers or ()],
            "containers": [containers.app(app, spec), *beside],
        }
    )


def _security(spec: Spec) -> Json:
    """What pod security `restricted` asks for, and the user's choice of ids."""
    return without_empty(
        {
            "runAsNonRoot": True,
            "runAsUser": spec.security_context.run_as_user,
            "runAsGroup": spec.security_context.run_as_group,
            "fsGroup": spec.security_context.fs_group,
            "seccompProfile": {"type": "RuntimeDefault"},
        }
    )


def _scheduling(spec: Spec) -> Json:
    return spec.scheduling.model_dump(by_alias=True) if spec.scheduling else {}
