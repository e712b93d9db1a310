"""What is told of a revert: field, values, culprit; from managedFields as a real API server made them."""

import copy
import time
from collections.abc import Callable
from typing import Any

import pytest

from myapp_operator import drift, names, reverting
from myapp_operator.grammar import Json
from myapp_operator.masking import Values
from myapp_operator.names import Kind
from myapp_operator.reverting import Change
from tests.unit.test_drift import SEEN, applied, seen

DEPLOYMENT, SERVICE = names.DEPLOYMENT, names.SERVICE
CONTAINER = "spec.template.spec.containers[everything]"
BY_PATCH = " (changed by kubectl-patch)"
PASSWORD = "swordfish"  # noqa: S105
GREETING = [{"name": "GREETING", "value": PASSWORD}]

Edit = Callable[[Json], object]


def container(stored: Json) -> Json:
    found: Json = stored["spec"]["template"]["spec"]["containers"][0]
    return found


def told(kind: Kind, edit: str, make: Edit) -> str:
    """What is told when an edit was made to what `everything` applied, and the server kept the books."""
    want, child = applied("everything", kind), seen("everything", kind, edit)
    assert want.body is not None
    present = copy.deepcopy(want.body)
    make(present)
    present["metadata"]["managedFields"] = SEEN["everything"][kind.kind][edit]["metadata"]["managedFields"]
    paths = drift.taken(want.body, want.applied, child)
    return reverting.sentence(kind, reverting.changes(want.body, paths, present), "everything")


def put(*path: str, value: Any) -> Edit:
    """An edit of one field of the object."""

    def make(stored: Json) -> None:
        for key in path[:-1]:
            stored = stored[key]
        stored[path[-1]] = value

    return make


TOLD: list[tuple[Kind, str, Edit, str]] = [
    (DEPLOYMENT, "kubectl scale", put("spec", "replicas", value=7), f"spec.replicas 7 → 3{BY_PATCH}"),
    (DEPLOYMENT, "kubectl rollout pause", put("spec", "paused", value=True), f"spec.paused true → false{BY_PATCH}"),
    (
        DEPLOYMENT,
        "kubectl set image",
        lambda stored: container(stored).update(image="other:1"),
        f"{CONTAINER}.image other:1 → registry.example.com/team/shop:1.4.2 (changed by kubectl-set)",
    ),
    (
        DEPLOYMENT,
        "kubectl set resources",
        lambda stored: container(stored)["resources"]["limits"].update(cpu="2"),
        f"{CONTAINER}.resources.limits.cpu 2 → 1 (changed by kubectl-set)",
    ),
    (
        DEPLOYMENT,
        "kubectl set env",
        lambda stored: container(stored)["env"][0].update(value=PASSWORD),
        f"{CONTAINER}.env[PORT] (changed by kubectl-set)",
    ),
    (
        DEPLOYMENT,
        "variable removed",
        lambda stored: container(stored)["env"].pop(1),
        f"{CONTAINER}.env[GREETING] (removed)",
    ),
    (
        DEPLOYMENT,
        "all variables removed",
        lambda stored: container(stored).pop("env"),
        f"{CONTAINER}.env (removed)",
    ),
    (
        DEPLOYMENT,
        "command changed",
        lambda stored: container(stored).update(command=["sh", PASSWORD]),
        f"{CONTAINER}.command{BY_PATCH}",
    ),
    (
        DEPLOYMENT,
        "port changed",
        lambda stored: container(stored)["ports"][0].update(containerPort=9),
        f"{CONTAINER}.ports[http].containerPort 9 → 8080{BY_PATCH}",
    ),
    (
        DEPLOYMENT,
        "strategy changed",
        put("spec", "strategy", value={"type": "Recreate"}),
        f"spec.strategy.type Recreate → RollingUpdate, spec.strategy.rollingUpdate (removed){BY_PATCH}",
    ),
    (
        DEPLOYMENT,
        "probe removed",
        lambda stored: container(stored).pop("livenessProbe"),
        f"{CONTAINER}.livenessProbe (removed)",
    ),
    (
        DEPLOYMENT,
        "label removed",
        lambda stored: stored["metadata"]["labels"].pop("app.kubernetes.io/name"),
        "metadata.labels[app.kubernetes.io/name] (removed)",
    ),
    (
        DEPLOYMENT,
        "our annotation removed",
        lambda stored: stored["metadata"].pop("annotations"),
        "metadata.annotations (removed)",
    ),
    (
        DEPLOYMENT,
        "our annotation changed",
        put("metadata", "annotations", value={names.APPLIED: "0"}),
        "what the operator notes down for itself (changed by kubectl-annotate)",
    ),
    (
        DEPLOYMENT,
        "managedFields cleared",
        lambda stored: None,
        "every field, since metadata.managedFields was cleared",
    ),
    (
        SERVICE,
        "selector changed",
        put("spec", "selector", value={**names.selector("everything"), "app": "other"}),
        f"spec.selector.app other → everything{BY_PATCH}",
    ),
    (
        SERVICE,
        "port changed",
        lambda stored: stored["spec"]["ports"][0].update(port=81),
        f"spec.ports[http].port 81 → 8000{BY_PATCH}",
    ),
    (
        DEPLOYMENT,
        "sidecar added",
        lambda stored: stored["spec"]["template"]["spec"]["containers"].append(
            {"name": "foreign", "image": "foreign:1"}
        ),
        f"spec.template.spec.containers[foreign] (added){BY_PATCH}",
    ),
    (
        DEPLOYMENT,
        "kubectl set env of a new variable",
        lambda stored: container(stored)["env"].append({"name": "EXTRA", "value": PASSWORD}),
        f"{CONTAINER}.env[EXTRA] (added) (changed by kubectl-set)",
    ),
    (
        SERVICE,
        "type changed",
        put("spec", "type", value="NodePort"),
        f"spec.type NodePort → ClusterIP, spec.externalTrafficPolicy (added){BY_PATCH}",
    ),
]


@pytest.mark.parametrize(
    ("kind", "edit", "make", "words"), [pytest.param(*each, id=f"{each[0]}: {each[1]}") for each in TOLD]
)
def test_a_revert_is_told_with_field_values_and_culprit(kind: Kind, edit: str, make: Edit, words: str) -> None:
    assert told(kind, edit, make).partition(": change the MyApp instead")[0] == f"{kind}: reverted {words}"


def test_somebody_who_applied_the_same_values_is_named_without_values() -> None:
    """A zero value is not stored: to the server another value was applied."""
    words = told(SERVICE, "applied by another with our values", lambda stored: None)
    assert words == (
        "Service: reverted spec.publishNotReadyAddresses (changed by other): change the MyApp instead: spec.service"
    )


def test_of_many_fields_three_are_named() -> None:
    changes = [Change(f"spec.{number}", ("flux",)) for number in range(7)]
    assert reverting.sentence(SERVICE, changes, "shop") == (
        "Service: reverted spec.0, spec.1, spec.2 and 4 more (changed by flux): change the MyApp instead: spec.service"
    )


def test_several_culprits_are_all_named_once() -> None:
    changes = [Change("a", ("flux", "kubectl-edit")), Change("b", ("flux",)), Change("c (removed)")]
    assert reverting.culprits(changes) == "flux and kubectl-edit"


def test_what_could_not_be_read_is_told_without_values() -> None:
    want = applied("everything", DEPLOYMENT)
    changes = reverting.changes(want.body or {}, ["spec.replicas"], None)
    assert reverting.sentence(DEPLOYMENT, changes, "everything") == (
        "Deployment: reverted spec.replicas: change the MyApp instead: spec.replicas"
    )


def test_what_is_noted_for_internal_use_is_not_told() -> None:
    """As `kubectl rollout undo` brings it back with the rest."""
    changes = [
        Change("metadata.annotations[apps.example.com/applied]", ("kubectl",)),
        Change("metadata.annotations[deployment.kubernetes.io/revision] (added)", ("kubectl",)),
        Change("spec.template.spec.containers[shop].image shop:1 → shop:2", ("kubectl",)),
    ]
    assert reverting.sentence(DEPLOYMENT, changes, "shop") == (
        "Deployment: reverted spec.template.spec.containers[shop].image shop:1 → shop:2 (changed by kubectl): "
        "change the MyApp instead: spec.image"
    )
    assert reverting.sentence(SERVICE, changes[:2], "shop") == (
        "Service: reverted what the operator notes down for itself (changed by kubectl)"
    )


@pytest.mark.parametrize(
    ("paths", "fields"),
    [
        pytest.param(
            [f"{CONTAINER}.env[GREETING].value"], {"env": [{"name": "GREETING", "value": PASSWORD}]}, id="env"
        ),
        pytest.param([f"{CONTAINER}.env"], {"env": [{"name": "GREETING", "value": PASSWORD}]}, id="all of env"),
        pytest.param([f"{CONTAINER}.command"], {"command": [PASSWORD]}, id="command"),
        pytest.param([f"{CONTAINER}.args"], {"args": [PASSWORD]}, id="args"),
        pytest.param([f"{CONTAINER}.envFrom"], {"envFrom": [{"prefix": PASSWORD}]}, id="envFrom"),
        pytest.param(
            [f"{CONTAINER}.readinessProbe"],
            {"readinessProbe": {"exec": {"command": [PASSWORD]}}},
            id="the command of a probe",
        ),
        pytest.param(["spec.template"], {"env": GREETING}, id="all of the pod"),
    ],
)
def test_no_value_is_told_of_what_may_hold_a_password(paths: list[str], fields: Json) -> None:
    want = applied("everything", DEPLOYMENT)
    present = copy.deepcopy(want.body or {})
    container(present).update(fields)
    found = reverting.changes(want.body or {}, paths, present)
    assert found
    assert PASSWORD not in reverting.sentence(DEPLOYMENT, found, "shop")
    assert "hello" not in reverting.sentence(DEPLOYMENT, found, "shop")


def test_a_long_value_is_cut_and_stays_on_one_line() -> None:
    want = applied("everything", DEPLOYMENT)
    present = copy.deepcopy(want.body or {})
    container(present)["image"] = "two\nlines " + "x" * 500
    (change,) = reverting.changes(want.body or {}, [f"{CONTAINER}.image"], present)
    assert change.text.startswith(f"{CONTAINER}.image two lines xxx")
    assert len(change.text) < 200


def test_a_password_in_a_long_value_is_hidden_before_it_is_cut() -> None:
    want = applied("everything", DEPLOYMENT)
    present = copy.deepcopy(want.body or {})
    container(present)["image"] = f"{'x' * 50}{PASSWORD}:{PASSWORD}"
    (change,) = reverting.changes(want.body or {}, [f"{CONTAINER}.image"], present, Values.of([PASSWORD]))
    assert PASSWORD[:4] not in change.text


def test_to_tell_of_thousands_of_changed_variables_costs_no_time() -> None:
    env = [{"name": f"VARIABLE_{number}", "value": "x"} for number in range(2000)]
    named = {f'k:{{"name":"{each["name"]}"}}': {"f:value": {}} for each in env}
    entry = {"manager": "flux", "operation": "Apply", "fieldsV1": {"f:spec": {"f:env": named}}}
    present = {"metadata": {"managedFields": [entry]}, "spec": {"env": [{**each, "value": "y"} for each in env]}}
    paths = [f"spec.env[{each['name']}].value" for each in env]
    began = time.process_time()
    found = reverting.changes({"metadata": {}, "spec": {"env": env}}, paths, present)
    assert time.process_time() - began < 4
    assert len(found) == 2000
    assert found[50] == Change("spec.env[VARIABLE_50]", ("flux",))
    assert found[-1] == Change("spec.env[VARIABLE_1999]"), "of the first hundred is told who made them"


def test_of_a_thousand_managers_few_are_asked_and_three_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    env = [{"name": f"V{number}", "value": "x"} for number in range(200)]
    held = {f'k:{{"name":"{each["name"]}"}}': {"f:value": {}} for each in env}
    entries = [
        {"manager": f"m{number}", "operation": "Update", "fieldsV1": {"f:spec": {"f:env": held}}}
        for number in range(1000)
    ]
    present = {"metadata": {"managedFields": entries}, "spec": {"env": [{**each, "value": "y"} for each in env]}}
    monkeypatch.setattr(reverting, "_LARGEST", 2**24)
    lookups, of = [0], drift.Items.of

    def counted(items: drift.Items, item: Any) -> Any:
        lookups[0] += 1
        return of(items, item)

    monkeypatch.setattr(drift.Items, "of", counted)
    paths = [f"spec.env[V{number}].value" for number in range(5)]
    found = reverting.changes({"metadata": {}, "spec": {"env": env}}, paths, present)
    assert lookups[0] <= 5 * 51
    assert len(found[0].by) == 51
    assert reverting.culprits(found) == "m0 and m1 and m10 and others"


def test_names_of_others_steer_no_terminal_and_fill_no_event() -> None:
    found = [Change(f"spec.selector[a\x1b[31m\u202e\n{'x' * 2**20}] (added)")]
    told = reverting.sentence(names.SERVICE, found, "shop")
    assert len(told) < 1400
    assert told.isprintable()
