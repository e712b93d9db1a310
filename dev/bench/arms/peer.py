"""Any other operator, described by a peer.yaml in a folder of its own; docs/performance.md has an example."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dev.bench.arms.arm import NAMESPACE, Arm, Command
from dev.bench.arms.tutorial import mighty_account
from dev.bench.errors import BenchError
from dev.bench.plane import Account, Plane
from myapp_operator import names
from myapp_operator.grammar import Json
from myapp_operator.names import Kind

FILE = "peer.yaml"
_KINDS = {"Deployment": names.DEPLOYMENT, "Service": names.SERVICE}


class Peer(BaseModel):
    """What peer.yaml says."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: str = Field(pattern="^[a-z]([-a-z0-9]*[a-z0-9])?$")
    install: list[str] = Field(min_length=1)
    """Files with its CRD and all else that it needs, from this folder."""
    object: str
    """A file with one object; {name} stands for the name of an app."""
    plural: str
    """How the API calls many of them."""
    command: list[str] = Field(min_length=1)
    """How it is started in this folder; {kubeconfig} and {port} stand for the file to use and a free port."""
    environment: dict[str, str] = {}
    """Variables, with the same words in braces."""
    ready: str
    """The type of the condition that becomes True once an app is ready."""
    children: list[Literal["Deployment", "Service"]] = ["Deployment", "Service"]
    probe: str = ""
    """The path on {port} that answers 200 once it is ready; without it, it is ready once it watches its objects."""
    edit: Json | None = None
    """A merge patch that changes the Deployment."""
    pod: Json | None = None
    """A merge patch that gives an app a pod, where the object asks for none."""
    poison: Json | None = None
    """A merge patch that makes an app which never becomes ready."""


def read(folder: Path) -> Arm:
    """The arm that a folder describes.

    Raises:
        BenchError: a file is missing or wrong; one sentence for each thing that is.
    """
    try:
        peer = Peer.model_validate(_yaml(folder / FILE))
    except ValidationError as error:
        raise BenchError(" ".join(_sentence(folder / FILE, each) for each in error.errors())) from error
    for file in peer.install:
        if not (folder / file).is_file():
            raise BenchError(f"{folder / FILE}: install: there is no {folder / file}.")
    template = _template(folder / peer.object)
    return _arm(peer, folder, template)


def _arm(peer: Peer, folder: Path, template: Json) -> Arm:
    text = json.dumps(template)

    def body(name: str) -> Json:
        made: Json = json.loads(text.replace("{name}", name))
        return made

    def prepare(plane: Plane) -> Account:
        for file in peer.install:
            plane.apply((folder / file).read_text(), failed=f"{folder / file} cannot be applied.")
        return mighty_account(plane, peer.name)

    def command(kubeconfig: Path, port: int) -> Command:
        def filled(text: str) -> str:
            return text.replace("{kubeconfig}", str(kubeconfig)).replace("{port}", str(port))

        variables = [f"{name}={filled(value)}" for name, value in peer.environment.items()]
        return ["env", *variables, *map(filled, peer.command)]

    return Arm(
        name=peer.name,
        prepare=prepare,
        command=command,
        kind=Kind(template["kind"], template["apiVersion"], peer.plural, "", whole=True),
        children=tuple(_KINDS[each] for each in peer.children),
        body=body,
        is_written=lambda seen: _condition(seen, peer.ready) is not None,
        is_ready=lambda seen: (_condition(seen, peer.ready) or {}).get("status") == "True",
        heals=len(peer.children) == len(_KINDS),
        edit=peer.edit,
        pod=peer.pod,
        poison=peer.poison,
        probe=peer.probe,
        folder=folder,
    )


def _condition(seen: Json, kind: str) -> Json | None:
    """The condition of this type, if it is about the present generation, or does not say which one it is about."""
    status = seen.get("status") or {}
    for each in status.get("conditions") or ():
        if each.get("type") == kind:
            told = each.get("observedGeneration", status.get("observedGeneration"))
            found: Json = each
            return found if told in (None, seen["metadata"].get("generation")) else None
    return None


def _template(file: Path) -> Json:
    template = _yaml(file)
    if not all(isinstance(template.get(key), str) for key in ("apiVersion", "kind")):
        raise BenchError(f"{file}: it must be one object with apiVersion and kind.")
    metadata = template.get("metadata")
    if not isinstance(metadata, dict) or metadata.get("name") != "{name}":
        raise BenchError(f'{file}: metadata.name must be "{{name}}", which stands for the name of each app.')
    metadata["namespace"] = NAMESPACE
    return template


def _yaml(file: Path) -> Json:
    try:
        read: Any = yaml.safe_load(file.read_text())
    except OSError as error:
        raise BenchError(f"{file} cannot be read: {error.strerror}.") from error
    except yaml.YAMLError as error:
        raise BenchError(f"{file} is no YAML: {error}.") from error
    if not isinstance(read, dict):
        raise BenchError(f"{file} must hold one mapping.")
    return read


def _sentence(file: Path, error: Any) -> str:
    path = ".".join(map(str, error["loc"]))
    return f"{file}: {path}: {error['msg']}."
