"""What the tests against a real cluster share: a client, the operator as a process, the audit log, waiting,
the judge of what others conclude.

The client is the official one, not the operator's own module: a test must not trust what it tests.
"""

from tests.harness.api import Api, Refused
from tests.harness.audit import Audit, Request
from tests.harness.kstatus import Conclusion, Kstatus
from tests.harness.kubectl import Kubectl
from tests.harness.manifests import NO_KEY, hasty, myapp
from tests.harness.moody import MoodyKubelet
from tests.harness.operator import OperatorProcess, kubeconfig_of, service_account
from tests.harness.operator_pod import OperatorPod
from tests.harness.program import PROGRAMS, kubectl_myapp
from tests.harness.proxy import Door
from tests.harness.relay import Relay
from tests.harness.release import Release
from tests.harness.replica import Replica, holders, start_in_turn
from tests.harness.visitor import Visitor, ask_once
from tests.harness.waiting import never, wait_for
from tests.harness.witness import Witness, version

__all__ = [
    "NO_KEY",
    "PROGRAMS",
    "Api",
    "Audit",
    "Conclusion",
    "Door",
    "Kstatus",
    "Kubectl",
    "MoodyKubelet",
    "OperatorPod",
    "OperatorProcess",
    "Refused",
    "Relay",
    "Release",
    "Replica",
    "Request",
    "Visitor",
    "Witness",
    "ask_once",
    "hasty",
    "holders",
    "kubeconfig_of",
    "kubectl_myapp",
    "myapp",
    "never",
    "service_account",
    "start_in_turn",
    "version",
    "wait_for",
]
