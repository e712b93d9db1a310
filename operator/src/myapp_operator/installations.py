"""Which namespaces other installations of the operator look after: this one stays away from them.

Every installation holds a Lease of the same name, which says what it covers (see `claims`). A Lease whose holder does
not renew it counts no more: judged by how long it has looked the same to us. A tenant may make such a Lease as well.
It speaks for its own namespace alone, unless the ServiceAccount of its namespace has the rights of an operator in what
it claims. See docs/decisions/0017-other-installations-and-another-history.md.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from myapp_operator import claims, lease, names
from myapp_operator.claims import ALL, Claim
from myapp_operator.errors import ApiError, OperatorError
from myapp_operator.fence import elapsed
from myapp_operator.grammar import Json
from myapp_operator.json_objects import mapping, metadata_of
from myapp_operator.kube import Kube
from myapp_operator.lease import Sighting
from myapp_operator.rights import Rights

_LOOK_SECONDS = 10.0
"""Less than a Lease lasts: one that is renewed never looks the same for longer."""

_REFUSED_SECONDS = 300.0
"""Between two looks while the right to look is missing."""

_LONGEST_LEASE = 60.0
"""Seconds after which a Lease that is not renewed counts no more, however long it says that it lasts."""

_CHANGES = ("holderIdentity", "leaseDurationSeconds", "acquireTime", "renewTime", "leaseTransitions")
"""What a holder writes into its Lease."""
_MAX_TEXT = 256
"""Characters that are kept of each: others may write a megabyte."""

logger = logging.getLogger(__name__)


class Installations:
    """Looks at the Leases of other installations. `home` is the namespace of our own Lease; empty without one."""

    def __init__(self, kube: Kube, namespaces: Sequence[str], home: str, clock: Callable[[], float] = elapsed) -> None:
        self._kube = kube
        self._clock = clock
        self._own = Claim(home, frozenset(namespaces) or frozenset({ALL}))
        self._rights = Rights(kube, clock)
        self._sightings: dict[str, Sighting] = {}
        """By the namespace of the Lease."""
        self._others: dict[str, Claim] = {}
        """By namespace, or `ALL`: the strongest claim of another installation."""
        self._refusal = ""
        """Why Leases may not be read; empty where they may."""
        self._failure = ""
        """What was said last of a look that failed."""
        self.trouble = ""
        """Why this installation has nothing to do, in one sentence; empty where it has."""

    async def run(self, freed: Callable[[], None]) -> None:
        """Looks until cancelled; `freed` is called where another installation has given something up."""
        while self._needs_to_look:
            await asyncio.sleep(_REFUSED_SECONDS if self._refusal else _LOOK_SECONDS)
            before = self._others
            await self.look()
            if any(claim != self._others.get(namespace) for namespace, claim in before.items()):
                freed()

    async def look(self) -> None:
        """Looks once. Where the Leases cannot be listed, what was known stays."""
        if not self._needs_to_look:
            return
        try:
            live = await self._live()
            rivals = {home: self._rivalling(claim) for home, claim in live.items() if home != self._own.home}
            await self._rights.ask({home: far for home, covers in rivals.items() if (far := covers - {home})})
        except OperatorError as error:
            self._complain(error)
            return
        self._refusal, self._failure = "", ""
        if own := live.get(self._own.home):
            self._own = replace(self._own, created=own.created, uid=own.uid)
        others = self._strongest(replace(live[home], covers=covers) for home, covers in rivals.items())
        self._tell(others)
        self._others = others
        self.trouble = self._nothing_left()

    @property
    def _needs_to_look(self) -> bool:
        """In its own namespace an installation always comes first, so one for that alone has nothing to ask."""
        return self._own.covers != {self._own.home}

    def leader_of(self, namespace: str) -> str:
        """The home of another installation that looks after a namespace; empty where this one does."""
        if not self._others:
            return ""
        rivals = [claim for each in (namespace, ALL) if (claim := self._others.get(each))]
        leader = claims.leader_of(namespace, [self._own, *rivals])
        return leader.home if leader and leader is not self._own else ""

    async def _live(self) -> dict[str, Claim]:
        """The claims of the Leases that are held and renewed, by home.

        One list of all namespaces, as one that claims ours may be anywhere. No page is kept: a tenant may make each
        Lease as large as an object may be. An API server that was away has kept others from renewing, so the time of
        each Lease begins anew after a look that failed.
        """
        sightings: dict[str, Sighting] = {}
        live: dict[str, Claim] = {}
        async for page in self._kube.pages(names.LEASE, None, fields=f"metadata.name={names.MANAGER}"):
            now = self._clock()
            for each in page.items:
                home = metadata_of(each).get("namespace")
                if not isinstance(home, str):
                    continue
                before = self._sightings.get(home)
                before = replace(before, since=now) if before and self._failure else before
                seen = sightings[home] = lease.look(before, _bounded(each), now)
                if seen.holder and now - seen.since < min(seen.seconds, _LONGEST_LEASE):
                    live[home] = claims.read(each)
        self._sightings = sightings
        return live

    def _rivalling(self, claim: Claim) -> frozenset[str]:
        """What another one claims that could be stronger than our claim on the same."""
        if ALL in self._own.covers:
            return claim.covers
        return claim.covers & (self._own.covers if self._own.home else self._own.covers | {ALL})

    def _strongest(self, rivals: Iterable[Claim]) -> dict[str, Claim]:
        """The strongest claim on each namespace that they name, and on all. A Lease speaks for its own namespace, or
        with the rights of an operator."""
        others: dict[str, Claim] = {}
        for claim in rivals:
            for namespace in claim.covers:
                if namespace != claim.home and not self._rights.may(claim.home, namespace):
                    continue
                only = replace(claim, covers=frozenset({namespace}))
                known = others.get(namespace)
                others[namespace] = claims.leader_of(namespace, [only, *([known] if known else [])]) or only
        return others

    def _tell(self, others: dict[str, Claim]) -> None:
        """Says once of each namespace from which this installation stays away, and once when that ends."""
        for namespace in sorted({*others, *self._others}):
            before, now = self._leading(namespace, self._others), self._leading(namespace, others)
            where = "all namespaces" if namespace == ALL else f"namespace {namespace}"
            if now and now != before:
                words = "staying away from %s: the %s of namespace %s leads there. Where it runs no more, delete its %s"
                logger.warning(words, where, names.MANAGER, now, names.LEASE)
            elif before and not now:
                logger.info("looking after %s again: no other %s leads there", where, names.MANAGER)

    def _leading(self, namespace: str, others: dict[str, Claim]) -> str:
        """The home of the claim on just this entry, where it is stronger than ours."""
        rival = others.get(namespace)
        return rival.home if rival and claims.leader_of(namespace, [self._own, rival]) is rival else ""

    def _nothing_left(self) -> str:
        homes = {self._leading(ALL, self._others) if each == ALL else self.leader_of(each) for each in self._own.covers}
        if "" in homes:
            return ""
        return (
            f"the {names.MANAGER} of namespace {', '.join(sorted(homes))} looks after the same namespaces, so this one "
            "stays away: remove one of the two, or give this one namespaces of its own with --namespace"
        )

    def _complain(self, error: OperatorError) -> None:
        """Says the same thing once."""
        self._refusal = str(error) if isinstance(error, ApiError) and error.status == 403 else ""
        advice = ": grant the rights of deploy/operator/installations.yaml" if self._refusal else ""
        if str(error) != self._failure:
            logger.warning("cannot look for other installations (%s)%s", error, advice)
        self._failure = str(error)


def _bounded(raw: Json) -> Json:
    """A Lease as far as it tells whether it is held and renewed."""
    spec = mapping(raw.get("spec"))
    told = {name: spec[name] for name in _CHANGES if name in spec}
    return {"spec": {name: each[:_MAX_TEXT] if isinstance(each, str) else each for name, each in told.items()}}
