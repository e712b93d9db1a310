"""The operator with little patience, for tests of it: `python -m tests.harness.impatient run …`.

What takes minutes to be called silent or stuck takes seconds here.
"""

from functools import partial

from myapp_operator import run
from myapp_operator.cli import main
from myapp_operator.echo import Echo, Pace
from myapp_operator.workqueue import WorkQueue

PACE = Pace(look=1, quiet=2, patience=6)
LONGEST_LOOK = 6.0

if __name__ == "__main__":
    setattr(run, "Echo", partial(Echo, pace=PACE))  # noqa: B010  a type checker would take it for a mistake
    setattr(run, "WorkQueue", partial(WorkQueue, longest_look=LONGEST_LOOK))  # noqa: B010
    main()
