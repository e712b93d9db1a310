"""kopf is started again where it ends: on a clock that jumps, and the real kopf before an API server that errs once."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable

import kopf
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from kopf._cogs.clients import auth, watching
from kopf._cogs.structs import credentials, references
from kubernetes.aio.client import Configuration

from myapp_operator import app_watch, handlers, names
from myapp_operator.connection import Connection
from myapp_operator.errors import ApiError, OperatorError, StartError, UnreachableError
from myapp_operator.grammar import Json
from myapp_operator.store import Store
from myapp_operator.workqueue import WorkQueue
from tests.unit.jumping import JumpingLoop
from tests.unit.samples import refusal

UNAUTHORIZED = refusal(401, "Unauthorized", reason="Unauthorized")
FORBIDDEN = refusal(403, "myapps is forbidden", reason="Forbidden")
LARGEST = 256_000
AWAY = UnreachableError("no answer")


class World:
    """kopf that ends after so many seconds each time, and the answers to a list of the MyApps: the last one stays."""

    def __init__(self, *answers: OperatorError | None) -> None:
        self._answers = list(answers) or [None]
        self.started: list[float] = []
        self.lasts: list[float] = []

    async def spawn(self) -> app_watch.Tasks:
        self.started.append(asyncio.get_running_loop().time())
        return [
            asyncio.create_task(self._fail(self.lasts.pop(0) if self.lasts else 0)),
            asyncio.create_task(asyncio.sleep(1e6)),
        ]

    async def _fail(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        raise ValueError("an odd answer")

    async def ask(self) -> None:
        answer = self._answers[0] if len(self._answers) == 1 else self._answers.pop(0)
        if answer:
            raise answer

    def run(self, seconds: float) -> None:
        """Keeps kopf going for so long."""

        async def main() -> None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await app_watch.keep(self.spawn, self.ask, "https://there")
            assert asyncio.all_tasks() == {asyncio.current_task()}, "something of kopf is left"

        with asyncio.Runner(loop_factory=JumpingLoop) as runner:
            runner.run(main())


def test_where_kopf_ends_it_is_started_again_after_growing_pauses(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    world.run(100)
    assert world.started == [0, 1, 3, 7, 15, 31, 61, 91]
    assert caplog.messages[0] == "the watch of MyApps ended, starting it again in 1 s: ValueError: an odd answer"


def test_after_a_steady_time_the_pause_is_a_short_one() -> None:
    world = World()
    world.lasts = [0, 0, 0, 100]
    world.run(111)
    assert world.started == [0, 1, 3, 7, 108, 110]


def test_an_api_server_that_is_away_is_waited_for_however_long() -> None:
    world = World(*[AWAY] * 500, None)
    world.run(1010)
    assert world.started[:2] == [0, 1001]


@pytest.mark.parametrize("error", [UNAUTHORIZED, FORBIDDEN], ids=["401", "403"])
def test_a_refusal_may_pass(error: ApiError) -> None:
    world = World(error, error, AWAY, error, None)
    world.run(10)
    assert world.started[:2] == [0, 9]


@pytest.mark.parametrize(
    ("error", "words"),
    [(UNAUTHORIZED, "does not accept the operator's credentials"), (FORBIDDEN, "rights are missing")],
    ids=["401", "403"],
)
def test_a_refusal_that_lasts_ends_it_with_a_sentence(error: ApiError, words: str) -> None:
    with pytest.raises(StartError, match=words) as raised:
        World(*[AWAY] * 100, error).run(270)
    assert raised.value.exit_code == 5


def test_without_the_crd_it_ends_at_once() -> None:
    with pytest.raises(StartError, match="install the CRD first"):
        World(refusal(404, "")).run(1)


def test_only_what_is_kopfs_is_ended() -> None:
    """kopf takes every task that came up while it ran for its own."""
    world = World()
    world.lasts = [10, 10]

    async def main() -> None:
        keeping = asyncio.create_task(app_watch.keep(world.spawn, world.ask, "https://there"))
        await asyncio.sleep(5)
        ours = asyncio.create_task(asyncio.sleep(1e6))
        await asyncio.sleep(10)
        assert len(world.started) == 2
        assert not ours.done()
        keeping.cancel()

    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        runner.run(main())


def myapp(name: str) -> Json:
    return {"metadata": {"name": name, "namespace": "default", "uid": name, "resourceVersion": "5"}, "spec": {}}


def resources(*plurals: str) -> web.Response:
    each = {"singularName": "", "namespaced": True, "verbs": ["list", "watch"]}
    return web.json_response({"resources": [{**each, "name": plural, "kind": plural} for plural in plurals]})


class ApiServer:
    """Has as many MyApps as it was listed times, and answers one request as `odd` does."""

    def __init__(self) -> None:
        self.url = ""
        self.lists: list[str] = []
        self.odd: Callable[[web.Request], Awaitable[web.StreamResponse | None]]
        self._watched = False

    async def answer(self, request: web.Request) -> web.StreamResponse:
        match request.path.strip("/").split("/"):
            case ["api"]:
                return web.json_response({"versions": ["v1"]})
            case ["api", "v1"]:
                return resources("namespaces")
            case ["apis"]:
                groups = ((names.GROUP, names.VERSION), ("apiextensions.k8s.io", "v1"))
                versions = [(group, {"version": version}) for group, version in groups]
                found = [{"name": group, "versions": [each], "preferredVersion": each} for group, each in versions]
                return web.json_response({"groups": found})
            case ["apis", names.GROUP, _]:
                return resources(names.PLURAL)
            case ["apis", "apiextensions.k8s.io", _]:
                return resources("customresourcedefinitions")
        return await (self._watch(request) if "watch" in request.query else self._list(request))

    async def _list(self, request: web.Request) -> web.StreamResponse:
        self.lists.append(request.path.split("/")[-2])
        items = [myapp(f"app-{number}") for number, _ in enumerate(self.lists, 1)]
        return web.json_response({"metadata": {"resourceVersion": "9"}, "items": items})

    async def _watch(self, request: web.Request) -> web.StreamResponse:
        if "/other/" not in request.path and not self._watched:
            self._watched = True
            if answer := await self.odd(request):
                return answer
        await asyncio.sleep(60)
        return web.Response()


async def unauthorized(_: web.Request) -> web.StreamResponse | None:
    return web.json_response({"kind": "Status", "message": "Unauthorized", "code": 401}, status=401)


async def error_event(_: web.Request) -> web.StreamResponse | None:
    return web.Response(text=json.dumps({"type": "ERROR", "object": {"code": 500, "message": "broken"}}) + "\n")


@pytest.fixture
async def server() -> AsyncIterator[ApiServer]:
    """On a port of this machine."""
    server = ApiServer()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.answer)
    async with TestServer(app, handler_cancellation=True) as listening:
        server.url = str(listening.make_url("")).rstrip("/")
        yield server


@pytest.mark.timeout(60)
@pytest.mark.parametrize("odd", [unauthorized, error_event])
async def test_the_real_kopf_brings_the_myapps_again_after_one_odd_answer(
    server: ApiServer,
    odd: Callable[[web.Request], Awaitable[web.StreamResponse | None]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(app_watch, "_FIRST_PAUSE", 0.01)
    server.odd = odd
    configuration = Configuration()
    configuration.host = server.url
    store = Store()

    async def spawn() -> app_watch.Tasks:
        return await kopf.spawn_tasks(
            registry=handlers.registry(store, WorkQueue(), connection, LARGEST),
            settings=handlers.settings(),
            namespaces=["default", "other"],
            identity="test",  # type: ignore[arg-type]
        )

    async def ask() -> None:
        """The API server serves."""

    async with Connection(configuration) as connection:
        keeping = asyncio.create_task(app_watch.keep(spawn, ask, server.url))
        try:
            async with asyncio.timeout(20):
                while len(store.uids()) < 4:
                    assert not keeping.done()
                    await asyncio.sleep(0.05)
            assert sorted(server.lists) == ["default", "default", "other", "other"]
            watches = [task for task in asyncio.all_tasks() if task.get_name().startswith("watcher for")]
            assert len(watches) == 2, "one for each namespace: none of the first kopf is left"
        finally:
            keeping.cancel()
            await asyncio.wait([keeping])


def test_kopf_that_was_ended_does_not_kill_the_process_later() -> None:
    assert handlers.settings().process.ultimate_exiting_timeout is None


async def one_event_and_silence(request: web.Request) -> web.StreamResponse | None:
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(json.dumps({"type": "ADDED", "object": myapp("seen")}).encode() + b"\n")
    await asyncio.sleep(60)
    return response


async def test_a_dead_watch_is_left_behind_and_whoever_takes_its_events_is_not_cancelled(server: ApiServer) -> None:
    """kopf's own timeout for silence cancels whoever takes an event at that moment: nothing is watched any more."""
    server.odd = one_event_and_silence
    settings = handlers.settings()
    settings.watching.inactivity_timeout /= 60  # as the next one, to take no minutes
    settings.watching.client_timeout = (settings.watching.client_timeout or 0) / 60
    vault = credentials.Vault({"us": kopf.ConnectionInfo(server=server.url)})
    auth.vault_var.set(vault)
    apps = references.Resource(names.GROUP, names.VERSION, names.PLURAL, namespaced=True)
    stream = watching.watch_objs(
        settings=settings, resource=apps, namespace="default", since="9", operator_pause_waiter=asyncio.Future()
    )
    async with asyncio.timeout(60):
        taken = []
        async for event in stream:
            taken.append(event)
            await asyncio.sleep(3)  # longer than the watch may last
    assert [event["type"] for event in taken] == ["ADDED"]
    await vault.close()
