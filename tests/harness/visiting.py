"""Runs inside a pod: asks a URL at a steady pace, a given number of times, and prints each answer as a line.

Alone in this file, without imports of ours, because it travels as an argument of `python3 -c`.
"""

import sys
import time
import urllib.request


def ask(url: str) -> str:
    """The answer, or why there was none."""
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310  the test gave the URL
            return str(answer.read().decode())
    except OSError as error:
        return f"FAILED {error!r}"


def main(url: str, times: str, per_second: str) -> None:
    """Keeps the pace as long as the answers come in time."""
    due = time.monotonic()
    for _ in range(int(times)):
        sys.stdout.write(f"{ask(url)}\n")
        sys.stdout.flush()
        due = max(due + 1 / float(per_second), time.monotonic())
        time.sleep(max(0.0, due - time.monotonic()))


main(*sys.argv[1:])
