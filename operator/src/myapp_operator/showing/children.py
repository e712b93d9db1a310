"""What one child says of its own state, in a few words: what its controller has made of it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from myapp_operator import names
from myapp_operator.grammar import Json
from myapp_operator.names import Kind
from myapp_operator.observed import Child

_MOST = 3
"""Addresses, metrics or parents that are told of one child."""
_LONGEST = 200
"""Characters of a controller's words."""


def state(kind: Kind, raw: Json, *, rolled_back: bool = False) -> str:
    """The state of a child that is there and belongs to the app, which may have gone back to an earlier version."""
    tell = _TELLERS.get(kind)
    if kind is names.DEPLOYMENT:
        return _deployment(raw, "version before" if rolled_back else "new version")
    return "; ".join(filter(None, tell(raw))) if tell else "exists"


def _deployment(raw: Json, newest: str) -> str:
    rollout = Child.from_json(raw).rollout
    if rollout is None:
        return ""
    ready = f"{rollout.ready}/{rollout.wanted} ready, {rollout.available} available"
    return f"{ready}, {rollout.updated} of the {newest}"


def _service(raw: Json) -> Iterator[str]:
    spec = _map(raw.get("spec"))
    ports = ", ".join(f"{each.get('port')} -> {each.get('targetPort')}" for each in _maps(spec.get("ports")))
    yield f"{spec.get('type')} {spec.get('clusterIP')}, port {ports}"
    if spec.get("type") == "LoadBalancer":
        yield _addresses(raw) or "no address of a load balancer yet"


def _ingress(raw: Json) -> Iterator[str]:
    spec = _map(raw.get("spec"))
    hosts = ", ".join(str(each.get("host") or "any host") for each in _maps(spec.get("rules"))[:_MOST])
    of_class = f" (class {spec['ingressClassName']})" if spec.get("ingressClassName") else ""
    yield f"{hosts}{of_class}: {_addresses(raw) or 'no address yet: no controller has taken it'}"


def _addresses(raw: Json) -> str:
    balancer = _map(_map(raw.get("status")).get("loadBalancer"))
    found = [str(each.get("ip") or each.get("hostname") or "") for each in _maps(balancer.get("ingress"))]
    return "at " + ", ".join(filter(None, found[:_MOST])) if any(found) else ""


def _route(raw: Json) -> Iterator[str]:
    parents = _maps(_map(raw.get("status")).get("parents"))
    if not parents:
        yield "no Gateway has taken it yet"
    for each in parents[:_MOST]:
        reference = _map(each.get("parentRef"))
        wrong = [one for one in _maps(each.get("conditions")) if one.get("status") == "False"]
        said = ", ".join(f"not {one.get('type')}: {_words(one)}" for one in wrong[:_MOST])
        yield f"Gateway {reference.get('name')}: {said or 'accepted'}"


def _autoscaler(raw: Json) -> Iterator[str]:
    spec, status = _map(raw.get("spec")), _map(raw.get("status"))
    now, wanted = status.get("currentReplicas", 0), status.get("desiredReplicas", 0)
    yield f"{now} pods, wants {wanted}, from {spec.get('minReplicas', 1)} to {spec.get('maxReplicas')}"
    current = _maps(status.get("currentMetrics"))
    for metric in _maps(spec.get("metrics"))[:_MOST]:
        yield _metric(metric, current)
    for each in _maps(status.get("conditions")):
        if each.get("type") in ("AbleToScale", "ScalingActive") and each.get("status") == "False":
            yield f"not {each.get('type')}: {_words(each)}"


def _metric(metric: Json, current: list[Json]) -> str:
    """A metric of a resource as kubectl shows it, such as cpu 40%/80%; of others the name alone."""
    about = _map(metric.get("resource"))
    if not about:
        return str(metric.get("type", ""))
    name, target = about.get("name"), _map(about.get("target"))
    seen = next((_map(_map(each.get("resource")).get("current")) for each in current if _is_about(each, name)), {})
    if (share := target.get("averageUtilization")) is not None:
        now = seen.get("averageUtilization")
        return f"{name} {'unknown' if now is None else f'{now}%'}/{share}%"
    return f"{name} {seen.get('averageValue', 'unknown')}/{target.get('averageValue', target.get('value'))}"


def _is_about(metric: Json, name: Any) -> bool:
    return bool(_map(metric.get("resource")).get("name") == name)


def _budget(raw: Json) -> Iterator[str]:
    status = _map(raw.get("status"))
    if not status or status.get("observedGeneration", 0) < raw["metadata"].get("generation", 0):
        yield "not counted yet"
        return
    allowed = status.get("disruptionsAllowed", 0)
    pods = "1 pod" if allowed == 1 else f"{allowed} pods" if allowed else "none"
    healthy, wanted = status.get("currentHealthy", 0), status.get("desiredHealthy", 0)
    yield f"{pods} may be evicted now: {healthy} healthy, {wanted} needed"


def _policy(raw: Json) -> Iterator[str]:
    rules = _maps(_map(raw.get("spec")).get("ingress"))
    if any(not each.get("from") for each in rules):
        yield "lets in all"
        return
    peers = sum(len(_maps(each.get("from"))) for each in rules)
    yield f"lets in {peers or 'no'} {'source' if peers == 1 else 'sources'}"


def _words(condition: Json) -> str:
    text = str(condition.get("message") or condition.get("reason") or "")
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _map(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def _maps(value: Any) -> list[Json]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


_TELLERS: Mapping[Kind, Callable[[Json], Iterator[str]]] = {
    names.SERVICE: _service,
    names.INGRESS: _ingress,
    names.ROUTE: _route,
    names.HPA: _autoscaler,
    names.PDB: _budget,
    names.NETWORK_POLICY: _policy,
}
