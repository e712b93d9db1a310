"""`python -m dev.cluster up|metrics|down|status`: what the Makefile calls."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from types import MappingProxyType

from dev.cluster import lifecycle
from dev.cluster.errors import ClusterError
from dev.cluster.layout import Layout, NodeKind
from dev.cluster.progress import say


def main(arguments: Sequence[str]) -> int:
    """Run one command; a failure is one sentence and exit code 1."""
    options = _parser().parse_args(arguments)
    try:
        COMMANDS[options.command](options)
    except ClusterError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted: run the same command again to go on, or `make cluster-down` to clean up.\n")
        return 130
    return 0


def _up(options: argparse.Namespace) -> None:
    cluster = lifecycle.up(
        options.node or "real", name=options.name, state=options.state, kubeconfig=options.kubeconfig
    )
    say(f"The cluster {cluster.name} is ready. To use it:\n\n    export KUBECONFIG={cluster.kubeconfig}\n")


def _metrics(options: argparse.Namespace) -> None:
    cluster = lifecycle.up("real", name=options.name, state=options.state, kubeconfig=options.kubeconfig)
    lifecycle.add_metrics(cluster)
    say("metrics-server answers; `kubectl top pods` has the figures of a pod 20 s after its start.")


def _down(options: argparse.Namespace) -> None:
    for kind in _kinds(options):
        lifecycle.down(kind, name=options.name, state=options.state, kubeconfig=options.kubeconfig)


def _status(options: argparse.Namespace) -> None:
    for kind in _kinds(options):
        layout = Layout.of(kind, name=options.name, state=options.state, kubeconfig=options.kubeconfig)
        say("\n".join(lifecycle.status(layout)))


def _kinds(options: argparse.Namespace) -> tuple[NodeKind, ...]:
    return (options.node,) if options.node else ("real", "simulated")


COMMANDS = MappingProxyType({"up": _up, "metrics": _metrics, "down": _down, "status": _status})


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m dev.cluster", description="A local Kubernetes for development.")
    parser.add_argument("command", choices=sorted(COMMANDS), help="what to do")
    parser.add_argument(
        "--node",
        choices=["real", "simulated"],
        help="real containers, or none; without it `up` means real, the others both",
    )
    parser.add_argument("--name", help="the cluster's name, which decides its ports")
    parser.add_argument("--state", type=Path, help="the folder of its state")
    parser.add_argument("--kubeconfig", type=Path, help="where its kubeconfig is written")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
