"""What an installation allows beyond the rules of the CRD."""

from typing import Any

import pytest

from myapp_operator.allowance import Allowance
from myapp_operator.errors import InvalidMyAppError
from tests.unit.samples import spec


def refusal(allowance: Allowance, **fields: Any) -> str:
    """Why an app with these fields may not be made; empty where it may."""
    wanted = spec(**fields)
    try:
        assert allowance.checked(wanted) == wanted
    except InvalidMyAppError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("kind", ["NodePort", "LoadBalancer"])
def test_a_service_reached_from_outside_needs_the_administrators_leave(kind: str) -> None:
    wanted = spec(service={"type": kind})
    assert Allowance(frozenset({kind})).checked(wanted) == wanted
    refused = rf"^spec\.service\.type: {kind} is not allowed .*--allow-service-type {kind}$"
    with pytest.raises(InvalidMyAppError, match=refused):
        Allowance().checked(wanted)


def test_leave_for_one_type_is_none_for_another() -> None:
    with pytest.raises(InvalidMyAppError):
        Allowance(frozenset({"NodePort"})).checked(spec(service={"type": "LoadBalancer"}))


def test_an_ordinary_service_needs_no_leave() -> None:
    assert Allowance().checked(spec()) == spec()


ACTED_ON = [
    "getambassador.io/config",
    "tailscale.com/expose",
    "haproxy-ingress.github.io/config-backend",
    "alb.ingress.kubernetes.io/group.name",
    "nginx.ingress.kubernetes.io/auth-method",
    "nginx.ingress.kubernetes.io/configuration-snippet",
    "nginx.org/server-snippets",
    "external-dns.alpha.kubernetes.io/hostname",
    "service.beta.kubernetes.io/aws-load-balancer-internal",
    "cert-manager.io/issuer.example.com",
    "x.cert-manager.io/issuer",
    "note",
]


@pytest.mark.parametrize("part", ["service", "ingress"])
@pytest.mark.parametrize("key", ACTED_ON)
def test_an_annotation_on_which_a_controller_may_act_needs_the_administrators_leave(part: str, key: str) -> None:
    given: Any = {"annotations": {"cert-manager.io/issuer": "ours", key: "a"}}
    fields = {part: given | ({"host": "a.example.com"} if part == "ingress" else {})}
    assert refusal(Allowance(), **fields) == (
        f"spec.{part}.annotations: {key} is not allowed by this operator's settings: remove it, or have its "
        f"administrator start it with --allow-annotation {key}"
    )
    assert refusal(Allowance(annotations=(key,)), **fields) == ""


def test_leave_for_a_prefix_is_for_all_of_it_and_nothing_else() -> None:
    allowance = Allowance(annotations=("nginx.org/*",))
    assert refusal(allowance, service={"annotations": {"nginx.org/a": "1", "nginx.org/b": "2"}}) == ""
    for key in ("nginx.organic/a", "a.nginx.org/a", "nginx.org"):
        assert key in refusal(allowance, service={"annotations": {key: "1"}})


HARMLESS = ["cert-manager.io/cluster-issuer", "cert-manager.io/issuer", "prometheus.io/scrape"]


@pytest.mark.parametrize("key", HARMLESS)
def test_a_harmless_annotation_needs_no_leave(key: str) -> None:
    assert refusal(Allowance(), service={"annotations": {key: "a"}}) == ""
    assert refusal(Allowance(), ingress={"host": "a.example.com", "annotations": {key: "a"}}) == ""


@pytest.mark.parametrize(
    "key",
    [
        "cluster-autoscaler.kubernetes.io/safe-to-evict",
        "kubectl.kubernetes.io/default-container",
        "prometheus.io/scrape",
        "team.example.com/contact",
        "note",
    ],
)
def test_pods_carry_harmless_annotations_and_all_that_are_not_of_kubernetes(key: str) -> None:
    assert refusal(Allowance(), podMetadata={"annotations": {key: "a"}}) == ""


@pytest.mark.parametrize("key", ["scheduler.alpha.kubernetes.io/a", "kubernetes.io/a", "k8s.io/a", "x.k8s.io/a"])
def test_other_annotations_of_kubernetes_on_pods_need_the_administrators_leave(key: str) -> None:
    assert refusal(Allowance(), podMetadata={"annotations": {key: "a"}}) == (
        f"spec.podMetadata.annotations: {key} is not allowed by this operator's settings: remove it, or have its "
        f"administrator start it with --allow-annotation {key}"
    )
    assert refusal(Allowance(annotations=(key,)), podMetadata={"annotations": {key: "a"}}) == ""


WITHIN = Allowance(host_suffixes=("shop.example.com", "example.org"))


@pytest.mark.parametrize(
    "host", ["shop.example.com", "a.shop.example.com", "*.shop.example.com", "*.a.shop.example.com", "b.example.org"]
)
def test_a_host_within_an_allowed_domain(host: str) -> None:
    assert refusal(WITHIN, ingress={"host": host}) == ""
    assert refusal(WITHIN, route={"gateway": {"name": "public"}, "hostnames": [host]}) == ""


@pytest.mark.parametrize(
    "host",
    ["evilshop.example.com", "example.com", "*.example.com", "shop.example.com.evil.org", "*.org", "example.net"],
)
def test_a_host_beyond_the_allowed_domains_is_told_what_to_do(host: str) -> None:
    words = (
        f"{host} is not allowed by this operator's settings: use a host within shop.example.com or example.org, or "
        f"have its administrator start it with --allow-host-suffix {host.removeprefix('*.')}"
    )
    assert refusal(WITHIN, ingress={"host": host}) == f"spec.ingress.host: {words}"
    hosts = ["a.example.org", host]
    assert (
        refusal(WITHIN, route={"gateway": {"name": "public"}, "hostnames": hosts}) == f"spec.route.hostnames: {words}"
    )


def test_a_route_that_would_answer_for_all_hosts_of_its_gateway_must_name_some_where_only_some_are_allowed() -> None:
    route = {"gateway": {"name": "public"}}
    assert refusal(Allowance(), route=route) == ""
    assert "name hosts within shop.example.com or example.org" in refusal(WITHIN, route=route)
    assert refusal(WITHIN) == ""
