"""Which namespaces other installations of the operator look after: this one stays away from them.

Every installation holds a Lease of the same name, which says what it covers (see `claims`). A Lease whose holder does
not renew it counts no more: judged by how long it has looked the same to us. A tenant may make such a Lease as well.
It speaks for its own namespace alone, unless the ServiceAccount of its namespace has the rights of an operator in what
it claims. See docs/decisions/0017-other-installations-and-another-history.md.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace

from myapp_operator import claims, lease, names
from myapp_operator.claims import ALL, Claim
from myapp_operator.errors import ApiError, OperatorError
from myapp_operator.fence import elapsed
from myapp_operator.grammar import Json
from myapp_operator.kube import Kube
from myapp_operator.lease import Sighting
from myapp_operator.names import Key
from myapp_operator.observed import metadata_of

_LOOK_SECONDS = 10.0
"""Less than a Lease lasts: one that is renewed never looks the same for longer."""

_REFUSED_SECONDS = 300.0
"""Between two looks while the right to look is missing."""

_MAX_REVIEWS = 50
"""Questions about rights in one look. Claims for which none is left count from a later look on: tenants make many."""

logger = logging.getLogger(__name__)


class Installations:
    """Looks at the Leases of other installations. `home` is the namespace of our own Lease; empty without one."""

    def __init__(self, kube: Kube, namespaces: Sequence[str], home: str, clock: Callable[[], float] = elapsed) -> None:
        self._kube = kube
        self._clock = clock
        self._own = Claim(home, frozenset(namespaces) or frozenset({ALL}))
        # In its own namespace an installation always comes first: there is nothing to ask.
        self._scopes: Sequence[str | None] = sorted({*namespaces, home} - {""}) if {*namespaces} - {home} else []
        if not namespaces:
            self._scopes = [None]
        self._sightings: dict[str, Sighting] = {}
        self._trusted: dict[tuple[str, str], bool] = {}
        self._reviews_left = 0
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
        while self._scopes:
            await asyncio.sleep(_REFUSED_SECONDS if self._refusal else _LOOK_SECONDS)
            before = self._others
            await self.look()
            if any(claim != self._others.get(namespace) for namespace, claim in before.items()):
                freed()

    async def look(self) -> None:
        """Looks once. Where the Leases cannot be listed, what was known stays."""
        try:
            found = [each for scope in self._scopes for each in await self._leases(scope)]
            others = await self._strongest(found)
        except OperatorError as error:
            self._complain(error)
            return
        self._refusal, self._failure = "", ""
        self._tell(others)
        self._others = others
        self.trouble = self._nothing_left()

    def leader_of(self, namespace: str) -> str:
        """The home of another installation that looks after a namespace; empty where this one does."""
        if not self._others:
            return ""
        rivals = [claim for each in (namespace, ALL) if (claim := self._others.get(each))]
        leader = claims.leader_of(namespace, [self._own, *rivals])
        return leader.home if leader and leader is not self._own else ""

    async def _leases(self, scope: str | None) -> list[Json]:
        if scope:
            one = await self._kube.whole(names.LEASE, Key(scope, names.MANAGER))
            found = [one] if one else []
        else:
            found = (await self._kube.list(names.LEASE, scope, fields=f"metadata.name={names.MANAGER}")).items
        return [each for each in found if isinstance(metadata_of(each).get("namespace"), str)]

    async def _strongest(self, found: Sequence[Json]) -> dict[str, Claim]:
        """The strongest live claim of others on each namespace that they name, and on all."""
        live = self._live(found)
        self._reviews_left = _MAX_REVIEWS
        if own := live.get(self._own.home):
            self._own = replace(self._own, created=own.created, uid=own.uid)
        others: dict[str, Claim] = {}
        for claim in (each for home, each in live.items() if home != self._own.home):
            for namespace in claim.covers:
                only = replace(claim, covers=frozenset({namespace}))
                known = others.get(namespace)
                if self._concerns(namespace) and await self._is_trusted(claim.home, namespace):
                    others[namespace] = claims.leader_of(namespace, [only, *([known] if known else [])]) or only
        self._trusted = {key: known for key, known in self._trusted.items() if key[0] in live}
        return others

    def _live(self, found: Sequence[Json]) -> dict[str, Claim]:
        """The claims of the Leases that are held and renewed, by home."""
        now = self._clock()
        leases = {each["metadata"]["namespace"]: each for each in found}
        self._sightings = {home: lease.look(self._sightings.get(home), each, now) for home, each in leases.items()}
        held = {home for home, seen in self._sightings.items() if seen.holder and seen.seconds_left(now)}
        return {home: claims.read(each) for home, each in leases.items() if home in held}

    def _concerns(self, namespace: str) -> bool:
        """Whether a claim on this could be stronger than ours."""
        if namespace == ALL:
            return ALL in self._own.covers or not self._own.home
        return bool(self._own.covers & {namespace, ALL})

    async def _is_trusted(self, home: str, namespace: str) -> bool:
        """Whether a Lease speaks for a namespace: for its own one, or with the rights of an operator."""
        if home == namespace:
            return True
        if (home, namespace) not in self._trusted:
            if not self._reviews_left:
                return False
            self._reviews_left -= 1
            account = Key(home, names.MANAGER)
            try:
                may = await self._kube.may_write_status(account, None if namespace == ALL else namespace)
            except ApiError as error:
                logger.warning("cannot ask for the rights of %s, so its claim does not count: %s", account, error)
                may = False
            self._trusted[home, namespace] = may
        return self._trusted[home, namespace]

    def _tell(self, others: dict[str, Claim]) -> None:
        """Says once of each namespace from which this installation stays away, and once when that ends."""
        for namespace in sorted({*others, *self._others}):
            before, now = self._leading(namespace, self._others), self._leading(namespace, others)
            where = "all namespaces" if namespace == ALL else f"namespace {namespace}"
            if now and now != before:
                logger.warning("staying away from %s: the %s of namespace %s leads there", where, names.MANAGER, now)
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
