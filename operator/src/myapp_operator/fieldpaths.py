"""The fields that an API server names in a child, by their names in the MyApp: that is what its user can change. Pure.

`spec.template.spec.containers[0].env[1].name` is `spec.env[0].name` where the operator has put PORT first. What has no
counterpart keeps its name. Text of a tenant's may look like a path; then that is changed too, in the sentence alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from myapp_operator.model import Spec
from myapp_operator.names import DEPLOYMENT, HPA, INGRESS, PDB, POD, ROUTE, SERVICE, Kind

_PATH = re.compile(r"(?<![\w.\"'/-])(?:spec|metadata)(?:\.[A-Za-z]\w*|\[[^\]\s]{0,253}\])+")

_Step = tuple[str, Callable[[re.Match[str], Spec], str] | str]
"""How a path begins, and how it begins in the MyApp: a replacement for `re`, or what makes one."""


def in_words(words: str, kind: Kind, spec: Spec) -> str:
    """Returns words about a child of this kind with the names that its fields have in the MyApp; of a `POD`, too."""
    return _PATH.sub(lambda found: _translated(found[0], kind, spec), words)


def _translated(path: str, kind: Kind, spec: Spec) -> str:
    for pattern, by in _STEPS.get(kind, ()):
        found = re.match(pattern, path)
        if found is not None:
            begin = found.expand(by) if isinstance(by, str) else by(found, spec)
            return begin + path[found.end() :]
    return path


def _app(found: re.Match[str], spec: Spec) -> str:
    """The app's own container, which may have a variable more than the MyApp says."""
    rest = _probes(found["rest"])
    if rest.startswith((".ports[0]", ".ports.")):
        return "spec.port"
    if rest.startswith(".lifecycle"):
        return "spec.drainSeconds"
    variable = re.match(r"\.env\[(\d+)\]", rest)
    if variable is None or any(each.get("name") == "PORT" for each in spec.env or ()):
        return f"spec{rest}"
    index = int(variable[1]) - 1
    return f"spec.env[{index}]{rest[variable.end() :]}" if index >= 0 else "spec.port"


def _sidecar(found: re.Match[str], _: Spec) -> str:
    return f"spec.sidecars[{int(found['index']) - 1}]{_probes(found['rest'])}"


def _init_container(found: re.Match[str], _: Spec) -> str:
    return f"spec.initContainers[{found['index']}]{_probes(found['rest'])}"


def _probes(rest: str) -> str:
    return re.sub(r"^\.(liveness|readiness|startup)Probe\b", r".probes.\1", rest)


def _metric(found: re.Match[str], spec: Spec) -> str:
    """The metrics of the user follow the shares of cpu and memory."""
    given = spec.autoscaling
    shares = [each for each in ("cpu", "memory") if given is not None and getattr(given, each) is not None]
    index = int(found["index"])
    if index < len(shares):
        return f"spec.autoscaling.{shares[index]}"
    return f"spec.autoscaling.metrics[{index - len(shares)}]{found['rest']}"


def _port(found: re.Match[str], _: Spec) -> str:
    index = int(found["index"])
    if index > 0:
        return f"spec.service.extraPorts[{index - 1}]{found['rest']}"
    return "spec.port" if found["rest"] == ".targetPort" else "spec.service.port"


def _pod(at: str) -> tuple[_Step, ...]:
    """The fields of a pod, which stand below `at`."""
    return (
        (rf"{at}\.containers\[0\](?P<rest>.*)", _app),
        (rf"{at}\.containers\[(?P<index>\d+)\](?P<rest>.*)", _sidecar),
        (rf"{at}\.initContainers\[(?P<index>\d+)\](?P<rest>.*)", _init_container),
        (
            rf"{at}\.(tolerations|affinity|topologySpreadConstraints|nodeSelector|priorityClassName)",
            r"spec.scheduling.\1",
        ),
        (rf"{at}\.", "spec."),
    )


_STEPS: Mapping[Kind, tuple[_Step, ...]] = {
    DEPLOYMENT: (
        *_pod(r"spec\.template\.spec"),
        (r"spec\.template\.metadata", "spec.podMetadata"),
        (r"spec\.strategy\.rollingUpdate", "spec.rollout"),
        (r"spec\.(strategy|minReadySeconds|progressDeadlineSeconds|revisionHistoryLimit)", r"spec.rollout.\1"),
    ),
    POD: _pod("spec"),
    HPA: (
        (r"spec\.metrics\[(?P<index>\d+)\](?P<rest>.*)", _metric),
        (r"spec\.(behavior|minReplicas|maxReplicas)", r"spec.autoscaling.\1"),
    ),
    SERVICE: (
        (r"spec\.ports\[(?P<index>\d+)\](?P<rest>.*)", _port),
        (r"spec\.type", "spec.service.type"),
        (r"metadata\.annotations", "spec.service.annotations"),
    ),
    INGRESS: (
        (r"spec\.rules\[0\]\.host", "spec.ingress.host"),
        (r"spec\.rules\[0\]\.http\.paths\[0\]\.path\b", "spec.ingress.path"),
        (r"spec\.ingressClassName", "spec.ingress.className"),
        (r"spec\.tls\[0\]\.hosts\[0\]", "spec.ingress.host"),
        (r"spec\.tls\[0\]\.secretName", "spec.ingress.tls.secretName"),
        (r"metadata\.annotations", "spec.ingress.annotations"),
    ),
    ROUTE: (
        (r"spec\.hostnames", "spec.route.hostnames"),
        (r"spec\.parentRefs\[0\]", "spec.route.gateway"),
        (r"spec\.rules\[0\]\.matches\[0\]\.path\.value", "spec.route.path"),
    ),
    PDB: ((r"spec\.(minAvailable|maxUnavailable)", r"spec.disruptionBudget.\1"),),
}
