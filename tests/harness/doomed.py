"""The operator, killed just before its n-th write to a child: `python -m tests.harness.doomed N run …`.

`kill -9` from outside meets a moment by chance; this meets each one in turn.
"""

import os
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from myapp_operator.cli import main
from myapp_operator.kube import Kube

WRITES = ("create", "apply", "hold", "patch", "delete")
Write = Callable[..., Awaitable[Any]]


def doom(lives: int) -> None:
    """Lets this many writes through; the next one ends the process without a chance to tidy up."""
    done = 0

    def counted(write: Write) -> Write:
        async def perform(*arguments: Any, **options: Any) -> Any:
            nonlocal done
            if done == lives:
                os.kill(os.getpid(), signal.SIGKILL)
            done += 1
            return await write(*arguments, **options)

        return perform

    for name in WRITES:
        setattr(Kube, name, counted(getattr(Kube, name)))


if __name__ == "__main__":
    doom(int(sys.argv.pop(1)))
    main()
