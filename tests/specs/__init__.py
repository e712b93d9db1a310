"""Random MyApps that are right, over the whole API: strategies for hypothesis, made from the model.

What the model says of a field (its bounds, its default, whether it is required) is taken from there; what it cannot
say, such as which texts are host names, stands in the tables. A new field of a kind that is in no table is a KeyError
here, so it cannot be forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy

from hypothesis import strategies as st
from pydantic import ValidationError

from myapp_operator.crd import schema
from myapp_operator.grammar import Json, KubeType, Part
from myapp_operator.model import DisruptionBudget, Spec
from tests.specs.kubetypes import TYPES, probe
from tests.specs.words import (
    DOTTED,
    HOST,
    KEY,
    LABEL,
    LABELS,
    PORTS,
    URL_PATH,
    WORDS,
    Strategy,
    matching,
    one_of_fields,
    some,
)

FIELDS: Mapping[str, Strategy] = {
    "image": matching("[a-z]{1,8}([.][a-z]{2}/[a-z]{1,5})?(:[A-Za-z0-9.]{1,5})?"),
    "command": some(WORDS),
    "args": st.lists(WORDS, max_size=2),
    "name": LABEL,
    "namespace": LABEL,
    "sectionName": LABEL,
    "className": DOTTED,
    "secretName": DOTTED,
    "serviceAccountName": DOTTED,
    "priorityClassName": DOTTED.filter(lambda name: not name.startswith("system-")),
    "host": HOST,
    "hostnames": st.lists(HOST, max_size=2),
    "path": URL_PATH,
    "labels": LABELS,
    "nodeSelector": LABELS,
    "annotations": st.dictionaries(KEY, WORDS.filter(str.isprintable), max_size=2),
    # Narrower than the model has them, so that the rules over two of them hold without many a try.
    "drainSeconds": st.integers(0, 20),
    "terminationGracePeriodSeconds": st.integers(21, 86400),
    "minReplicas": st.integers(1, 5),
    "maxReplicas": st.integers(5, 1000),
}
"""Fields of ours, by their names."""


def part(kind: type[Part]) -> Strategy:
    """A part of the API that keeps to its rules."""
    if kind is DisruptionBudget:
        return one_of_fields({each.name: _field(each) for each in schema.of_fields(kind)})
    fields = schema.of_fields(kind)
    required = {each.name: _field(each) for each in fields if each.required}
    optional = {each.name: _field(each) for each in fields if not each.required}
    return st.fixed_dictionaries(required, optional=optional).filter(lambda raw: _is_right(kind, raw))


def _is_right(kind: type[Part], raw: Json) -> bool:
    if kind is Spec:
        return True  # its rules are over several parts, which are brought together afterwards
    try:
        kind.model_validate(raw, strict=True, extra="forbid")
    except ValidationError:
        return False
    return True


def _field(field: schema.Property) -> Strategy:
    if field.inner is None:
        return FIELDS[field.name] if field.name in FIELDS else _plain(field.schema)
    if isinstance(field.inner, KubeType):
        ports = st.just(field.inner.port) | PORTS if field.inner.port else PORTS
        one = probe(ports) if field.inner.type == "Probe" else TYPES[field.inner.type]
    else:
        one = part(field.inner)
    if field.schema["type"] != "array":
        return one
    keys = field.schema.get("x-kubernetes-list-map-keys")
    if keys is None:
        return st.lists(one, max_size=2)
    known = field.schema["items"]["properties"]
    return st.lists(one, max_size=2, unique_by=lambda it: tuple(it.get(key, known[key].get("default")) for key in keys))


def _plain(known: Json) -> Strategy:
    if "enum" in known:
        return st.sampled_from(known["enum"])
    if known.get("x-kubernetes-int-or-string"):
        return st.integers(known["minimum"], known["maximum"]) | st.integers(0, 100).map("{}%".format)
    if known["type"] == "boolean":
        return st.booleans()
    if known["type"] == "integer":
        return st.integers(known["minimum"], known["maximum"])
    raise KeyError(f"no strategy for {known}")


def specs() -> Strategy:
    """Specs that the API server takes. No container is called `shop`, which is for the app."""
    return part(Spec).map(_brought_together)


def _brought_together(drawn: Json) -> Json:
    """The spec with what must fit together over several parts."""
    spec = deepcopy(drawn)
    taken = {"shop"}
    for field in ("sidecars", "initContainers"):
        kept = [each for each in spec.get(field, ()) if each["name"] not in taken]
        taken |= {each["name"] for each in kept}
        if field in spec:
            spec[field] = kept
    volumes = [each["name"] for each in spec.get("volumes", ())]
    for container in _containers(spec):
        _mount(container, volumes)
        _request(container, spec.get("autoscaling", {}))
    if volumes:
        spec.setdefault("volumeMounts", []).append({"name": volumes[0], "mountPath": "/volume/of/the-app"})
    if any("serviceAccountToken" in source for source in _projected(spec)):
        spec.setdefault("serviceAccountName", "web")
    return spec


def _containers(spec: Json) -> Iterator[Json]:
    yield spec
    yield from spec.get("sidecars", ())
    yield from spec.get("initContainers", ())


def _projected(spec: Json) -> Iterator[Json]:
    for volume in spec.get("volumes", ()):
        yield from volume.get("projected", {}).get("sources", ())


def _mount(container: Json, volumes: list[str]) -> None:
    """Each mount names a volume, if there are any."""
    if not volumes:
        container.pop("volumeMounts", None)
    for number, mount in enumerate(container.get("volumeMounts", ())):
        mount["name"] = volumes[number % len(volumes)]


def _request(container: Json, autoscaling: Json) -> None:
    """What it is scaled by, it requests."""
    for resource, amount in (("cpu", "100m"), ("memory", "64Mi")):
        given = container.get("resources", {})
        if resource in autoscaling and not any(resource in given.get(kind, {}) for kind in ("requests", "limits")):
            container["resources"] = given
            given.setdefault("requests", {})[resource] = amount
