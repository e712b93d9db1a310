"""The NetworkPolicy of an app: who may reach its ports. Where nobody is named, nobody may."""

from __future__ import annotations

from collections.abc import Iterator

from myapp_operator import names
from myapp_operator.desired.emptiness import without_empty
from myapp_operator.grammar import Json
from myapp_operator.model import Peer, Spec

_NAMESPACE_NAME = "kubernetes.io/metadata.name"
"""The label that Kubernetes itself gives to every namespace."""


def build(app: str, spec: Spec) -> Json | None:
    """The policy for an app of this name, less what all children have in common."""
    given = spec.network_policy
    if given is None:
        return None
    same_namespace: list[Json] = [{"podSelector": {}}] if given.allow_same_namespace else []
    peers = same_namespace + [_peer(each) for each in given.allow_from or ()]
    return {
        "spec": without_empty(
            {
                "podSelector": {"matchLabels": names.selector(app)},
                "policyTypes": ["Ingress"],
                "ingress": [{"from": peers, "ports": _ports(spec)}] if peers else None,
            }
        )
    }


def _peer(given: Peer) -> Json:
    return without_empty(
        {
            "namespaceSelector": given.namespace and {"matchLabels": {_NAMESPACE_NAME: given.namespace}},
            "podSelector": given.labels and {"matchLabels": given.labels},
        }
    )


def _ports(spec: Spec) -> list[Json]:
    """Every port of the pod that the MyApp names, once."""
    return [{"port": port, "protocol": protocol} for port, protocol in dict.fromkeys(_named(spec))]


def _named(spec: Spec) -> Iterator[tuple[int, str]]:
    yield spec.port, "TCP"
    for extra in spec.service.extra_ports or ():
        yield extra.target_port or extra.port, extra.protocol
    staying = [each for each in spec.init_containers or () if each.stays]
    for container in (*(spec.sidecars or ()), *staying):
        for port in container.ports or ():
            yield port.container_port, port.protocol
