"""`myapp-operator run`: settings, wiring, start and stop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

import kopf

from myapp_operator import (
    app_watch,
    claims,
    desired,
    endings,
    footprint,
    handlers,
    lease,
    loop_watch,
    names,
    probes,
    stopping,
)
from myapp_operator.allowance import Allowance
from myapp_operator.connection import Connection, load_configuration
from myapp_operator.echo import Echo
from myapp_operator.election import ElectionThread
from myapp_operator.envelope import DEFAULT_KILOBYTES, KILOBYTE
from myapp_operator.errors import AnotherHistoryError, ApiError, OperatorError
from myapp_operator.fence import Fence
from myapp_operator.informer import Informer, Watcher
from myapp_operator.installations import Installations
from myapp_operator.kube import Kube
from myapp_operator.leader import Leader, new_identity
from myapp_operator.lease_requests import LeaseRequests
from myapp_operator.names import Key
from myapp_operator.reconcile import Reconciler
from myapp_operator.recorder import Recorder
from myapp_operator.referents import Referents
from myapp_operator.referring import ReferentInformer
from myapp_operator.refusals import Retry, classify
from myapp_operator.store import Store
from myapp_operator.sweep import Sweep
from myapp_operator.workqueue import WorkQueue

_WORKERS = 16
"""Apps of one namespace that are looked at at once."""
_SPARE_WORKERS = 4
"""Workers beyond those, for other namespaces."""
_START_SECONDS = 60.0
_START_PAUSE = 2.0
_HISTORY_PAUSE = 2.0
"""Seconds before all is listed anew: a storage that flips between two histories must not make a storm of lists."""
_LOOKS = 50
_LOOK_PAUSE = 0.1

T = TypeVar("T")

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Settings:
    """What the command line chooses. No namespaces: all of them. No namespace of the Lease: nobody else writes."""

    namespaces: tuple[str, ...] = ()
    kubeconfig: Path | None = None
    probes_host: str = "0.0.0.0"  # noqa: S104  the kubelet asks from outside the pod
    probes_port: int = 8080
    allowance: Allowance = field(default_factory=Allowance)
    lease_namespace: str | None = None
    largest_spec: int = DEFAULT_KILOBYTES * KILOBYTE
    """Bytes of the spec of a MyApp that is taken, as JSON."""

    @property
    def scopes(self) -> list[str | None]:
        """What each list and watch covers: one namespace each, or everything at once."""
        return [*self.namespaces] or [None]


class Operator:
    """All parts of the running operator, wired together."""

    def __init__(
        self,
        settings: Settings,
        connection: Connection,
        installations: Installations,
        election: ElectionThread | None = None,
    ) -> None:
        self._settings = settings
        self._connection = connection
        self._kube = kube = Kube(connection)
        self._installations = installations
        self._election = election
        self._store = Store()
        self._queue = WorkQueue()
        self._ready = asyncio.Event()
        self._recorder = Recorder(kube, election.identity if election else new_identity())
        referents = Referents()
        self._reconciler = Reconciler(kube, self._store, referents, self._recorder, settings.allowance)
        self._reconciler.ask_for_passes(self._queue.add)
        self._sweep = Sweep(kube, self._store, settings.scopes, self._queue)
        self._informers: list[Watcher[Any]] = [
            Informer(kube, self._store, kind, scope, self._queue)
            for kind in desired.BUILDERS
            for scope in settings.scopes
        ] + [
            ReferentInformer(kube, referents, kind, scope, self._queue.add)
            for kind in names.REFERABLE
            for scope in settings.scopes
        ]
        self._echo = Echo(kube, self._store, settings.scopes, self._queue, watchers=self._informers)

    async def run(self) -> None:
        """Runs until cancelled.

        Raises:
            StartError: it cannot start, or not go on; the sentence says why and what to do.
        """
        where = self._settings.probes_host, self._settings.probes_port
        async with probes.serve(*where, stuck=self._queue.stuck, unready=self._unready):
            await self._list_apps()
            versions = {each: await _patiently(each.list, self._kube.host) for each in self._informers}
            try:
                await self._work(versions)
            except BaseExceptionGroup as group:
                if sentence := endings.first_of(group):
                    raise sentence from group
                raise

    async def _work(self, versions: Mapping[Watcher[Any], int]) -> None:
        """Runs all tasks until one of them ends; `versions` are those of the informers' first lists."""
        async with asyncio.TaskGroup() as tasks:
            for informer, version in versions.items():
                tasks.create_task(informer.run(version))
            tasks.create_task(self._sweep.run(self._informers))
            tasks.create_task(self._announce())
            tasks.create_task(self._echo.run())
            tasks.create_task(self._installations.run(lambda: self._queue.add_all(self._store.apps())))
            tasks.create_task(self._take_part())
            await app_watch.keep(self._spawn_kopf, self._sweep.first, self._kube.host)

    async def _take_part(self) -> None:
        """Writes, with a Lease only while it is ours.

        Who has never been ready does not ask for it. Who is not ready any more leaves it to another one that is, if
        there is one: a leader that misses some news is better than none.
        Whoever begins to lead looks at all apps.
        """
        if self._election is None:
            await self._write()
            return
        await self._ready.wait()
        try:
            await self._election.run(self._write, hesitates=lambda: bool(self._unready()))
        except ApiError as error:
            raise endings.of_lease(error, self._settings.lease_namespace) from error

    async def _write(self) -> None:
        """Works until cancelled. All that is ever written is written from here.

        Our own Lease is there by now, so that of two installations that start at once one sees the other.
        """
        await self._installations.look()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._queue.run(self._reconcile, _WORKERS, self._store.apps, _SPARE_WORKERS))
            tasks.create_task(self._recorder.run())

    async def _reconcile(self, key: Key) -> float | None:
        """Looks at one app, unless another installation looks after its namespace."""
        return None if self._installations.leader_of(key.namespace) else await self._reconciler.reconcile(key)

    def _unready(self) -> str:
        """Why what we know cannot be relied on, or is of no use, in one sentence; empty where it can."""
        return (
            self._echo.trouble or self._installations.trouble
            if self._ready.is_set()
            else "waiting for the first list of MyApps and their children"
        )

    async def _list_apps(self) -> set[str]:
        """The uids of all MyApps there are."""
        return await _patiently(self._sweep.first, self._kube.host)

    async def _spawn_kopf(self) -> app_watch.Tasks:
        """Starts kopf. Called from the main task, which a signal is to cancel."""
        tasks = await kopf.spawn_tasks(
            registry=handlers.registry(self._store, self._queue, self._connection, self._settings.largest_spec),
            settings=handlers.settings(),
            clusterwide=not self._settings.namespaces,
            namespaces=self._settings.namespaces,
            # By default kopf looks up the name of the user, and dies where the number has none, as in a container.
            identity=names.MANAGER,  # type: ignore[arg-type]
        )
        stopping.cancel_on_signal()  # again, as kopf has just taken the signals for itself
        return tasks

    async def _announce(self) -> None:
        """Says ready once kopf has brought every MyApp that there is."""
        while missing := await self._list_apps() - self._store.uids():
            for _ in range(_LOOKS):  # then list again: some may have been deleted meanwhile
                if missing <= self._store.uids():
                    break
                await asyncio.sleep(_LOOK_PAUSE)
        self._ready.set()
        where = ", ".join(self._settings.namespaces) or "all namespaces"
        logger.info("ready: looking after %d MyApps in %s", len(self._store.uids()), where)


async def run(settings: Settings) -> None:
    """Connects and runs the operator until SIGTERM or SIGINT.

    Raises:
        StartError: it cannot start.
    """
    stopping.cancel_on_signal()
    logger.info("%s %s starts", names.MANAGER, version(names.MANAGER))
    footprint.reduce()
    loop_watch.start()
    try:
        if settings.lease_namespace:
            await _run_as_one_of_several(settings, settings.lease_namespace)
        else:
            async with Connection(await load_configuration(settings.kubeconfig)) as connection:
                installations = Installations(Kube(connection), settings.namespaces, home="")
                await _run_in_each_history(lambda: Operator(settings, connection, installations))
    except asyncio.CancelledError:
        logger.info("stopped")


async def _run_as_one_of_several(settings: Settings, lease_namespace: str) -> None:
    """Runs the operator with a fence before its writes; the Lease that opens it has a connection without one."""
    fence = Fence(lease.GRACE_SECONDS)
    configuration, covers = await load_configuration(settings.kubeconfig), claims.annotation(settings.namespaces)
    identity = new_identity()

    @asynccontextmanager
    async def leader() -> AsyncIterator[Leader]:
        async with Connection(configuration) as connection:
            requests = LeaseRequests(connection, Key(lease_namespace, names.MANAGER), covers)
            yield Leader(requests, fence, identity, partial(stopping.end_at_once, endings.EXIT_LEAD_LOST))

    election = ElectionThread(identity, leader)
    guarded = Connection(await load_configuration(settings.kubeconfig), fence.check)
    async with guarded, Connection(await load_configuration(settings.kubeconfig)) as free:
        try:
            installations = Installations(Kube(free), settings.namespaces, lease_namespace)
            await _run_in_each_history(lambda: Operator(settings, guarded, installations, election))
        finally:
            await election.stop()


async def _run_in_each_history(make: Callable[[], Operator]) -> None:
    """Runs an operator, and where the API server was restored from a backup another one that knows nothing yet.

    No version that was learnt holds any more, in the store as little as in kopf: to begin anew forgets all of them.
    """
    while True:
        try:
            await make().run()
        except BaseExceptionGroup as group:
            if (found := _another_history(group)) is None:
                raise
            if (task := asyncio.current_task()) and task.cancelling():
                # A task group that is ending already raises its errors alone, and the signal would be lost.
                raise asyncio.CancelledError from group
            logger.warning(
                "the API server has gone back to an earlier state (%s), as after a restore from a backup: all that was "
                "known is forgotten and listed anew",
                found,
            )
            await asyncio.sleep(_HISTORY_PAUSE)
        else:
            return


def _another_history(group: BaseExceptionGroup[BaseException]) -> AnotherHistoryError | None:
    """The error that ended all tasks, if it was this one and no other beside it."""
    found, others = group.split(AnotherHistoryError)
    if found is None or others is not None:
        return None
    error: BaseException = found
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error if isinstance(error, AnotherHistoryError) else None


async def _patiently(request: Callable[[], Awaitable[T]], host: str) -> T:
    """Repeats a first request while the API server is away or busy, for a minute at most."""
    deadline = asyncio.get_running_loop().time() + _START_SECONDS
    while True:
        try:
            return await request()
        except OperatorError as error:
            if not _may_pass(error) or asyncio.get_running_loop().time() > deadline:
                raise endings.of_request(error, host) from error
            logger.warning("%s; trying again in %.0f s", error, _START_PAUSE)
            await asyncio.sleep(_START_PAUSE)


def _may_pass(error: OperatorError) -> bool:
    """Whether waiting helps; without the CRD its API is not there, which it may be later, but not by waiting."""
    missing = isinstance(error, ApiError) and error.status == 404
    return isinstance(classify(error), Retry) and not missing
