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

from myapp_operator import endings, gaps, names, rollcall
from myapp_operator.errors import ApiError, OperatorError, UnreadableError
from myapp_operator.gaps import Gap
from myapp_operator.informer import PATIENCE, Failure, Watcher, failure_after
from myapp_operator.kube import Kube
from myapp_operator.store import Store
from myapp_operator.workqueue import WorkQueue

_Source = str | None | Watcher[Any]
"""What brings changes: the watch of the MyApps of a namespace or of all (None), or one of the others."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pace:
    """How often is looked, and how long may be waited; all in seconds."""

    look: float = 30.0
    quiet: float = 60.0
    """After this time without a status write a list takes the place of its echo."""
    patience: float = PATIENCE
    """How long news may take."""


class Echo:
    """Listens for the echo of our writes, and lists the MyApps where there was none to be heard or it is slow."""

    def __init__(  # noqa: PLR0913  all that is watched, and where what is gone is told
        self,
        kube: Kube,
        store: Store,
        namespaces: Sequence[str | None],
        queue: WorkQueue,
        *,
        pace: Pace | None = None,
        watchers: Sequence[Watcher[Any]] = (),
    ) -> None:
        self._watchers = watchers
        self._kube = kube
        self._store = store
        self._queue = queue
        self._pace = pace or Pace()
        self._gaps: dict[str | None, dict[str, Gap]] = {each: {} for each in namespaces}
        self._listed_at = dict.fromkeys(namespaces, float("-inf"))
        self._unlisted_at: dict[_Source, float] = {}
        """When a list was asked for in vain last, whatever the reason."""
        self._silent: set[_Source] = set()
        """Those that were last said not to bring all."""
        self._refused: dict[str | None, Failure] = {}
        """Where our identity is refused the list, or where what answers is none."""
        self._lagging: dict[str | None, set[str]] = {each: set() for each in namespaces}
        """MyApps whose lag was told and goes on."""
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
        slow = self._store.unreturned(now - self._pace.look, namespace, lagging=True)
        if self._gaps[namespace] or namespace in self._refused or slow:
            return True
        return max(self._listed_at[namespace], self._store.last_status(namespace)) <= now - self._pace.quiet

    async def _compare(self, namespace: str | None) -> None:
        """Compares what is known with a list. A MyApp that is missing in two lists in a row is forgotten: kopf tells
        nothing of what vanished between two of its lists, and a deletion that comes late changes nothing."""
        try:
            listed, version = await rollcall.take(self._kube, self._store, namespace)
        except OperatorError as error:
            logger.debug("cannot list %s to compare: %s", names.PLURAL, error)  # what can be known has not changed
            self._note_failure(namespace, error)
            return
        now = self._listed_at[namespace] = asyncio.get_running_loop().time()
        self._refused.pop(namespace, None)
        before = self._gaps[namespace]
        kept = self._store.known_apps(namespace).keys() - (before.keys() - listed.keys())
        rollcall.forget_vanished(self._store, self._queue, kept, namespace=namespace, version=version)
        known = self._store.known_apps(namespace)
        self._gaps[namespace] = gaps.compare(before, listed, version, known, now)

    async def _compare_watched(self, watcher: Watcher[Any]) -> None:
        try:
            await watcher.compare()
        except OperatorError as error:
            logger.debug("cannot list to compare: %s", error)
            self._unlisted_at[watcher] = asyncio.get_running_loop().time()

    def _note_failure(self, namespace: str | None, error: OperatorError) -> None:
        now = self._unlisted_at[namespace] = asyncio.get_running_loop().time()
        if failure := failure_after(self._refused.get(namespace), error, now, self._pace.patience):
            self._refused[namespace] = failure
        else:
            self._refused.pop(namespace, None)

    def _judge(self, now: float) -> None:
        latest = now - self._pace.patience
        before, self.trouble = self.trouble, self._refusal() or self._silence(latest)
        if self.trouble and not before:
            logger.warning("%s", self.trouble)
        elif before and not self.trouble:
            logger.info("the watches bring all changes again")

    def _refusal(self) -> str:
        """What has been refused for long, in one sentence; empty where nothing has."""
        apps = ((names.PLURAL, each) for each in self._refused.values())
        failures = (*apps, *((each.plural, each.failure) for each in self._watchers if each.failure))
        lasting = ((plural, each.error) for plural, each in failures if each.lasts(self._pace.patience))
        plural, error = next(lasting, ("", None))
        if error is None:
            return ""
        if isinstance(error, UnreadableError):
            return (
                f"the list of {plural} cannot be read for {self._pace.patience:.0f} s or longer ({error}):"
                " find out what answers in place of the API server, such as a proxy"
            )
        unknown = isinstance(error, ApiError) and error.status == 401
        advice = endings.RENEW_CREDENTIALS if unknown else "grant the rights of deploy/operator/role.yaml"
        what = "not accepted the operator's credentials" if unknown else f"refused the list of {plural}"
        return f"the API server has {what} for {self._pace.patience:.0f} s or longer ({error}): {advice}"

    def _silence(self, latest: float) -> str:
        """What has not arrived since this moment or longer, in one sentence; empty while all does."""
        late: dict[_Source, list[str]] = {}
        late |= {each: self._late_apps(each, latest) for each in self._gaps if not self._could_not_list(each, latest)}
        late |= {each: each.overdue(latest) for each in self._watchers if not self._could_not_list(each, latest)}
        self._silent = {source for source, words in late.items() if words}
        words = [each for found in late.values() for each in found]
        return self._sentence(words) if words else ""

    def _late_apps(self, namespace: str | None, latest: float) -> list[str]:
        newest = self._store.newest_version(namespace)
        overdue = [gap for gap in self._gaps[namespace].values() if gap.since <= latest]
        self._tell_lagging(namespace, {str(gap.key) for gap in overdue if gap.version < newest})
        late = self._store.unreturned(latest, namespace)
        return late + [f"a change of {names.KIND} {gap.key}" for gap in overdue if gap.version >= newest]

    def _could_not_list(self, source: _Source, latest: float) -> bool:
        """Whether there was no list to be had either: what nobody could have brought gets its time anew, unless it was
        told before."""
        return source not in self._silent and self._unlisted_at.get(source, float("-inf")) > latest

    def _tell_lagging(self, namespace: str | None, lagging: set[str]) -> None:
        """Logs once which MyApps are behind although the watch has brought newer changes: that is their own trouble,
        and no verdict on the watch."""
        for key in sorted(lagging - self._lagging[namespace]):
            logger.warning(
                "a change of %s %s has not arrived for %.0f s or longer, and newer ones of others have: a restart of"
                " this operator reads it anew",
                names.KIND,
                key,
                self._pace.patience,
                extra={"app": key},
            )
        self._lagging[namespace] = lagging

    def _sentence(self, late: Sequence[str]) -> str:
        others = f", and {len(late) - 1} more," if len(late) > 1 else ""
        return (
            f"a watch is silent: {late[0]}{others} has not arrived for {self._pace.patience:.0f} s or longer."
            " Find out what holds watches back, such as a proxy before the API server; a restart opens them anew"
        )
