"""Runs inside a pod: asks a URL at a steady pace, a given number of times, and prints each answer as a line.

Several visitors keep the pace together; each waits for its answer before it asks again, so that no more requests than
visitors are ever under way.

Alone in this file, without imports of ours, because it travels as an argument of `python3 -c`.
"""

import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor


def ask(url: str) -> str:
    """The answer, or why there was none."""
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310  the test gave the URL
            return str(answer.read().decode())
    except OSError as error:
        return f"FAILED {error!r}"


def main(url: str, times: str, per_second: str, visitors: str) -> None:
    """Keeps the pace, and where answers are late makes up for it as fast as they come."""
    start = time.monotonic()

    def visit(number: int) -> str:
        time.sleep(max(0.0, start + number / float(per_second) - time.monotonic()))
        return ask(url)

    with ThreadPoolExecutor(int(visitors)) as pool:
        for answer in pool.map(visit, range(int(times))):
            sys.stdout.write(f"{answer}\n")
            sys.stdout.flush()


main(*sys.argv[1:])
