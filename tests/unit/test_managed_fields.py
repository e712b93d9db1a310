"""What others hold and must not be there, from managedFields as Kubernetes 1.37 made them."""

import json
from typing import Any

import pytest

from myapp_operator import drift, field_managers, managed_fields, names, reverting, takeover
from myapp_operator.grammar import Json
from myapp_operator.names import APPLIED
from myapp_operator.observed import Child
from myapp_operator.showing import applying
from tests.unit.samples import wanted

CONTAINER = 'k:{"name":"myapp"}'
LEGACY = 'k:{"name":"LEGACY"}'


def pods(fields: Json) -> Json:
    return {"f:spec": {"f:template": {"f:spec": fields}}}


def marks(part: str, *keys: str) -> Json:
    return {part: {f"f:{key}": {} for key in keys}}


UNDONE: Json = {
    "f:metadata": marks("f:annotations", APPLIED, "was"),
    "f:spec": {
        "f:template": {
            "f:metadata": marks("f:annotations", "old", names.RESTARTED_AT),
            "f:spec": {
                "f:containers": {
                    'k:{"name":"side"}': {".": {}, "f:image": {}, "f:name": {}, "f:resources": {}},
                    CONTAINER: {"f:env": {LEGACY: {".": {}, "f:name": {}, "f:value": {}}}},
                }
            },
        }
    },
}
"""What kubectl holds after `kubectl rollout undo` brought back an older version."""
OURS: Json = {"f:metadata": marks("f:labels", "app"), "f:spec": {"f:replicas": {}}}
OURS_WITH_HASH: Json = {**OURS, "f:metadata": marks("f:annotations", APPLIED, "shared")}


def body() -> Json:
    found = wanted()[names.DEPLOYMENT].body
    assert found is not None
    return found


def metadata(*entries: tuple[str, Json], ours: Json = OURS_WITH_HASH) -> Json:
    held = [(names.MANAGER, "Apply", ours), *((manager, "Update", fields) for manager, fields in entries)]
    fields = [{"manager": manager, "operation": operation, "fieldsV1": each} for manager, operation, each in held]
    owner = {"apiVersion": names.API_VERSION, "kind": names.KIND, "name": "myapp", "uid": "uid-1", "controller": True}
    return {
        "name": "myapp-deployment",
        "uid": "u",
        "resourceVersion": "7",
        "ownerReferences": [owner],
        "annotations": {APPLIED: "0", "x": "y"},
        "managedFields": fields,
    }


def surplus(*entries: tuple[str, Json], ours: Json = OURS_WITH_HASH) -> set[str]:
    return set(drift.surplus(body(), Child.from_json({"metadata": metadata(*entries, ours=ours)})))


def test_of_an_undone_rollout_everything_goes_but_the_mark_of_a_restart() -> None:
    assert surplus(("kubectl", UNDONE), ours=OURS) == {
        "metadata.annotations.was",
        "spec.template.metadata.annotations",
        "spec.template.spec.containers[side]",
        "spec.template.spec.containers[myapp].env[LEGACY]",
    }


def test_an_untouched_child_holds_nothing_of_others() -> None:
    status = {"manager": "kube-controller-manager", "operation": "Update", "subresource": "status", "fieldsV1": UNDONE}
    found = metadata()
    found["managedFields"].append(status)
    assert Child.from_json({"metadata": found}).others == ""


def test_labels_and_annotations_of_others_are_theirs_unless_we_applied_them_too() -> None:
    theirs = {"f:metadata": marks("f:annotations", "shared", "keel")}
    assert surplus(("keel", theirs)) == {"metadata.annotations.shared"}


def test_the_number_of_pods_is_not_looked_at() -> None:
    assert surplus(("someone", {"f:spec": {"f:replicas": {}}}), ours=OURS) == set()


def test_what_the_api_does_not_offer_is_left_unless_we_applied_it_before() -> None:
    theirs = pods({"f:dnsConfig": {}, "f:nodeSelector": {}})
    assert surplus(("someone", theirs)) == {"spec.template.spec.nodeSelector"}
    ours = {**OURS_WITH_HASH, **pods({"f:dnsConfig": {}})}
    assert surplus(("someone", theirs), ours=ours) == {
        "spec.template.spec.nodeSelector",
        "spec.template.spec.dnsConfig",
    }


def test_our_own_values_applied_by_another_are_not_surplus() -> None:
    port = {
        'k:{"containerPort":5000,"protocol":"TCP"}': {".": {}, "f:containerPort": {}, "f:protocol": {}, "f:name": {}}
    }
    theirs = pods({"f:containers": {CONTAINER: {".": {}, "f:image": {}, "f:ports": port}}, "f:hostNetwork": {}})
    assert surplus(("argo", theirs)) == set()


def test_a_service_keeps_what_the_server_allots() -> None:
    want = wanted()[names.SERVICE].body
    assert want is not None
    port = {'k:{"port":80,"protocol":"TCP"}': {".": {}, "f:port": {}, "f:nodePort": {}}}
    theirs = {"f:spec": {"f:clusterIP": {}, "f:ipFamilies": {}, "f:ports": port, "f:externalIPs": {}}}
    child = Child.from_json({"metadata": metadata(("argo", theirs))})
    assert drift.surplus(want, child) == ("spec.externalIPs",)


def test_only_what_must_go_becomes_ours() -> None:
    theirs = pods({"f:dnsConfig": {}, "f:nodeSelector": {}})
    found = metadata(("someone", theirs))
    operations = takeover.patch(found, takeover.surplus_of(body(), found))
    assert operations is not None
    ours, other = operations[1]["value"]
    assert ours["fieldsV1"]["f:spec"] == {"f:replicas": {}, **pods({"f:nodeSelector": {}})["f:spec"]}
    assert other["fieldsV1"] == pods({"f:dnsConfig": {}})
    assert operations[2]["value"] == {"x": "y"}, "the hash is gone, so that a crash shows as drift"


def test_it_is_drift_and_told_with_its_owner() -> None:
    want = wanted()[names.DEPLOYMENT]
    found = metadata(("kubectl-set", pods({"f:containers": {CONTAINER: {"f:env": {LEGACY: {".": {}}}}}})))
    found["annotations"][APPLIED] = want.applied
    found["managedFields"][0]["fieldsV1"] = {"f:metadata": {}, "f:spec": {}}
    child = Child.from_json({"metadata": found})
    assert drift.drifted(body(), want.applied, child)
    assert drift.taken(body(), want.applied, child) == ("spec.template.spec.containers[myapp].env[LEGACY]",)


def test_diff_shows_the_object_without_what_would_go() -> None:
    present = {"spec": {"a": 1, "list": [{"name": "x", "v": 1, "w": 2}, {"name": "y"}], "map": {"k": 1}}}
    fields = {"f:spec": {"f:list": {'k:{"name":"x"}': {"f:w": {}}, 'k:{"name":"y"}': {".": {}}}, "f:map": {"f:k": {}}}}
    left = applying.removing(fields, present)
    assert json.dumps(left) == json.dumps({"spec": {"a": 1, "list": [{"name": "x", "v": 1}]}})


# A thousand managers, as anybody may write them


def thousand(count: int) -> list[tuple[str, Json]]:
    """Managers that each hold one variable of their own and one that is wanted."""
    named = 'k:{{"name":"{}"}}'
    return [
        (
            f"m{number}",
            pods(
                {
                    "f:containers": {
                        CONTAINER: {
                            "f:env": {named.format(f"X{number}"): {".": {}}, named.format(f"V{number}"): {".": {}}}
                        }
                    }
                }
            ),
        )
        for number in range(count)
    ]


def many(count: int) -> Json:
    """The wanted Deployment with as many variables."""
    found = wanted(env=[{"name": f"V{number}", "value": "x"} for number in range(count)])[names.DEPLOYMENT].body
    assert found is not None
    return found


def test_what_is_kept_of_many_managers_costs_as_much_work_as_there_are_fields(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    walked, walk = [0], field_managers._maps_only

    def counted(*given: Any) -> Json:
        walked[0] += 1
        return walk(*given)

    monkeypatch.setattr(field_managers, "_maps_only", counted)
    steps = []
    for count in (50, 200):
        found = metadata(*thousand(count))
        found["managedFields"][0]["fieldsV1"]["f:metadata"] = {"f:labels": {f"f:l{each}": {} for each in range(count)}}
        walked[0] = 0
        assert Child.from_json({"metadata": found}).others
        steps.append(walked[0])
    assert steps[1] < 5 * steps[0], "four times as much of all"


def test_what_is_wanted_is_indexed_once_for_all_managers(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed, identity = [0], drift._identity

    def counted(keys: Any) -> bytes:
        parsed[0] += 1
        return identity(keys)

    monkeypatch.setattr(drift, "_identity", counted)
    found = metadata(*thousand(300))
    operations = takeover.patch(found, takeover.surplus_of(many(300), found))
    assert operations is not None
    assert len(operations[1]["value"]) == 301
    assert parsed[0] < 5 * 300, "and not 300 times 300"
    reverted = reverting._held_beside(many(300), {"metadata": found})
    assert len(reverted) == 300
    assert parsed[0] < 10 * 300


def test_keys_of_many_kinds_cost_no_index_each(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed, identity = [0], drift._identity

    def counted(keys: Any) -> bytes:
        parsed[0] += 1
        return identity(keys)

    monkeypatch.setattr(drift, "_identity", counted)
    odd = {f'k:{{"name":"V1","x{number}":1}}': {".": {}} for number in range(300)}
    theirs = pods({"f:containers": {CONTAINER: {"f:env": odd}}})
    found = metadata(("someone", theirs))
    assert drift.surplus(many(300), Child.from_json({"metadata": found})), "it is nothing that is wanted"
    assert parsed[0] < 10 * 300
    parsed[0] = 0
    items = drift.Items(odd)
    assert all(items.of({"name": f"W{number}"}) is None for number in range(300))
    assert parsed[0] < 10 * 300


def test_the_fields_of_all_are_those_of_each() -> None:
    sets = [{"f:a": {}}, {"f:a": {"f:b": {}}}, {"f:c": {"f:d": {}}}, {"f:c": {"f:e": {}}}]
    before = json.dumps(sets)
    assert managed_fields.union(*sets) == {"f:a": {".": {}, "f:b": {}}, "f:c": {"f:d": {}, "f:e": {}}}
    assert json.dumps(sets) == before, "none of them was changed"
