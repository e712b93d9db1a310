"""What other tools conclude from a MyApp equals what is true: kubectl wait, Flux and Helm, Argo CD's installation."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from dev.cluster import Cluster
from myapp_operator.names import Reason
from myapp_operator.verdicts import Outlook
from tests.api.conftest import Kubectl
from tests.harness import Api, Conclusion, Kstatus, OperatorProcess, hasty, wait_for
from tests.unit.cases import CASES, NEVER_JUDGED, edited

CONCLUSIONS = {Outlook.READY: "Current", Outlook.PROGRESSING: "InProgress", Outlook.STALLED: "Failed"}
ROOT = Path(__file__).resolve().parents[2]
ARGOCD = ROOT / "deploy" / "argocd"
HEALTH = "resource.customizations.health.apps.example.com_MyApp"


# Flux and Helm, on every reason


STAYING = [case for case in CASES if case.reason is not Reason.TERMINATING]


def test_flux_and_helm_conclude_what_the_conditions_say(kstatus: Kstatus) -> None:
    concluded = [each.status for each in kstatus(*(case.stored for case in STAYING))]
    expected = [(str(case), CONCLUSIONS[case.outlook]) for case in STAYING]
    assert [*zip(map(str, STAYING), concluded, strict=True)] == expected


def test_flux_and_helm_see_that_an_app_is_being_deleted(kstatus: Kstatus) -> None:
    deleted = [case.stored for case in CASES if case.reason is Reason.TERMINATING]
    assert {each.status for each in kstatus(*deleted)} == {"Terminating"}


def test_flux_and_helm_show_the_message_of_what_is_not_ready(kstatus: Kstatus) -> None:
    unready = [case.stored for case in STAYING if case.outlook is not Outlook.READY]
    assert [each.message for each in kstatus(*unready)] == [app["status"]["message"] for app in unready]


def test_flux_and_helm_believe_no_status_of_an_older_generation(kstatus: Kstatus) -> None:
    assert {each.status for each in kstatus(*map(edited, STAYING))} == {"InProgress"}


def test_flux_and_helm_go_on_waiting_for_an_app_that_was_never_looked_at(kstatus: Kstatus) -> None:
    assert kstatus(NEVER_JUDGED)[0].status == "InProgress"


# The same as the API server hands it out


class Tools:
    """What the tools conclude from one MyApp as it is now."""

    def __init__(self, api: Api, kubectl: Kubectl, kstatus: Kstatus) -> None:
        self.api = api
        self._kubectl = kubectl
        self._kstatus = kstatus

    def flux(self) -> Conclusion:
        """Flux and Helm."""
        app = self.api.get("myapps", "myapp")
        assert app is not None
        return self._kstatus(app)[0]

    def waits(self, condition: str = "Ready", patience: str = "0s") -> bool:
        """Whether `kubectl wait` is content."""
        where = ("--namespace", self.api.namespace, f"--timeout={patience}")
        done = self._kubectl("wait", "myapp/myapp", f"--for=condition={condition}", *where)
        assert done.returncode == 0 or "condition not met" in done.stderr, done.stderr
        return done.returncode == 0


@pytest.fixture
def tools(api: Api, kubectl: Kubectl, kstatus: Kstatus) -> Tools:
    return Tools(api, kubectl, kstatus)


def test_nobody_takes_a_change_for_done_that_the_operator_has_not_seen(
    tools: Tools, api: Api, operator: OperatorProcess
) -> None:
    operator.stop()
    api.create("myapps", hasty())
    assert (tools.flux().status, tools.waits()) == ("InProgress", False), "just created"
    operator.start()
    assert tools.waits(patience="120s")
    assert tools.flux().status == "Current"
    operator.stop()
    api.edit("myapp", image="myapp:2")
    assert (tools.flux().status, tools.waits()) == ("InProgress", False), "just edited"
    operator.start()
    assert tools.waits(patience="120s")
    assert tools.flux().status == "Current"


def test_what_is_stalled_ends_the_waiting_with_its_message(tools: Tools, api: Api, operator: OperatorProcess) -> None:
    """Failed and not InProgress: there is nothing to wait for."""
    api.create("services", {"metadata": {"name": "myapp-service"}, "spec": {"ports": [{"port": 80}]}})
    api.create("myapps", hasty())
    wait_for("the foreign Service is told", lambda: api.reason() == "NotOwned")
    assert tools.waits("Stalled")
    assert not tools.waits()
    assert tools.flux() == ("Failed", api.message())


# Argo CD: what the script says is tried in tests/unit/deploy/test_argocd.py, here that it gets where it belongs


PART = {"app.kubernetes.io/part-of": "argocd"}
"""Argo CD reads only a ConfigMap with this label."""

CONFIG = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "argocd-cm", "labels": PART},
    "data": {"url": "kept"},
}


def assert_added(made: str) -> None:
    config = yaml.safe_load(made)
    assert (config["metadata"]["name"], config["metadata"]["labels"]) == ("argocd-cm", PART)
    assert config["data"] == {"url": "kept", HEALTH: (ARGOCD / "health.lua").read_text()}


def test_the_component_adds_the_script_to_a_kustomization_of_argo_cd(kubectl: Kubectl, tmp_path: Path) -> None:
    shutil.copytree(ARGOCD, tmp_path / "health")
    (tmp_path / "argocd-cm.yaml").write_text(yaml.safe_dump(CONFIG))
    kustomization = {"namespace": "argocd", "resources": ["argocd-cm.yaml"], "components": ["health"]}
    (tmp_path / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
    assert_added(kubectl("kustomize", str(tmp_path), check=True).stdout)


def test_the_commands_of_the_docs_add_the_script_to_a_running_argo_cd(
    cluster: Cluster, kubectl: Kubectl, namespace: str
) -> None:
    there = ("--namespace", namespace)
    kubectl("apply", *there, "--server-side", "-f", "-", stdin=yaml.safe_dump(CONFIG), check=True)
    blocks = re.findall(r"```console\n(.*?)```", (ROOT / "docs/gitops.md").read_text(), re.DOTALL)
    (commands,) = [each for each in blocks if "argocd-cm" in each]
    subprocess.run(
        ["sh", "-c", commands.replace("--namespace argocd", f"--namespace {namespace}")],
        env={
            **os.environ,
            "PATH": f"{cluster.kubectl.parent}:{os.environ['PATH']}",
            "KUBECONFIG": str(cluster.kubeconfig),
        },
        cwd=ROOT,
        timeout=60,
        check=True,
    )
    assert_added(kubectl("get", "configmap", "argocd-cm", *there, "-o", "yaml", check=True).stdout)
