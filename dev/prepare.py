"""What `make test` needs before pytest: both clusters, both images, and the operator installed in the real one.

Whatever is there already costs a look, so the fixtures of tests/e2e call the same functions.
"""

import os
import sys

from dev.cluster import Cluster, ClusterError, binary, packages, up
from dev.cluster.progress import say, step
from dev.images import APP, OPERATOR, Destination, build, load
from dev.overlay import write_overlay
from dev.steps import StepError, explain, run

WITHOUT_ROOT = (
    "`make test` needs root, since tests/e2e runs real containers: "
    "without root, `make test-unit` and `make test-api` run the other tests."
)
NAMESPACE = "myapp-system"


def main() -> int:
    """Prepare everything and return the exit code."""
    if os.geteuid() != 0:
        say(WITHOUT_ROOT)
        return 1
    try:
        simulated()
        real()
        # A test asks for it; here one sees how its build gets on.
        binary("metrics-server")
    except (StepError, ClusterError) as error:
        explain(error)
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nInterrupted: the same command goes on from here, `make cluster-down` cleans up.\n")
        return 130
    say("Everything is there for the tests.")
    return 0


def simulated() -> Cluster:
    """The cluster of tests/api, whose pods run nothing, what reads objects and sources for them, and wrong clocks."""
    cluster = up("simulated")
    binary("kstatus")
    binary("event-reasons")
    packages.faketime()
    return cluster


def real() -> Cluster:
    """The cluster of tests/e2e, with both images and the operator of this working copy."""
    if os.geteuid() != 0:
        raise ClusterError(WITHOUT_ROOT)
    cluster = up("real")
    node = Destination("local", cluster=cluster)
    load(node, build(APP))
    operator = build(OPERATOR)
    if not _runs(cluster, operator.reference):
        load(node, operator)
    _install(cluster, operator.reference)
    return cluster


def _runs(cluster: Cluster, operator_name: str) -> bool:
    """Whether a pod of just this operator runs: then the node has its image."""
    pods = ("get", "pods", "--namespace", NAMESPACE, "-l", "app.kubernetes.io/name=myapp-operator")
    images = "jsonpath={.items[?(@.status.phase=='Running')].spec.containers[*].image}"
    return operator_name in _kubectl(cluster, *pods, "-o", images, failed="The cluster does not answer.").split()


def _install(cluster: Cluster, operator_name: str) -> None:
    """What README tells an administrator to do, with the image of this working copy."""
    with step("Installing the operator"):
        _kubectl(cluster, "apply", "-k", str(write_overlay(operator_name)), failed="The operator cannot be installed.")
        _kubectl(
            cluster,
            *("wait", "--for=condition=Established", "crd/myapps.apps.example.com", "--timeout=60s"),
            failed="The API server does not take the CRD.",
        )
        _kubectl(
            cluster,
            *("rollout", "status", "deployment/myapp-operator", "--namespace", NAMESPACE, "--timeout=180s"),
            failed=f"The operator does not become ready: its log says why (kubectl logs -n {NAMESPACE} -l "
            "app.kubernetes.io/name=myapp-operator).",
        )


def _kubectl(cluster: Cluster, *arguments: str, failed: str) -> str:
    return run([cluster.kubectl, "--kubeconfig", cluster.kubeconfig, *arguments], failed=failed)


if __name__ == "__main__":
    sys.exit(main())
