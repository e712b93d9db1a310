"""One arm on a fresh control plane: the program, its users, and all that is measured of them."""

from __future__ import annotations

import asyncio
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from dev.bench import meters
from dev.bench.arms.arm import NAMESPACE, Arm
from dev.bench.arms.limit_writer import READY
from dev.bench.audit import Requests
from dev.bench.errors import BenchError
from dev.bench.load import Load
from dev.bench.observer import Observer
from dev.bench.plane import FOLDER, Plane
from dev.bench.program import Program
from dev.bench.results import Sample
from dev.bench.sightings import NEVER, Sightings
from myapp_operator.connection import Connection, load_configuration
from myapp_operator.grammar import Json
from myapp_operator.kube import Kube

_START_SECONDS = 120.0
_PATIENCE = 120.0
_PATIENCE_PER_APP = 0.5
"""Seconds after which something that was waited for has failed: these, and so many more for each app."""
_QUIET_SHARE = 0.03
"""Share of one CPU below which a program counts as quiet."""
_QUIET_WINDOWS = 3
_QUIET_SECONDS = 300.0
_SAMPLE_SECONDS = 0.5


@dataclass
class Window:
    """What the program, API server and etcd used from one moment to another."""

    cpu: float = 0.0
    servers_cpu: float = 0.0
    seconds: float = 0.0
    requests: Counter[str] = field(default_factory=Counter)


@dataclass
class Stage:
    """All that a workload needs."""

    arm: Arm
    plane: Plane
    program: Program
    load: Load
    observer: Observer
    audit: Requests
    port: int
    apps: list[str] = field(default_factory=list)
    """The apps that exist."""

    @property
    def seen(self) -> Sightings:
        """What the observer knows."""
        return self.observer.sightings

    async def start(self) -> float:
        """Start the program; return the seconds until it was ready.

        Raises:
            BenchError: it does not become ready.
        """
        before = self.audit.read()
        began = time.monotonic()
        self.program.start()
        while not await self._is_ready(before):
            if time.monotonic() - began > _START_SECONDS:
                raise BenchError(f"It was not ready {_START_SECONDS:.0f} s after its start: read {self.program.log}.")
            await asyncio.sleep(0.05)
            _ = self.program.pid
        return time.monotonic() - began

    async def until(self, what: str, apps: Collection[str], holds: Callable[[str], bool]) -> None:
        """Wait until something holds for each of these apps.

        Raises:
            BenchError: it does not in time, or the program has ended.
        """
        seconds = _PATIENCE + _PATIENCE_PER_APP * len(apps)
        waiting = asyncio.create_task(self.observer.until(what, apps, holds, seconds=seconds))
        try:
            while not waiting.done():
                _ = self.program.pid  # which complains where there is none any more
                await asyncio.wait([waiting], timeout=1)
            await waiting
        finally:
            waiting.cancel()

    async def settle(self, apps: Collection[str], *, rest: bool = True) -> None:
        """Wait until all pods are up and told of, and the program has nothing left to do."""

        def settled(app: str) -> bool:
            sight = self.seen.app(app)
            return sight.full < NEVER and (self.arm.is_ready is None or sight.ready < NEVER)

        await self.until("all pods are up and the status says so", apps, settled)
        if rest:
            await self.quiet()

    async def quiet(self) -> None:
        """Wait until the program rests.

        Raises:
            BenchError: it does not come to rest.
        """
        deadline, restful = time.monotonic() + _QUIET_SECONDS, 0
        while restful < _QUIET_WINDOWS:
            if time.monotonic() > deadline:
                raise BenchError(f"It did not come to rest within {_QUIET_SECONDS:.0f} s.")
            before = meters.cpu_seconds(self.program.pid)
            await asyncio.sleep(1.0)
            self.audit.read()
            rests = meters.cpu_seconds(self.program.pid) - before <= _QUIET_SHARE
            restful = restful + 1 if rests else 0

    @asynccontextmanager
    async def window(self) -> AsyncIterator[Window]:
        """Measure what is used within."""
        servers, window = self.plane.servers, Window()
        cpu, servers_cpu = meters.cpu_seconds(self.program.pid), meters.cpu_seconds(*servers)
        requests, began = self.audit.read(), time.monotonic()
        yield window
        window.cpu = meters.cpu_seconds(self.program.pid) - cpu
        window.servers_cpu = meters.cpu_seconds(*servers) - servers_cpu
        window.seconds = time.monotonic() - began
        window.requests = self.audit.read() - requests

    @asynccontextmanager
    async def sampled(self, done: Callable[[], int]) -> AsyncIterator[list[Sample]]:
        """Sample the program within; `done` counts the apps that have their children and status."""
        samples: list[Sample] = []
        pid, began = self.program.pid, time.monotonic()
        cpu = meters.cpu_seconds(pid)

        async def sample() -> None:
            while True:
                used = meters.cpu_seconds(pid) - cpu
                samples.append(Sample(time.monotonic() - began, done(), used, meters.memory(pid).now))
                self.audit.read()
                await asyncio.sleep(_SAMPLE_SECONDS)

        task = asyncio.create_task(sample())
        try:
            yield samples
        finally:
            task.cancel()

    async def _is_ready(self, before: Counter[str]) -> bool:
        if self.arm.fed:
            return READY in self.program.log.read_text(errors="replace").splitlines()
        if self.arm.probe:
            url = f"http://127.0.0.1:{self.port}{self.arm.probe}"
            return await asyncio.to_thread(self.program.answers, url)
        return (self.audit.read() - before)[f"watch {self.arm.kind.plural}"] > 0


@asynccontextmanager
async def staged(arm: Arm, plane: Plane) -> AsyncIterator[Stage]:
    """The program prepared but not started, the observer watching."""
    account = arm.prepare(plane)
    plane.wait_served(arm.kind)
    plane.kubectl("create", "namespace", NAMESPACE, failed="The namespace of the apps cannot be created.")
    port = _free_port()
    log = FOLDER / f"{arm.name}.log"
    program = Program(arm.command(account.kubeconfig, port), log, folder=arm.folder)

    def created(app: str, answer: Json) -> None:
        if arm.fed:
            program.tell(f"{app} {answer['metadata']['uid']} {answer['metadata']['resourceVersion']}")

    audit = Requests(plane.cluster.audit_log, account.user)
    async with Connection(await load_configuration(plane.cluster.kubeconfig)) as connection:
        load = Load(arm, connection, created)
        async with Observer(arm, Kube(connection)) as observer:
            try:
                yield Stage(arm, plane, program, load, observer, audit, port)
            finally:
                program.stop()
                audit.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
