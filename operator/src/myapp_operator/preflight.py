"""Whether what an app refers to is there, before its pods are made; and the hash that restarts them. Pure.

A version of the pods that refers to what is missing would only fail to start, and with `Recreate` take the running ones
with it. So it is held back. One that was let through before stays let through: what is lost later is no new version.
The account is the exception: it is a right, which may be withdrawn, and so it is asked for each time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from myapp_operator import names
from myapp_operator.causes import Cause
from myapp_operator.desired import Wanted
from myapp_operator.digests import hash_of, is_earlier, is_hash
from myapp_operator.names import Kind, Reason
from myapp_operator.observed import Child
from myapp_operator.references import Digests, Reference, Referent
from myapp_operator.refusals import Refused
from myapp_operator.templates import with_template

_MOST_TOLD = 3
"""Missing things that a message names; of the others it gives the number."""
_WITH_CONTENTS = frozenset({names.CONFIG_MAP, names.SECRET})
_NOT_FOUND = re.compile(r'\b(configmap|secret|persistentvolumeclaim|serviceaccount) "([^"\s]{1,253})" not found', re.I)
_NO_KEY = re.compile(r"couldn't find key (\S{1,253}) in (ConfigMap|Secret) [^/\s]{1,63}/(\S{1,253})")
"""What the kubelet says of what is not there."""
_BETWEEN = re.compile(r"[;,] ")
"""What stands between the words for several volumes, and between several things of one volume."""
_BY_NAME = {kind.kind.lower(): kind for kind in names.REFERABLE}


@dataclass(frozen=True)
class Known:
    """What is known of the objects that an app refers to."""

    seen: frozenset[Kind] = frozenset()
    """The kinds that the operator may watch. Of the others nothing is known."""
    objects: Mapping[tuple[Kind, str], Referent] = field(default_factory=dict)

    def of(self, reference: Reference) -> Referent | None:
        """The object of a reference, if it is there."""
        return self.objects.get((reference.kind, reference.name))


def must_be_read(reference: Reference, *, restarts: bool) -> bool:
    """Whether the keys of its object matter, and not only that it is there."""
    if reference.kind not in _WITH_CONTENTS:
        return False
    return restarts or (reference.key is not None and not reference.optional)


def problem(references: Iterable[Reference], known: Known) -> Refused | None:
    """Why the pods must not be made now; None where nothing is against it.

    Kinds that the operator may not watch are not checked, except for the account: whether that is open to MyApps is a
    question of rights, so without an answer it is not.
    """
    found = [*references]
    if absent := missing(found, known):
        more = f" and {len(absent) - _MOST_TOLD} more" if len(absent) > _MOST_TOLD else ""
        words = ", ".join(absent[:_MOST_TOLD]) + more
        return Refused(Reason.REFERENCE_MISSING, f"{words}: create what is missing, or change the {names.KIND}")
    return next(filter(None, (_not_allowed(each, known) for each in found)), None)


def missing(references: Iterable[Reference], known: Known) -> list[str]:
    """All that is not there, each with the place that names it."""
    return [*dict.fromkeys(filter(None, (_missing(each, known) for each in references)))]


def is_there_now(cause: Cause, known: Known) -> bool:
    """Whether all that this is about was not there and has come into being since, as the watch has brought it.

    The kubelet tries again in its own time, and its words stand until then. Those of an app are about anything.
    """
    if cause.reason is not Reason.CONFIG_ERROR:
        return False
    return all(_has_come(each, known) for each in _BETWEEN.split(cause.message))


def _has_come(words: str, known: Known) -> bool:
    """Whether these words are about things that were not there, and all of them are now."""
    objects = [(_BY_NAME[kind.lower()], name) for kind, name in _NOT_FOUND.findall(words)]
    keys = [((_BY_NAME[kind.lower()], name), key) for key, kind, name in _NO_KEY.findall(words)]
    digests = [((there := known.objects.get(target)) and there.digests, key) for target, key in keys]
    found = [*(each in known.objects for each in objects), *(bool(each and each.of(key)) for each, key in digests)]
    return bool(found) and all(found)


def _missing(reference: Reference, known: Known) -> str | None:
    if reference.optional or reference.kind not in known.seen:
        return None
    what, there = f'{reference.kind} "{reference.name}"', known.of(reference)
    if there is None:
        return f"{what} does not exist ({reference.where})"
    if reference.key is None or not _is_told(reference, there) or (there.digests and there.digests.of(reference.key)):
        return None
    return f'{what} has no key "{reference.key}" ({reference.where})'


def _is_told(reference: Reference, there: Referent) -> bool:
    """Whether what is kept of an object tells of what is referred to; it was not read, or for other keys, otherwise."""
    return there.tells_of(frozenset() if reference.key is None else frozenset({reference.key}))


def _not_allowed(reference: Reference, known: Known) -> Refused | None:
    if reference.kind != names.SERVICE_ACCOUNT:
        return None
    there = known.of(reference)
    if there is not None and there.usable:
        return None
    if reference.kind not in known.seen:
        words = "the operator may not list and watch ServiceAccounts: grant the rights of deploy/operator/role.yaml"
        return Refused(Reason.SERVICE_ACCOUNT_NOT_ALLOWED, words)
    command = f"kubectl label serviceaccount {reference.name} {names.USABLE}=true"
    return Refused(
        Reason.SERVICE_ACCOUNT_NOT_ALLOWED,
        f'ServiceAccount "{reference.name}" is not open to MyApps: choose another one, or whoever answers for it opens '
        f"it to all MyApps of the namespace: {command}",
    )


def of_account(references: Iterable[Reference]) -> list[Reference]:
    """The references by which pods get the rights of an account."""
    return [each for each in references if each.kind == names.SERVICE_ACCOUNT]


def was_let_through(want: Wanted, deployment: Child, generation: int, *, earlier: bool = True) -> bool:
    """Whether our Deployment has this version of the pods already, or had it until others changed it.

    Where it was gone back from, no pods are made of it, and any other one would be made anew. `earlier`: also where
    only half a hash tells, as earlier releases wrote it. Another version with the same half can be made, so that one
    must not decide which rights pods get.
    """
    if deployment.rolled_back is not None:
        return deployment.rolled_back.is_of(generation, want.version, want.configuration)
    applied = deployment.applied
    same = is_hash(applied, want.applied) if earlier else applied == want.applied
    return same or want.version == deployment.template


def configured(want: Wanted, deployment: Child | None) -> Mapping[str, str]:
    """What stands for the configuration now: that of the version which failed, where that one is still asked for, else
    that of the pods."""
    if deployment is None:
        return {}
    if (failed := deployment.rolled_back) and failed.version == want.version:
        return failed.configuration
    return deployment.rollout.configuration if deployment.rollout else {}


def configuration(
    references: Sequence[Reference], known: Known, before: Mapping[str, str], *, complete: bool
) -> Mapping[str, str]:
    """The annotations of the pod template that stand for the configuration: one for each kind that is referred to.

    Only what the pods use counts, in no order. A kind of which anything is unknown, or all of them unless `complete`,
    stays as it was `before`: what cannot be seen is no reason for a restart.
    """
    found: dict[str, str] = {}
    for kind, annotation in names.CONFIGURATION.items():
        used, was = [each for each in references if each.kind == kind], before.get(annotation, "")
        digest = _digest(used, known) if used and complete and kind in known.seen else ""
        if digest and is_earlier(was) and is_hash(was, _digest(used, known, earlier=True)):
            digest = was  # as an earlier release wrote it: another hash of the same values would restart the pods
        if used and (value := digest or was):
            found[annotation] = value
    return found


def used(references: Iterable[Reference], known: Known) -> Mapping[str, str]:
    """What the pods use of each object of the configuration, by the words that name it; empty of one not read."""
    of: dict[str, list[Reference]] = {}
    for each in references:
        if each.kind in names.CONFIGURATION:
            of.setdefault(f'{each.kind} "{each.name}"', []).append(each)
    return {words: _digest(each, known) for words, each in of.items()}


def changed(before: Mapping[str, str] | None, now: Mapping[str, str], kinds: Iterable[Kind]) -> str:
    """Which objects of these kinds are not as they were `before`, as in messages; None: it is not known how they were,
    so that one alone can be named."""
    prefixes = tuple(f'{kind} "' for kind in kinds)
    among = [words for words in now if words.startswith(prefixes)]
    found = among if before is None else [words for words in among if now[words] != before.get(words)]
    if not found or (before is None and len(found) > 1):
        return f"a {' or '.join(prefix[:-2] for prefix in prefixes)} changed"
    more = f" and {len(found) - _MOST_TOLD} more" if len(found) > _MOST_TOLD else ""
    return f"{', '.join(found[:_MOST_TOLD])}{more} changed"


def with_configuration(want: Wanted, annotations: Mapping[str, str]) -> Wanted:
    """The wanted Deployment with these annotations on its pods."""
    if not annotations or want.body is None:
        return want
    template = want.body["spec"]["template"]
    metadata = template["metadata"]
    given = {**(metadata.get("annotations") or {}), **annotations}
    return with_template(want, {**template, "metadata": {**metadata, "annotations": given}})


def _digest(used: Sequence[Reference], known: Known, *, earlier: bool = False) -> str:
    """A hash of all that is used of some objects; empty where one was not read. `earlier`: as of earlier releases."""
    if not all(there is None or _is_told(each, there) for each, there in zip(used, map(known.of, used), strict=True)):
        return ""
    return hash_of(sorted(set(_used(used, known, earlier=earlier))))


def _used(references: Iterable[Reference], known: Known, *, earlier: bool) -> Iterator[tuple[str, str, str]]:
    """Name, key and digest of each value that the pods use; of an object that they use as a whole there is no key."""
    found: dict[tuple[Kind, str], Digests] = {}  # an app may name one object in a thousand places
    for each in references:
        digests = found.get((each.kind, each.name))
        if digests is None:
            there = known.of(each)
            digests = (there and there.digests) or Digests()
            digests = found[each.kind, each.name] = digests.earlier if earlier else digests
        yield each.name, each.key or "", digests.whole if each.key is None else digests.of(each.key)
