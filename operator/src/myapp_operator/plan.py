"""What to do about the difference between what is wanted and what was seen: create, apply, adopt, delete, or keep away.

Pure. Nothing here depends on which event came; the same inputs give the same plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field, replace
from datetime import datetime

from myapp_operator import adoption, drift, names, replicas, rollouts, selectors
from myapp_operator.admission import Admitted
from myapp_operator.attempts import ADMISSION, NUDGING, Attempt, Conflict, Step, Verb
from myapp_operator.deletion import why_still_there
from myapp_operator.desired import Wanted
from myapp_operator.fights import Fight
from myapp_operator.grammar import Json
from myapp_operator.names import Kind, Reason
from myapp_operator.observed import App, Child
from myapp_operator.owners import Owner
from myapp_operator.refusals import Held, Obstacle, Refused
from myapp_operator.rollouts import Asked

_LEAD_REQUESTS = (names.SERVICE, names.INGRESS, names.ROUTE)
"""Taken over too early, these would lead to nobody."""


@dataclass(frozen=True)
class Todo:
    """The plan for one app."""

    steps: tuple[Step, ...] = ()
    """The writes to make now."""
    obstacles: Mapping[Kind, Obstacle] = field(default_factory=dict)
    """The children that cannot be as wanted yet, and why."""
    as_wanted: frozenset[Kind] = frozenset()
    """The children that are surely as wanted: earlier attempts on them are history."""
    fights: Mapping[Kind, Fight] = field(default_factory=dict)
    """The children that others change as often as they are taken back."""
    again: float | None = None
    """Seconds until a step that had to wait may be taken, or a fight is forgotten; None: there is neither."""

    @property
    def creates(self) -> bool:
        """Whether anything would come into being."""
        return any(step.verb is Verb.CREATE for step in self.steps)

    @property
    def adopts(self) -> bool:
        """Whether anything of somebody else's would be tied to the app."""
        return any(step.verb is Verb.ADOPT for step in self.steps)


def make(
    wanted: Iterable[Wanted],
    children: Mapping[Kind, Child],
    app: App,
    attempts: Mapping[Kind, Attempt],
    now: float,
) -> Todo:
    """Compares kind by kind. `now` is in seconds, on the clock of `attempts`."""
    steps: list[Step] = []
    obstacles: dict[Kind, Obstacle] = {}
    as_wanted: set[Kind] = set()
    pauses: list[float] = []
    every = {want.kind: want for want in wanted}
    fewest = replicas.fewest(every.values())
    for kind, want in every.items():
        child = children.get(kind)
        if in_the_way := _going(want, child, app) or _in_the_way(want, children, app):
            obstacles[kind] = in_the_way
            continue
        step = _step(want, child, app, fewest)
        if step and kind == names.HPA and step.verb is not Verb.DELETE and not _handed_over(every, children, app):
            continue  # it comes once the Deployment has let go of the number of pods
        tried = attempts.get(kind)
        if step is None:
            if child is None or _is_at_rest(child):
                as_wanted.add(kind)
        elif tried is None or not tried.blocks(step, now):
            steps.append(step)
        else:
            pauses.append(tried.not_before - now)
            if obstacle := tried.obstacle(now):
                obstacles[kind] = obstacle
    return Todo(tuple(steps), obstacles, frozenset(as_wanted), again=min(pauses, default=None))


def doubting(wanted: Iterable[Wanted], admitted: Mapping[Kind, Admitted], untold: Set[Kind]) -> list[Wanted]:
    """What is wanted, where it is noted which children must be asked for by another apply, although they are as applied
    by all that metadata tells: those that admission was seen to change (`admitted`), and those of which nothing is
    known any more (`untold`), where the written status says that one is changed."""
    doubted = {kind: each.applied for kind, each in admitted.items()}
    return [
        replace(each, doubted=True) if each.kind in untold or doubted.get(each.kind) == each.applied else each
        for each in wanted
    ]


def note_others(todo: Todo, children: Mapping[Kind, Child], present: Mapping[Kind, str]) -> Todo:
    """The plan, with the steps marked that undo what others did beyond a change of fields.

    `present` is as in `Memory`. A child in it that is created has been deleted. One to which this process has applied
    just what it applies now, and which says that something else was applied since, was written by another operator: the
    MyApp has not changed.
    """
    return replace(todo, steps=tuple(_noted(step, children, present) for step in todo.steps)) if todo.steps else todo


def _noted(step: Step, children: Mapping[Kind, Child], present: Mapping[Kind, str]) -> Step:
    if step.verb is Verb.CREATE and step.kind in present:
        return replace(step, recreates=True, why="was deleted")
    if step.verb is not Verb.APPLY or step.reverts or step.attempt != present.get(step.kind):
        return step
    if children[step.kind].applied == step.attempt:
        return step
    return replace(step, reverts=(drift.REPLACED,), why=f"reverts {drift.REPLACED}")


def hold_back(todo: Todo, changes: Mapping[Kind, Fight], deletions: Mapping[Kind, Fight], now: float) -> Todo:
    """The plan without the reverts, adoptions and recreations that must wait: each would only make the other side write
    again. A fight over what stands in a child does not delay its recreation."""
    if not changes and not deletions:
        return todo
    reverted = {step.kind for step in todo.steps if step.reverts or step.verb is Verb.ADOPT}
    recreated = {step.kind for step in todo.steps if step.recreates}
    changed, gone = reverted & _paused(changes, now), recreated & _paused(deletions, now)
    waiting = changed | gone
    # Of a child with both, the one that its step waits for is told, and wakes the app.
    fights = {**deletions, **changes, **{kind: deletions[kind] for kind in gone}}
    moments = [*(fight.until for fight in fights.values()), *(fights[kind].not_before for kind in waiting)]
    pauses = [moment - now for moment in moments]
    return replace(
        todo,
        steps=tuple(step for step in todo.steps if step.kind not in waiting),
        fights={kind: replace(fight, lost=kind in waiting) for kind, fight in fights.items()},
        again=min([*pauses, *([] if todo.again is None else [todo.again])], default=None),
    )


def after_conflicts(todo: Todo, conflicts: Mapping[Kind, Conflict], now: float) -> Todo:
    """The plan without the writes that failed on this very version of their object a moment ago."""
    waiting = {
        step.kind: conflicts[step.kind]
        for step in todo.steps
        if step.kind in conflicts and conflicts[step.kind].blocks(step.decided_on, now)
    }
    if not waiting:
        return todo
    pauses = [each.not_before - now for each in waiting.values()]
    return replace(
        todo,
        steps=tuple(step for step in todo.steps if step.kind not in waiting),
        obstacles={**todo.obstacles, **{kind: each.obstacle(now) for kind, each in waiting.items()}},
        again=min([*pauses, *([] if todo.again is None else [todo.again])]),
    )


def _paused(fights: Mapping[Kind, Fight], now: float) -> set[Kind]:
    return {kind for kind, fight in fights.items() if fight.pauses(now)}


def keep_off(todo: Todo, wanted: Iterable[Wanted], unserved: Set[Kind]) -> Todo:
    """The plan without the kinds whose API the cluster does not have; to want one of them is an obstacle."""
    if not unserved:
        return todo
    missing = {want.kind: Obstacle(not_installed(want.kind)) for want in wanted if want.body and want.kind in unserved}
    steps = tuple(step for step in todo.steps if step.kind not in unserved)
    return replace(todo, steps=steps, obstacles={**todo.obstacles, **missing})


def not_installed(kind: Kind) -> Refused:
    """What to say of a wanted child whose API the cluster does not have."""
    return Refused(
        Reason.REFERENCE_MISSING,
        f"{kind.addon} is not installed in this cluster, so there can be no {kind}: install it, or remove "
        f"spec.{kind.part} from the {names.KIND}",
    )


def ending(kind: Kind, app: App, child: Child) -> Refused:
    """What to say of an object in a child's place that is being deleted: it is there until its finalizers are gone."""
    name = kind.name_for(app.key.name)
    message = f'{kind} "{name}" is being deleted, and is made anew as soon as it is gone'
    why = why_still_there(child.finalizers, f"kubectl -n {app.key.namespace} edit {kind.kind.lower()} {name}")
    return Refused(Reason.WAITING, f"{message}; {why}" if why else message)


def foreign(kind: Kind, app: App, owner: Owner | None) -> Refused:
    """What to say of an object in a child's place that this MyApp does not control."""
    what = f'{kind} "{kind.name_for(app.key.name)}"'
    namesake = (names.API_VERSION, names.KIND, app.key.name)
    if owner is not None and (owner.api_version, owner.kind, owner.name) == namesake:
        return Refused(
            Reason.WAITING, f"{what} still belongs to an earlier {names.KIND} of this name and is being removed"
        )
    if owner is not None:
        return Refused(
            Reason.NOT_OWNED,
            f"{what} is controlled by {owner}: delete it, or give the {names.KIND} another name",
        )
    return Refused(Reason.NOT_OWNED, adoption.offer(app, [kind]), adoptable=True)


def unreadable(kind: Kind, app: App) -> str:
    """What to say of an object in a child's place that cannot be read."""
    name = kind.name_for(app.key.name)
    command = f"kubectl -n {app.key.namespace} delete {kind.kind.lower()} {name}"
    return f'{kind} "{name}" cannot be read: delete it with {command}'


def _going(want: Wanted, child: Child | None, app: App) -> Obstacle | None:
    """An object in the child's place that is being deleted, whatever controls it."""
    return Obstacle(ending(want.kind, app, child)) if want.body and child and child.deleting else None


def _in_the_way(want: Wanted, children: Mapping[Kind, Child], app: App) -> Obstacle | None:
    """An object in the child's place that is not ours, and which we may not take over, or not yet."""
    child = children.get(want.kind)
    if want.body is None or child is None:
        return None
    if child.problem:
        return Obstacle(Refused(Reason.REJECTED, unreadable(want.kind, app)))
    if child.is_controlled_by(app):
        return _selects_otherwise(want.body, child, app) if want.kind == names.DEPLOYMENT else None
    if not child.may_be_adopted:
        refused = foreign(want.kind, app, child.owner)
        never = _never_adoptable(want.body, child, app) if refused.adoptable and want.kind == names.DEPLOYMENT else ""
        return Obstacle(Refused(Reason.NOT_OWNED, never) if never else refused)
    return _too_early(want, children, app)


def _too_early(want: Wanted, children: Mapping[Kind, Child], app: App) -> Obstacle | None:
    """What an adoption must wait for, so that no request is lost by it."""
    what = f'{want.kind} "{want.kind.name_for(app.key.name)}"'
    if want.kind in _LEAD_REQUESTS and not _serves(children.get(names.DEPLOYMENT), app):
        return Obstacle(Held(f"{what} is taken over as soon as the Deployment has available pods of this version"))
    if want.kind in _LEAD_REQUESTS[1:] and not _is_written(children.get(names.SERVICE), app):
        return Obstacle(Held(f"{what} is taken over as soon as the Service is there"))
    return None


def _never_adoptable(body: Json, deployment: Child, app: App) -> str:
    """What to say of a Deployment that could not be taken over if its owner offered it; empty: nothing is known."""
    labels = selectors.of(deployment, app.key.name)
    if labels and not selectors.missing(labels, body):
        return ""
    spelled = selectors.told(labels) if labels else "more than labels"
    return adoption.selects_otherwise(app.key.namespace, names.DEPLOYMENT.name_for(app.key.name), spelled)


def _selects_otherwise(body: Json, deployment: Child, app: App) -> Obstacle | None:
    """Our Deployment, where it selects its pods by labels that they would not carry any more."""
    labels = selectors.of(deployment, app.key.name)
    if body["spec"]["selector"] == {"matchLabels": labels}:
        return None
    by, remedy = "more than labels", ""
    if lacking := selectors.told(selectors.missing(labels, body)):
        by, remedy = (
            f"{lacking}, which those of this version do not carry",
            "write that into spec.podMetadata.labels again, or ",
        )
    name = names.DEPLOYMENT.name_for(app.key.name)
    return Obstacle(
        Refused(
            Reason.REJECTED,
            f"it selects its pods for ever by {by}: {remedy}delete the Deployment ({name}), and the {names.KIND} makes "
            "its own",
        )
    )


def _is_written(service: Child | None, app: App) -> bool:
    """Whether the Service is ours: only then has it the port to which ours lead."""
    return service is not None and service.is_controlled_by(app) and not service.deleting


def _serves(deployment: Child | None, app: App) -> bool:
    """Whether our Deployment can take over what others serve now: a Service that selects its pods would else have none.

    Older pods do not count: they may listen on another port than the one to which ours would lead. A new one serves
    surely where more pods are available than there are older ones, which stay selected (see `selectors`). To wait for
    the end of such a rollout would be too late: a Service that selects by more than the Deployment does has lost all
    its pods by then. Where the Deployment has no older pods, those of others serve until all of ours do. One that is to
    have no pods has nothing to wait for.
    """
    if deployment is None or not deployment.is_controlled_by(app) or not deployment.settled:
        return False
    rollout = deployment.rollout
    if rollout is None:
        return False
    if older := rollout.replicas - rollout.updated:
        return not rollout.wanted or rollout.available > older
    return rollout.available >= rollout.wanted


def _handed_over(wanted: Mapping[Kind, Wanted], children: Mapping[Kind, Child], app: App) -> bool:
    deployment = wanted.get(names.DEPLOYMENT)
    return deployment is not None and replicas.is_handed_over(deployment, children.get(names.DEPLOYMENT), app)


def _step(want: Wanted, child: Child | None, app: App, fewest: int) -> Step | None:
    """The one write that brings this child nearer to what is wanted; None if there is none to make now."""
    name = want.kind.name_for(app.key.name)
    if child is not None:
        if child.awaited or child.deleting:
            return None  # the watch will bring what becomes of it
        target = Step(Verb.APPLY, want.kind, name, {}, child.uid, child.resource_version)
        return _step_on(child, want, target, fewest) if child.is_controlled_by(app) else _adoption(want, target)
    if want.body is None:
        return None
    body = replicas.counted(want.body, fewest) if replicas.are_left_to_others(want.body) else want.body
    return Step(Verb.CREATE, want.kind, name, with_notes(body, want.carried), attempt=want.applied)


def _step_on(child: Child, want: Wanted, target: Step, fewest: int) -> Step | None:
    """What to do with a child of ours that is there."""
    if want.body is None:
        return replace(target, verb=Verb.DELETE, attempt="delete")
    hold = replicas.hold(want.body, child, fewest)
    if drift.drifted(want.body, want.applied, child):
        body = with_nudge(with_notes(want.body, want.carried), child.nudge)
        reverts = drift.taken(want.body, want.applied, child)
        why = ", ".join(f"reverts {path}" for path in reverts) or "changed"
        claims = bool(drift.surplus(want.body, child))
        return replace(target, body=body, attempt=want.applied, why=why, hold=hold, reverts=reverts, claims=claims)
    past = child.rolled_back is not None and names.ROLLED_BACK not in want.carried
    if hold or past:
        body = with_nudge(with_notes(want.body, want.carried), child.nudge)
        why = "leaves replicas to the autoscaler" if hold else "forgets which version failed"
        return replace(target, body=body, attempt=want.applied, why=why, hold=hold)
    if want.doubted or not runs_as_applied(want, child):
        body = with_nudge(with_notes(want.body, want.carried), child.nudge)
        return replace(target, body=body, attempt=ADMISSION, why="asks whether admission still changes it")
    if _cannot_make_pods(child):
        body = with_nudge(with_notes(want.body, want.carried), child.nudge + 1)
        return replace(target, body=body, attempt=NUDGING, why=NUDGING)
    return None


def runs_as_applied(want: Wanted, child: Child) -> bool:
    """Whether what a Deployment runs is what was applied; admission can change that, and no entry of managedFields
    tells. Of other children nothing is known."""
    if want.body is None or want.kind != names.DEPLOYMENT or child.rollout is None or not child.rollout.containers:
        return True
    return (
        want.body["spec"].get("replicas", child.rollout.wanted) == child.rollout.wanted
        and want.containers == child.rollout.containers
    )


def _adoption(want: Wanted, target: Step) -> Step | None:
    """Taking over an object that may be taken over, see `_in_the_way`; what is not wanted is not touched."""
    if want.body is None:
        return None
    body = with_notes(want.body, want.carried)
    return replace(target, verb=Verb.ADOPT, body=body, attempt=f"adopt {want.applied}")


def _is_at_rest(child: Child) -> bool:
    """Whether nothing is on its way any more; only then has an earlier attempt, such as a nudge, done its work."""
    return not child.awaited and (child.rollout is None or child.settled)


def _cannot_make_pods(child: Child) -> bool:
    """Whether its controller was refused pods, or a ReplicaSet. It pauses for minutes then, also when the cause is
    gone, or gives up; see NUDGE.

    Before it has looked at our last write there is nothing to say: that write may have been the cure.
    """
    if child.lacks_replica_set:
        return True
    failure = child.settled and child.rollout and child.rollout.conditions.get("ReplicaFailure")
    return bool(failure and failure.status)


def with_nudge(body: Json, nudge: int) -> Json:
    """The body with the count of nudges as an annotation, carried over by every later apply; outside the hash."""
    return with_notes(body, {names.NUDGE: str(nudge)} if nudge else {})


def with_rollout(todo: Todo, child: Child | None, asked: Asked, now: datetime) -> Todo:
    """The plan, with each write of the Deployment carrying a note of its rollout (see `rollouts`)."""

    def noted(step: Step) -> Step:
        if step.kind != names.DEPLOYMENT or step.verb is Verb.DELETE:
            return step
        text = rollouts.noted(step.body, child, asked, reverts=bool(step.reverts), now=now)
        return replace(step, body=with_notes(step.body, {names.ROLLOUT: text}))

    return replace(todo, steps=tuple(map(noted, todo.steps)))


def with_notes(body: Json, notes: Mapping[str, str]) -> Json:
    """The body with more annotations, which are outside the hash."""
    metadata = body["metadata"]
    return {**body, "metadata": {**metadata, "annotations": {**metadata["annotations"], **notes}}}
