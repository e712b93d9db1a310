"""What the pods of an app refer to, and where: ConfigMaps, Secrets, claims, a ServiceAccount. Pure.

Read from the pod template, in which containers and volumes of every part of the spec stand side by side. Image pull
secrets are left out: Kubernetes pulls without those that do not exist.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from myapp_operator import names
from myapp_operator.grammar import Json
from myapp_operator.names import Kind
from myapp_operator.observed import mapping, read_version

_WIDTH = 16
"""Bytes of each hash that is kept."""
_EARLIER_WIDTH = 8
"""The same in earlier releases, whose hashes stand in the pod templates of `restartOnConfigChange`."""


class Target(NamedTuple):
    """An object that is referred to."""

    kind: Kind
    namespace: str
    name: str


@dataclass(frozen=True)
class Reference:
    """One place that names an object."""

    kind: Kind
    name: str
    where: str
    """As in messages: env URL of container "shop"."""
    key: str | None = None
    """The one key that is needed; None: the object with whatever keys it has."""
    optional: bool = False
    """Whether the pods start without it as well."""

    def target(self, namespace: str) -> Target:
        """The object, for an app in this namespace."""
        return Target(self.kind, namespace, self.name)


@dataclass(frozen=True)
class Digests:
    """What is kept of the values of an object: which keys there are, and whether a value has changed.

    A ConfigMap may have a hundred thousand keys, and whoever may write one must not fill our memory with it. So this is
    one sorted row of bytes, in place of a dict of ten times the size.
    """

    entries: bytes = b""
    """A hash of the key and one of the value, for each key."""
    width: int = _WIDTH
    """Bytes of each of these hashes."""

    @classmethod
    def of_values(cls, values: Mapping[str, str]) -> Digests:
        """Takes note of all values, by key."""
        texts = ((key, value) for key, value in values.items() if isinstance(value, str))
        return cls(b"".join(sorted(_short(key, _WIDTH) + _short(value, _WIDTH) for key, value in texts)))

    @property
    def earlier(self) -> Digests:
        """The same as an earlier release kept it."""
        step = 2 * self.width
        pairs = (self.entries[at : at + step] for at in range(0, len(self.entries), step))
        short = (pair[:_EARLIER_WIDTH] + pair[self.width :][:_EARLIER_WIDTH] for pair in pairs)
        return Digests(b"".join(sorted(short)), _EARLIER_WIDTH)

    @property
    def whole(self) -> str:
        """What changes with any key or value; empty where there is none."""
        return hashlib.sha256(self.entries).hexdigest() if self.entries else ""

    def of(self, key: str) -> str:
        """What changes with the value of this key; empty where there is no such key."""
        wanted, count = _short(key, self.width), len(self.entries) // (2 * self.width)
        entry = self._entry(bisect_left(range(count), wanted, key=lambda at: self._entry(at)[: self.width]))
        return entry[self.width :].hex() if entry.startswith(wanted) else ""

    def _entry(self, at: int) -> bytes:
        return self.entries[2 * self.width * at : 2 * self.width * (at + 1)]


def _short(text: str, width: int) -> bytes:
    return hashlib.sha256(text.encode()).digest()[:width]


@dataclass(frozen=True)
class Referent:
    """An object that apps may refer to, less what it holds."""

    resource_version: int
    usable: bool = False
    """Whether its owner has opened it to MyApps; only of a ServiceAccount does that matter."""
    digests: Digests | None = None
    """What it holds; None where it was not read in this version."""

    @classmethod
    def from_json(cls, raw: Mapping[str, Json]) -> Referent:
        """Projects an object, metadata only. A whole one is projected by `contents`."""
        meta = mapping(raw.get("metadata"))
        return cls(read_version(meta), mapping(meta.get("labels")).get(names.USABLE) == "true")

    @classmethod
    def contents(cls, raw: Mapping[str, Json]) -> Referent:
        """Projects a whole ConfigMap or Secret. Of its values only hashes are kept."""
        values = {**mapping(raw.get("data")), **mapping(raw.get("binaryData"))}
        return replace(cls.from_json(raw), digests=Digests.of_values(values))


def size(raw: Json) -> int:
    """Roughly the bytes of what an object holds."""
    return sum(len(key) + len(each) for part in ("data", "binaryData") for key, each in mapping(raw.get(part)).items())


def of(template: Json) -> tuple[Reference, ...]:
    """All references of a pod template, in the order in which they are told."""
    pod = template["spec"]
    found = (*_account(pod), *_of_containers(pod), *_of_volumes(pod))
    return tuple(each for each in dict.fromkeys(found) if each.name)


def _account(pod: Json) -> Iterator[Reference]:
    """Without an account of its own an app gets the default one, whose token is not mounted."""
    if pod.get("automountServiceAccountToken"):
        yield Reference(names.SERVICE_ACCOUNT, pod["serviceAccountName"], "spec.serviceAccountName")


def _of_containers(pod: Json) -> Iterator[Reference]:
    for container in pod["containers"]:
        yield from _of_container(container, f'container "{container["name"]}"')
    for container in pod.get("initContainers") or ():
        yield from _of_container(container, f'init container "{container["name"]}"')


def _of_container(container: Json, called: str) -> Iterator[Reference]:
    for each in container.get("env") or ():
        source = each.get("valueFrom") or {}
        where = f"env {each['name']} of {called}"
        yield from _named(names.CONFIG_MAP, source.get("configMapKeyRef"), where)
        yield from _named(names.SECRET, source.get("secretKeyRef"), where)
    for each in container.get("envFrom") or ():
        yield from _named(names.CONFIG_MAP, each.get("configMapRef"), f"envFrom of {called}")
        yield from _named(names.SECRET, each.get("secretRef"), f"envFrom of {called}")


def _of_volumes(pod: Json) -> Iterator[Reference]:
    """A volume that no container mounts keeps no pod waiting, unless it is a claim, which the scheduler asks for."""
    containers = (*pod["containers"], *(pod.get("initContainers") or ()))
    mounted = {mount["name"] for container in containers for mount in container.get("volumeMounts") or ()}
    for volume in pod.get("volumes") or ():
        where = f'volume "{volume["name"]}"'
        claim = volume.get("persistentVolumeClaim")
        if claim is not None:
            yield Reference(names.CLAIM, claim["claimName"], where)
        elif volume["name"] in mounted:
            for source in (volume, *((volume.get("projected") or {}).get("sources") or ())):
                yield from _filled(names.CONFIG_MAP, source.get("configMap"), where)
                yield from _filled(names.SECRET, source.get("secret"), where)


def _filled(kind: Kind, source: Json | None, where: str) -> Iterator[Reference]:
    """What fills a volume: some keys of an object, or all that it has."""
    keys = [item["key"] for item in (source or {}).get("items") or ()]
    for key in keys or [None]:
        yield from _named(kind, source and {**source, "key": key}, where)


def _named(kind: Kind, source: Json | None, where: str) -> Iterator[Reference]:
    """What a source names. In a volume, and only there, the name of a Secret is called otherwise."""
    if source is not None:
        name = source.get("name") or source.get("secretName") or ""
        yield Reference(kind, name, where, source.get("key"), bool(source.get("optional")))
