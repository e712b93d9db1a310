"""Every sample of the README's gallery runs as it stands there, and does what its comments promise.

A new sample needs a line in `PROMISES`, or in `ELSEWHERE` with the test that tries it.
"""

import contextlib
import json
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.harness import Api, Kubectl, wait_for

SAMPLES = Path(__file__).parents[2] / "deploy/samples"
ELSEWHERE = {
    "route": "tests/api/test_route.py",  # needs the Gateway API
    "private": "tests/api/test_gallery.py",  # needs a registry
}
HELLO = "Hello, World!"


def curl(kubectl: Kubectl, service: str, port: int = 80) -> str:
    """What the Service's cluster IP answers to this machine."""
    address = kubectl("get", "service", service, "-o", "jsonpath={.spec.clusterIP}")

    def answer() -> str:
        with contextlib.suppress(OSError):
            return str(urllib.request.urlopen(f"http://{address}:{port}", timeout=30).read().decode())
        return ""

    return wait_for("kube-proxy has heard of the pods", answer)


def run(kubectl: Kubectl, app: str, program: str) -> str:
    """What a Python program prints in the app's container."""
    return kubectl("exec", f"deployment/{app}-deployment", "-c", app, "--", "python3", "-c", program).strip()


def is_smallest(kubectl: Kubectl, api: Api) -> None:
    assert curl(kubectl, "myapp-service") == HELLO
    assert len(api.list("pods", "app=myapp")) == 2


def says_more(kubectl: Kubectl, api: Api) -> None:
    assert curl(kubectl, "hello-service", 8080) == HELLO
    assert "3/3" in kubectl("get", "myapp", "hello", "--no-headers")
    assert run(kubectl, "hello", "import os; print(os.environ['WEB_CONCURRENCY'])") == "2"


def is_configured(kubectl: Kubectl, api: Api) -> None:
    assert curl(kubectl, "configured-service") == HELLO
    greeting = "import os; print(os.environ['GREETING'])"
    assert run(kubectl, "configured", greeting) == "Hello"
    assert run(kubectl, "configured", "print(open('/etc/settings/motd.txt').read())") == "Be nice to each other."
    assert run(kubectl, "configured", "print(open('/tmp/note', 'w').write('abc'))") == "3"
    kubectl("patch", "configmap", "configured-settings", "--patch", json.dumps({"data": {"GREETING": "Good day"}}))
    wait_for("pods with the new variable", lambda: has_greeting(kubectl, greeting) and api.is_ready("configured"))


def has_greeting(kubectl: Kubectl, program: str) -> bool:
    """A pod may end just when it is asked."""
    with contextlib.suppress(AssertionError):
        return run(kubectl, "configured", program) == "Good day"
    return False


def is_accompanied(kubectl: Kubectl, api: Api) -> None:
    assert curl(kubectl, "accompanied-service") == HELLO
    assert curl(kubectl, "accompanied-service", 9000) == "Prepared."


def is_reached_from_outside(kubectl: Kubectl, api: Api) -> None:
    """No controller serves the Ingress here: whoever did would ask this backend."""
    (rule,) = (api.get("ingresses", "shop-ingress") or {})["spec"]["rules"]
    (path,) = rule["http"]["paths"]
    assert (rule["host"], path["backend"]["service"]["port"]) == ("shop.example.com", {"name": "http"})
    assert curl(kubectl, path["backend"]["service"]["name"]) == HELLO


def is_autoscaled(kubectl: Kubectl, api: Api) -> None:
    """Without figures of its load it has the fewest pods that it may have."""
    target = (api.get("horizontalpodautoscalers", "autoscaled-hpa") or {})["spec"]["scaleTargetRef"]
    assert (target["kind"], target["name"]) == ("Deployment", "autoscaled-deployment")
    assert len(api.list("pods", "app=autoscaled")) == 2
    assert curl(kubectl, "autoscaled-service") == HELLO


def is_guarded(kubectl: Kubectl, api: Api) -> None:
    allowed = ("get", "poddisruptionbudget", "guarded-pdb", "-o", "jsonpath={.status.disruptionsAllowed}")
    wait_for("one pod may be evicted", lambda: kubectl(*allowed) == "1")
    (rule,) = (api.get("networkpolicies", "guarded-networkpolicy") or {})["spec"]["ingress"]
    assert {"podSelector": {"matchLabels": {"role": "client"}}} in rule["from"]


def is_careful(kubectl: Kubectl, api: Api) -> None:
    api.edit("careful", image="myapp:broken", rollout={"progressDeadlineSeconds": 10})
    wait_for("it has gone back", lambda: api.reason("careful") == "RolledBack")
    wait_for("all pods are of the good release", lambda: len(api.list("pods", "app=careful")) == 3)
    assert curl(kubectl, "careful-service") == HELLO


def is_placed(kubectl: Kubectl, api: Api) -> None:
    pods = api.list("pods", "app=placed,team=blue")
    assert len(pods) == 2
    assert {pod["metadata"]["annotations"]["team.example.com/contact"] for pod in pods} == {"blue@example.com"}


PROMISES: dict[str, Callable[[Kubectl, Api], None]] = {
    "myapp": is_smallest,
    "hello": says_more,
    "configured": is_configured,
    "sidecars": is_accompanied,
    "ingress": is_reached_from_outside,
    "autoscaled": is_autoscaled,
    "guarded": is_guarded,
    "careful": is_careful,
    "placed": is_placed,
}


@pytest.mark.usefixtures("restricted")
@pytest.mark.parametrize("sample", sorted({path.stem for path in SAMPLES.glob("*.yaml")} - ELSEWHERE.keys()))
def test_a_sample_does_what_it_promises_where_pod_security_is_restricted(
    kubectl: Kubectl, api: Api, sample: str
) -> None:
    promised = PROMISES[sample]
    kubectl("apply", "-f", str(SAMPLES / f"{sample}.yaml"))
    kubectl("wait", "--for=condition=Ready", "myapps", "--all", "--timeout=180s")
    promised(kubectl, api)
