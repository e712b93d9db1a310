"""What admission changes in our own writes is named, is never fought, and heals when the policy goes."""

from typing import Any

import pytest

from tests.api.conftest import Kubectl
from tests.api.policies import policy
from tests.harness import Api, Audit, OperatorProcess, hasty, never, wait_for

Json = dict[str, Any]

ISSUER = "cert-manager.io/issuer"
"""An annotation that every installation lets a MyApp set."""
POD = "/spec/template/spec"


def put(path: str, value: str) -> str:
    return f'[JSONPatch{{op: "add", path: "{path}", value: {value}}}]'


Case = tuple[str, str, str]
"""The kind of object, the patch that the policy makes of it, and what is told of it."""
DECISIVE: dict[str, Case] = {
    "replicas": ("deployments", put("/spec/replicas", "3"), "spec.replicas 1 → 3"),
    "image": ("deployments", put(f"{POD}/containers/0/image", '"other:1"'), ".image myapp:latest → other:1"),
    "command": ("deployments", put(f"{POD}/containers/0/command", '["sh"]'), ".command (added)"),
    "port of the container": (
        "deployments",
        put(f"{POD}/containers/0/ports/0/containerPort", "6000"),
        ".ports[http].containerPort 5000 → 6000",
    ),
    "port of the Service": ("services", put("/spec/ports/0/port", "81"), "spec.ports[http].port 80 → 81"),
    "selector of the Service": ("services", put("/spec/selector/role", '"other"'), "spec.selector.role (added)"),
}
HARMLESS: dict[str, Case] = {
    "nodeSelector": (
        "deployments",
        put(f"{POD}/nodeSelector", '{"kubernetes.io/os": "linux"}'),
        "spec.template.spec.nodeSelector",
    ),
    "tolerations": ("deployments", put(f"{POD}/tolerations", '[{"key": "spot", "operator": "Exists"}]'), "tolerations"),
    "limits": ("deployments", put(f"{POD}/containers/0/resources", '{"limits": {"memory": "1Mi"}}'), ".resources"),
    "a label of ours": ("deployments", put("/metadata/labels/app", '"other"'), "metadata.labels.app myapp → other"),
    "an annotation of the Service": (
        "services",
        put("/metadata/annotations/cert-manager.io~1issuer", '"changed"'),
        "annotations",
    ),
}


def app(**spec: Any) -> Json:
    return hasty(replicas=1, service={"annotations": {ISSUER: "mine"}}, **spec)


def essence(api: Api) -> Json:
    """What stands there and was applied by us, less what the server counts and allots."""
    deployment, service = api.get("deployments", "myapp-deployment") or {}, api.get("services", "myapp-service") or {}
    return {
        "deployment": deployment["spec"],
        "labels": deployment["metadata"]["labels"],
        "ports": service["spec"]["ports"],
        "selector": service["spec"]["selector"],
        "note": service["metadata"]["annotations"].get(ISSUER),
    }


def bounded(audit: Audit) -> bool:
    """Whether the children were written to as seldom as growing pauses allow: 1, 2, 4, 8, … seconds."""
    writes = [each for each in audit.writes() if each.resource in ("deployments", "services")]
    seconds = (writes[-1].time - writes[0].time).total_seconds() if writes else 0.0
    return len(writes) <= 2 * (2 + seconds.__int__().bit_length()) + 4


@pytest.mark.parametrize("case", DECISIVE.values(), ids=DECISIVE)
def test_an_app_that_admission_changes_is_not_ready_and_heals_when_the_policy_goes(
    kubectl: Kubectl, api: Api, operator: OperatorProcess, audit: Audit, case: Case
) -> None:
    plural, patch, words = case
    with policy(kubectl, api, patch, plural=plural) as end:
        audit.restart()
        api.create("myapps", app())
        wait_for("it is told", lambda: words in api.message())
        assert api.reason() == "Forbidden"
        assert "by an admission policy or webhook" in api.message()
        never("anything else", lambda: api.reason() != "Forbidden", seconds=3)
        assert [each for each in api.events("Refused") if words in each["message"]]
        assert bounded(audit), audit.writes()
        end()
        wait_for("healed", api.is_ready)
        assert "all pods run image" in api.message()


@pytest.mark.parametrize("case", HARMLESS.values(), ids=HARMLESS)
def test_what_admission_changes_besides_is_told_and_goes_with_the_policy(
    kubectl: Kubectl, api: Api, operator: OperatorProcess, audit: Audit, case: Case
) -> None:
    plural, patch, words = case
    api.create("myapps", app())
    wait_for("Ready", api.is_ready)
    before = essence(api)
    api.delete("myapps", "myapp", propagation="Foreground")
    wait_for("gone", lambda: not api.get("myapps", "myapp") and not api.get("services", "myapp-service"))
    with policy(kubectl, api, patch, plural=plural) as end:
        audit.restart()
        api.create("myapps", app())
        wait_for("it is told", lambda: api.is_ready() and words in api.message())
        assert [each for each in api.events("Refused") if words in each["message"]]
        never("anything but Ready", lambda: not api.is_ready(), seconds=3)
        assert bounded(audit), audit.writes()
        end()
        wait_for("as it should be", lambda: essence(api) == before)
        wait_for("nothing is told", lambda: "admission" not in api.message())


def test_what_a_policy_adds_only_to_new_objects_stays_as_long_as_there_is_the_policy(
    kubectl: Kubectl, api: Api, operator: OperatorProcess
) -> None:
    patch = HARMLESS["nodeSelector"][1]
    with policy(kubectl, api, patch, operations=["CREATE"]) as end:
        api.create("myapps", app())
        wait_for("it is told", lambda: "nodeSelector" in api.message())

        def selector() -> Json | None:
            found: Json | None = (api.get("deployments", "myapp-deployment") or {})["spec"]["template"]["spec"].get(
                "nodeSelector"
            )
            return found

        never("it is gone", lambda: selector() is None, seconds=4)
        end()
        wait_for("it goes", lambda: selector() is None)
    wait_for("Ready", api.is_ready)


@pytest.mark.parametrize("what", ["image", "port of the Service", "nodeSelector"])
def test_it_is_told_after_a_restart_of_the_operator(
    kubectl: Kubectl, api: Api, operator: OperatorProcess, audit: Audit, what: str
) -> None:
    plural, patch, words = (DECISIVE | HARMLESS)[what]
    with policy(kubectl, api, patch, plural=plural) as end:
        api.create("myapps", app())
        wait_for("it is told", lambda: words in api.message())
        operator.kill()
        operator.start()
        never("it is no longer told", lambda: words not in api.message(), seconds=3)
        end()
        wait_for("healed", lambda: api.is_ready() and words not in api.message())


def test_a_policy_that_came_later_and_acts_on_the_write_of_somebody_else_is_told(
    kubectl: Kubectl, api: Api, operator: OperatorProcess
) -> None:
    """Whoever writes to the Deployment, the policy changes it; managedFields tell nothing of that."""
    api.create("myapps", app())
    wait_for("Ready", api.is_ready)
    with policy(kubectl, api, DECISIVE["image"][1]) as end:
        api.patch("deployments", "myapp-deployment", {"metadata": {"annotations": {"note": "1"}}})
        wait_for("it is told", lambda: DECISIVE["image"][2] in api.message())
        end()
        wait_for("healed", api.is_ready)


def test_an_app_that_no_policy_changes_costs_nothing_after_a_restart(
    api: Api, operator: OperatorProcess, audit: Audit
) -> None:
    api.create("myapps", app(ingress={"host": "shop.example.com"}, autoscaling=None))
    wait_for("Ready", api.is_ready)
    operator.stop()
    audit.restart()
    operator.start()
    children = ("deployments", "services", "ingresses")
    never(
        "a request about a child",
        lambda: [each for each in audit.requests() if each.verb not in ("list",) and each.resource in children],
        seconds=3,
    )
