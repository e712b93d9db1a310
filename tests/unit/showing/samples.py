"""What the API server sends about an app in trouble, cut down to what is shown."""

from typing import Any

from myapp_operator import names
from myapp_operator.grammar import Json
from myapp_operator.names import Key
from myapp_operator.showing.facts import Facts

START = "2030-01-01T11:55:00Z"
WAITING: Json = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 20s"}}
RUNNING: Json = {"running": {"startedAt": START}}
FAILED: Json = {"terminated": {"exitCode": 1, "reason": "Error", "message": "Traceback"}}
DONE: Json = {"terminated": {"exitCode": 0, "reason": "Completed"}}


def owned(name: str, uid: str, by: str, **metadata: Any) -> Json:
    """The metadata of an object with a controller."""
    owner = {"apiVersion": "v1", "kind": "Owner", "name": "it", "uid": by, "controller": True}
    return {"name": name, "uid": uid, "resourceVersion": "1", "ownerReferences": [owner], **metadata}


def container(state: Json, *, ready: bool = False, before: Json | None = None, name: str = "shop") -> Json:
    """The status of one container; with `before` it was restarted."""
    return {
        "name": name,
        "ready": ready,
        "restartCount": 3 if before else 0,
        "state": state,
        "lastState": before or {},
    }


def pod(name: str = "shop-1", *statuses: Json, init: Json | None = None, by: str = "new", **status: Any) -> Json:
    """One pod; ready if its containers are."""
    is_ready = bool(statuses) and all(each["ready"] for each in statuses)
    return {
        "metadata": owned(name, f"uid-{name}", by, creationTimestamp=START),
        "spec": {"containers": [{"name": each["name"]} for each in statuses] or [{"name": "shop"}]},
        "status": {
            "phase": "Running" if statuses else "Pending",
            "conditions": [{"type": "Ready", "status": str(is_ready)}],
            "containerStatuses": [*statuses],
            **({"initContainerStatuses": [init]} if init else {}),
            **status,
        },
    }


def event(last: str, reason: str = "BackOff", **fields: Any) -> Json:
    """One event of the pod shop-1."""
    about = {"kind": "Pod", "name": "shop-1"}
    told = {"type": "Warning", "reason": reason, "message": f"about {reason}", "involvedObject": about}
    return {"metadata": {"creationTimestamp": START}, "lastTimestamp": last, **told, **fields}


def app(**changes: Any) -> Json:
    """A MyApp whose newest version crashes."""
    conditions = [
        {"type": "Ready", "status": "False", "reason": "CrashLoopBackOff", "lastTransitionTime": START},
        {"type": "Available", "status": "False", "reason": "NoEndpoints", "lastTransitionTime": START},
    ]
    return {
        "metadata": {"name": "shop", "namespace": "web", "uid": "uid-app", "generation": 2, **changes},
        "status": {
            "observedGeneration": 2,
            "ready": "0/1",
            "message": 'container "shop" exits with code 1',
            "image": "shop:3",
            "url": "http://shop-service.web.svc",
            "conditions": conditions,
        },
    }


def facts(**changes: Any) -> Facts:
    """All about that app; the Service does not exist."""
    rolled_out = {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1}
    deployment = {
        "metadata": owned("shop-deployment", "uid-deployment", "uid-app"),
        "spec": {"replicas": 1},
        "status": rolled_out,
    }
    crashing = pod("shop-1", container(WAITING, before=FAILED))
    found: dict[str, Any] = {
        "app": app(),
        "children": {names.DEPLOYMENT: deployment, names.SERVICE: None},
        "newest": {"metadata": owned("shop-deployment-1", "new", "uid-deployment")},
        "pods": [crashing],
        "events": [event("2030-01-01T11:59:40Z", count=4)],
    }
    return Facts(Key("web", "shop"), **found | changes)
