"""MyApps in a user's files, found as kubectl finds them, without a server."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TextIO

from myapp_operator import documents, names
from myapp_operator.grammar import Json
from myapp_operator.names import Key
from myapp_operator.observed import App

_NAME = re.compile("[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")


@dataclass(frozen=True)
class Place:
    """Where an object stands; `item` is its place in a List, from 0."""

    file: str
    document: int
    item: int | None = None

    def __str__(self) -> str:
        """As complaints begin."""
        item = "" if self.item is None else f", items[{self.item}]"
        return f"{self.file}, document {self.document}{item}"


@dataclass(frozen=True)
class Found:
    """One MyApp of a file as it stands there, with its namespace written out wherever it may have one."""

    place: Place
    body: Json


def read(
    sources: Iterable[TextIO], namespace: str | None = None, default: str = "default"
) -> tuple[list[Found], list[str]]:
    """The MyApps of files, and whatever is wrong with the files, a line each. Objects of other kinds are passed over.

    A MyApp that names no namespace goes into `namespace`, or else into the `default` one.
    """
    found: list[Found] = []
    complaints: list[str] = []
    for source in sources:
        of_this, wrong = _read(source)
        if not of_this and not wrong:
            wrong = [f"{_name(source)} holds no {names.KIND}: give a file with apiVersion {names.API_VERSION}"]
        complaints += wrong
        for each in of_this:
            found.append(Found(each.place, _placed(each.body, namespace or default)))
            complaints += _of_another_namespace(each, namespace)
    return found, complaints


def not_addressable(found: Found) -> str:
    """Why the API server cannot be asked about a MyApp of this name, in one sentence; empty where it can.

    Name and namespace become parts of a path: nothing else may be put in through them.
    """
    metadata = found.body.get("metadata")
    if not isinstance(metadata, dict):
        return f"{found.place}: metadata: must be a map with the name of the {names.KIND}"
    for field in ("name", "namespace"):
        value = metadata.get(field)
        if not value:
            return f"{found.place}: metadata.{field}: must be given"
        if not isinstance(value, str) or not _NAME.fullmatch(value):
            words = "must hold only a-z, 0-9 and -, and begin and end with a letter or digit"
            return f"{found.place}: metadata.{field}: {words}"
    return ""


def unstored(raw: Json) -> App:
    """A MyApp that no API server has seen: it has no uid, so its children name no owner."""
    metadata = raw["metadata"]
    return App(Key(metadata["namespace"], metadata["name"]), uid="", resource_version=0, generation=1, deleting=False)


def _name(source: TextIO) -> str:
    return "standard input" if source.name == "<stdin>" else source.name


def _read(source: TextIO) -> tuple[list[Found], list[str]]:
    found: list[Found] = []
    wrong: list[str] = []
    file = _name(source)
    try:
        for number, document in enumerate(documents.read(source.read()), 1):
            for place, raw in _objects(document, Place(file, number)):
                if complaint := _not_an_object(raw):
                    wrong.append(f"{place}: {complaint}")
                elif raw["kind"] == names.KIND and raw["apiVersion"] == names.API_VERSION:
                    found.append(Found(place, raw))
    except UnicodeDecodeError as error:
        wrong.append(f"{file} is not UTF-8: save it as UTF-8 ({error})")
    except documents.UnreadableDocumentError as error:
        wrong.append(f"{file} is no YAML: {' '.join(str(error).split())}")
    return found, wrong


def _objects(document: Any, place: Place) -> Iterator[tuple[Place, Any]]:
    """The objects of a document: itself, or the items of a List as `kubectl get -o yaml` prints one; none where it is
    empty."""
    if document is None:
        return
    items = document.get("items") if isinstance(document, dict) else None
    if isinstance(items, list) and str(document.get("kind", "")).endswith("List"):
        yield from ((Place(place.file, place.document, item), each) for item, each in enumerate(items))
    elif not (isinstance(document, dict) and document.get("kind") == "List" and items is None):
        yield place, document


def _not_an_object(raw: Any) -> str:
    """Why kubectl could do nothing with it, or what looks like a MyApp and is none; empty where all is well."""
    if not isinstance(raw, dict):
        return "is no object of Kubernetes: it must be a map with apiVersion and kind"
    missing = [field for field in ("apiVersion", "kind") if not isinstance(raw.get(field), str) or not raw[field]]
    if missing:
        return (
            f"has no {' and no '.join(missing)}: a {names.KIND} has apiVersion {names.API_VERSION}, kind {names.KIND}"
        )
    group, _, version = raw["apiVersion"].partition("/")
    if group != names.GROUP:
        return ""
    if raw["kind"] != names.KIND:
        return f'kind: there is no "{raw["kind"]}" in {names.GROUP}: write {names.KIND}'
    if version != names.VERSION:
        return f"apiVersion: {raw['apiVersion']} is not served: write {names.API_VERSION}"
    return ""


def _placed(raw: Json, namespace: str) -> Json:
    """The same MyApp with its namespace written out; untouched where its metadata is none."""
    metadata = raw.get("metadata")
    if not isinstance(metadata, dict) or metadata.get("namespace"):
        return raw
    return {**raw, "metadata": {**metadata, "namespace": namespace}}


def _of_another_namespace(found: Found, namespace: str | None) -> Iterator[str]:
    metadata = found.body.get("metadata")
    own = metadata.get("namespace") if isinstance(metadata, dict) else None
    if own and namespace and own != namespace:
        yield f'{found.place}: metadata.namespace: the file says "{own}": leave out --namespace "{namespace}"'
