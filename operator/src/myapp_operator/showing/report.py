"""How an app is doing, from what was read: the one thing that people and programs are shown. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from myapp_operator import names
from myapp_operator.grammar import Json
from myapp_operator.names import Kind, Reason
from myapp_operator.observed import Child
from myapp_operator.showing import children, pods
from myapp_operator.showing.facts import Facts
from myapp_operator.showing.pods import Container

_LAST_EVENTS = 10


@dataclass(frozen=True)
class Condition:
    """One condition of the MyApp; `since` is a timestamp, as all times here are."""

    type: str
    status: str
    reason: str
    since: str


@dataclass(frozen=True)
class ChildLine:
    """One child and its state in a few words."""

    kind: str
    name: str
    state: str


@dataclass(frozen=True)
class PodLine:
    """One pod. `version` is `new` or `old`: whether the newest ReplicaSet made it; where that one was gone back to, its
    pods are `old`, and those of the version that failed `failed`."""

    name: str
    version: str
    ready: str
    status: str
    restarts: int
    created: str
    note: str
    containers: list[Container]


@dataclass(frozen=True)
class EventLine:
    """One event, and how often it came."""

    last: str
    type: str
    reason: str
    object: str
    count: int
    message: str


@dataclass(frozen=True)
class Log:
    """The last lines of the failing container; `previous` says that they are of the run before the present one."""

    pod: str
    container: str
    previous: bool
    lines: list[str]


@dataclass(frozen=True)
class Report:
    """The whole of it. `status` and `message` are the operator's own words."""

    name: str
    namespace: str
    status: str = ""
    ready: str = ""
    message: str = ""
    image: str = ""
    url: str = ""
    page: str = ""
    """Where the documentation explains the status."""
    notes: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    conditions: list[Condition] = field(default_factory=list)
    children: list[ChildLine] = field(default_factory=list)
    pods: list[PodLine] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
    events: list[EventLine] = field(default_factory=list)
    log: Log | None = None
    unread: list[str] = field(default_factory=list)
    hidden: str = ""
    """Why nothing is known of the MyApp itself; empty where it was read."""


_WITHOUT_TROUBLE = frozenset(
    {Reason.READY, Reason.SCALED_TO_ZERO, Reason.SUSPENDED, Reason.WAITING, Reason.ROLLING_OUT, Reason.SCALING}
)
"""The words that have no page of their own."""


def of(facts: Facts) -> Report:
    """Puts together what is shown."""
    said: Json = (facts.app or {}).get("status") or {}
    conditions = [
        Condition(each["type"], each["status"], each.get("reason", ""), each.get("lastTransitionTime", ""))
        for each in said.get("conditions") or ()
    ]
    status = next((each.reason for each in conditions if each.type == "Ready"), "")
    return Report(
        name=facts.key.name,
        namespace=facts.key.namespace,
        status=status,
        ready=said.get("ready", ""),
        message=said.get("message", ""),
        image=said.get("image", ""),
        url=said.get("url", ""),
        page=page_of(status),
        notes=list(_notes(facts.app)),
        missing=facts.missing,
        conditions=conditions,
        children=[
            ChildLine(kind.kind, kind.name_for(facts.key.name), _state(kind, child, facts))
            for kind, child in sorted(facts.children.items(), key=lambda item: item[0].kind)
            if child is not None or facts.asks_for(kind)
        ],
        pods=[_pod(each, facts) for each in facts.pods],
        strangers=facts.strangers,
        events=sorted((_event(each) for each in facts.events), key=lambda each: each.last)[-_LAST_EVENTS:],
        log=_log(facts),
        unread=sorted(facts.unread),  # the answers come in any order
        hidden=facts.hidden,
    )


def page_of(status: str) -> str:
    """Where the documentation explains a word of the STATUS column; empty where there is nothing to explain."""
    if status not in [*Reason] or status == Reason.READY:
        return ""
    return "docs/status.md" if status in _WITHOUT_TROUBLE else f"docs/reasons/{status}.md"


def _notes(app: Json | None) -> Iterator[str]:
    """What makes the status worth less than it seems."""
    if app is None:
        return
    if "deletionTimestamp" in app["metadata"]:
        yield f"the {names.KIND} is being deleted"
    elif (app.get("status") or {}).get("observedGeneration") != app["metadata"].get("generation"):
        yield f"the operator has not looked at this version of the {names.KIND} yet: if that lasts, see whether it runs"


def _state(kind: Kind, raw: Json | None, facts: Facts) -> str:
    app = facts.app
    if raw is None:
        return "does not exist"
    child = Child.from_json(raw)
    if app is not None and (child.owner is None or child.owner.uid != app["metadata"]["uid"]):
        return f"is controlled by {child.owner}" if child.owner else f"is not controlled by this {names.KIND}"
    if child.deleting:
        return "is being deleted"
    return children.state(kind, raw, rolled_back=facts.rolled_back)


def _pod(pod: Json, facts: Facts) -> PodLine:
    containers = pods.containers(pod)
    return PodLine(
        name=pod["metadata"]["name"],
        version=_version(pod, facts),
        ready=pods.ready(pod),
        status=pods.status(pod),
        restarts=sum(each.restarts for each in containers),
        created=pod["metadata"].get("creationTimestamp") or "",
        note=pods.note(pod),
        containers=containers,
    )


def _version(pod: Json, facts: Facts) -> str:
    if facts.rolled_back:
        return "old" if facts.is_new(pod) else "failed"
    return "new" if facts.is_new(pod) else "old"


def _event(event: Json) -> EventLine:
    """Old and new ways of counting alike."""
    series, about = event.get("series") or {}, event.get("involvedObject") or {}
    times = (series.get("lastObservedTime"), event.get("lastTimestamp"), event.get("eventTime"))
    return EventLine(
        last=next((str(each) for each in times if each), event["metadata"].get("creationTimestamp") or ""),
        type=event.get("type", ""),
        reason=event.get("reason", ""),
        object=f"{about.get('kind', '')}/{about.get('name', '')}",
        count=series.get("count") or event.get("count") or 1,
        message=(event.get("message") or "").strip(),
    )


def _log(facts: Facts) -> Log | None:
    if facts.failing is None or not facts.log:
        return None
    return Log(facts.failing.pod, facts.failing.container, facts.failing.previous, facts.log.splitlines())
