"""What is said of objects in the place of children that their owner may let a MyApp take over. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from myapp_operator import names
from myapp_operator.names import Kind
from myapp_operator.observed import App

LONGEST = 512
"""Characters of a message of the status."""


def offer(app: App, kinds: Sequence[Kind]) -> str:
    """All of them in one sentence, with one command: each is named where there is room, and in any case counted."""
    places = [(kind, kind.name_for(app.key.name)) for kind in kinds]
    if len(places) == 1:
        ((kind, name),) = places
        return _sentence(f'{kind} "{name}" exists and is', "it", command(app, f"{kind.kind.lower()} {name}"))
    objects = [f"{kind.kind.lower()}/{name}" for kind, name in places]
    *first, last = (f'{kind} "{name}"' for kind, name in places)
    told = _sentence(f"{', '.join(first)} and {last} exist and are", "them", command(app, " ".join(objects)))
    while len(told) > LONGEST and objects:
        told = _sentence(f"{len(places)} objects exist and are", "them", command(app, " ".join(objects)))
        objects.pop()  # the others are told when these are taken over
    return told


def selects_otherwise(namespace: str, name: str, selector: str) -> str:
    """Why a Deployment with this selector can never be taken over, and how its place gets free while it serves."""
    keep_pods = f"kubectl -n {namespace} delete deployment {name} --cascade=orphan"
    return (
        f'{names.DEPLOYMENT} "{name}" cannot be taken over: it selects its pods by {selector} for ever, and those of '
        f"the {names.KIND} do not carry that. Delete it but not its pods ({keep_pods}), and its ReplicaSet once the "
        f"{names.KIND} is Ready; or give the {names.KIND} another name, or its pods those labels "
        "(spec.podMetadata.labels)"
    )


def command(app: App, objects: str) -> str:
    """The command by which the owner of these objects lets the MyApp take them over."""
    return f"kubectl -n {app.key.namespace} annotate {objects} {names.ADOPT}=true"


def _sentence(exist: str, them: str, let: str) -> str:
    return (
        f"{exist} not controlled by this {names.KIND}: delete {them}, give the {names.KIND} another name, or let the "
        f"{names.KIND} take {them} over, to live and die with it: {let}"
    )
