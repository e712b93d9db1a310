"""One at a time: two clones, or tests that start together, wait for each other."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from dev.cluster.layout import cache_folder
from dev.cluster.progress import step


@contextmanager
def held(name: str, waiting_for: str) -> Iterator[None]:
    """Hold a lock of this machine's user; the kernel releases it, however the process ends."""
    folder = cache_folder() / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / name).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with step(f"Waiting for {waiting_for}"):
                fcntl.flock(lock, fcntl.LOCK_EX)
        yield
