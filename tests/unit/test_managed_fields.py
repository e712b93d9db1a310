"""What others hold and must not be there, from managedFields as Kubernetes 1.37 made them."""

import json

from myapp_operator import drift, names, takeover
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
