"""Whether the watches still bring what happens: what we write must come back, and a list must hold nothing new.

A watch can fall silent without an end, and kopf connects again without a word: an operator that misses every change
looks like one that has nothing to do. See docs/decisions/0013-echo.md.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from myapp_operator import gaps, names, rollcall
from myapp_operator.errors import OperatorError, UnreadableError
from myapp_operator.gaps import Gap
from myapp_operator.informer import Failure, Watcher, failure_after
from myapp_operator.kube import Kube
from myapp_operator.store import Store

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pace:
    """How often is looked, and how long may be waited; all in seconds."""

    look: float = 30.0
    quiet: float = 60.0
    """After this time without a status write a list takes the place of its echo."""
    patience: float = 90.0
    """How long news may take."""


class Echo:
    """Listens for the echo of our writes, and lists the MyApps where there was none to be heard or it is slow."""

    def __init__(
        self,
        kube: Kube,
        store: Store,
        namespaces: Sequence[str | None],
        pace: Pace | None = None,
        watchers: Sequence[Watcher[Any]] = (),
    ) -> None:
        self._watchers = watchers
        self._kube = kube
        self._store = store
        self._pace = pace or Pace()
        self._gaps: dict[str | None, dict[str, Gap]] = {each: {} for each in namespaces}
        self._listed_at = dict.fromkeys(namespaces, float("-inf"))
        self._unlisted_at = float("-inf")
        """When a list was asked for in vain last, whatever the reason."""
        self._refused: dict[str | None, Failure] = {}
        """Where our identity is refused the list, or where what answers is none."""
        self._lagging: set[str] = set()
        """MyApps whose lag was told."""
        self.trouble = ""
        """Why what we know cannot be relied on, in one sentence; empty where it can."""

    async def run(self) -> None:
        """Looks until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self._pace.look)
            for namespace in self._gaps:
                if self._is_list_due(namespace, loop.time()):
                    await self._compare(namespace)
            for watcher in self._watchers:
                if watcher.is_quiet(self._pace.quiet):
                    await self._compare_watched(watcher)
            self._judge(loop.time())

    def _is_list_due(self, namespace: str | None, now: float) -> bool:
        """Each namespace has a watch of its own. Trouble is followed until it ends, whatever else is heard.

        What is slow to come back may be so because the API server is away: a list tells.
        """
        slow = self._store.unreturned(now - self._pace.look, namespace)
        if self._gaps[namespace] or namespace in self._refused or slow:
            return True
        return max(self._listed_at[namespace], self._store.last_status(namespace)) <= now - self._pace.quiet

    async def _compare(self, namespace: str | None) -> None:
        try:
            listed, version = await rollcall.take(self._kube, self._store, namespace)
        except OperatorError as error:
            logger.debug("cannot list %s to compare: %s", names.PLURAL, error)  # what can be known has not changed
            self._note_failure(namespace, error)
            return
        now = self._listed_at[namespace] = asyncio.get_running_loop().time()
        self._refused.pop(namespace, None)
        known = self._store.known_apps(namespace)
        self._gaps[namespace] = gaps.compare(self._gaps[namespace], listed, version, known, now)

    async def _compare_watched(self, watcher: Watcher[Any]) -> None:
        try:
            await watcher.compare()
        except OperatorError as error:
            logger.debug("cannot list to compare: %s", error)
            self._unlisted_at = asyncio.get_running_loop().time()

    def _note_failure(self, namespace: str | None, error: OperatorError) -> None:
        """An API server that does not answer neither begins trouble nor ends it."""
        self._unlisted_at = asyncio.get_running_loop().time()
        if failure := failure_after(self._refused.get(namespace), error, self._unlisted_at):
            self._refused[namespace] = failure
        elif not self.trouble:
            self._refused.pop(namespace, None)

    def _judge(self, now: float) -> None:
        latest = now - self._pace.patience
        before, self.trouble = self.trouble, self._refusal(latest) or self._silence(latest)
        if self.trouble and not before:
            logger.warning("%s", self.trouble)
        elif before and not self.trouble:
            logger.info("the watches bring all changes again")

    def _refusal(self, latest: float) -> str:
        """What has been refused since this moment or longer, in one sentence; empty where nothing has."""
        apps = ((names.PLURAL, each) for each in self._refused.values())
        failures = (*apps, *((each.plural, each.failure) for each in self._watchers if each.failure))
        plural, error = next(((plural, each.error) for plural, each in failures if each.since <= latest), ("", None))
        if error is None:
            return ""
        if isinstance(error, UnreadableError):
            return (
                f"the list of {plural} cannot be read for {self._pace.patience:.0f} s or longer ({error}):"
                " find out what answers in place of the API server, such as a proxy"
            )
        return (
            f"the API server has refused the list of {plural} for {self._pace.patience:.0f} s or longer"
            f" ({error}): grant the rights of deploy/operator/role.yaml,"
            " or give this operator credentials that are valid"
        )

    def _silence(self, latest: float) -> str:
        """What has not arrived since this moment or longer, in one sentence; empty while all does.

        What nobody could have brought, while there was no list to be had either, gets its time anew.
        """
        if not self.trouble and self._unlisted_at > latest:
            return ""
        late: list[str] = []
        for namespace, missed in self._gaps.items():
            newest = self._store.newest_version(namespace)
            overdue = [gap for gap in missed.values() if gap.since <= latest]
            late += self._store.unreturned(latest, namespace)
            late += [f"a change of {names.KIND} {gap.key}" for gap in overdue if gap.version >= newest]
            self._tell_lagging({str(gap.key) for gap in overdue if gap.version < newest})
        late += [words for watcher in self._watchers for words in watcher.overdue(latest)]
        return self._sentence(late) if late else ""

    def _tell_lagging(self, lagging: set[str]) -> None:
        """Logs once which MyApps are behind although the watch has brought newer changes: that is their own trouble,
        and no verdict on the watch."""
        for key in sorted(lagging - self._lagging):
            logger.warning(
                "a change of %s %s has not arrived for %.0f s or longer, and newer ones of others have: a restart of"
                " this operator reads it anew",
                names.KIND,
                key,
                self._pace.patience,
                extra={"app": key},
            )
        self._lagging |= lagging

    def _sentence(self, late: Sequence[str]) -> str:
        others = f", and {len(late) - 1} more," if len(late) > 1 else ""
        return (
            f"a watch is silent: {late[0]}{others} has not arrived for {self._pace.patience:.0f} s or longer."
            " Find out what holds watches back, such as a proxy before the API server; a restart opens them anew"
        )
