"""The corpus of bad input, tried by a user who may write MyApps and nothing else: never does it reach a child."""

import json
import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from dev.cluster import Cluster
from myapp_operator import crd, desired
from myapp_operator.model import parse_spec
from myapp_operator.observed import App
from tests import corpus
from tests.api.conftest import Kubectl, author_of
from tests.corpus import Case
from tests.harness import Api, Refused

Json = dict[str, Any]

CASES = corpus.read()
REFUSED = [case for case in CASES if case.refused]
DROPPED = [case for case in CASES if case.dropped]
STORED = [case for case in CASES if case.stored]
SOURCES = {"configMap", "secret", "emptyDir", "persistentVolumeClaim", "projected", "downwardAPI", "ephemeral"}


@pytest.fixture(scope="module")
def author(cluster: Cluster, kubectl: Kubectl, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A user who may create MyApps in a namespace, and do nothing else."""
    namespace = f"t-{uuid.uuid4().hex[:8]}"
    kubectl("create", "namespace", namespace, check=True)
    yield Api(author_of(cluster, namespace, tmp_path_factory.mktemp("author")), namespace)
    kubectl("delete", "namespace", namespace, "--wait=false")


def tried(author: Api, case: Case) -> Json:
    """What would be stored of it."""
    path = f"/apis/apps.example.com/v1/namespaces/{author.namespace}/myapps?dryRun=All"
    return author.request("POST", path, case.manifest)


def mistakes(author: Api, case: Case) -> list[tuple[str, str]]:
    """What is wrong with it: the fields and the sentences, less what the server says twice (of types, and of scale)."""
    with pytest.raises(Refused) as refused:
        tried(author, case)
    assert refused.value.code == 422
    return [(field, words) for field, words in refused.value.causes if field[0] not in ".<"]


@pytest.mark.parametrize("case", REFUSED, ids=str)
def test_a_mistake_is_refused_in_one_sentence_that_names_the_field(author: Api, case: Case) -> None:
    """One sentence only: so whatever gives it is all that keeps this out, which the next test builds upon."""
    found = mistakes(author, case)
    assert [field for field, _ in found] == [case.field], found
    assert case.words in found[0][1]


@pytest.mark.parametrize("spec", corpus.accepted(), ids=lambda spec: list(spec)[-1])
def test_what_kubernetes_takes_is_taken(cluster: Cluster, author: Api, spec: Json) -> None:
    """And it is Kubernetes that takes it: the children are tried as well."""
    stored = tried(author, Case("ok", spec, name="ok"))
    stored["metadata"] |= {"resourceVersion": "1", "namespace": author.namespace}
    admin = Api(cluster.kubeconfig, author.namespace)
    for each in desired.build(App.from_json(stored), parse_spec(stored["spec"])):
        if each.body and not each.kind.addon:
            group = "/api/v1" if each.kind.api_version == "v1" else f"/apis/{each.kind.api_version}"
            path = f"{group}/namespaces/{author.namespace}/{each.kind.plural}?dryRun=All"
            admin.request("POST", path, each.body)


def test_every_rule_is_all_that_keeps_some_case_out() -> None:
    """A rule that no case needs could be taken away and no test would fail."""
    rules = {(where, rule["message"]): rule["rule"] for where, rule in placed(schema(), "")}
    needed = {
        cel
        for (where, message), cel in rules.items()
        if any(pattern(case.field) == where and message.startswith(case.words) for case in REFUSED)
    }
    assert {cel for cel in rules.values() if cel not in needed} == set()


@pytest.mark.parametrize("case", DROPPED, ids=str)
def test_what_reaches_past_a_pod_is_dropped_and_in_no_child(author: Api, case: Case) -> None:
    stored = tried(author, case)
    *parents, last = steps(case.dropped)
    inner = stored
    for step in parents:
        inner = inner[step] if isinstance(step, int) else inner.get(step, {})
    assert last not in inner
    nothing_smuggled(stored)


@pytest.mark.parametrize("case", STORED, ids=str)
def test_what_is_stored_beside_the_spec_is_in_no_child(author: Api, case: Case) -> None:
    stored = tried(author, case)
    assert case.stored.removeprefix("metadata.") in stored["metadata"]
    nothing_smuggled(stored)


def nothing_smuggled(stored: Json) -> None:
    """The children of this MyApp are as those of any other."""
    stored["metadata"]["resourceVersion"] = "1"  # a rehearsal gives none
    children = [each.body for each in desired.build(App.from_json(stored), parse_spec(stored["spec"])) if each.body]
    assert "smuggled" not in json.dumps(children)
    fenced(children[0]["spec"]["template"]["spec"])
    for each in children:
        assert not each["metadata"].keys() & {"finalizers", "managedFields"}
        assert [owner["uid"] for owner in each["metadata"]["ownerReferences"]] == [stored["metadata"]["uid"]]


def fenced(pod: Json) -> None:
    """What must hold of every pod, whatever its MyApp says."""
    assert not any(pod[each] for each in ("hostNetwork", "hostPID", "hostIPC"))
    assert not pod.keys() & {"nodeName", "hostUsers", "runtimeClassName", "shareProcessNamespace", "hostAliases"}
    assert all(set(each) - {"name"} <= SOURCES for each in pod.get("volumes", ()))
    for each in (*pod["containers"], *pod.get("initContainers", ())):
        security = each["securityContext"]
        assert not security["privileged"]
        assert not security["allowPrivilegeEscalation"]
        assert security["capabilities"] == {"drop": ["ALL"]}
        assert not any(port.keys() & {"hostPort", "hostIP"} for port in each.get("ports", ()))
        assert "volumeDevices" not in each


def schema() -> Json:
    """The schema of the whole object."""
    found: Json = crd.manifest()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return found


def placed(node: Json, path: str) -> Iterator[tuple[str, Json]]:
    """Every rule, with the field that it names."""
    for rule in node.get("x-kubernetes-validations", ()):
        yield pattern(path + rule.get("fieldPath", "")), rule
    for name, child in node.get("properties", {}).items():
        yield from placed(child, f"{path}.{name}")
    for each in ("items", "additionalProperties"):
        if each in node:
            yield from placed(node[each], f"{path}[]")


def pattern(field: str) -> str:
    """The path of a field without the places in lists; ['x'] and .x are the same."""
    return re.sub(r"\[\d*\]", "[]", re.sub(r"\['(.*?)'\]", r".\1", field)).lstrip(".")


def steps(field: str) -> list[str | int]:
    """The steps of a path."""
    found = re.findall(r"\['(.*?)'\]|\[(\d+)\]|([^.\[\]]+)", field)
    return [int(place) if place else quoted or name for quoted, place, name in found]
