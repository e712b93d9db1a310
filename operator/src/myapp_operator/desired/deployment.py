"""The Deployment of an app.

The pod template of an unchanged spec must never change between releases of the operator, because every change of it
restarts every pod: the golden pairs of the tests hold it. So whatever every pod will need stands in it from the start.

Zero values such as `paused: false` are written on purpose: only what we own is noticed when somebody changes it.
"""

from __future__ import annotations

from myapp_operator import names
from myapp_operator.grammar import Json
from myapp_operator.model import Spec

_DEFAULT_MIN_READY_SECONDS = 5
"""Without a readiness probe of the app's own, a listening socket proves little: wait a little longer."""


def build(app: str, spec: Spec) -> Json:
    """The Deployment for an app of this name, less what all children have in common."""
    rollout = spec.rollout
    return {
        "spec": {
            "replicas": 0 if spec.suspend else spec.replicas,
            "selector": {"matchLabels": names.selector(app)},
            "strategy": _strategy(spec),
            "minReadySeconds": _min_ready_seconds(spec),
            "progressDeadlineSeconds": rollout.progress_deadline_seconds,
            "revisionHistoryLimit": rollout.revision_history_limit,
            "paused": False,
            "template": {"metadata": {"labels": names.labels(app)}, "spec": _pod(app, spec)},
        }
    }


def _strategy(spec: Spec) -> Json:
    if spec.rollout.strategy == "Recreate":
        return {"type": "Recreate"}
    limits = {"maxSurge": spec.rollout.max_surge, "maxUnavailable": spec.rollout.max_unavailable}
    return {"type": "RollingUpdate", "rollingUpdate": limits}


def _min_ready_seconds(spec: Spec) -> int:
    rollout = spec.rollout
    if rollout.min_ready_seconds is not None:
        return rollout.min_ready_seconds
    if spec.probes is not None and spec.probes.readiness is not None:
        return 0
    return min(_DEFAULT_MIN_READY_SECONDS, rollout.progress_deadline_seconds - 1)


def _pod(app: str, spec: Spec) -> Json:
    return _without_empty(
        {
            "serviceAccountName": "default",
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "hostNetwork": False,
            "hostPID": False,
            "hostIPC": False,
            "securityContext": _pod_security(spec),
            "terminationGracePeriodSeconds": spec.termination_grace_period_seconds,
            "imagePullSecrets": spec.image_pull_secrets,
            "containers": [_container(app, spec)],
        }
    )


def _pod_security(spec: Spec) -> Json:
    """What pod security `restricted` asks for, and the user's choice of ids."""
    return _without_empty(
        {
            "runAsNonRoot": True,
            "runAsUser": spec.security_context.run_as_user,
            "runAsGroup": spec.security_context.run_as_group,
            "fsGroup": spec.security_context.fs_group,
            "seccompProfile": {"type": "RuntimeDefault"},
        }
    )


def _container(app: str, spec: Spec) -> Json:
    return _without_empty(
        {
            "name": app,
            "image": spec.image,
            "imagePullPolicy": spec.image_pull_policy,
            "command": spec.command,
            "args": spec.args,
            "ports": [{"name": "http", "containerPort": spec.port, "protocol": "TCP"}],
            "env": _env(spec),
            "envFrom": spec.env_from,
            "resources": spec.resources,
            "securityContext": {
                "allowPrivilegeEscalation": False,
                "privileged": False,
                "readOnlyRootFilesystem": spec.security_context.read_only_root_filesystem,
                "capabilities": {"drop": ["ALL"]},
            },
            "terminationMessagePolicy": "FallbackToLogsOnError",
            "lifecycle": _drain(spec),
            **_probes(spec),
        }
    )


def _env(spec: Spec) -> list[Json]:
    given = spec.env or []
    if any(each.get("name") == "PORT" for each in given):
        return given
    return [{"name": "PORT", "value": str(spec.port)}, *given]


def _drain(spec: Spec) -> Json | None:
    """Keeps the app answering while its pod leaves the endpoints; without it rollouts lost requests."""
    return {"preStop": {"sleep": {"seconds": spec.drain_seconds}}} if spec.drain_seconds else None


def _probes(spec: Spec) -> Json:
    given = spec.probes
    return {
        "livenessProbe": given and given.liveness,
        "readinessProbe": (given and given.readiness) or _listens(),
        "startupProbe": given and given.startup,
    }


def _listens() -> Json:
    """The readiness probe of an app that has none. Asked twice, because a server may open its port before it loads the
    app, and close it again when that fails: docs/decisions/0005-a-listening-socket-asked-twice.md."""
    return {"tcpSocket": {"port": "http"}, "periodSeconds": 2, "successThreshold": 2}


def _without_empty(part: Json) -> Json:
    """Drops what is unset: an empty list that is applied always reads as a field that somebody took away."""
    return {key: value for key, value in part.items() if value is not None and value not in ([], {})}
