"""Every reason of the status with each outlook it occurs with, as MyApps that other tools are shown.

A new reason gets its line in `CASES`; `test_cases.py` says so where it is missing. What Flux and Helm conclude is tried
in tests/api/test_conclusions.py, what Argo CD does in deploy/test_argocd.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from myapp_operator import names
from myapp_operator.grammar import Json
from myapp_operator.names import Kind, Reason
from myapp_operator.observed import App
from myapp_operator.refusals import Obstacle, Refused
from myapp_operator.status import judge
from myapp_operator.verdicts import Outlook, Seen
from tests.unit.samples import app, children, progressing, refused_pods, rollout, seen, spec

QUOTA = 'pods "myapp-deployment-7f9c-x2b4z" is forbidden: exceeded quota: small, limited: pods=1'
SECURITY = 'pods "myapp-deployment-7f9c-x2b4z" is forbidden: violates PodSecurity "restricted:latest"'


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
        return as_json(replace(self.seen.app, status=judge(self.seen).status))


def as_json(stored: App) -> Json:
    """A MyApp as the API server hands it out."""
    return {
        "apiVersion": names.API_VERSION,
        "kind": names.KIND,
        "metadata": {
            "namespace": stored.key.namespace,
            "name": stored.key.name,
            "uid": stored.uid,
            "generation": stored.generation,
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


def refused(reason: Reason, kind: Kind = names.DEPLOYMENT) -> Mapping[Kind, Obstacle]:
    """A child whose write is refused."""
    return {kind: Obstacle(Refused(reason, "words of the API server"))}


WITHOUT_ITS_PODS = rollout(replicas=1, ready=1, available=1, updated=1)
MAY_HEAL = [
    progresses(Reason.QUOTA_EXCEEDED, obstacles=refused(Reason.QUOTA_EXCEEDED)),
    progresses(Reason.QUOTA_EXCEEDED, children=children(replace(WITHOUT_ITS_PODS, conditions=refused_pods(QUOTA)))),
    progresses(Reason.FORBIDDEN, obstacles=refused(Reason.FORBIDDEN, names.SERVICE)),
    progresses(Reason.FORBIDDEN, children=children(replace(WITHOUT_ITS_PODS, conditions=refused_pods(SECURITY)))),
]
"""Reconciling until the deadline, then Stalled."""

CASES = [
    ready(Reason.READY),
    ready(Reason.SCALED_TO_ZERO, 0, replicas=0),
    ready(Reason.SUSPENDED, 0, suspend=True),
    progresses(Reason.WAITING, obstacles=refused(Reason.WAITING)),
    progresses(Reason.ROLLING_OUT, children={}),
    progresses(
        Reason.ROLLING_OUT,
        children=children(rollout(replicas=3, updated=1, conditions=progressing("ReplicaSetUpdated"))),
    ),
    progresses(Reason.SCALING, children=children(WITHOUT_ITS_PODS)),
    *MAY_HEAL,
    *map(stalled_later, MAY_HEAL),
    stalled(
        Reason.PROGRESS_DEADLINE_EXCEEDED,
        children=children(rollout(replicas=3, updated=1, conditions=progressing("ProgressDeadlineExceeded"))),
    ),
    stalled(Reason.NOT_OWNED, obstacles=refused(Reason.NOT_OWNED)),
    stalled(Reason.REJECTED, obstacles=refused(Reason.REJECTED)),
]

NEVER_JUDGED = as_json(app(status={"observedGeneration": -1}))
"""As it is stored when it is created, before the operator has seen it."""


def edited(case: Case) -> Json:
    """The MyApp after its user has changed it and before the operator has seen that."""
    stored = case.stored
    return stored | {"metadata": stored["metadata"] | {"generation": 2}}
