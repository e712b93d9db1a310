"""MyApps in a user's files, read as kubectl and the API server would, without either."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TextIO

import yaml

from myapp_operator import names
from myapp_operator.errors import InvalidMyAppError
from myapp_operator.grammar import Json
from myapp_operator.model import NAME_RULE, OWN_NAME_RULE, Spec, parse_spec
from myapp_operator.names import Key
from myapp_operator.observed import App


class _Loader(yaml.SafeLoader):
    """YAML as JSON knows it: a date is a string."""

    yaml_implicit_resolvers = {  # noqa: RUF012  the base class declares it so
        first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def myapps(file: TextIO, namespace: str | None = None) -> Iterator[tuple[App, Spec]]:
    """The MyApps of one file, judged without a server. `namespace` is as in `objects`.

    Raises:
        InvalidMyAppError: the file holds none, or one that the API server would refuse.
    """
    for raw in objects(file, namespace):
        app, spec = unstored(raw), parse_spec(raw.get("spec") or {}, strict=True)
        if OWN_NAME_RULE.holds is not None and not OWN_NAME_RULE.holds((app.key.name, spec)):
            raise InvalidMyAppError(f"spec: {OWN_NAME_RULE.message}")
        yield app, spec


def objects(file: TextIO, namespace: str | None = None, default: str = "default") -> Iterator[Json]:
    """The MyApps of one file as they stand there, each with name and namespace; other objects are passed over.

    A MyApp that names no namespace goes into `namespace`, or else into the `default` one.

    Raises:
        InvalidMyAppError: the file holds none, one without a name, or one of another namespace.
    """
    try:
        documents = list(yaml.load_all(file, Loader=_Loader))
    except UnicodeDecodeError as error:
        raise InvalidMyAppError(f"{file.name} is not UTF-8: save it as UTF-8 ({error})") from error
    except yaml.YAMLError as error:
        raise InvalidMyAppError(f"{file.name} is no YAML: {error}") from error
    found = [each for document in documents for each in _objects(document) if _is_myapp(each)]
    if not found:
        raise InvalidMyAppError(f"{file.name} holds no {names.KIND}: give a file with apiVersion {names.API_VERSION}")
    for raw in found:
        yield _placed(raw, namespace, default)


def unstored(raw: Json) -> App:
    """A MyApp that no API server has seen: it has no uid, so its children name no owner."""
    metadata = raw["metadata"]
    return App(Key(metadata["namespace"], metadata["name"]), uid="", resource_version=0, generation=1, deleting=False)


def _objects(document: Any) -> Iterator[Any]:
    """The objects of a document: itself, or the items of a List as `kubectl get -o yaml` prints one."""
    if isinstance(document, dict):
        yield from document.get("items") or () if document.get("kind") == "List" else (document,)


def _is_myapp(raw: Any) -> bool:
    return isinstance(raw, dict) and (raw.get("apiVersion"), raw.get("kind")) == (names.API_VERSION, names.KIND)


def _placed(raw: Json, namespace: str | None, default: str) -> Json:
    """The same MyApp with its namespace written out."""
    metadata = raw.get("metadata")
    if not isinstance(metadata, dict):
        raise InvalidMyAppError("metadata: must be a map with the name of the MyApp")
    name = str(metadata.get("name", ""))
    if NAME_RULE.holds is not None and not NAME_RULE.holds(name):
        raise InvalidMyAppError(f"metadata.name: {NAME_RULE.message}")
    own = metadata.get("namespace")
    if own and namespace and own != namespace:
        raise InvalidMyAppError(f'metadata.namespace: the file says "{own}": leave out --namespace "{namespace}"')
    return {**raw, "metadata": {**metadata, "name": name, "namespace": str(own or namespace or default)}}
