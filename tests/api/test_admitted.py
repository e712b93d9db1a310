"""While a new version is held, the one that was let through last goes on, whatever others make of the Deployment."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from myapp_operator import desired, names, references
from myapp_operator.model import parse_spec
from tests.api.conftest import Kubectl
from tests.api.test_preflight import URL, template, told
from tests.harness import Api, Audit, OperatorProcess, hasty, myapp, never, wait_for
from tests.unit.samples import app

Json = dict[str, Any]
Edit = Callable[[Api, Kubectl], object]

DEPLOYMENT = "myapp-deployment"
GREETING = {"name": "GREETING", "value": "hello"}
NOTE = "apps.example.com/template"
SPECS = sorted(Path("tests/unit/desired").glob("*.input.yaml"))
RUNNING = {"command": ["serve"], "env": [GREETING], "resources": {"requests": {"cpu": "0.1", "memory": "1024Ki"}}}


def patch(template: Json, annotations: Json | None = None) -> Edit:
    """An edit of the pod template by another field manager."""
    body: Json = {"spec": {"template": template}}
    if annotations:
        body["metadata"] = {"annotations": annotations}

    def edit(api: Api, kubectl: Kubectl) -> None:
        path = f"{api.path('deployments', DEPLOYMENT)}?fieldManager=another"
        api.request("PATCH", path, body, content="application/strategic-merge-patch+json")

    return edit


def container(**changes: Any) -> Json:
    return {"spec": {"containers": [{"name": "myapp", **changes}]}}


def undo(api: Api, kubectl: Kubectl) -> None:
    kubectl("--namespace", api.namespace, "rollout", "undo", "deployment", DEPLOYMENT, check=True)


EDITS: dict[str, Edit] = {
    "image": patch(container(image="evil:2")),
    "a variable is changed": patch(container(env=[{"name": "GREETING", "value": "evil"}])),
    "a variable is removed": patch(container(env=[{"name": "GREETING", "$patch": "delete"}])),
    "command is changed": patch(container(command=["evil"])),
    "command is removed": patch(container(command=None)),
    "undo": undo,
    "image, and our notes are removed": patch(
        container(image="evil:2"), {NOTE: None, "apps.example.com/applied": None}
    ),
    "image, and our note is forged": patch(container(image="evil:2"), {NOTE: 32 * "0"}),
}


@pytest.fixture
def held(api: Api, operator: OperatorProcess) -> OperatorProcess:
    """The operator; the third version of an app waits for a ConfigMap while its second one runs."""
    api.create("myapps", hasty(replicas=1, image="app:1", **RUNNING))
    wait_for("Ready", api.is_ready)
    api.edit("myapp", image="app:2")
    wait_for("Ready again", lambda: api.is_ready() and image(api) == "app:2")
    api.edit("myapp", image="app:3", command=["other"], env=[URL])
    told(api, "ReferenceMissing")
    return operator


def image(api: Api) -> str:
    return str(template(api)["spec"]["containers"][0]["image"])


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS.keys())
def test_what_others_made_of_the_pods_while_the_operator_was_away_is_taken_back(
    held: OperatorProcess, api: Api, kubectl: Kubectl, edit: Edit
) -> None:
    before = template(api)
    held.kill()
    edit(api, kubectl)
    assert template(api) != before
    wait_for("a ReplicaSet of it", lambda: len(api.list("replicasets", "app=myapp")) > 1)
    held.start()
    wait_for("the version that was let through", lambda: template(api) == before)
    assert api.reason() == "ReferenceMissing"
    assert "let through" not in api.message()


def test_what_others_make_of_the_pods_is_taken_back_and_again_after_a_restart(
    held: OperatorProcess, api: Api, kubectl: Kubectl
) -> None:
    before = template(api)
    for edit in (EDITS["image"], undo):
        edit(api, kubectl)
        wait_for("taken back", lambda: template(api) == before)
    held.kill()
    held.start()
    never("another template", lambda: template(api) != before, seconds=3)
    EDITS["image"](api, kubectl)
    wait_for("taken back again", lambda: template(api) == before)


def test_a_container_that_others_added_does_not_become_ours(held: OperatorProcess, api: Api, kubectl: Kubectl) -> None:
    held.kill()
    patch({"spec": {"containers": [{"name": "evil", "image": "evil:2"}]}})(api, kubectl)
    held.start()
    api.edit("myapp", replicas=2)
    wait_for("scaled", lambda: (api.get("deployments", DEPLOYMENT) or {})["spec"]["replicas"] == 2)
    metadata = (api.get("deployments", DEPLOYMENT) or {})["metadata"]
    ours = [each for each in metadata["managedFields"] if each["manager"] == "myapp-operator"]
    assert "evil" not in str(ours)


def test_where_nothing_tells_which_version_was_let_through_the_deployment_is_left_alone(
    api: Api, operator: OperatorProcess, kubectl: Kubectl, audit: Audit
) -> None:
    api.create("myapps", hasty(replicas=1, rollout={"revisionHistoryLimit": 0}))
    wait_for("Ready", api.is_ready)
    api.edit("myapp", env=[URL])
    told(api, "ReferenceMissing")
    operator.kill()
    EDITS["image"](api, kubectl)
    wait_for("only that of others is left", lambda: [*replica_set_images(api)] == ["evil:2"])
    audit.restart()
    operator.start()
    wait_for("it is said", lambda: "others have changed what runs" in api.message())
    assert api.reason() == "ReferenceMissing"
    assert [each for each in audit.writes() if each.resource == "deployments"] == []
    api.create("configmaps", {"metadata": {"name": "settings"}, "data": {"url": "http://db"}})
    wait_for("Ready", api.is_ready)
    assert image(api) == "myapp:latest"


def replica_set_images(api: Api) -> set[str]:
    found = api.list("replicasets", "app=myapp")
    return {each["spec"]["template"]["spec"]["containers"][0]["image"] for each in found}


def test_whatever_an_app_asks_for_its_version_is_known_again(api: Api, operator: OperatorProcess) -> None:
    """The API server stores quantities, defaults and zeros in its own words."""
    specs = {file.name.partition(".")[0]: yaml.safe_load(file.read_text())["spec"] for file in SPECS}
    for name, spec in specs.items():
        kept = {key: value for key, value in spec.items() if key not in ("ingress", "route", "service")}
        provide(api, kept)
        api.create("myapps", myapp(name, **kept))
    before = {name: wait_for(f"{name} is made", lambda name=name: stored(api, name)) for name in specs}  # type: ignore[misc]
    operator.kill()
    for name in specs:
        api.edit(name, env=[URL])
    operator.start()
    for name in specs:
        wait_for("ReferenceMissing", lambda name=name: api.reason(name) == "ReferenceMissing")  # type: ignore[misc]
        assert "let through" not in api.message(name), name
        assert stored(api, name) == before[name]


def stored(api: Api, name: str) -> Json:
    """What the Deployment of an app is to be."""
    found: Json = (api.get("deployments", f"{name}-deployment") or {}).get("spec", {})
    return found


def provide(api: Api, spec: Json) -> None:
    """All that an app of this spec refers to."""
    parsed = parse_spec({"imagePullPolicy": "Always", **spec})
    pods = next(each.body for each in desired.build(app(), parsed) if each.body and each.kind == names.DEPLOYMENT)
    needed: dict[tuple[names.Kind, str], dict[str, str]] = {}
    for each in references.of(pods["spec"]["template"]):
        needed.setdefault((each.kind, each.name), {}).update({each.key: "x"} if each.key else {})
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}
    for (kind, name), data in needed.items():
        if api.get(kind.plural, name):
            api.patch(kind.plural, name, {"data": data} if data else {})
            continue
        body: Json = {"metadata": {"name": name, "labels": {names.USABLE: "true"}}}
        extra: Json = {"ConfigMap": {"data": data}, "PersistentVolumeClaim": {"spec": claim}}.get(kind.kind, {})
        api.create(kind.plural, body | extra)
