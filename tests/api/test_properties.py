"""What holds of the children of every MyApp that is right, on a real API server: tried with random ones.

The same ones each time; hypothesis prints the smallest MyApp for which something does not hold.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import Any, TypeVar

import pytest
import yaml
from hypothesis import HealthCheck, given, settings

from dev.cluster.binaries import gateway_crd
from myapp_operator import desired, drift
from myapp_operator.connection import Connection, load_configuration
from myapp_operator.desired import Wanted
from myapp_operator.errors import ApiError
from myapp_operator.kube import Kube
from myapp_operator.model import parse_spec
from myapp_operator.names import Kind
from myapp_operator.observed import App, Child
from tests import specs
from tests.api.conftest import Kubectl, established
from tests.harness import Api, OperatorProcess, hasty, myapp, wait_for

Json = dict[str, Any]
T = TypeVar("T")

ONE_NAMESPACE = settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],  # one namespace serves all
)


@pytest.fixture
def gateway_group(kubectl: Kubectl, namespace: str) -> Iterator[str]:
    """The HTTPRoutes of the real Gateway API, in a group of the test's own: theirs comes and goes in another test."""
    (manifest,) = [each for each in yaml.safe_load_all(gateway_crd().read_text()) if each]
    group = f"{namespace}.example.com"
    manifest["metadata"] = {"name": f"httproutes.{group}"}
    manifest["spec"]["group"] = group
    kubectl("create", "-f", "-", stdin=json.dumps(manifest), check=True)
    established(kubectl, f"httproutes.{group}")
    yield group
    kubectl("delete", "crd", f"httproutes.{group}", "--wait=false", check=True)


@pytest.fixture
def no_pods(kubectl: Kubectl, namespace: str) -> None:
    """A namespace in which a Deployment of a thousand replicas makes not one pod."""
    kubectl("--namespace", namespace, "create", "quota", "no-pods", "--hard=pods=0", check=True)


@contextmanager
def stored(api: Api, raw: Json) -> Iterator[App]:
    """A MyApp with this spec."""
    answer = api.request("POST", f"{api.path('myapps')}?fieldValidation=Strict", myapp("shop", **raw))
    try:
        yield App.from_json(answer)
    finally:  # hypothesis goes on after a failure, to find a smaller MyApp
        api.delete("myapps", "shop")


@contextmanager
def applied(api: Api, kind: Kind, body: Json) -> Iterator[Child]:
    """A child, made as the operator makes it."""
    made = asyncio.run(asked(api, lambda kube: kube.create(kind, body)))
    try:
        yield Child.from_json(made)
    finally:
        api.request("DELETE", place(api, kind, body), {"propagationPolicy": "Background"})


async def asked(api: Api, request: Callable[[Kube], Awaitable[T]]) -> T:
    """What the API server answers to the operator."""
    async with Connection(await load_configuration(api.kubeconfig)) as connection:
        return await request(Kube(connection))


def is_left_alone(api: Api, kind: Kind, body: Json) -> bool:
    """Whether applying it again changes nothing; a controller may write its status just then."""
    before = Child.from_json(api.request("GET", place(api, kind, body)))
    try:
        apply = partial(Kube.apply, kind=kind, body=body, uid=before.uid, version=before.resource_version)
        after = asyncio.run(asked(api, apply))
    except ApiError as refused:
        if refused.status == HTTPStatus.CONFLICT:
            return False
        raise
    return Child.from_json(after).resource_version == before.resource_version


def placed(want: Wanted, gateway_group: str) -> tuple[Kind, Json]:
    """The child; an HTTPRoute in the test's own group."""
    version = want.kind.api_version.replace("gateway.networking.k8s.io", gateway_group)
    return replace(want.kind, api_version=version), {**(want.body or {}), "apiVersion": version}


def place(api: Api, kind: Kind, body: Json) -> str:
    root = "apis" if "/" in body["apiVersion"] else "api"
    return f"/{root}/{body['apiVersion']}/namespaces/{api.namespace}/{kind.plural}/{body['metadata']['name']}"


@pytest.mark.usefixtures("no_pods")
@ONE_NAMESPACE
@given(raw=specs.specs())
def test_the_server_takes_every_child_and_applying_it_again_changes_nothing(
    api: Api, gateway_group: str, raw: Json
) -> None:
    with stored(api, raw) as app:
        built = desired.build(app, parse_spec(app.spec))
        assert built == desired.build(app, parse_spec(raw, strict=True))  # the server fills in what we would
        for want in built:
            if want.body:
                kind, body = placed(want, gateway_group)
                with applied(api, kind, body) as child:
                    assert not drift.drifted(body, want.applied, child), [*drift.lost(body, child)]
                    wait_for("applying again changes nothing", partial(is_left_alone, api, kind, body))


TEXT = "Gr\u00fc\u00dfe \U0001f600, \x7f\x85\u2028 and \\ud83d \ufeff"
"""An emoji, line ends of old, and what looks like an escape."""


def test_any_text_reaches_the_pods_as_it_was_written(api: Api, operator: OperatorProcess) -> None:
    api.create("myapps", hasty(env=[{"name": "GREETING", "value": TEXT}]))
    wait_for("Ready", api.is_ready)
    containers = (api.get("deployments", "myapp-deployment") or {})["spec"]["template"]["spec"]["containers"]
    assert {"name": "GREETING", "value": TEXT} in containers[0]["env"]
