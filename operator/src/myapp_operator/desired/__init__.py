"""What should be: MyApp in, children out. Pure; the same code serves the operator and `myapp-operator render`.

One builder a kind, one line a kind in `BUILDERS`. A builder gets the app and its parsed spec and returns the object
without the parts that are alike for all (they are added here), or None where the app does not want that child.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType

from myapp_operator import names, versions
from myapp_operator.deployment_status import containers_of
from myapp_operator.desired import deployment, hpa, ingress, networkpolicy, pdb, route, service
from myapp_operator.drift import fingerprint
from myapp_operator.grammar import Json
from myapp_operator.model import Spec
from myapp_operator.names import Kind
from myapp_operator.observed import App

Builder = Callable[[str, Spec], Json | None]

BUILDERS: Mapping[Kind, Builder] = MappingProxyType(
    {
        names.DEPLOYMENT: deployment.build,
        names.SERVICE: service.build,
        names.INGRESS: ingress.build,
        names.ROUTE: route.build,
        names.HPA: hpa.build,
        names.PDB: pdb.build,
        names.NETWORK_POLICY: networkpolicy.build,
    }
)
"""Every kind of child, in the order in which `render` prints them."""


@dataclass(frozen=True)
class Wanted:
    """What should stand in one child's place: `body` to apply (None: nothing) and its hash."""

    kind: Kind
    body: Json | None = None
    applied: str = ""
    notes: Mapping[str, str] = field(default_factory=dict)
    """Annotations by which a child of ours remembers something (`names.CARRIED`): written with what else changes."""
    doubted: bool = False
    """Whether admission may have changed the child, so that another apply must tell."""

    @cached_property
    def template(self) -> str:
        """What changes with the pods of a Deployment: version and what restarts them; empty: nothing is wanted."""
        return " ".join([self.version, *self.configuration.values()]) if self.body else ""

    @cached_property
    def configuration(self) -> Mapping[str, str]:
        """The annotations of the pods that stand for their configuration."""
        marks = ((self.body or {})["spec"]["template"]["metadata"].get("annotations") or {}) if self.body else {}
        return {each: marks[each] for each in names.CONFIGURATION.values() if each in marks}

    @cached_property
    def version(self) -> str:
        """Which version of the pods a Deployment has; empty where nothing is wanted."""
        return versions.version(self.body["spec"]["template"]) if self.body else ""

    @property
    def carried(self) -> Mapping[str, str]:
        """All notes of a write. Each write of a Deployment says which version of the pods was let through."""
        return {**self.notes, names.TEMPLATE: self.version} if self.kind == names.DEPLOYMENT else self.notes

    @cached_property
    def containers(self) -> str:
        """Hash of what runs in the pods of a Deployment (see `deployment_status.containers_of`)."""
        return containers_of(self.body["spec"]["template"]) if self.body else ""


def build(app: App, spec: Spec) -> list[Wanted]:
    """The children that an app with this spec should have."""
    return [_finish(app, kind, builder(app.key.name, spec), spec.labels or {}) for kind, builder in BUILDERS.items()]


def _finish(app: App, kind: Kind, part: Json | None, labels: Mapping[str, str]) -> Wanted:
    """Adds what all children have: identity, labels, owner, and the hash by which drift is noticed."""
    if part is None:
        return Wanted(kind)
    metadata: Json = {
        "name": kind.name_for(app.key.name),
        "namespace": app.key.namespace,
        "labels": {**labels, **names.labels(app.key.name)},
    }
    if app.uid:
        metadata["ownerReferences"] = [_owner_reference(app)]
    metadata |= part.pop("metadata", {})
    return _hashed(Wanted(kind), {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, **part})


def with_spec(want: Wanted, spec: Json) -> Wanted:
    """The same child with this spec, and so with another hash."""
    body = want.body or {}
    metadata = {**body["metadata"]}
    annotations = {key: value for key, value in metadata.pop("annotations").items() if key != names.APPLIED}
    if annotations:
        metadata["annotations"] = annotations
    return _hashed(want, {**body, "metadata": metadata, "spec": spec})


def _hashed(want: Wanted, body: Json) -> Wanted:
    """The child with this body, which is given its hash as an annotation."""
    applied, metadata = fingerprint(body), body["metadata"]
    annotations = {**metadata.get("annotations", {}), names.APPLIED: applied}
    return replace(want, body={**body, "metadata": {**metadata, "annotations": annotations}}, applied=applied)


def _owner_reference(app: App) -> Json:
    return {
        "apiVersion": names.API_VERSION,
        "kind": names.KIND,
        "name": app.key.name,
        "uid": app.uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }
