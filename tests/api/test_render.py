"""`render` beside the API server: both give the same verdict, and read the same file in the same way."""

import json
import re
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from dev.cluster import Cluster
from myapp_operator import crd, documents, judging
from tests import corpus
from tests.api.conftest import Kubectl
from tests.corpus import Case
from tests.harness import Api, Refused

Json = dict[str, Any]

SCHEMA = crd.schema_of_the_api()
ODD: list[tuple[Json, Json]] = [
    ({"replicas": None}, {}),
    ({"env": None}, {}),
    ({"env": [None]}, {}),
    ({"rollout": {"maxSurge": None}}, {}),
    ({"resources": {"limits": {"cpu": 0.5}}}, {}),
    ({"rollout": {"maxUnavailable": 0.5}}, {}),
    ({"env": [{"name": "A", "value": 1}]}, {}),
    ({"env": [{"name": "A", "valeu": "1"}]}, {}),
    ({"env": [{"name": "A"}, {"name": "A"}]}, {}),
    ({"env": [{"name": "é" * 200}]}, {}),
    ({"resources": {"limits": {"nvidia.com/gpu": 1}}}, {}),
    ({"probes": {"liveness": {"httpGet": {"paht": "/", "port": 80}}}}, {}),
    ({"volumes": [{"name": "a", "emptyDir": {"sizelimit": "1Gi"}}]}, {}),
    ({"volumes": [{"name": "a", "emptyDir": {"sizeLimit": "1Gi"}}]}, {}),
    ({"port": 10**30}, {}),
    ({"nope": None}, {}),
    ({}, {"name": None, "generateName": "shop-"}),
    ({}, {"name": None, "generateName": "Shop-"}),
    ({}, {"name": None}),
    ({}, {"name": "a" * 56}),
    ({}, {"labels": {"a": None}}),
    ({}, {"labels": {"a": 1}}),
    ({}, {"labels": {"a/b/c": "d"}}),
    ({}, {"annotations": {"Example.com/A": "b"}}),
    ({}, {"labels": {"Example.com/A": "b"}}),
    ({}, {"nmaespace": "b"}),
    ({}, {"finalizers": ["plain"]}),
    ({}, {"creationTimestamp": None}),
    ({}, {"creationTimestamp": "yesterday"}),
    ({}, {"generation": "1"}),
    ({"labels": {"a": "b" * 64}}, {}),
]
"""Specs and metadata, beside the corpus. No name: it is left out."""


@pytest.fixture(scope="module")
def author(cluster: Cluster, kubectl: Kubectl) -> Iterator[Api]:
    """Whoever writes MyApps in a namespace."""
    namespace = f"t-{uuid.uuid4().hex[:8]}"
    kubectl("create", "namespace", namespace, check=True)
    yield Api(cluster.kubeconfig, namespace)
    kubectl("delete", "namespace", namespace, "--wait=false")


def manifest(spec: Json, metadata: Json) -> Json:
    """The MyApp of an odd case."""
    body = Case(why="", spec={"image": "a", **spec}, metadata=metadata).manifest
    body["metadata"] = {key: value for key, value in body["metadata"].items() if key != "name" or value is not None}
    return body


def refusal(author: Api, body: Json) -> str:
    """What the API server says to `kubectl create --validate=strict`; empty where it takes it."""
    path = f"/apis/apps.example.com/v1/namespaces/{author.namespace}/myapps"
    try:
        author.request("POST", f"{path}?dryRun=All&fieldValidation=Strict", body)
    except Refused as refused:
        if refused.code not in (400, 413, 422):
            raise
        return str(refused) or "refused"
    return ""


def test_render_refuses_what_the_api_server_refuses_and_nothing_else(author: Api) -> None:
    bodies = [*(case.manifest for case in corpus.read()), *(manifest(*each) for each in ODD)]
    with ThreadPoolExecutor(4) as threads:
        refused = [*threads.map(lambda body: refusal(author, body), bodies)]
    verdicts = [(body, words, judging.mistakes(body, SCHEMA)) for body, words in zip(bodies, refused, strict=True)]
    assert [each for each in verdicts if bool(each[1]) != bool(each[2])] == []


PLAIN = """
    yes no y n on off True FALSE ~ null 1 -7 +7 1.0 1e3 0.5 .5 010 0o10 0x1F 0b11 09 1_000 1:30 2030-01-01 1.2.3 0x 1e
    12e03 -0b11 -010 +.5 0. 1__0 _1 0o8 1e+3 9223372036854775807 =
"""
WORDS = re.findall(r"\S+", PLAIN)


def test_a_file_is_read_as_kubectl_reads_it(kubectl: Kubectl) -> None:
    head = "apiVersion: apps.example.com/v1\nkind: MyApp\nmetadata: {name: a}\n"
    keys = "keys: {1: a, yes: b, n: c, 1.5: d, 0x10: e}\ntagged: !!str 1\ntwice: 1\ntwice: 2\n"
    keys += "merged: {<<: &b {x: 1, z: 2}, z: 3}\nbare: *b\n"
    text = head + "words:\n" + "".join(f"- {word}\n" for word in WORDS) + keys
    options = ("--dry-run=client", "--validate=false", "-o", "json")
    done = kubectl("create", "-f", "-", *options, stdin=text, check=True)
    theirs, (ours,) = json.loads(done.stdout), documents.read(text)
    found = dict(zip(WORDS, theirs["words"], strict=True))
    assert dict(zip(WORDS, ours["words"], strict=True)) == found
    assert [type(each) for each in ours["words"]] == [type(each) for each in theirs["words"]]
    for key in ("keys", "tagged", "twice", "merged", "bare"):
        assert ours[key] == theirs[key]
