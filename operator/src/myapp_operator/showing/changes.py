"""What applying a MyApp would change in its children: the operator's own decisions, tried on the API server.

Every write is a dry run, with the field manager, the force and the preconditions of the operator.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from myapp_operator import desired, names, plan, replicas, selectors, takeover, templates
from myapp_operator.allowance import Allowance
from myapp_operator.desired import Wanted
from myapp_operator.errors import ApiError, InvalidMyAppError
from myapp_operator.grammar import Json
from myapp_operator.kube import APPS, Kube
from myapp_operator.model import Spec, parse_spec
from myapp_operator.names import Key, Kind, Reason
from myapp_operator.observed import App, Child
from myapp_operator.refusals import Refused, classify
from myapp_operator.showing import applying
from myapp_operator.showing.difference import Change


@dataclass(frozen=True)
class Way:
    """How the file would be applied, in the words of `kubectl apply`."""

    server_side: bool = False
    force_conflicts: bool = False
    field_manager: str | None = None

    @property
    def manager(self) -> str:
        """In whose name."""
        return self.field_manager or ("kubectl" if self.server_side else "kubectl-client-side-apply")


async def compare(kube: Kube, file: Json, way: Way, allowance: Allowance) -> list[Change]:
    """What would change for one MyApp of a file, which names its namespace: in itself, and in its children.

    A refusal is a change of its own. Where the MyApp itself is refused, by the API server or by what the installation
    allows, nothing is said of its children.

    Raises:
        ApiError: the API server does not know who asks.
        UnreachableError: there is no answer from the API server.
    """
    key = Key(file["metadata"]["namespace"], file["metadata"]["name"])
    try:
        stored = await kube.whole(APPS, key)
        if stored is not None and "deletionTimestamp" in stored["metadata"]:
            return [Change(APPS, key, refused=f"the {names.KIND} is being deleted: try again when it is gone")]
        then = await _try_myapp(kube, key, file, stored, way)
        spec = _allowed(parse_spec(then["spec"]), allowance)
    except (ApiError, InvalidMyAppError) as error:
        if isinstance(error, ApiError) and error.status == 401:
            raise
        return [Change(APPS, key, refused=_words(error))]
    uid = stored["metadata"]["uid"] if stored else ""
    app = App(key, uid, resource_version=0, generation=then["metadata"]["generation"], deleting=False)
    there = await _deployment(kube, app)
    children = {names.DEPLOYMENT: Child.from_json(there)} if there else {}
    wanted = selectors.kept(desired.build(app, spec), children, app)
    if there and (earlier := _gone_back_to(there, app, spec, wanted)):
        wanted = templates.running(wanted, key.name, earlier)
    own = Change(APPS, key, stored, then)
    found = [own, *[await _compare_child(kube, app, want, replicas.fewest(wanted)) for want in wanted]]
    return [change for change in found if change.verb]


async def _try_myapp(kube: Kube, key: Key, file: Json, stored: Json | None, way: Way) -> Json:
    """The MyApp as the API server would store it, with its defaults."""
    if way.server_side:
        return await kube.try_apply(APPS, file, {}, manager=way.manager, force=way.force_conflicts)
    if stored is None:
        return await kube.try_create(APPS, file, way.manager)
    return await kube.try_patch(APPS, key, applying.merge_patch(file, stored), way.manager)


def _allowed(spec: Spec, allowance: Allowance) -> Spec:
    """The spec itself, if the operator takes it.

    Raises:
        InvalidMyAppError: it does not, unless it was started with an option that this command was not given.
    """
    try:
        return allowance.checked(spec)
    except InvalidMyAppError as error:
        raise InvalidMyAppError(f"{error}. If it runs with that option, give it to this command too") from error


async def _deployment(kube: Kube, app: App) -> Json | None:
    """The Deployment in the child's place; None where there is none or it may not be read."""
    try:
        return await kube.whole(names.DEPLOYMENT, Key(app.key.namespace, names.DEPLOYMENT.name_for(app.key.name)))
    except ApiError:
        return None  # which is told when it is compared


def _gone_back_to(deployment: Json, app: App, spec: Spec, wanted: Sequence[Wanted]) -> Json | None:
    """The pod template that runs although this generation asks for another one, since that one failed. Whether its
    configuration is another one by now is not known here; the operator would have tried it."""
    child = Child.from_json(deployment)
    failed = child.rolled_back if child.is_controlled_by(app) and spec.rollout.auto_rollback else None
    asked = next((each.version for each in wanted if each.kind is names.DEPLOYMENT), "")
    if failed is None or not failed.is_of(app.generation, asked, failed.configuration):
        return None
    template: Json = deployment["spec"]["template"]
    return template


async def _compare_child(kube: Kube, app: App, want: Wanted, fewest: int) -> Change:
    key = Key(app.key.namespace, want.kind.name_for(app.key.name))
    try:
        before = await kube.whole(want.kind, key)
        child = Child.from_json(before) if before else None
        if before and child and not child.is_controlled_by(app):
            return await _compare_foreign(kube, app, want, before)
        after = await _try_child(kube, want, child, before, fewest) if want.body else None
    except ApiError as error:
        hidden = want.body is None and error.status == 403  # who may not see what is not wanted misses nothing
        return Change(want.kind, key, refused="" if hidden else _refusal(want.kind, error))
    return Change(want.kind, key, before, after)


async def _compare_foreign(kube: Kube, app: App, want: Wanted, before: Json) -> Change:
    """An object that is not ours stays as it is, unless its owner lets the operator take it over."""
    key, child = Key(app.key.namespace, want.kind.name_for(app.key.name)), Child.from_json(before)
    if want.body is None:
        return Change(want.kind, key, before, before)
    if not child.may_be_adopted:
        refused = plan.foreign(want.kind, app, child.owner)
        never = takeover.foreseen(want.kind, before["spec"], want.body) if refused.adoptable else None
        return Change(want.kind, key, before, before, never or refused.message)
    if hindrance := takeover.hindrance(want.kind, before["spec"], want.body):
        return Change(want.kind, key, before, before, hindrance)
    return Change(want.kind, key, before, await _try_adoption(kube, want, key, before))


async def _try_adoption(kube: Kube, want: Wanted, key: Key, before: Json) -> Json:
    """The object as an adoption would leave it, in one write instead of the operator's two."""
    body: Json = want.body or {}
    ours = {field: value for field, value in body["metadata"].items() if field not in ("name", "namespace")}
    patch = [{"op": "add", "path": f"/metadata/{field}", "value": value} for field, value in ours.items()]
    spec = {"op": "replace", "path": "/spec", "value": applying.replacing(body["spec"], before["spec"])}
    return await kube.try_patch(want.kind, key, [*patch, spec])


async def _try_child(kube: Kube, want: Wanted, child: Child | None, before: Json | None, fewest: int) -> Json:
    """The child as the operator's write would leave it."""
    body: Json = want.body or {}
    if replicas.are_left_to_others(body):
        body = replicas.counted(body, before["spec"]["replicas"] if before else fewest)
    if child is None or before is None:
        return await kube.try_apply(want.kind, body, {"resourceVersion": "1"})
    try:
        now = {"uid": child.uid, "resourceVersion": str(child.resource_version)}
        after = await kube.try_apply(want.kind, body, now)
    except ApiError as error:
        rejected = getattr(classify(error), "reason", None) is Reason.REJECTED
        if not rejected or not takeover.patch(before["metadata"], takeover.whole_spec):
            raise
    else:
        left: Json = applying.removing(takeover.surplus(body, before["metadata"]), after)
        return left
    # The operator makes the whole spec its own before it applies once more, in two writes that depend on each other.
    # A dry run knows one write only; this one ends in the same spec, less labels and annotations of others on the pods.
    key = Key(body["metadata"]["namespace"], body["metadata"]["name"])
    spec = {"op": "replace", "path": "/spec", "value": applying.replacing(body["spec"], before["spec"])}
    return await kube.try_patch(want.kind, key, [spec])


def _refusal(kind: Kind, error: ApiError) -> str:
    if kind.addon and error.is_unserved:
        return plan.not_installed(kind).message
    return f"the {kind} would be refused: {_words(error)}"


def _words(error: ApiError | InvalidMyAppError) -> str:
    if isinstance(error, ApiError) and error.is_unserved:
        what = f"the API server does not know {names.PLURAL}.{names.GROUP}"
        return f"{what}: install the CRD first, with: kubectl apply -k crds"
    verdict = classify(error)
    return verdict.message if isinstance(verdict, Refused) else str(error)
