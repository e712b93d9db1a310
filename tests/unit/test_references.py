"""What the pods of an app refer to, and how a message calls the place."""

import hashlib
import sys
from typing import Any

import pytest

from myapp_operator import names, references
from myapp_operator.grammar import Json
from myapp_operator.references import Digests, Reference
from tests.unit.samples import wanted

CONFIG_MAP, SECRET = names.CONFIG_MAP, names.SECRET
MOUNT = {"name": "files", "mountPath": "/files"}


def of(**fields: Any) -> list[Reference]:
    body: Json = wanted(**fields)[names.DEPLOYMENT].body or {}
    return [*references.of(body["spec"]["template"])]


def volume(**source: Any) -> Json:
    return {"volumes": [{"name": "files", **source}], "volumeMounts": [MOUNT]}


def test_the_smallest_app_refers_to_nothing() -> None:
    assert of() == []


@pytest.mark.parametrize("kind", [CONFIG_MAP, SECRET], ids=str)
def test_a_variable_needs_one_key_and_envfrom_the_whole_object(kind: names.Kind) -> None:
    word = "configMap" if kind == CONFIG_MAP else "secret"
    url = {"name": "URL", "valueFrom": {f"{word}KeyRef": {"name": "db", "key": "url"}}}
    rest = {f"{word}Ref": {"name": "all", "optional": True}}
    assert of(env=[{"name": "A", "value": "b"}, url], envFrom=[rest]) == [
        Reference(kind, "db", 'env URL of container "myapp"', "url"),
        Reference(kind, "all", 'envFrom of container "myapp"', optional=True),
    ]


def test_containers_before_and_beside_the_app_count_as_well() -> None:
    needs = {"image": "x", "envFrom": [{"configMapRef": {"name": "all"}}]}
    found = of(sidecars=[{"name": "beside", **needs}], initContainers=[{"name": "before", **needs}])
    assert [each.where for each in found] == ['envFrom of container "beside"', 'envFrom of init container "before"']


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ({"configMap": {"name": "c"}}, [(CONFIG_MAP, "c", None, False)]),
        ({"secret": {"secretName": "s", "optional": True}}, [(SECRET, "s", None, True)]),
        (
            {"configMap": {"name": "c", "items": [{"key": "a", "path": "a"}, {"key": "b", "path": "b"}]}},
            [(CONFIG_MAP, "c", "a", False), (CONFIG_MAP, "c", "b", False)],
        ),
        (
            {
                "projected": {
                    "sources": [
                        {"secret": {"name": "s", "items": [{"key": "k", "path": "k"}]}},
                        {"configMap": {"name": "c", "optional": True}},
                        {"downwardAPI": {"items": [{"path": "l", "fieldRef": {"fieldPath": "metadata.labels"}}]}},
                    ]
                }
            },
            [(SECRET, "s", "k", False), (CONFIG_MAP, "c", None, True)],
        ),
        ({"persistentVolumeClaim": {"claimName": "p"}}, [(names.CLAIM, "p", None, False)]),
        ({"emptyDir": {}}, []),
    ],
    ids=["ConfigMap", "Secret", "some keys", "projected", "claim", "none"],
)
def test_a_volume_needs_what_fills_it(source: Json, expected: list[tuple[Any, ...]]) -> None:
    found = of(**volume(**source))
    assert [(each.kind, each.name, each.key, each.optional) for each in found] == expected
    assert {each.where for each in found} <= {'volume "files"'}


def test_a_volume_that_nothing_mounts_keeps_no_pod_waiting_but_a_claim() -> None:
    assert of(volumes=[{"name": "files", "configMap": {"name": "c"}}]) == []
    claim = {"name": "files", "persistentVolumeClaim": {"claimName": "p"}}
    assert [each.kind for each in of(volumes=[claim])] == [names.CLAIM]


def test_an_account_counts_only_if_it_was_chosen() -> None:
    assert of(serviceAccountName="default") == [Reference(names.SERVICE_ACCOUNT, "default", "spec.serviceAccountName")]


def test_image_pull_secrets_do_not_count() -> None:
    assert of(imagePullSecrets=[{"name": "registry"}]) == []


# What is kept of an object


def test_of_an_object_of_many_keys_only_those_that_are_asked_for_are_kept() -> None:
    values = {f"key-{number}": f"x{number}" for number in range(170_000)}
    asked = frozenset({"key-7", "key-169999", "key-170000"})
    digests = Digests.of_values(values, asked)
    assert sys.getsizeof(digests.entries) < 200
    few = Digests.of_values({"key-7": "x7"})
    assert digests.of("key-7") == few.of("key-7") != ""
    assert digests.earlier.of("key-7") == few.earlier.of("key-7") != ""
    assert digests.of("key-169999")
    assert digests.of("key-170000") == ""
    assert digests.tell_of(asked)
    assert not digests.tell_of(frozenset({"key-8"})), "it must be read again"
    assert Digests.of_values({**values, "key-8": "y"}, asked).whole != digests.whole
    assert Digests.of_values({**values, "key-8": "y"}, asked).earlier.whole != digests.earlier.whole


@pytest.mark.parametrize("count", [256, 257])
def test_the_hashes_of_few_and_many_keys_are_those_of_earlier_releases(count: int) -> None:
    """They stand in pods. The first release kept 8 bytes of each hash, all others 16, of every key."""
    values = {f"k{number}": "x" for number in range(count)}
    digests = Digests.of_values(values, frozenset(values))
    assert digests.tell_of(frozenset({"any"})) is (count == 256)
    for kept, width in ((digests, 16), (digests.earlier, 8)):
        hashed = [hashlib.sha256(word.encode()).digest()[:width] for word in ("x", *values)]
        assert kept.whole == hashlib.sha256(b"".join(sorted(each + hashed[0] for each in hashed[1:]))).hexdigest()
        assert {kept.of(key) for key in values} == {hashed[0].hex()}


def test_each_value_and_the_whole_have_a_hash_of_their_own() -> None:
    before = Digests.of_values({"url": "http://db", "colour": "blue"})
    assert Digests.of_values({"colour": "blue", "url": "http://db"}) == before
    after = Digests.of_values({"url": "http://db", "colour": "red"})
    assert after.of("url") == before.of("url") != before.of("colour")
    assert after.of("colour") != before.of("colour")
    assert after.whole != before.whole
    assert Digests().whole == Digests().of("url") == ""
