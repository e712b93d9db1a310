"""The MyApps of a run, alike in every arm that looks after MyApps, and what their status tells."""

import yaml

from dev.bench.arms.arm import NAMESPACE
from dev.bench.plane import Account, Plane
from dev.cluster.layout import REPOSITORY
from myapp_operator import names
from myapp_operator.grammar import Json

CONDITION = "Ready"
EDIT: Json = {"spec": {"image": "myapp:2"}}
POD: Json = {"spec": {"replicas": 1}}
POISON: Json = {"spec": {"scheduling": {"nodeSelector": {"no-such": "node"}}}}
OCCUPIED = "{name}-service"


def body(name: str) -> Json:
    """A small MyApp without a pod: for one, Kubernetes needs several times as much as for all that is measured."""
    return {
        "apiVersion": names.API_VERSION,
        "kind": names.KIND,
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {
            "image": "myapp:1",
            "replicas": 0,
            "drainSeconds": 0,
            "terminationGracePeriodSeconds": 1,
            "rollout": {"minReadySeconds": 0},
        },
    }


def is_written(app: Json) -> bool:
    """Whether the status tells of the present generation."""
    return bool((app.get("status") or {}).get("observedGeneration", -1) == app["metadata"]["generation"])


def is_ready(app: Json) -> bool:
    """Whether the status says that what the present generation asks for runs."""
    conditions = {each["type"]: each for each in (app.get("status") or {}).get("conditions") or ()}
    ready = conditions.get(CONDITION, {})
    return bool(ready.get("status") == "True" and ready.get("observedGeneration") == app["metadata"]["generation"])


def prepare(plane: Plane) -> Account:
    """Installs CRD and rights as `kubectl apply -k deploy` does, less the Deployment: the operator runs outside."""
    manifests = plane.kubectl("kustomize", str(REPOSITORY / "deploy"), failed="deploy/ cannot be rendered.")
    objects = [each for each in yaml.safe_load_all(manifests) if each["kind"] != "Deployment"]
    plane.apply(yaml.safe_dump_all(objects), failed="The operator's CRD and rights cannot be installed.")
    return plane.account("myapp-system", names.MANAGER)
