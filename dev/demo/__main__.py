"""Run the demo: `CLUSTER=current` uses the cluster of the current kubectl context in place of one of our own."""

import os
import sys

from dev.cluster.errors import ClusterError
from dev.cluster.layout import REPOSITORY
from dev.demo import ground, recipe
from dev.steps import StepError, explain


def main() -> int:
    """Run the demo and return the exit code; a failure shows its log lines and one sentence."""
    os.chdir(REPOSITORY)  # the commands that are shown name files from here
    try:
        recipe.run(_choose(os.environ.get("CLUSTER", ""), os.environ.get("IMAGE_REGISTRY", "")))
    except (StepError, ClusterError) as error:
        explain(error)
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nInterrupted: `make demo` goes on from here, `make cluster-down` cleans up.\n")
        return 130
    return 0


def _choose(cluster: str, registry: str) -> ground.Ground:
    if cluster in ("", "local"):
        return ground.local()
    if cluster == "current":
        return ground.current(registry)
    raise ClusterError(f"CLUSTER={cluster} means nothing here: leave it out, or use CLUSTER=current.")


if __name__ == "__main__":
    sys.exit(main())
