"""Build both images: `python -m dev.images` prints where they lie."""

import sys

from dev.cluster.errors import ClusterError
from dev.cluster.progress import say
from dev.images import APP, OPERATOR, build
from dev.steps import StepError, explain


def main() -> int:
    """Build both images and return the exit code."""
    try:
        for image in (APP, OPERATOR):
            built = build(image)
            say(f"{built.reference}  {built.archive}")
    except (StepError, ClusterError) as error:
        explain(error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
