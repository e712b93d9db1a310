"""One of several operators of a namespace, of which one leads."""

import base64
import json
import re
from collections.abc import Mapping
from pathlib import Path

import yaml

from tests.harness.api import Api
from tests.harness.audit import Audit, Request
from tests.harness.operator import OperatorProcess
from tests.harness.waiting import wait_for
from tests.harness.witness import Witness

LEASE = "myapp-operator"


class Replica(OperatorProcess):
    """Told apart from the others in the audit log by its token, which must be its own."""

    def __init__(
        self,
        api: Api,
        audit_log: Path,
        kubeconfig: Path,
        folder: Path,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        of_namespace = ("--namespace", api.namespace, "--lease-namespace", api.namespace)
        super().__init__(kubeconfig, folder, *of_namespace, environment=environment)
        self._api = api
        user = f"system:serviceaccount:{api.namespace}:myapp-operator"
        self.audit = Audit(audit_log, user, api.namespace, _credential(kubeconfig))

    def leads(self) -> bool:
        """Whether the Lease is its own."""
        holder = ((self._api.get("leases", LEASE) or {}).get("spec") or {}).get("holderIdentity")
        return bool(holder) and holder in self.identities

    @property
    def identities(self) -> list[str]:
        """Under which names it has led, one for each process that did."""
        return re.findall(r"leading, as ([^\s\"]+)", self.output())

    def writes(self) -> list[Request]:
        """What it has written, apart from the Lease and the events; since its audit began."""
        return [each for each in self.audit.writes() if each.resource != "leases"]


def start_in_turn(leader: Replica, standby: Replica) -> None:
    """Starts both, the leader first."""
    leader.start()
    wait_for("it leads", leader.leads)
    standby.start()
    wait_for("the other one waits", lambda: "waiting: " in standby.output())


def holders(leases: Witness) -> list[str]:
    """Who has held the Lease, each once in a row; empty while it was free."""
    leases.catch_up()
    held = [str(each["spec"].get("holderIdentity") or "") for each in leases.of(LEASE)]
    return [holder for holder, before in zip(held, [None, *held], strict=False) if holder != before]


def _credential(kubeconfig: Path) -> str:
    """How the audit log names the token of a kubeconfig."""
    token: str = yaml.safe_load(kubeconfig.read_text())["users"][0]["user"]["token"]
    payload = token.split(".")[1]
    return f"JTI={json.loads(base64.urlsafe_b64decode(payload + '=' * (-len(payload) % 4)))['jti']}"
