"""The fields of each child that the MyApp decides, also where it leaves them open. Pure.

What others set there goes: the MyApp's API has a field for it, or the operator keeps it as it is on purpose, such as
the ways to reach a Service. Not listed is what the API server fills in, what is fixed for ever once it is set, and what
the MyApp has no word for, such as `dnsConfig`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

from myapp_operator import names

EVERY: Final = "*"
"""Stands for every item of a list, or for every key of a map."""

Tree: TypeAlias = Mapping[str, "Tree"]
ALL: Final[Tree] = MappingProxyType({})
"""Everything below."""

_ITEMS: Tree = {EVERY: ALL}
_CONTAINER: Tree = {
    **dict.fromkeys(("image", "imagePullPolicy", "command", "args", "securityContext", "lifecycle"), ALL),
    **dict.fromkeys(("livenessProbe", "readinessProbe", "startupProbe", "restartPolicy", "envFrom"), ALL),
    **dict.fromkeys(("env", "ports", "volumeMounts"), _ITEMS),
    "resources": {"limits": _ITEMS, "requests": _ITEMS},
}
_CONTAINERS: Tree = {EVERY: _CONTAINER}
_POD: Tree = {
    **dict.fromkeys(("serviceAccountName", "automountServiceAccountToken", "enableServiceLinks"), ALL),
    **dict.fromkeys(("hostNetwork", "hostPID", "hostIPC", "securityContext", "terminationGracePeriodSeconds"), ALL),
    **dict.fromkeys(("nodeName", "tolerations", "affinity", "topologySpreadConstraints"), ALL),
    "priorityClassName": ALL,
    **dict.fromkeys(("imagePullSecrets", "volumes", "nodeSelector"), _ITEMS),
    **dict.fromkeys(("containers", "initContainers"), _CONTAINERS),
}
_DEPLOYMENT: Tree = {"strategy": ALL, "template": {"spec": _POD}}
_SERVICE: Tree = {
    **dict.fromkeys(("type", "publishNotReadyAddresses", "sessionAffinity", "sessionAffinityConfig"), ALL),
    **dict.fromkeys(("externalIPs", "externalName", "externalTrafficPolicy", "internalTrafficPolicy"), ALL),
    **dict.fromkeys(("trafficDistribution", "loadBalancerIP", "loadBalancerSourceRanges"), ALL),
    "selector": _ITEMS,
    "ports": {EVERY: dict.fromkeys(("name", "port", "targetPort", "protocol", "appProtocol"), ALL)},
}


def of_spec(kind: str) -> Tree:
    """The fields of the spec of a child of this kind."""
    return {names.DEPLOYMENT.kind: _DEPLOYMENT, names.SERVICE.kind: _SERVICE}.get(kind, ALL)


def below(tree: Tree, name: str) -> Tree | None:
    """What is listed below a field, an item or a key; None where it is not listed."""
    return tree if tree is ALL else tree.get(name, tree.get(EVERY))
