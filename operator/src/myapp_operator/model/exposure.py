"""How the app is reached: Service, Ingress, HTTPRoute, and who may."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import Field

from myapp_operator.grammar import Part, Rule
from myapp_operator.model.values import (
    Annotations,
    Label,
    Labels,
    Name,
    Port,
    annotation_rules,
    by_key,
    label_rules,
    name_rule,
)

Path = Annotated[str, Field(max_length=1024)]

_HOST = "([*][.])?[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
_ADDRESS = "[0-9.]+"
_PATH = "/([-A-Za-z0-9/._~!$&()*+,;=:@]|%[0-9a-fA-F]{2})*"
_CROOKED = "//|/[.][.]?(/|$)|%2[fF]"

_HOST_SENTENCE = (
    "must be a name such as shop.example.com or *.example.com, in lower case and no address: choose another name"
)


def _is_host(text: str) -> bool:
    return re.fullmatch(_HOST, text) is not None and re.fullmatch(_ADDRESS, text) is None


def _is_path(text: str) -> bool:
    return re.fullmatch(_PATH, text) is not None and re.search(_CROOKED, text) is None


_PATH_RULE = Rule(
    cel=f"self.path.matches('^{_PATH}$') && !self.path.matches('{_CROOKED}')",
    message=(
        "path must begin with / and be a plain path of a URL, without //, /./, /../, query and encoded /: "
        "write one such as /shop"
    ),
    path=".path",
    holds=lambda it: _is_path(it.path),
)


class ExtraPort(Part):
    """One more port of the Service."""

    rules = (
        name_rule("name"),
        Rule(
            cel="self.name != 'http'",
            message="the name of an extra port must not be http, which is the app's own: choose another name",
            path=".name",
            holds=lambda it: it.name != "http",
        ),
    )

    name: Label
    """Name of the port, unlike that of any other of the Service."""
    port: Port
    """Port of the Service."""
    target_port: Port | None = None
    """Port in the pod to which it leads. Unset: the same number as `port`."""
    protocol: Literal["TCP", "UDP", "SCTP"] = "TCP"
    """What is spoken on it."""


def _port_names_differ(service: Any) -> bool:
    given = [each.name for each in service.extra_ports or ()]
    return len(given) == len(set(given))


class Service(Part):
    """How other pods reach the app: the Service `<name>-service`."""

    rules = (
        *annotation_rules("annotations"),
        Rule(
            cel="!has(self.extraPorts) || self.extraPorts.all(it, it.port != self.port || it.protocol != 'TCP')",
            message="an extra port must not be the port of the Service itself: choose another port",
            path=".extraPorts",
            holds=lambda it: all(each.port != it.port or each.protocol != "TCP" for each in it.extra_ports or ()),
        ),
        Rule(
            cel=("!has(self.extraPorts) || self.extraPorts.all(a, self.extraPorts.exists_one(b, b.name == a.name))"),
            message="no two extra ports must have the same name: choose another name for one of them",
            path=".extraPorts",
            holds=_port_names_differ,
        ),
    )

    port: Port = 80
    """Port of the Service. It leads to the container's port."""
    type: Literal["ClusterIP", "NodePort", "LoadBalancer"] = "ClusterIP"
    """ClusterIP is reached from within the cluster; the others also from outside, where the operator allows them."""
    annotations: Annotations | None = None
    """Annotations of the Service, with keys that the operator's settings allow."""
    extra_ports: (
        Annotated[list[ExtraPort], Field(max_length=16, json_schema_extra=by_key("port", "protocol"))] | None
    ) = None
    """Further ports of the Service, such as those of sidecars."""


class Tls(Part):
    """How an Ingress proves who it is."""

    rules = (name_rule("secretName", dots=True),)

    secret_name: Name
    """Secret with the certificate and its key."""


class Ingress(Part):
    """How the app is reached from outside by an Ingress, `<name>-ingress`."""

    rules = (
        Rule(
            cel=f"self.host.matches('^{_HOST}$') && !self.host.matches('^{_ADDRESS}$')",
            message=f"host {_HOST_SENTENCE}",
            path=".host",
            holds=lambda it: _is_host(it.host),
        ),
        _PATH_RULE,
        name_rule("className", dots=True),
        *annotation_rules("annotations"),
    )

    host: Name
    """Host name under which the app answers."""
    path: Path = "/"
    """Path under which it answers, with all that lies below."""
    class_name: Name | None = None
    """IngressClass. Unset: the cluster's default."""
    tls: Tls | None = None
    """Certificate of the host. Unset: no TLS."""
    annotations: Annotations | None = None
    """Annotations of the Ingress, with keys that the operator's settings allow."""


class Gateway(Part):
    """The Gateway to which a route belongs."""

    rules = (name_rule("name", dots=True), name_rule("namespace"), name_rule("sectionName", dots=True))

    name: Name
    """Name of the Gateway."""
    namespace: Label | None = None
    """Namespace of the Gateway. Unset: the MyApp's."""
    section_name: Name | None = None
    """Listener of the Gateway. Unset: all that fit."""


class Route(Part):
    """How the app is reached from outside by the Gateway API: the HTTPRoute `<name>-route`."""

    rules = (
        Rule(
            cel=(
                f"!has(self.hostnames)"
                f" || self.hostnames.all(it, it.matches('^{_HOST}$') && !it.matches('^{_ADDRESS}$'))"
            ),
            message=f"a hostname {_HOST_SENTENCE}",
            path=".hostnames",
            holds=lambda it: all(map(_is_host, it.hostnames or ())),
        ),
        _PATH_RULE,
    )

    gateway: Gateway
    """The Gateway that leads to the app."""
    hostnames: Annotated[list[Name], Field(max_length=16)] | None = None
    """Host names under which the app answers. Unset: all of the Gateway."""
    path: Path = "/"
    """Path under which it answers, with all that lies below."""


class Peer(Part):
    """Pods that may reach the app."""

    rules = (
        name_rule("namespace"),
        *label_rules("labels"),
        Rule(
            cel="has(self.__namespace__) || has(self.labels) && self.labels.size() > 0",
            message="an item of allowFrom must have a namespace or labels: add one of them",
            holds=lambda it: it.namespace is not None or bool(it.labels),
        ),
    )

    namespace: Label | None = None
    """Namespace of the pods. Unset: the MyApp's."""
    labels: Labels | None = None
    """Labels of the pods. Unset: all pods of the namespace."""


class NetworkPolicy(Part):
    """Who may reach the app: the NetworkPolicy `<name>-networkpolicy`."""

    allow_from: Annotated[list[Peer], Field(max_length=64)] | None = None
    """Pods that may reach the app's ports."""
    allow_same_namespace: bool = True
    """Whether all pods of the MyApp's namespace may reach the app's ports."""
