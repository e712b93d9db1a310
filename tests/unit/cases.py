"""Every reason of the status with each outlook it occurs with, from what a real cluster says.

A new reason gets its line in `CASES`; `test_cases.py` says so where it is missing. Other tools are shown them
(`tests/api/test_conclusions.py`, `deploy/test_argocd.py`), and the pages of docs/reasons quote their messages.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from myapp_operator import names, preflight
from myapp_operator.deployment_status import Condition
from myapp_operator.grammar import Json
from myapp_operator.names import Kind, Reason
from myapp_operator.observed import App, Child
from myapp_operator.owners import Owner
from myapp_operator.plan import foreign, not_installed
from myapp_operator.preflight import Known
from myapp_operator.references import Digests, Reference, Referent
from myapp_operator.refusals import Obstacle, from_words
from myapp_operator.rollback_note import RolledBack
from myapp_operator.seen import Seen
from myapp_operator.status import judge, judge_terminating
from myapp_operator.verdicts import Outlook
from tests.unit.pods import replay
from tests.unit.samples import app, children, owner, progressing, refused_pods, rollout, seen, spec

QUOTA = (
    'pods "myapp-deployment-7f9c-x2b4z" is forbidden: exceeded quota: small, '
    "requested: pods=1, used: pods=1, limited: pods=1"
)
OBJECT_QUOTA = (
    'deployments.apps "myapp-deployment" is forbidden: exceeded quota: small, '
    "requested: count/deployments.apps=1, used: count/deployments.apps=4, limited: count/deployments.apps=4"
)
NO_PRIORITY = 'pods "myapp-deployment-7f9c-x2b4z" is forbidden: no PriorityClass with name urgent was found'
LIMIT_RANGE = (
    'pods "myapp-deployment-7f9c-x2b4z" is forbidden: maximum memory usage per Container is 512Mi, but limit is 1Gi'
)
NO_LIMIT = (
    'pods "myapp-deployment-7f9c-x2b4z" is forbidden: failed quota: compute: must specify limits.memory for: myapp'
)
REPLICA_SET_QUOTA = (
    'Failed to create new replica set "myapp-deployment-7f9c": replicasets.apps "myapp-deployment-7f9c" is forbidden: '
    "exceeded quota: small, requested: count/replicasets.apps=1, used: count/replicasets.apps=9, "
    "limited: count/replicasets.apps=9"
)
POLICY = (
    "deployments.apps \"myapp-deployment\" is forbidden: ValidatingAdmissionPolicy 'few-replicas' with binding "
    "'few-replicas' denied request: at most four here"
)
INVALID = (
    'Deployment.apps "myapp-deployment" is invalid: '
    "spec.env[0].valueFrom.configMapKeyRef.key: Invalid value: \"..\": must not be '..'"
)


@dataclass(frozen=True)
class Case:
    """An app that is told to be in this state for this reason."""

    reason: Reason
    outlook: Outlook
    seen: Seen

    def __str__(self) -> str:
        """As the id of a test."""
        return f"{self.reason} {self.outlook.name.lower()}"

    @property
    def stored(self) -> Json:
        """The whole MyApp, with the status that is written for it."""
        told, app = self.seen, self.seen.app
        judged = judge_terminating(app, told.now, told.children) if app.deleting else judge(told)
        return as_json(replace(app, status=judged.status))


def as_json(stored: App) -> Json:
    """A MyApp as the API server hands it out."""
    deletion = {"deletionTimestamp": stored.deleted_at, "finalizers": [*stored.finalizers]} if stored.deleting else {}
    return {
        "apiVersion": names.API_VERSION,
        "kind": names.KIND,
        "metadata": {
            "namespace": stored.key.namespace,
            "name": stored.key.name,
            "uid": stored.uid,
            "generation": stored.generation,
            **deletion,
        },
        "spec": stored.spec,
        "status": stored.status,
    }


def ready(reason: Reason, pods: int = 2, **fields: Any) -> Case:
    """An app that is complete with this many pods."""
    return Case(reason, Outlook.READY, seen(spec=spec(**fields), children=children(rollout(pods))))


def progresses(reason: Reason, **changes: Any) -> Case:
    """An app that may get there by itself."""
    return Case(reason, Outlook.PROGRESSING, seen(**changes))


def stalled(reason: Reason, **changes: Any) -> Case:
    """An app that needs a hand from the start."""
    return Case(reason, Outlook.STALLED, seen(**changes))


def stalled_later(case: Case) -> Case:
    """The same app when its deadline has passed."""
    before = replace(case.seen.app, status=judge(case.seen).status)
    deadline = timedelta(seconds=case.seen.spec.rollout.progress_deadline_seconds)
    return replace(case, outlook=Outlook.STALLED, seen=replace(case.seen, app=before, now=case.seen.now + deadline))


def refused(words: str) -> dict[Kind, Obstacle]:
    """A Deployment whose write the API server refuses in these words."""
    return {names.DEPLOYMENT: Obstacle(from_words(words))}


def held(*references: Reference, known: Known) -> dict[Kind, Obstacle]:
    """A Deployment that waits for what its pods refer to."""
    problem = preflight.problem(references, known)
    assert problem is not None
    return {names.DEPLOYMENT: Obstacle(problem)}


def in_the_way(owner: Owner | None) -> dict[Kind, Obstacle]:
    """An object in the place of the Deployment that is not ours."""
    return {names.DEPLOYMENT: Obstacle(foreign(names.DEPLOYMENT, app(), owner))}


def without_pods(words: str) -> dict[Kind, Child]:
    """An app of which a pod is missing, because it is refused in these words."""
    return children(replace(ONE_POD, conditions=refused_pods(words)))


def without_replica_set(words: str) -> dict[Kind, Child]:
    """An app whose next version cannot begin, because its ReplicaSet is refused in these words: its Deployment never
    answers to the last write."""
    conditions = {"Progressing": Condition(False, "ReplicaSetCreateError", words)}
    return children(rollout(conditions=conditions), generation=2)


def failing(recorded: str, outlook: Outlook = Outlook.PROGRESSING, later: float = 60) -> Case:
    """An app of which a pod is missing, because the pods fail as in this file of `failures`, so many seconds later."""
    cause = replay(recorded, later=later)[-1].cause
    assert cause is not None
    return Case(cause.reason, outlook, seen(children=children(ONE_POD), cause=cause))


URL = Reference(names.CONFIG_MAP, "settings", 'env URL of container "shop"', "url")
NO_CONFIG_MAP = Known(frozenset({names.CONFIG_MAP}))
NO_KEY = replace(NO_CONFIG_MAP, objects={(names.CONFIG_MAP, "settings"): Referent(1, digests=Digests())})
ROBOT = Reference(names.SERVICE_ACCOUNT, "robot", "spec.serviceAccountName")
CLOSED = Known(frozenset({names.SERVICE_ACCOUNT}), {(names.SERVICE_ACCOUNT, "robot"): Referent(1)})

ONE_POD = rollout(replicas=1, ready=1, available=1, updated=1)
ROLLING = rollout(replicas=3, updated=1, conditions=progressing("ReplicaSetUpdated"))
GIVEN_UP = rollout(replicas=3, updated=1, conditions=progressing("ProgressDeadlineExceeded"))

HELD = app(deleting=True, deleted_at="2030-01-01T11:59:00Z", finalizers=("example.org/keep",))
"""Deleted, and held by somebody."""
ROUTED = spec(route={"gateway": {"name": "public"}})
FAILED = RolledBack(1, "CrashLoopBackOff", 'container "myapp" exits with code 3', "2030-01-01T11:50:00Z")
"""What the Deployment remembers of a version that was gone back from."""

MAY_HEAL = [
    progresses(Reason.QUOTA_EXCEEDED, obstacles=refused(OBJECT_QUOTA)),
    progresses(Reason.QUOTA_EXCEEDED, children=without_pods(QUOTA)),
    progresses(Reason.QUOTA_EXCEEDED, children=without_pods(NO_LIMIT)),
    progresses(Reason.QUOTA_EXCEEDED, children=without_replica_set(REPLICA_SET_QUOTA)),
    progresses(Reason.FORBIDDEN, obstacles=refused(POLICY)),
    progresses(Reason.REFERENCE_MISSING, children={}, obstacles=held(URL, known=NO_CONFIG_MAP)),
    progresses(Reason.REFERENCE_MISSING, obstacles=held(URL, known=NO_KEY)),
    progresses(Reason.FORBIDDEN, children=without_pods(LIMIT_RANGE)),
    progresses(Reason.REFERENCE_MISSING, children=without_pods(NO_PRIORITY)),
    progresses(Reason.REFERENCE_MISSING, spec=ROUTED, obstacles={names.ROUTE: Obstacle(not_installed(names.ROUTE))}),
    *map(
        failing,
        (
            "image-missing",
            "traceback",
            "memory",
            "secret-missing",
            "volume-secret-missing",
            "claim-unbound",
            "init-waits",
            "no-node",
            "readiness",
            "liveness",
            "init-crash",
        ),
    ),
    failing("eviction", later=0),
    failing("disk-full", later=0),
]
"""Reconciling until the deadline, then Stalled."""

CASES = [
    ready(Reason.READY),
    ready(Reason.SCALED_TO_ZERO, 0, replicas=0),
    ready(Reason.SUSPENDED, 0, suspend=True),
    progresses(Reason.TERMINATING, app=HELD),
    progresses(Reason.WAITING, obstacles=in_the_way(owner("uid-of-an-earlier-one"))),
    progresses(Reason.ROLLING_OUT, children={}),
    progresses(Reason.ROLLING_OUT, children=children(ROLLING)),
    progresses(Reason.SCALING, children=children(ONE_POD)),
    *MAY_HEAL,
    *map(stalled_later, MAY_HEAL),
    failing("image-no-name", Outlook.STALLED),
    stalled(Reason.PROGRESS_DEADLINE_EXCEEDED, children=children(GIVEN_UP)),
    stalled(Reason.SERVICE_ACCOUNT_NOT_ALLOWED, children={}, obstacles=held(ROBOT, known=CLOSED)),
    stalled(Reason.ROLLED_BACK, children=children(rolled_back=FAILED)),
    stalled(Reason.NOT_OWNED, obstacles=in_the_way(None)),
    stalled(Reason.REJECTED, obstacles=refused(INVALID)),
]

NEVER_JUDGED = as_json(app(status={"observedGeneration": -1}))
"""As it is stored when it is created, before the operator has seen it."""


def edited(case: Case) -> Json:
    """The MyApp after its user has changed it and before the operator has seen that."""
    stored = case.stored
    return stored | {"metadata": stored["metadata"] | {"generation": 2}}
