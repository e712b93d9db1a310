"""Running another pod template than the newest one: an earlier version that a ReplicaSet still has. Pure.

Kubernetes keeps the template of each version in a ReplicaSet. Applied to the Deployment once more, it makes no new
ReplicaSet: the controller finds that same one and scales it up again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from myapp_operator import names
from myapp_operator.causes import newest_replica_set
from myapp_operator.desired import Wanted, with_spec
from myapp_operator.grammar import Json

FOLLOWING = (names.DEPLOYMENT, names.SERVICE, names.NETWORK_POLICY)
"""The children that depend on which version runs."""


def of_replica_set(replica_set: Json) -> Json:
    """The pod template of a ReplicaSet as the Deployment had it: without the label that the controller adds."""
    template: Json = without_nulls(replica_set["spec"]["template"])
    labels = {key: value for key, value in template["metadata"]["labels"].items() if key != names.TEMPLATE_HASH}
    return {**template, "metadata": {**template["metadata"], "labels": labels}}


def hash_of(replica_set: Json) -> str:
    """What tells its template from all others of the Deployment."""
    return str((replica_set["metadata"].get("labels") or {}).get(names.TEMPLATE_HASH, ""))


def find(deployment_uid: str, replica_sets: Sequence[Json], template_hash: str) -> Json | None:
    """The ReplicaSet of this Deployment that has the template of this hash."""
    return newest_replica_set(deployment_uid, [each for each in replica_sets if hash_of(each) == template_hash])


def running(wanted: Sequence[Wanted], app: str, template: Json) -> list[Wanted]:
    """What should be while this template runs: the Deployment has it, the Service points where its pods listen, and
    whoever may reach the app reaches them."""
    return [_following(want, app, template) for want in wanted]


def with_zeros(template: Json, wanted: Iterable[Wanted]) -> Json:
    """The pod template with each `false` that every template of ours has: the API server keeps none of them, and what
    is not applied could be changed by others."""
    pods = [each.body["spec"]["template"]["spec"] for each in wanted if each.kind == names.DEPLOYMENT and each.body]
    always = {key: value for pod in pods for key, value in pod.items() if value is False}
    return {**template, "spec": {**always, **template["spec"]}}


def with_template(want: Wanted, template: Json) -> Wanted:
    """The Deployment that should be, but with this pod template; all else of it stays as wanted."""
    return _with(want, template=template)


def _following(want: Wanted, app: str, template: Json) -> Wanted:
    if want.body is None:
        return want
    if want.kind == names.DEPLOYMENT:
        return with_template(want, template)
    if want.kind == names.SERVICE and (port := _port(app, template)) is not None:
        first, *others = want.body["spec"]["ports"]
        return _with(want, ports=[{**first, "targetPort": port}, *others])
    if want.kind == names.NETWORK_POLICY and (rules := want.body["spec"].get("ingress")):
        return _with(want, ingress=[{**rule, "ports": _joined(rule["ports"], _ports(template))} for rule in rules])
    return want


def _with(want: Wanted, **changes: Any) -> Wanted:
    return with_spec(want, {**(want.body or {})["spec"], **changes})


def _port(app: str, template: Json) -> int | None:
    """Where the container of the app listens: the first of its ports."""
    own: Json = next((each for each in template["spec"]["containers"] if each["name"] == app), {})
    ports = own.get("ports") or []
    return ports[0]["containerPort"] if ports else None


def _ports(template: Json) -> Iterator[Json]:
    """Every port at which a container listens that stays, in the words of a NetworkPolicy."""
    pod = template["spec"]
    staying = (each for each in pod.get("initContainers") or () if each.get("restartPolicy") == "Always")
    for container in (*pod["containers"], *staying):
        for port in container.get("ports") or ():
            yield {"port": port["containerPort"], "protocol": port.get("protocol", "TCP")}


def _joined(ports: Sequence[Json], others: Iterable[Json]) -> list[Json]:
    """Both, each port once."""
    named = dict.fromkeys((each["port"], each["protocol"]) for each in (*ports, *others))
    return [{"port": port, "protocol": protocol} for port, protocol in named]


def without_nulls(value: Any) -> Any:
    """The API server prints a field such as creationTimestamp without a value; applied, it would be a field of ours."""
    if isinstance(value, dict):
        return {key: without_nulls(each) for key, each in value.items() if each is not None}
    return [without_nulls(each) for each in value] if isinstance(value, list) else value
