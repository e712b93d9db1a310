"""Rules across the parts of a spec, such as that every mount names a volume."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from myapp_operator.grammar import Json, Rule

if TYPE_CHECKING:
    from myapp_operator.model.spec import Spec


def _mounts_name_volumes(cel: str, path: str, mounts: Any) -> Rule:
    """The rule for the mounts of one container, or of one list of containers."""

    def holds(spec: Spec) -> bool:
        volumes = {each.get("name") for each in spec.volumes or ()}
        return all(each.get("name") in volumes for each in mounts(spec))

    return Rule(
        cel=cel,
        message="every volumeMount must name one of spec.volumes: add the volume, or remove the mount",
        path=path,
        holds=holds,
    )


def _mounts_of(containers: Iterable[Any] | None) -> Iterator[Json]:
    for each in containers or ():
        yield from each.volume_mounts or ()


_NAMES_A_VOLUME = "has(self.volumes) && self.volumes.exists(volume, volume.name == mount.name)"


def _mounts_in(field: str) -> str:
    return (
        f"!has(self.{field}) || self.{field}.all(container, !has(container.volumeMounts)"
        f" || container.volumeMounts.all(mount, {_NAMES_A_VOLUME}))"
    )


MOUNT_RULES = (
    _mounts_name_volumes(
        f"!has(self.volumeMounts) || self.volumeMounts.all(mount, {_NAMES_A_VOLUME})",
        ".volumeMounts",
        lambda spec: spec.volume_mounts or (),
    ),
    _mounts_name_volumes(_mounts_in("sidecars"), ".sidecars", lambda spec: _mounts_of(spec.sidecars)),
    _mounts_name_volumes(
        _mounts_in("initContainers"), ".initContainers", lambda spec: _mounts_of(spec.init_containers)
    ),
)


def _projects_no_token(spec: Spec) -> bool:
    sources = (source for each in spec.volumes or () for source in (each.get("projected") or {}).get("sources") or ())
    return spec.service_account_name is not None or not any("serviceAccountToken" in each for each in sources)


TOKEN_RULE = Rule(
    cel=(
        "has(self.serviceAccountName) || !has(self.volumes) || self.volumes.all(volume, !has(volume.projected)"
        " || !has(volume.projected.sources) || volume.projected.sources.all(it, !has(it.serviceAccountToken)))"
    ),
    message=(
        "a projected serviceAccountToken must belong to an account of the app's own: add serviceAccountName, or "
        "remove the token"
    ),
    path=".volumes",
    holds=_projects_no_token,
)


def _names_differ(spec: Spec) -> bool:
    return not {each.name for each in spec.sidecars or ()} & {each.name for each in spec.init_containers or ()}


CONTAINER_NAMES_RULE = Rule(
    cel=(
        "!has(self.sidecars) || !has(self.initContainers)"
        " || self.sidecars.all(one, self.initContainers.all(other, one.name != other.name))"
    ),
    message="a sidecar and an init container must not have the same name: choose another name for one of them",
    path=".sidecars",
    holds=_names_differ,
)


def _requests(resource: str) -> Rule:
    """The rule that a share of a resource can be told, since every container says of how much."""

    def asks(container: Any) -> bool:
        given = container.resources or {}
        return any(resource in (given.get(kind) or {}) for kind in ("requests", "limits"))

    def holds(spec: Spec) -> bool:
        if spec.autoscaling is None or getattr(spec.autoscaling, resource) is None:
            return True
        staying = [each for each in spec.init_containers or () if each.stays]
        return all(map(asks, [spec, *(spec.sidecars or ()), *staying]))

    def cel(owner: str) -> str:
        resources = f"{owner}.resources"
        kinds = (f"has({resources}.{kind}) && has({resources}.{kind}.{resource})" for kind in ("requests", "limits"))
        return f"(has({resources}) && ({' || '.join(kinds)}))"

    return Rule(
        cel=(
            f"!has(self.autoscaling) || !has(self.autoscaling.{resource}) || ({cel('self')}"
            f" && (!has(self.sidecars) || self.sidecars.all(each, {cel('each')}))"
            f" && (!has(self.initContainers)"
            f" || self.initContainers.all(each, !has(each.restartPolicy) || {cel('each')})))"
        ),
        message=(
            f"autoscaling.{resource} is a share of what is requested, so every container that runs must request "
            f"{resource}: add resources.requests.{resource} to the app and to each sidecar"
        ),
        path=f".autoscaling.{resource}",
        holds=holds,
    )


RULES = (*MOUNT_RULES, TOKEN_RULE, CONTAINER_NAMES_RULE, _requests("cpu"), _requests("memory"))
