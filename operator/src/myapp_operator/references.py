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
from myapp_operator.json_objects import mapping, read_version
from myapp_operator.names import Kind

_WIDTH = 16
"""Bytes of each hash that is kept."""
_EARLIER_WIDTH = 8
"""The same in earlier releases, whose hashes stand in the pod templates of `restartOnConfigChange`."""
_MOST_KEPT = 2**13
"""Bytes of hashes that are kept of each object, whatever is asked of it: of 256 keys."""


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
    one sorted row of bytes, in place of a dict of ten times the size, and of an object with many keys it has only those
    that were asked for.
    """

    entries: bytes = b""
    """A hash of the key and one of the value, for each key that is kept."""
    width: int = _WIDTH
    """Bytes of each of these hashes."""
    whole: str = ""
    """What changes with any key or value; empty where there is none."""
    earlier_whole: str = ""
    """The same as earlier releases worked it out."""
    only: frozenset[str] | None = None
    """The keys of which is known whether they are there; None: all."""

    @classmethod
    def of_values(cls, values: Mapping[str, str], keys: frozenset[str] = frozenset()) -> Digests:
        """Takes note of all values, by key; where there are too many, of those of `keys` and of the whole."""
        texts = {key: value for key, value in values.items() if isinstance(value, str)}
        pairs = {key: _short(key, _WIDTH) + _short(value, _WIDTH) for key, value in texts.items()}
        entries = b"".join(sorted(pairs.values()))
        whole, earlier_whole = _hash(entries), _hash(_shortened(entries))
        if len(entries) <= _MOST_KEPT:
            return cls(entries, whole=whole, earlier_whole=earlier_whole)
        kept = b"".join(sorted(pairs[key] for key in keys & pairs.keys()))
        return cls(kept, whole=whole, earlier_whole=earlier_whole, only=keys)

    def tell_of(self, keys: frozenset[str]) -> bool:
        """Whether it is known of all these keys whether they are there."""
        return self.only is None or keys <= self.only

    @property
    def earlier(self) -> Digests:
        """The same as an earlier release kept it."""
        return Digests(_shortened(self.entries), _EARLIER_WIDTH, self.earlier_whole, only=self.only)

    def of(self, key: str) -> str:
        """What changes with the value of this key; empty where there is no such key."""
        wanted, count = _short(key, self.width), len(self.entries) // (2 * self.width)
        entry = self._entry(bisect_left(range(count), wanted, key=lambda at: self._entry(at)[: self.width]))
        return entry[self.width :].hex() if entry.startswith(wanted) else ""

    def _entry(self, at: int) -> bytes:
        return self.entries[2 * self.width * at : 2 * self.width * (at + 1)]


def _hash(entries: bytes) -> str:
    return hashlib.sha256(entries).hexdigest() if entries else ""


def _shortened(entries: bytes) -> bytes:
    pairs = (entries[at : at + 2 * _WIDTH] for at in range(0, len(entries), 2 * _WIDTH))
    return b"".join(sorted(pair[:_EARLIER_WIDTH] + pair[_WIDTH:][:_EARLIER_WIDTH] for pair in pairs))


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

    def tells_of(self, keys: frozenset[str]) -> bool:
        """Whether it was read in this version, and what is kept tells of these keys."""
        return self.digests is not None and self.digests.tell_of(keys)

    @classmethod
    def contents(cls, raw: Mapping[str, Json], keys: frozenset[str] = frozenset()) -> Referent:
        """Projects a whole ConfigMap or Secret. Of its values only hashes are kept, of many those of `keys`."""
        values = {**mapping(raw.get("data")), **mapping(raw.get("binaryData"))}
        return replace(cls.from_json(raw), digests=Digests.of_values(values, keys))


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
