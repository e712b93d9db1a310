"""Runs inside a pod: asks a URL at a steady pace until it is told to stop, and prints each answer as a line.

Several visitors keep the pace together; each waits for its answer before it asks again, so that no more requests than
visitors are ever under way.

Alone in this file, without imports of ours, because it travels as an argument of `python3 -c`.
"""

import contextlib
import itertools
import socket
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit


def look_up(url: str) -> str:
    """The URL with an address in place of the name: it is the app that is tested, not the cluster's DNS."""
    name = urlsplit(url).hostname or ""
    while True:
        with contextlib.suppress(OSError):
            return url.replace(name, socket.gethostbyname(name), 1)
        time.sleep(0.2)


def ask(url: str) -> str:
    """The answer, or why there was none."""
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310  the test gave the URL
            return str(answer.read().decode())
    except OSError as error:
        return f"FAILED {error!r}"


def main(url: str, per_second: str, visitors: str, stop: str) -> None:
    """Keeps the pace, where answers are late as fast as they come, until there is a file `stop`."""
    url, start, numbers = look_up(url), time.monotonic(), itertools.count()

    def visit(_: int) -> None:
        while not Path(stop).exists():
            time.sleep(max(0.0, start + next(numbers) / float(per_second) - time.monotonic()))
            sys.stdout.write(f"{ask(url)}\n")
            sys.stdout.flush()

    with ThreadPoolExecutor(int(visitors)) as pool:
        list(pool.map(visit, range(int(visitors))))


main(*sys.argv[1:])
