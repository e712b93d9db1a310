"""What a person sees while a long step runs: never silent for more than ten seconds."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

HEARTBEAT_SECONDS = 9.0
# A step shorter than this is not worth a line of its own when it ends.
WORTH_A_LINE_SECONDS = 2.0


def say(text: str) -> None:
    """Print one line at once, also when stdout is a pipe."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def duration(seconds: float) -> str:
    """Write a length of time as a person would: `8 s`, `4 min 39 s`."""
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return f"{rest} s"
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


@contextmanager
def step(label: str, hint: str = "") -> Iterator[None]:
    """Announce a step (the hint says what to expect), report while it runs, and the time it took."""
    started = time.monotonic()
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(HEARTBEAT_SECONDS):
            say(f"  ... {label}: {duration(time.monotonic() - started)} so far")

    say(f"{label} ({hint})" if hint else label)
    heart = threading.Thread(target=beat, daemon=True)
    heart.start()
    try:
        yield
    finally:
        ended.set()
        heart.join()
    took = time.monotonic() - started
    if took >= WORTH_A_LINE_SECONDS:
        say(f"  done: {label}, {duration(took)}")
