"""Which MyApps are shown."""

import asyncio
from typing import Any

import pytest

from myapp_operator.errors import ApiError, InvalidMyAppError, NoSuchMyAppError, OperatorError
from myapp_operator.kube import Listing
from myapp_operator.names import Key
from myapp_operator.showing import choosing


def app(namespace: str, name: str, ready: str = "True", generation: int = 1) -> dict[str, Any]:
    return {
        "metadata": {"namespace": namespace, "name": name, "generation": generation},
        "status": {"observedGeneration": 1, "conditions": [{"type": "Ready", "status": ready}]},
    }


class Apps:
    """An API server that lists these MyApps, or refuses."""

    def __init__(self, *apps: dict[str, Any], error: ApiError | None = None) -> None:
        self._apps, self._error = apps, error

    async def list(self, _: Any, namespace: str | None) -> Listing:
        if self._error:
            raise self._error
        return Listing([each for each in self._apps if namespace in (None, each["metadata"]["namespace"])], 1)


def chosen(apps: Apps, *asked: str, namespace: str | None = None) -> choosing.Chosen:
    return asyncio.run(choosing.choose(apps, asked, namespace))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "names"),
    [
        (("shop",), ["shop"]),
        (("myapp/shop",), ["shop"]),
        (("myapps.apps.example.com/shop",), ["shop"]),
        (("ma", "shop", "other"), ["shop", "other"]),
        (("myapp",), ["myapp"]),
        (("shop", "myapp/shop"), ["shop"]),
        ((), []),
    ],
)
def test_names_may_be_written_as_for_kubectl(given: tuple[str, ...], names: list[str]) -> None:
    assert choosing.names_of(given) == names


@pytest.mark.parametrize("given", ["pod/shop", "myapp/", "a/b/c", "Shop", "shop?x"])
def test_what_can_be_no_myapp_is_said(given: str) -> None:
    with pytest.raises(InvalidMyAppError):
        choosing.names_of([given])


def test_without_a_name_those_that_are_not_ready_are_shown_and_the_others_counted() -> None:
    apps = Apps(app("b", "bad", "False"), app("a", "well"), app("a", "new", generation=2), app("b", "fine"))
    found = chosen(apps)
    assert (found.keys, found.words) == ([Key("a", "new"), Key("b", "bad")], "2 MyApps are Ready")
    assert chosen(apps, namespace="a").keys == [Key("a", "new")]


def test_of_very_many_the_first_are_shown() -> None:
    found = chosen(Apps(*(app("a", f"bad-{number:03}", "False") for number in range(100))))
    assert len(found.keys) == 20
    assert found.words.startswith("and 80 more: a/bad-020, ")


def test_a_name_is_looked_for_in_all_namespaces() -> None:
    apps = Apps(app("a", "shop"), app("b", "shop"), app("b", "other"))
    assert chosen(apps, "shop").keys == [Key("a", "shop"), Key("b", "shop")]
    with pytest.raises(NoSuchMyAppError, match='no MyApp "nope" in any namespace'):
        chosen(apps, "nope")
    assert chosen(apps, "nope", namespace="a").keys == [Key("a", "nope")], "which is then asked for by name"


def test_without_the_right_to_list_it_is_named() -> None:
    with pytest.raises(OperatorError, match=r"the right to list myapps\.apps\.example\.com in all namespaces"):
        chosen(Apps(error=ApiError(403, "Forbidden", "no")))


def test_where_there_are_none_it_is_said() -> None:
    with pytest.raises(NoSuchMyAppError, match='there is no MyApp in namespace "a"'):
        chosen(Apps(), namespace="a")
