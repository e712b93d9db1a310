"""What `explain` reads beyond what the status says."""

from typing import Any, cast

from myapp_operator import names
from myapp_operator.grammar import Json
from myapp_operator.kube import Kube
from myapp_operator.names import Key, Kind
from myapp_operator.showing.facts import Facts
from myapp_operator.showing.gathering import _Reader
from tests.unit.samples import refusal

NO = refusal(403, 'secrets is forbidden: User "me" cannot get resource "secrets"', reason="Forbidden")


class There:
    """ConfigMap `c0` is there, no other one; Secrets may not be read."""

    def __init__(self) -> None:
        self.read: list[str] = []

    async def whole(self, kind: Kind, key: Key) -> Json | None:
        self.read.append(key.name)
        metadata = {"name": key.name, "namespace": key.namespace, "resourceVersion": "1"}
        return {"metadata": metadata, "data": {"a": "1"}} if key.name == "c0" else None

    async def metadata(self, kind: Kind, key: Key) -> Json | None:
        if kind is names.SECRET:
            raise NO
        return None


def reader(reason: str, env_from: list[Json], **spec: Any) -> tuple[There, _Reader]:
    kube = There()
    metadata = {"name": "shop", "namespace": "web", "uid": "uid-app", "generation": 1, "resourceVersion": "1"}
    status = {"conditions": [{"type": "Ready", "reason": reason}]}
    stored = {"metadata": metadata, "spec": {"image": "shop:1", "envFrom": env_from, **spec}, "status": status}
    return kube, _Reader(cast(Kube, kube), Facts(Key("web", "shop"), app=stored))


def config_maps(number: int) -> list[Json]:
    return [{"configMapRef": {"name": f"c{each}"}} for each in range(number)]


async def test_all_that_is_missing_is_shown() -> None:
    _, found = reader("ReferenceMissing", [*config_maps(6), {"secretRef": {"name": "s"}}], serviceAccountName="robot")
    await found.read_missing()
    assert sorted(each.split(" does not")[0] for each in found.facts.missing) == [
        *(f'ConfigMap "c{each}"' for each in range(1, 6)),
        'ServiceAccount "robot"',
    ]
    assert len(found.facts.unread) == 1, "of the Secret nobody knows"


async def test_a_key_that_is_missing_is_shown_too() -> None:
    env = [{"name": "B", "valueFrom": {"configMapKeyRef": {"name": "c0", "key": "b"}}}]
    _, found = reader("ReferenceMissing", [], env=env)
    await found.read_missing()
    assert found.facts.missing == ['ConfigMap "c0" has no key "b" (env B of container "shop")']


async def test_nothing_is_asked_where_nothing_is_missing_or_the_spec_cannot_be_read() -> None:
    for kube, found in (reader("Ready", config_maps(2)), reader("ReferenceMissing", config_maps(2), port="x")):
        await found.read_missing()
        assert (kube.read, found.facts.missing) == ([], [])
