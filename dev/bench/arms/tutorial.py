"""The operator of a usual kopf tutorial, with all rights, as tutorials have it."""

import sys
from pathlib import Path

import yaml

from dev.bench.arms import apps
from dev.bench.arms.arm import NAMESPACE, Arm, Command
from dev.bench.kinds import CHILDREN, MYAPP
from dev.bench.plane import Account, Plane

PROGRAM = Path(__file__).with_name("tutorial_operator.py")


def arm() -> Arm:
    """Describes it: it tells nothing of pods, and does not notice what happens to the children."""
    return Arm(
        name="tutorial",
        prepare=prepare,
        command=command,
        kind=MYAPP,
        children=CHILDREN,
        body=apps.body,
        is_written=apps.is_written,
        edit=apps.EDIT,
        pod=apps.POD,
        poison=apps.POISON,
        occupied=apps.OCCUPIED,
    )


def prepare(plane: Plane) -> Account:
    """Our CRD, so that the apps are the same, and an account of its own."""
    apps.prepare(plane)
    return mighty_account(plane, "tutorial")


def command(kubeconfig: Path, _: int) -> Command:
    """`kopf run`, for the namespace of the apps."""
    kopf = Path(sys.executable).with_name("kopf")
    return ["env", f"KUBECONFIG={kubeconfig}", kopf, "run", PROGRAM, "--namespace", NAMESPACE]


def mighty_account(plane: Plane, name: str) -> Account:
    """A ServiceAccount that may do everything."""
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": "default"}}
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": name},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": "default"}],
    }
    plane.apply(yaml.safe_dump_all([account, binding]), failed=f"The account {name} cannot be made.")
    return plane.account("default", name)
