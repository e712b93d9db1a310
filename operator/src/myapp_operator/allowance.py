"""What this installation allows of the API: the administrator's choice, beyond the rules that the CRD carries. Pure.

The operator's account has more rights than most authors of a MyApp. So what controllers of the whole cluster act on
(types of Service, annotations, host names) must be allowed by its administrator: docs/settings.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from myapp_operator.errors import InvalidMyAppError
from myapp_operator.model import RESERVED_KEYS, Spec

ALWAYS_ALLOWED = "ClusterIP"
EXPOSING = ("NodePort", "LoadBalancer")
"""The types of Service that are reached from outside of the cluster: not every user of a namespace may open one."""
HARMLESS_ON_CHILDREN = (
    *(f"cert-manager.io/{name}" for name in ("cluster-issuer", "issuer", "issuer-group", "issuer-kind")),
    *(f"prometheus.io/{name}" for name in ("path", "port", "scheme", "scrape")),
    "service.kubernetes.io/topology-mode",
)
"""Annotations of Service and Ingress that are always allowed: they name an issuer, or are about the app alone."""
HARMLESS_ON_PODS = (
    "cluster-autoscaler.kubernetes.io/*",
    "controller.kubernetes.io/pod-deletion-cost",
    "kubectl.kubernetes.io/default-container",
    "kubectl.kubernetes.io/default-logs-container",
)
"""The same for annotations of pods under the domains of Kubernetes; all others are free there."""


@dataclass(frozen=True)
class Allowance:
    """What the operator was started to allow."""

    service_types: frozenset[str] = frozenset()
    annotations: Sequence[str] = ()
    """Keys, or `prefix/*` for all of a prefix, beside the harmless ones."""
    host_suffixes: Sequence[str] = ()
    """Domains within which the hosts must lie, in lower case; none: any host."""

    def checked(self, spec: Spec) -> Spec:
        """The spec itself, if an app with it may be made here.

        Raises:
            InvalidMyAppError: it may not; the sentence says why and what to do.
        """
        for problem in self._problems(spec):
            raise InvalidMyAppError(problem)
        return spec

    def _problems(self, spec: Spec) -> Iterator[str]:
        wanted = spec.service.type
        if wanted != ALWAYS_ALLOWED and wanted not in self.service_types:
            yield (
                f"spec.service.type: {wanted} is not allowed by this operator's settings: use {ALWAYS_ALLOWED}, or "
                f"have its administrator start it with --allow-service-type {wanted}"
            )
        children = (*HARMLESS_ON_CHILDREN, *self.annotations)
        yield from _forbidden("service.annotations", spec.service.annotations or {}, children)
        yield from _forbidden("ingress.annotations", (spec.ingress and spec.ingress.annotations) or {}, children)
        given = (spec.pod_metadata and spec.pod_metadata.annotations) or {}
        reserved = {key: value for key, value in given.items() if re.fullmatch(RESERVED_KEYS, key, re.DOTALL)}
        yield from _forbidden("podMetadata.annotations", reserved, (*HARMLESS_ON_PODS, *self.annotations))
        yield from self._foreign_hosts(spec)

    def _foreign_hosts(self, spec: Spec) -> Iterator[str]:
        if not self.host_suffixes:
            return
        within = f"within {' or '.join(self.host_suffixes)}"
        if spec.ingress and not self._admits(spec.ingress.host):
            yield _not_within("spec.ingress.host", spec.ingress.host, within)
        if spec.route and not spec.route.hostnames:
            yield (
                f"spec.route.hostnames: without a name a route answers for all of its Gateway, which this operator's "
                f"settings do not allow: name hosts {within}"
            )
        for host in (spec.route and spec.route.hostnames) or ():
            if not self._admits(host):
                yield _not_within("spec.route.hostnames", host, within)

    def _admits(self, host: str) -> bool:
        """Whether all names for which a host stands lie within one of the domains."""
        name = plain_host(host)
        return any(name == suffix or name.endswith(f".{suffix}") for suffix in self.host_suffixes)


def plain_host(host: str) -> str:
    """The name in the one form in which names are compared: `*.Example.com.` is about `example.com`."""
    return host.lower().removeprefix("*").strip(".")


def _forbidden(field: str, given: Mapping[str, str], allowed: Sequence[str]) -> Iterator[str]:
    for key in given:
        if not any(key.startswith(each[:-1]) if each.endswith("/*") else key == each for each in allowed):
            yield (
                f"spec.{field}: {key} is not allowed by this operator's settings: remove it, or have its administrator "
                f"start it with --allow-annotation {key}"
            )


def _not_within(field: str, host: str, within: str) -> str:
    return (
        f"{field}: {host} is not allowed by this operator's settings: use a host {within}, or have its administrator "
        f"start it with --allow-host-suffix {plain_host(host)}"
    )
