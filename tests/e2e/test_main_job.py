"""What this project is for: one resource becomes a web app that answers."""

import contextlib
import json
import urllib.request
from pathlib import Path

import pytest

from tests.harness import Api, Kubectl, ask_once, myapp, wait_for

SAMPLES = Path(__file__).parents[2] / "deploy/samples"
HELLO = "Hello, World!"
FIELDS = ("image", "replicas", "env.valueFrom", "probes.readiness", "rollout.maxSurge", "drainSeconds", "suspend")


def curl(kubectl: Kubectl, service: str) -> str:
    """What the Service's cluster IP answers to this machine."""
    address = kubectl("get", "service", service, "-o", "jsonpath={.spec.clusterIP}:{.spec.ports[0].port}")

    def answer() -> str:
        with contextlib.suppress(OSError):
            return str(urllib.request.urlopen(f"http://{address}", timeout=30).read().decode())
        return ""

    return wait_for("kube-proxy has heard of the pods", answer)


def wait_until_ready(kubectl: Kubectl, name: str = "myapp") -> None:
    """As a user waits."""
    kubectl("wait", "--for=condition=Ready", f"myapp/{name}", "--timeout=180s")


def test_the_sample_becomes_two_pods_that_say_hello(kubectl: Kubectl, api: Api) -> None:
    kubectl("apply", "-f", str(SAMPLES / "myapp.yaml"))
    wait_until_ready(kubectl)
    pods = api.list("pods", "app=myapp")
    assert [pod["status"]["phase"] for pod in pods] == ["Running", "Running"]
    assert {pod["spec"]["containers"][0]["image"] for pod in pods} == {"myapp:latest"}
    url = f"http://myapp-service.{kubectl.namespace}.svc"
    header, row = (line.split() for line in kubectl("get", "myapps").splitlines())
    assert header == ["NAME", "READY", "STATUS", "URL", "IMAGE", "AGE"]
    assert row[:-1] == ["myapp", "2/2", "Ready", url, "myapp:latest"]
    assert curl(kubectl, "myapp-service") == HELLO
    assert ask_once(kubectl, url) == HELLO


def test_scaling_logs_and_exec_work_as_with_anything_else(kubectl: Kubectl, api: Api) -> None:
    kubectl("apply", "-f", str(SAMPLES / "myapp.yaml"))
    wait_until_ready(kubectl)
    assert curl(kubectl, "myapp-service") == HELLO
    kubectl("scale", "myapp", "myapp", "--replicas=3")
    wait_until_ready(kubectl)
    assert "3/3" in kubectl("get", "myapps", "--no-headers")
    assert len([pod for pod in api.list("pods", "app=myapp") if pod["status"]["phase"] == "Running"]) == 3
    wait_for("the request in a log", lambda: '"GET / ' in kubectl("logs", "-l", "app=myapp", "--tail=-1"))
    assert kubectl("exec", "deployment/myapp-deployment", "--", "python3", "-c", "print(6 * 7)") == "42\n"


@pytest.mark.parametrize("field", FIELDS)
def test_kubectl_explains_every_field(kubectl: Kubectl, field: str) -> None:
    text = kubectl("explain", f"myapp.spec.{field}")
    _, _, description = text.partition("DESCRIPTION:")
    assert description.strip()
    assert "<empty>" not in description


@pytest.mark.usefixtures("restricted")
def test_the_tutorials_image_without_user_starts_as_it_is(kubectl: Kubectl, tutorial_image: str) -> None:
    kubectl("apply", "-f", "-", stdin=json.dumps(myapp("tutorial", image=tutorial_image)))
    wait_until_ready(kubectl, "tutorial")
    assert curl(kubectl, "tutorial-service") == "Hello from the tutorial!"
    assert kubectl("exec", "deployment/tutorial-deployment", "--", "id", "-u") == "65532\n"
