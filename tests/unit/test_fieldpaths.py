"""What an API server says of a field of a child is said of the field of the MyApp that it comes from."""

import pytest

from myapp_operator import desired, fieldpaths
from myapp_operator.grammar import Json
from myapp_operator.model import parse_spec
from myapp_operator.names import DEPLOYMENT, HPA, INGRESS, PDB, POD, ROUTE, SERVICE, Kind

MEMORY = {"requests": {"memory": "1Gi"}, "limits": {"cpu": "1"}}
SCALED = {"maxReplicas": 2, "memory": 80}
SPEC = parse_spec({"image": "a", "env": [{"name": "A"}], "resources": MEMORY, "autoscaling": SCALED})
POD_SPEC = "spec.template.spec"

PATHS = [
    (DEPLOYMENT, f"{POD_SPEC}.containers[0].env[1].name", "spec.env[0].name"),
    (DEPLOYMENT, f"{POD_SPEC}.containers[0].env[0].value", "spec.port"),
    (DEPLOYMENT, f"{POD_SPEC}.containers[0].envFrom[0].prefix", "spec.envFrom[0].prefix"),
    (DEPLOYMENT, f"{POD_SPEC}.containers[0].ports[0].containerPort", "spec.port"),
    (DEPLOYMENT, f"{POD_SPEC}.containers[0].lifecycle.preStop.sleep", "spec.drainSeconds"),
    (DEPLOYMENT, f"{POD_SPEC}.containers[0].livenessProbe.successThreshold", "spec.probes.liveness.successThreshold"),
    (DEPLOYMENT, f"{POD_SPEC}.containers[0].resources.requests", "spec.resources.requests"),
    (DEPLOYMENT, f"{POD_SPEC}.containers[2].env[0].name", "spec.sidecars[1].env[0].name"),
    (DEPLOYMENT, f"{POD_SPEC}.containers[1].startupProbe.exec", "spec.sidecars[0].probes.startup.exec"),
    (DEPLOYMENT, f"{POD_SPEC}.initContainers[0].image", "spec.initContainers[0].image"),
    (DEPLOYMENT, f"{POD_SPEC}.volumes[0].configMap.name", "spec.volumes[0].configMap.name"),
    (DEPLOYMENT, f"{POD_SPEC}.tolerations[3].key", "spec.scheduling.tolerations[3].key"),
    (DEPLOYMENT, f"{POD_SPEC}.securityContext.fsGroup", "spec.securityContext.fsGroup"),
    (DEPLOYMENT, "spec.template.metadata.labels", "spec.podMetadata.labels"),
    (DEPLOYMENT, "spec.strategy.rollingUpdate.maxSurge", "spec.rollout.maxSurge"),
    (DEPLOYMENT, "spec.progressDeadlineSeconds", "spec.rollout.progressDeadlineSeconds"),
    (DEPLOYMENT, "spec.replicas", "spec.replicas"),
    (DEPLOYMENT, "metadata.annotations[a.b/c]", "metadata.annotations[a.b/c]"),
    (POD, "spec.containers[1].image", "spec.sidecars[0].image"),
    (POD, "spec.nodeSelector", "spec.scheduling.nodeSelector"),
    (HPA, "spec.metrics[0].resource.target.averageUtilization", "spec.autoscaling.memory"),
    (HPA, "spec.metrics[1].pods.metric.name", "spec.autoscaling.metrics[0].pods.metric.name"),
    (HPA, "spec.behavior.scaleDown.policies[0].type", "spec.autoscaling.behavior.scaleDown.policies[0].type"),
    (SERVICE, "spec.ports[0].port", "spec.service.port"),
    (SERVICE, "spec.ports[0].targetPort", "spec.port"),
    (SERVICE, "spec.ports[2].name", "spec.service.extraPorts[1].name"),
    (INGRESS, "spec.rules[0].host", "spec.ingress.host"),
    (INGRESS, "spec.rules[0].http.paths[0].path", "spec.ingress.path"),
    (INGRESS, "spec.rules[0].http.paths[0].pathType", "spec.rules[0].http.paths[0].pathType"),
    (ROUTE, "spec.hostnames[1]", "spec.route.hostnames[1]"),
    (PDB, "spec.minAvailable", "spec.disruptionBudget.minAvailable"),
]


@pytest.mark.parametrize(("kind", "child", "own"), PATHS)
def test_a_field_of_a_child_is_called_as_in_the_myapp(kind: Kind, child: str, own: str) -> None:
    said = f'{kind} "x" is invalid: [{child}: Required value, {child}: Invalid value: "b"]'
    assert fieldpaths.in_words(said, kind, SPEC) == said.replace(child, own)


def test_a_variable_keeps_its_place_where_the_app_has_its_own_port() -> None:
    spec = parse_spec({"image": "a", "env": [{"name": "PORT", "value": "1"}, {"name": "A"}]})
    path = f"{POD_SPEC}.containers[0].env[1].name"
    assert fieldpaths.in_words(path, DEPLOYMENT, spec) == "spec.env[1].name"


def test_a_path_leads_to_the_same_value_in_the_child_and_in_the_myapp() -> None:
    """What the operator puts before the user's items is counted as the builders do it."""
    given: Json = {"image": "a", "env": [{"name": "A"}], "sidecars": [{"name": "b", "image": "b"}]}
    given["autoscaling"] = {"maxReplicas": 2, "metrics": [{"type": "Pods"}], "cpu": 80, "memory": 80}
    given["resources"] = given["sidecars"][0]["resources"] = MEMORY
    given["service"] = {"extraPorts": [{"name": "x", "port": 81}]}
    spec = parse_spec(given)
    children = {each.__name__.rpartition(".")[2]: each for each in (desired.deployment, desired.hpa, desired.service)}
    pod = children["deployment"].build("x", spec)["spec"]["template"]["spec"]
    assert pod["containers"][0]["env"][1]["name"] == "A"
    assert pod["containers"][1]["name"] == "b"
    assert children["hpa"].build("x", spec)["spec"]["metrics"][2] == {"type": "Pods"}
    assert children["service"].build("x", spec)["spec"]["ports"][1]["name"] == "x"
    assert fieldpaths.in_words("spec.metrics[2].type", HPA, spec) == "spec.autoscaling.metrics[0].type"


def test_other_words_stay_as_they_are() -> None:
    said = 'image "x.spec.template.spec.b" of metadata is not spec, see /spec.containers[0]/a'
    assert fieldpaths.in_words(said, DEPLOYMENT, SPEC) == said
