"""The process of the limit: for each app that stdin names, the children at once, then the status, then the second one.

It watches nothing, decides nothing and reacts to nothing. The second statuses go out when no new app waits, as those of
an operator do, which come when the pods are up.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
from pathlib import Path

import aiohttp

from dev.bench.arms.requests_of_ours import Request, Requests, note
from myapp_operator.connection import load_configuration

WORKERS = 16
CONNECTIONS = 100
READY = "ready"
_ANSWER_SECONDS = 60

Job = tuple[int, int, str, str, str]
"""Urgency (0: children and first status, 1: second status), order, name, uid and version of the MyApp."""


class Writer:
    """Sends what was noted, over as many connections as our operator uses."""

    def __init__(self, session: aiohttp.ClientSession, host: str, token: str, requests: Requests) -> None:
        self._session = session
        self._host = host
        self._token = token
        self._requests = requests
        self._jobs: asyncio.PriorityQueue[Job] = asyncio.PriorityQueue()
        self._count = 0

    def put(self, urgency: int, name: str, uid: str, version: str) -> None:
        """Take on one job."""
        self._count += 1
        self._jobs.put_nowait((urgency, self._count, name, uid, version))

    async def work(self) -> None:
        """Do one job after the other."""
        while True:
            urgency, _, name, uid, version = await self._jobs.get()
            if urgency:
                await self._send(self._requests.second_status.about(name, uid, version))
                continue
            children = (each.about(name, uid, version) for each in self._requests.children)
            await asyncio.gather(*(self._send(each) for each in children))
            answer = await self._send(self._requests.first_status.about(name, uid, version))
            self.put(1, name, uid, json.loads(answer)["metadata"]["resourceVersion"])

    async def _send(self, request: Request) -> bytes:
        headers = {**request.headers, "Authorization": self._token}
        url = self._host + request.target
        async with self._session.request(request.method, url, data=request.body, headers=headers) as response:
            answer = await response.read()
            if response.status >= 400:
                raise SystemExit(f"{request.method} {request.target}: {response.status} {answer.decode()}")
            return answer


async def main(kubeconfig: Path) -> None:
    """Write until stdin ends."""
    configuration = await load_configuration(kubeconfig)
    token = await configuration.get_api_key_with_prefix("BearerToken") or ""
    authority = ssl.create_default_context(cafile=configuration.ssl_ca_cert)
    connector = aiohttp.TCPConnector(limit=CONNECTIONS, ssl=authority)
    timeout = aiohttp.ClientTimeout(total=_ANSWER_SECONDS)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        writer = Writer(session, configuration.host, token, await note())
        workers = [asyncio.create_task(writer.work()) for _ in range(WORKERS)]
        reading = asyncio.create_task(_read(writer))
        await asyncio.wait([reading, *workers], return_when=asyncio.FIRST_COMPLETED)
        for task in (reading, *workers):
            if task.done():
                task.result()
            task.cancel()


async def _read(writer: Writer) -> None:
    stdin = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stdin), sys.stdin)
    print(READY, flush=True)
    while line := await stdin.readline():
        name, uid, version = line.decode().split()
        writer.put(0, name, uid, version)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
