"""What holds of every MyApp that is right, whatever it says: tried with random ones over the whole API.

The same ones each time, so that a test that passes here passes everywhere; hypothesis prints the smallest MyApp for
which something does not hold.
"""

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from hypothesis import given

from myapp_operator import desired, names
from myapp_operator.grammar import Json
from myapp_operator.model import parse_spec
from tests import specs
from tests.unit.samples import app

FORBIDDEN = {
    "externalIPs",
    "externalName",
    "hostAliases",
    "hostIP",
    "hostPath",
    "hostPort",
    "hostUsers",
    "nodeName",
    "nodePort",
    "runtimeClassName",
    "shareProcessNamespace",
    "volumeDevices",
}
"""What reaches past a pod into its node or into others: in no child, at no depth."""
OFF = {"hostNetwork", "hostPID", "hostIPC", "privileged", "allowPrivilegeEscalation"}
"""What is there and switched off."""
FREE = {"matchLabels", "labels", "annotations", "nodeSelector"}
"""Maps whose keys are the user's own words."""


def children(raw: Json) -> dict[str, Json]:
    """What an app called `shop` becomes, by kind."""
    built = desired.build(app("shop"), parse_spec(raw, strict=True))
    return {each.kind.kind: each.body for each in built if each.body}


def fields(part: Any) -> Iterator[tuple[str, Any]]:
    """Every field at any depth, with its value."""
    if isinstance(part, list):
        for each in part:
            yield from fields(each)
    elif isinstance(part, dict):
        for key, value in part.items():
            yield key, value
            if key not in FREE:
                yield from fields(value)


@given(raw=specs.specs())
def test_building_is_a_pure_function(raw: Json) -> None:
    before = deepcopy(raw)
    spec = parse_spec(raw, strict=True)
    once = json.dumps([each.body for each in desired.build(app("shop"), spec)])
    again = json.dumps([each.body for each in desired.build(app("shop"), spec)])
    assert once == again
    assert once == json.dumps([each.body for each in desired.build(app("shop"), parse_spec(before, strict=True))])
    assert raw == before


@given(raw=specs.specs())
def test_what_the_server_fills_in_changes_nothing(raw: Json) -> None:
    filled = parse_spec(raw, strict=True).model_dump(by_alias=True, exclude_none=True)
    assert children(filled) == children(raw)


@given(raw=specs.specs())
def test_every_child_is_named_labelled_owned_and_selects_the_pods_of_its_app_alone(raw: Json) -> None:
    built = children(raw)
    assert {"Deployment", "Service"} <= built.keys()
    for kind, body in built.items():
        metadata = body["metadata"]
        assert (metadata["name"], metadata["namespace"]) == (f"shop-{suffix(kind)}", "default")
        assert metadata["labels"] == {**raw.get("labels", {}), **names.labels("shop")}
        assert [each["uid"] for each in metadata["ownerReferences"]] == ["uid-1"]
    pods = built["Deployment"]["spec"]["template"]
    assert names.labels("shop").items() <= pods["metadata"]["labels"].items()
    selectors = [built["Service"]["spec"]["selector"], built["Deployment"]["spec"]["selector"]["matchLabels"]]
    selectors += [built[kind]["spec"]["selector"]["matchLabels"] for kind in built if kind == "PodDisruptionBudget"]
    selectors += [built[kind]["spec"]["podSelector"]["matchLabels"] for kind in built if kind == "NetworkPolicy"]
    assert all(each == names.selector("shop") for each in selectors)
    assert names.selector("shop").items() <= pods["metadata"]["labels"].items()
    assert not raw.get("labels", {}).keys() & (
        pods["metadata"]["labels"].keys() - raw.get("podMetadata", {}).get("labels", {}).keys()
    )


def suffix(kind: str) -> str:
    return next(each.suffix for each in desired.BUILDERS if each.kind == kind)


@given(raw=specs.specs())
def test_nothing_reaches_past_the_pods(raw: Json) -> None:
    for body in children(raw).values():
        found = [*fields(body)]
        assert not {key for key, _ in found} & FORBIDDEN
        assert not [key for key, value in found if key in OFF and value]
    pod = children(raw)["Deployment"]["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] > 0
    for container in (*pod["containers"], *pod.get("initContainers", ())):
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert pod["automountServiceAccountToken"] is ("serviceAccountName" in raw)
