"""Which MyApps `explain` shows: those that are named, in one namespace or in all, or else all that are not Ready."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from myapp_operator import names
from myapp_operator.errors import ApiError, InvalidMyAppError, NoSuchMyAppError, OperatorError
from myapp_operator.grammar import Json
from myapp_operator.kube import APPS, Kube
from myapp_operator.names import Key

_MOST_SCREENS = 20
_NAME = re.compile("[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_RESOURCES = frozenset(
    f"{word}{group}"
    for word in ("myapp", names.PLURAL, "ma")
    for group in ("", f".{names.GROUP}", f".{names.VERSION}.{names.GROUP}")
)
"""What kubectl calls the kind."""
_WHOLE = replace(APPS, whole=True)


@dataclass(frozen=True)
class Chosen:
    """The MyApps to show, and what is to be said of the others."""

    keys: Sequence[Key]
    words: str = ""


def names_of(arguments: Sequence[str]) -> list[str]:
    """The names among arguments such as `shop`, `myapp/shop`, or `myapp` and `shop`.

    Raises:
        InvalidMyAppError: one is no name of a MyApp.
    """
    given = [*arguments[1:]] if len(arguments) > 1 and arguments[0] in _RESOURCES else [*arguments]
    found: list[str] = []
    for each in given:
        resource, slash, name = each.rpartition("/")
        if slash and resource.lower() not in _RESOURCES:
            raise InvalidMyAppError(f'"{each}" is no {names.KIND}: write shop, or myapp/shop')
        if not _NAME.fullmatch(name):
            raise InvalidMyAppError(f'"{name}" can be no name of a {names.KIND}: write shop, or myapp/shop')
        found.append(name)
    return list(dict.fromkeys(found))


async def choose(kube: Kube, asked: Sequence[str], namespace: str | None) -> Chosen:
    """Finds the MyApps that were asked for, in a namespace; None: in all.

    Raises:
        NoSuchMyAppError: there is none.
        ApiError: they may not be listed.
        UnreachableError: there is no answer from the API server.
    """
    if asked and namespace is not None:
        return Chosen([Key(namespace, each) for each in asked])
    try:
        apps = (await kube.list(_WHOLE, namespace)).items
    except ApiError as error:
        if error.status == 403:
            where = f'in namespace "{namespace}"' if namespace else "in all namespaces"
            raise _RefusedError(
                f"to find them takes the right to list {_WHOLE.plural}.{names.GROUP} {where}"
            ) from error
        raise
    if asked:
        return _named(apps, asked)
    if not apps:
        where = f'in namespace "{namespace}"' if namespace else "in this cluster"
        raise NoSuchMyAppError(f"there is no {names.KIND} {where}")
    return _in_trouble(apps)


class _RefusedError(OperatorError):
    """What was asked for may not be read."""


def _named(apps: Sequence[Json], asked: Sequence[str]) -> Chosen:
    keys = [_key(each) for each in apps if _key(each).name in asked]
    if missing := [each for each in asked if each not in {key.name for key in keys}]:
        raise NoSuchMyAppError(f'there is no {names.KIND} "{missing[0]}" in any namespace')
    return _bounded(sorted(keys), "")


def _in_trouble(apps: Sequence[Json]) -> Chosen:
    bad = sorted(_key(each) for each in apps if not _is_ready(each))
    well = len(apps) - len(bad)
    return _bounded(bad, f"{_count(well)} Ready" if well else "")


def _bounded(keys: Sequence[Key], words: str) -> Chosen:
    more = ", ".join(map(str, keys[_MOST_SCREENS : 2 * _MOST_SCREENS]))
    told = f"and {len(keys) - _MOST_SCREENS} more: {more}" if len(keys) > _MOST_SCREENS else ""
    if len(keys) > 2 * _MOST_SCREENS:
        told += ", …"
    return Chosen(keys[:_MOST_SCREENS], "; ".join(filter(None, (told, words))))


def _count(apps: int) -> str:
    return f"1 {names.KIND} is" if apps == 1 else f"{apps} {names.KIND}s are"


def _key(app: Json) -> Key:
    return Key(app["metadata"]["namespace"], app["metadata"]["name"])


def _is_ready(app: Json) -> bool:
    """Whether the operator says so of this version of the MyApp, as it is."""
    status = app.get("status") or {}
    seen = status.get("observedGeneration") == app["metadata"].get("generation")
    return seen and any(
        each.get("type") == "Ready" and each.get("status") == "True" for each in status.get("conditions") or ()
    )
