"""The earlier versions of an app: what of them is kept, however much others write into their ReplicaSets."""

from collections.abc import AsyncIterator, Sequence
from typing import Any, cast

import orjson

from myapp_operator import admitted, history, names, templates
from myapp_operator.grammar import Json
from myapp_operator.kube import Kube
from tests.unit.samples import KEY
from tests.unit.versions import OLD, replica_set


class Sets:
    """A connection to these ReplicaSets, ten a page."""

    def __init__(self, sets: Sequence[Json]) -> None:
        self._sets = sets

    async def controlled(self, *_: object, **__: Any) -> AsyncIterator[Sequence[Json]]:
        for at in range(0, len(self._sets), 10):
            yield self._sets[at : at + 10]


async def kept(*sets: Json) -> list[Json]:
    return await history.replica_sets(cast(Kube, Sets(sets)), KEY, "uid-child")


def with_metadata(number: int, **fields: Json) -> Json:
    """The ReplicaSet of a version, with more annotations, labels or other fields than a controller writes."""
    found = replica_set(f"h{number}", number)
    metadata = {key: {**found["metadata"].get(key, {}), **value} for key, value in fields.items()}
    return {**found, "metadata": {**found["metadata"], **metadata}}


async def test_what_others_write_beside_a_template_takes_no_memory() -> None:
    """A tenant may write 250 kB of annotations onto each of thousands."""
    large = {"a": "x" * 250_000}
    sets = [with_metadata(number, annotations=large, labels=large, managedFields=large) for number in range(50)]
    found = await kept(*sets)
    assert [templates.hash_of(each) for each in found] == [f"h{number}" for number in range(49, -1, -1)]
    assert len(orjson.dumps(found)) < 50_000


async def test_what_tells_a_version_is_kept() -> None:
    raw = with_metadata(1, annotations={names.TEMPLATE: "note", "other": "x"})
    (found,) = await kept(raw)
    assert templates.of_replica_set(found) == templates.of_replica_set(raw)
    assert templates.find("uid-child", [found], "h1") is found
    assert admitted._note(found) == "note"


async def test_of_large_templates_as_many_are_kept_as_fit_and_two_in_any_case() -> None:
    def large(number: int, size: int) -> Json:
        return replica_set(f"h{number}", number, template={**OLD, "spec": {"x": "y" * size}})

    assert len(await kept(*(large(number, 1_000_000) for number in range(30)))) == 4
    assert len(await kept(*(large(number, 5_000_000) for number in range(3)))) == 2


async def test_of_thousands_of_versions_the_newest_hundred_are_kept() -> None:
    """Each page costs the work of sorting and weighing all that is kept."""
    found = await kept(*(replica_set(f"h{number}", number) for number in range(1000)))
    assert [templates.hash_of(each) for each in found] == [f"h{number}" for number in range(999, 899, -1)]
