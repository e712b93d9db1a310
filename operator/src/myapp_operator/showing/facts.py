"""What was read about one app, as the API server sent it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from myapp_operator.grammar import Json
from myapp_operator.names import Key, Kind
from myapp_operator.showing.pods import Failing


@dataclass
class Facts:
    """All that was read about one app."""

    key: Key
    app: Json | None = None
    """None where it may not be read."""
    hidden: str = ""
    """Why it may not, in one sentence."""
    children: dict[Kind, Json | None] = field(default_factory=dict)
    """None where there is none; no entry where it may not be read."""
    newest: Json | None = None
    """The newest ReplicaSet of the Deployment; None where it is not known."""
    pods: list[Json] = field(default_factory=list)
    """Of all ReplicaSets of the Deployment; those of the newest one first, and of them those in trouble."""
    strangers: list[str] = field(default_factory=list)
    """Pods of others with the label of the app, and whose they are; some of them, where there are many."""
    missing: list[str] = field(default_factory=list)
    """All that the MyApp refers to and that is not there, where the operator waits for it."""
    events: list[Json] = field(default_factory=list)
    failing: Failing | None = None
    log: str = ""
    """The last lines of the failing container."""
    unread: list[str] = field(default_factory=list)
    """What could not be read, a sentence each."""

    def is_new(self, pod: Json) -> bool:
        """Whether the pod is of the newest ReplicaSet; where that is not known, every pod is."""
        return self.newest is None or controller(pod) == self.newest["metadata"]["uid"]

    @property
    def rolled_back(self) -> bool:
        """Whether the newest ReplicaSet is one that was gone back to, since the version that is asked for failed."""
        app: Json = self.app or {}
        failed = ((app.get("status") or {}).get("rollback") or {}).get("generation")
        return failed is not None and failed == app["metadata"].get("generation")

    def asks_for(self, kind: Kind) -> bool:
        """Whether the MyApp, as far as it may be read, asks for this child."""
        return not kind.part or kind.part in ((self.app or {}).get("spec") or {})


def controller(raw: Json) -> str | None:
    """The uid of the controller of an object."""
    owners: list[Json] = raw["metadata"].get("ownerReferences") or []
    return next((str(each["uid"]) for each in owners if each.get("controller")), None)
