"""The operator as a process of its own, with the rights that `deploy/` gives it and no more."""

import contextlib
import http.client
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import yaml

from tests.harness.api import Api, Refused
from tests.harness.ports import LOOPBACK, hold_port
from tests.harness.release import Release
from tests.harness.waiting import wait_for

ROOT = Path(__file__).parents[2]


def service_account(kubectl: Path, admin: Path, namespace: str, folder: Path) -> Path:
    """Makes the operator's account and Role in a namespace; returns a kubeconfig that holds only its token."""
    command = [str(kubectl), "--kubeconfig", str(admin), "--namespace", namespace]
    beside = ("Deployment", "PodDisruptionBudget")  # there is a process instead of pods
    objects = [each for each in yaml.safe_load_all(_manifests(kubectl)) if each["kind"] not in beside]
    for each in objects:
        each["metadata"]["namespace"] = namespace
        for subject in each.get("subjects", ()):
            subject["namespace"] = namespace
    text = yaml.safe_dump_all(objects)
    subprocess.run([*command, "apply", "-f", "-"], input=text, text=True, check=True, capture_output=True)
    kubeconfig = kubeconfig_of("myapp-operator", kubectl, admin, namespace, folder)
    wait_for("the API server knows of the rights", lambda: _may_list(kubeconfig, namespace))
    return kubeconfig


@cache
def _manifests(kubectl: Path) -> str:
    """What `deploy/` installs for a namespace."""
    overlay = [str(kubectl), "kustomize", str(ROOT / "deploy/overlays/namespaced")]
    return subprocess.run(overlay, check=True, capture_output=True, text=True).stdout


def _may_list(kubeconfig: Path, namespace: str) -> bool:
    """Whether rights that were just granted count already. There may be no CRD yet."""
    try:
        Api(kubeconfig, namespace).list("myapps")
    except Refused as refused:
        return refused.code not in (401, 403)
    return True


def kubeconfig_of(account: str, kubectl: Path, admin: Path, namespace: str, folder: Path) -> Path:
    """A kubeconfig that holds only the token of a ServiceAccount."""
    command = [str(kubectl), "--kubeconfig", str(admin), "--namespace", namespace]
    token = subprocess.run(
        [*command, "create", "token", account, "--duration", "2h"], check=True, capture_output=True, text=True
    ).stdout.strip()
    config = yaml.safe_load(admin.read_text())
    config["users"] = [{"name": config["users"][0]["name"], "user": {"token": token}}]
    folder.mkdir(exist_ok=True)
    path = folder / f"{namespace}.kubeconfig"
    path.write_text(yaml.safe_dump(config))
    return path


class OperatorProcess:
    """`myapp-operator run`, started, stopped and killed as often as a test likes; also that of an earlier release.

    `module` is run in its place: one of this package that changes something about it.
    """

    def __init__(
        self,
        kubeconfig: Path,
        folder: Path,
        *arguments: str,
        release: Release | None = None,
        environment: Mapping[str, str] | None = None,
        module: str = "",
    ) -> None:
        self._module = module
        self._kubeconfig = kubeconfig
        self._arguments = arguments
        self._environment = {**(release.environment if release else os.environ), **(environment or {})}
        self._process: subprocess.Popen[bytes] | None = None
        self._held, self._port = hold_port()
        self.log = folder / "operator.log"

    def start(self, *, wait: bool = True, lives: int | None = None) -> None:
        """Starts it and waits until /readyz says yes. With `lives`, it is killed after that many writes to children."""
        program = [str(Path(sys.executable).with_name("myapp-operator"))]
        if self._module:
            program = [sys.executable, "-m", self._module]
        if lives is not None:
            program = [sys.executable, "-m", "tests.harness.doomed", str(lives)]
        command = [*program, "run", *self._arguments]
        command += ["--kubeconfig", str(self._kubeconfig), "--log-format", "json"]
        command += ["--probes-host", LOOPBACK, "--probes-port", str(self._port)]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, env=self._environment, cwd=ROOT)
        if wait:
            # Python's imports alone take a minute and more where forty processes share two cores.
            wait_for("the operator is ready", lambda: self.probe("/readyz") == 200 or self._ended(), seconds=300)
            assert self.running, self.output()

    def probe(self, path: str) -> int:
        """The HTTP code that a probe gets; 0 where nobody answers."""
        return self.answer(path)[0]

    def answer(self, path: str) -> tuple[int, str]:
        """The HTTP code and the text that a probe gets; 0 where nobody answers."""
        try:
            with urllib.request.urlopen(f"http://{LOOPBACK}:{self._port}{path}", timeout=30) as answer:
                return int(answer.status), answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except (OSError, http.client.HTTPException):  # killed in mid-answer, too
            return 0, ""

    def hold_probe(self) -> http.client.HTTPConnection:
        """Asks /healthz and keeps the connection, as some who watch over it do; the caller closes it."""
        connection = http.client.HTTPConnection(LOOPBACK, self._port, timeout=30)
        connection.request("GET", "/healthz")
        connection.getresponse().read()
        return connection

    @property
    def megabytes(self) -> float:
        """The most memory that the process has had so far."""
        assert self._process is not None
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM:"))

    @property
    def connections(self) -> int:
        """The sockets that the process has open."""
        assert self._process is not None
        found = 0
        for each in Path(f"/proc/{self._process.pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                found += str(each.readlink()).startswith("socket:")
        return found

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """kill -9: no chance to tidy up."""
        self.signal(signal.SIGKILL)
        self.wait()

    def stop(self) -> int:
        """SIGTERM, as the kubelet sends it; returns the exit code."""
        if self.running:
            self.signal(signal.SIGTERM)
        return self.wait()

    def signal(self, number: int) -> None:
        """Sends a signal."""
        assert self._process is not None
        os.kill(self._process.pid, number)

    def wait(self, seconds: float = 180) -> int:
        """Waits for the end; returns the exit code."""
        assert self._process is not None
        return self._process.wait(timeout=seconds)

    def output(self) -> str:
        """All log lines so far, as far as they are whole."""
        text = self.log.read_bytes() if self.log.exists() else b""
        return text[: text.rfind(b"\n") + 1].decode()

    def _ended(self) -> bool:
        return not self.running
