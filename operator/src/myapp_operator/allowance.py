"""What this installation allows of the API: the administrator's choice, beyond the rules that the CRD carries. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from myapp_operator.errors import InvalidMyAppError
from myapp_operator.model import Spec

ALWAYS_ALLOWED = "ClusterIP"
EXPOSING = ("NodePort", "LoadBalancer")
"""The types of Service that are reached from outside of the cluster: not every user of a namespace may open one."""


@dataclass(frozen=True)
class Allowance:
    """What the operator was started to allow."""

    service_types: frozenset[str] = frozenset()

    def checked(self, spec: Spec) -> Spec:
        """The spec itself, if an app with it may be made here.

        Raises:
            InvalidMyAppError: it may not; the sentence says why and what to do.
        """
        wanted = spec.service.type
        if wanted == ALWAYS_ALLOWED or wanted in self.service_types:
            return spec
        raise InvalidMyAppError(
            f"spec.service.type: {wanted} is not allowed by this operator's settings: use {ALWAYS_ALLOWED}, or have "
            f"its administrator start it with --allow-service-type {wanted}"
        )
