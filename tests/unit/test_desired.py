"""What a MyApp becomes. The golden pairs hold every line of it: see golden.py before you change an output."""

from collections.abc import Iterator
from typing import Any, get_args

import pytest
import yaml

from myapp_operator import desired, names
from myapp_operator.desired.pod import template
from myapp_operator.grammar import Json, Part
from myapp_operator.model import PodMetadata, Spec, parse_spec
from tests.unit import golden
from tests.unit.samples import app, app_of

REMAKE = "every app would be written to, or restarted; if that is meant, run `uv run python -m tests.unit.golden`"


def children(case: str) -> tuple[Json, Json]:
    """The Deployment and the Service of a golden pair."""
    deployment, service, *_ = yaml.safe_load_all(golden.rendered(case))
    return deployment, service


def container(case: str) -> Json:
    found: Json = children(case)[0]["spec"]["template"]["spec"]["containers"][0]
    return found


# A golden output may never change without an entry in CHANGELOG.md: most of its lines stand in the pod template, and a
# release of the operator that renders an unchanged spec in another way restarts every pod of every app.
@pytest.mark.parametrize("case", golden.CASES)
def test_an_unchanged_spec_renders_as_ever(case: str) -> None:
    assert golden.rendered(case) == golden.target(case).read_text(encoding="utf-8"), REMAKE


def test_no_output_is_left_of_a_case_that_is_gone() -> None:
    assert {path.name for path in golden.FOLDER.iterdir()} == {
        path.name for case in golden.CASES for path in (golden.source(case), golden.target(case))
    }


def test_every_field_of_the_api_stands_in_a_golden_case() -> None:
    sources = [*golden.FOLDER.glob("*.input.yaml"), *golden.APART.glob("*.input.yaml")]
    specs = [yaml.safe_load(source.read_text(encoding="utf-8"))["spec"] for source in sources]
    given = {path for spec in specs for path in paths_of(spec)}
    assert [path for path in fields_of(Spec) if path not in given] == []


def paths_of(raw: Any, at: str = "") -> Iterator[str]:
    if isinstance(raw, dict):
        for key, value in raw.items():
            yield f"{at}{key}"
            yield from paths_of(value, f"{at}{key}.")


def fields_of(part: type[Part], at: str = "") -> Iterator[str]:
    """The fields of a part of the API and of the parts within it, as a user writes them."""
    for name, field in part.model_fields.items():
        path = f"{at}{field.alias or name}"
        yield path
        for each in (field.annotation, *get_args(field.annotation)):
            if isinstance(each, type) and issubclass(each, Part):
                yield from fields_of(each, f"{path}.")


def test_empty_lists_mean_the_same_as_none_at_all() -> None:
    """An empty list that is applied would always read as a field that somebody took away."""
    assert golden.rendered("empty-lists") == golden.rendered("smallest")


def test_defaults_written_out_mean_the_same_as_none_at_all() -> None:
    """The API server fills in defaults before the operator sees the spec; `render` sees the file as it was written."""
    spec = parse_spec({"image": "myapp:latest"})
    written_out = parse_spec(spec.model_dump(by_alias=True, exclude_none=True), strict=True)
    assert desired.build(app(), written_out) == desired.build(app(), spec)


def test_suspending_keeps_everything_but_the_pods() -> None:
    suspended, running = children("suspended"), children("smallest")
    assert suspended[0]["spec"].pop("replicas") == 0
    assert running[0]["spec"].pop("replicas") == 2
    for each in (*suspended, *running):
        del each["metadata"]["annotations"]
    assert suspended == running


def test_port_variable_comes_first_unless_the_user_gives_it() -> None:
    assert [each["name"] for each in container("everything")["env"]] == ["PORT", "GREETING", "PASSWORD"]
    assert container("own-port-variable")["env"][1] == {"name": "PORT", "value": "9000"}
    assert [each["name"] for each in container("own-port-variable")["env"]] == ["GREETING", "PORT"]


@pytest.mark.parametrize(
    ("case", "seconds"),
    [
        pytest.param("smallest", 5, id="a listening socket proves little"),
        pytest.param("liveness-probe-only", 5, id="a liveness probe proves nothing"),
        pytest.param("own-readiness-probe", 0, id="the app says itself when it is ready"),
        pytest.param("short-deadline", 2, id="always below the deadline, or the server refuses the Deployment"),
        pytest.param("everything", 3, id="as the user says"),
    ],
)
def test_seconds_a_pod_must_stay_ready(case: str, seconds: int) -> None:
    spec = children(case)[0]["spec"]
    assert spec["minReadySeconds"] == seconds
    assert spec["minReadySeconds"] < spec["progressDeadlineSeconds"]


@pytest.mark.parametrize("case", golden.CASES)
def test_pods_are_what_pod_security_restricted_asks_for(case: str) -> None:
    pod = children(case)[0]["spec"]["template"]["spec"]
    assert (pod["hostNetwork"], pod["hostPID"], pod["hostIPC"]) == (False, False, False)
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] > 0
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for each in (*pod["containers"], *pod.get("initContainers", ())):
        assert each["securityContext"]["allowPrivilegeEscalation"] is False
        assert each["securityContext"]["privileged"] is False
        assert each["securityContext"]["capabilities"] == {"drop": ["ALL"]}


@pytest.mark.parametrize("case", golden.CASES)
def test_a_token_is_mounted_only_where_the_app_has_an_account_of_its_own(case: str) -> None:
    pod = children(case)[0]["spec"]["template"]["spec"]
    assert pod["automountServiceAccountToken"] is (pod["serviceAccountName"] != "default")


def test_every_container_that_stays_is_drained_as_the_app_is() -> None:
    pod = children("sidecars")[0]["spec"]["template"]["spec"]
    drained = {each["name"]: each.get("lifecycle") for each in (*pod["containers"], *pod["initContainers"])}
    assert drained.pop("migrate") is None, "Kubernetes allows no drain where a container ends by itself"
    assert list(drained.values()) == [{"preStop": {"sleep": {"seconds": 8}}}] * 4


def test_the_users_labels_never_take_the_place_of_ours() -> None:
    """The rules refuse such labels; the selector must hold even where nobody asked them."""
    smuggled = PodMetadata.model_construct(labels={"team": "blue", "app": "other"}, annotations=None)
    unruly = parse_spec({"image": "a"}).model_copy(update={"pod_metadata": smuggled})
    assert template("shop", unruly)["metadata"]["labels"] == {"team": "blue", **names.labels("shop")}


@pytest.mark.parametrize("case", golden.CASES)
def test_the_service_selects_the_pods_and_leads_to_their_port(case: str) -> None:
    deployment, service = children(case)
    pods = deployment["spec"]["template"]
    selector = service["spec"]["selector"]
    assert selector == deployment["spec"]["selector"]["matchLabels"]
    assert selector.items() <= pods["metadata"]["labels"].items()
    assert service["spec"]["ports"][0]["targetPort"] == pods["spec"]["containers"][0]["ports"][0]["containerPort"]


@pytest.mark.parametrize("case", golden.CASES)
def test_nothing_empty_is_applied(case: str) -> None:
    assert [path for child in children(case) for path in empty_parts(child)] == []


def empty_parts(part: Any, path: str = "") -> list[str]:
    if part in ({}, [], None) and not path.endswith(".emptyDir"):  # whose emptiness says all
        return [path]
    inner = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    return [found for key, value in inner for found in empty_parts(value, f"{path}.{key}")]


def test_a_child_names_its_myapp_as_controller() -> None:
    owner = {"apiVersion": "apps.example.com/v1", "kind": "MyApp", "name": "shop", "uid": "u-1"}
    spec = parse_spec(yaml.safe_load(golden.source("beside").read_text())["spec"])
    found = [want.body for want in desired.build(app("shop", uid="u-1"), spec) if want.body]
    assert len(found) == 5
    for body in found:
        assert body["metadata"]["ownerReferences"] == [{**owner, "controller": True, "blockOwnerDeletion": True}]


def test_the_hash_is_that_of_render_although_render_knows_no_uid() -> None:
    raw = yaml.safe_load(golden.source("everything").read_text())
    built = desired.build(app_of(raw, uid="u-1"), parse_spec(raw["spec"]))
    applied = [want.applied for want in built if want.body]
    assert applied == [child["metadata"]["annotations"][names.APPLIED] for child in children("everything")]
    assert len(set(applied)) == 2


def test_building_leaves_the_spec_alone() -> None:
    raw = yaml.safe_load(golden.source("everything").read_text())["spec"]
    spec = parse_spec(raw)
    before = spec.model_dump_json()
    desired.build(app(), spec)
    assert spec.model_dump_json() == before
