"""Another pod template than the newest: taken from a ReplicaSet, and put into what should be."""

from myapp_operator import names, templates
from tests.unit.samples import wanted
from tests.unit.versions import OLD, replica_set


def test_the_template_of_a_replica_set_is_what_the_deployment_had() -> None:
    assert templates.of_replica_set(replica_set()) == OLD


def test_a_replica_set_is_found_by_the_hash_of_its_template_among_those_of_the_deployment() -> None:
    theirs, other, ours = replica_set(of="uid-other"), replica_set("h2"), replica_set()
    assert templates.find("uid-child", [theirs, other, ours], "h1") is ours
    assert templates.find("uid-child", [theirs, other], "h1") is None


def test_the_deployment_has_the_template_and_a_hash_of_its_own() -> None:
    new = wanted(image="myapp:2", replicas=4)[names.DEPLOYMENT]
    old = templates.with_template(new, OLD)
    assert old.body is not None
    assert new.body is not None
    assert old.body["spec"] == {**new.body["spec"], "template": OLD}
    assert old.body["metadata"]["annotations"] == {names.APPLIED: old.applied}
    assert old.applied != new.applied
    assert templates.with_template(new, OLD) == old


def test_what_is_wanted_already_stays_as_it_is() -> None:
    new = wanted(service={"annotations": {"own": "note"}})
    template = (new[names.DEPLOYMENT].body or {})["spec"]["template"]
    assert templates.running([*new.values()], "myapp", template) == [*new.values()]


def test_the_hash_of_another_template_follows_the_rest_of_the_spec() -> None:
    one, other = (templates.with_template(wanted(replicas=n)[names.DEPLOYMENT], OLD) for n in (2, 3))
    assert one.applied != other.applied


def test_the_service_points_where_the_app_listens_that_runs() -> None:
    new = wanted(port=8080, service={"extraPorts": [{"name": "admin", "port": 9000}]})
    old = {each.kind: each for each in templates.running([*new.values()], "myapp", OLD)}
    service, before = old[names.SERVICE].body, new[names.SERVICE].body
    assert service is not None
    assert before is not None
    assert [each["targetPort"] for each in before["spec"]["ports"]] == [8080, 9000]
    assert [each["targetPort"] for each in service["spec"]["ports"]] == [5000, 9000]
    assert old[names.SERVICE].applied != new[names.SERVICE].applied
    assert old[names.DEPLOYMENT] == templates.with_template(new[names.DEPLOYMENT], OLD)


def test_the_service_stays_where_the_template_names_no_port() -> None:
    silent = {**OLD, "spec": {"containers": [{"name": "myapp", "image": "myapp:1"}]}}
    new = wanted()
    assert templates.running([*new.values()], "myapp", silent)[1] == new[names.SERVICE]


def test_whoever_may_reach_the_app_reaches_the_version_that_runs_and_the_next_one() -> None:
    policy = {"allowFrom": [{"namespace": "web"}]}
    new = wanted(port=8080, networkPolicy=policy)
    stays = {
        "name": "stays",
        "restartPolicy": "Always",
        "ports": [{"containerPort": 53, "protocol": "UDP"}, {"containerPort": 5000}],
    }
    ends = {"name": "ends", "ports": [{"containerPort": 1}]}
    template = {**OLD, "spec": {**OLD["spec"], "initContainers": [stays, ends]}}
    old = {each.kind: each for each in templates.running([*new.values()], "myapp", template)}
    (rule,), (before,) = ((each[names.NETWORK_POLICY].body or {})["spec"]["ingress"] for each in (old, new))
    assert rule["from"] == before["from"]
    assert {each["port"] for each in before["ports"]} == {8080}
    assert [(each["port"], each["protocol"]) for each in rule["ports"]] == [
        (8080, "TCP"),
        (9000, "TCP"),
        (5000, "TCP"),
        (6000, "TCP"),
        (53, "UDP"),
    ]
    assert old[names.NETWORK_POLICY].applied != new[names.NETWORK_POLICY].applied


def test_where_nobody_may_reach_the_app_nobody_reaches_the_version_that_runs() -> None:
    closed = wanted(port=8080, networkPolicy={"allowSameNamespace": False})
    running = {each.kind: each for each in templates.running([*closed.values()], "myapp", OLD)}
    assert running[names.NETWORK_POLICY] == closed[names.NETWORK_POLICY]
