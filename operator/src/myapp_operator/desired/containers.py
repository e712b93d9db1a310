"""The containers of an app's pods: the app itself, and those before and beside it.

All of them run under the same fence, and all that stay have the same drain: a sidecar that ended before the app would
take its last requests with it.
"""

from __future__ import annotations

from myapp_operator.desired.emptiness import without_empty
from myapp_operator.grammar import Json
from myapp_operator.model import Container, ContainerPort, InitContainer, Sidecar, Spec


def app(name: str, spec: Spec) -> Json:
    """The container of the app, which has its name."""
    return without_empty(
        {
            "name": name,
            "image": spec.image,
            "imagePullPolicy": spec.image_pull_policy,
            "command": spec.command,
            "args": spec.args,
            "ports": [{"name": "http", "containerPort": spec.port, "protocol": "TCP"}],
            "env": _env(spec),
            "envFrom": spec.env_from,
            "resources": spec.resources,
            "volumeMounts": spec.volume_mounts,
            **_fence(spec),
            "lifecycle": _drain(spec),
            **_probes(spec),
        }
    )


def sidecar(spec: Spec, given: Sidecar) -> Json:
    """A container beside the app."""
    return without_empty({**_beside(spec, given), "lifecycle": _drain(spec), **_own_probes(given)})


def init(spec: Spec, given: InitContainer) -> Json:
    """A container before the app; Kubernetes allows a drain and probes only where it stays beside it."""
    staying = {"lifecycle": _drain(spec), **_own_probes(given)} if given.stays else {}
    return without_empty({**_beside(spec, given), "restartPolicy": given.restart_policy, **staying})


def _beside(spec: Spec, given: Container) -> Json:
    return {
        "name": given.name,
        "image": given.image,
        "imagePullPolicy": spec.image_pull_policy,
        "command": given.command,
        "args": given.args,
        "ports": [_port(each) for each in given.ports or ()],
        "env": given.env,
        "envFrom": given.env_from,
        "resources": given.resources,
        "volumeMounts": given.volume_mounts,
        **_fence(spec),
    }


def _fence(spec: Spec) -> Json:
    """What pod security `restricted` asks of every container, and where its last words go."""
    return {
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "privileged": False,
            "readOnlyRootFilesystem": spec.security_context.read_only_root_filesystem,
            "capabilities": {"drop": ["ALL"]},
        },
        "terminationMessagePolicy": "FallbackToLogsOnError",
    }


def _port(given: ContainerPort) -> Json:
    return without_empty(given.model_dump(by_alias=True))


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


def _own_probes(given: Container) -> Json:
    probes = given.probes
    return {
        "livenessProbe": probes and probes.liveness,
        "readinessProbe": probes and probes.readiness,
        "startupProbe": probes and probes.startup,
    }


def _listens() -> Json:
    """The readiness probe of an app that has none. Asked twice, because a server may open its port before it loads the
    app, and close it again when that fails: docs/decisions/0005-a-listening-socket-asked-twice.md."""
    return {"tcpSocket": {"port": "http"}, "periodSeconds": 2, "successThreshold": 2}
