"""What a user reads beside the code: a page for every trouble, whose words are those of the status, and links that lead
somewhere."""

import re
from pathlib import Path

import pytest

from myapp_operator import crd
from myapp_operator.names import Reason
from myapp_operator.verdicts import Outlook
from tests.unit.cases import CASES

ROOT = Path(__file__).resolve().parents[2]
PAGES = {reason: page for reason in Reason if (page := ROOT / "docs" / "reasons" / f"{reason}.md").exists()}
TROUBLES = {case.reason for case in CASES if case.outlook is Outlook.STALLED} | {Reason.TERMINATING}
BOOKS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
QUOTED = re.compile(r"^\$ kubectl get myapp \w+ -o jsonpath='\{\.status\.message\}'\n(.+)$", re.MULTILINE)
"""A message of the status, as the pages show it."""


def test_every_trouble_has_a_page() -> None:
    assert set(PAGES) == TROUBLES


def test_every_word_of_the_status_column_is_explained_and_leads_to_its_page() -> None:
    index = (ROOT / "docs" / "status.md").read_text()
    for reason in Reason:
        word = f"[`{reason}`](reasons/{reason}.md)" if reason in PAGES else f"`{reason}`"
        assert f"| {word} |" in index


@pytest.mark.parametrize("name", PAGES, ids=str)
def test_a_page_shows_the_word_as_kubectl_does_and_says_what_to_do(name: Reason) -> None:
    text = PAGES[name].read_text()
    assert text.startswith(f"# {name}\n")
    assert re.search(rf"^\w+ +\d/\d +{name} ", text, re.MULTILINE)
    assert re.search(r"^## What to do", text, re.MULTILINE)
    assert re.search(r"^## Does it heal by itself$", text, re.MULTILINE)


@pytest.mark.parametrize("name", PAGES, ids=str)
def test_a_page_quotes_what_the_status_says(name: Reason) -> None:
    quoted = QUOTED.findall(PAGES[name].read_text())
    assert quoted
    assert {*quoted} <= {case.stored["status"]["message"] for case in CASES if case.reason == name}


@pytest.mark.parametrize("book", BOOKS, ids=lambda book: str(book.relative_to(ROOT)))
def test_a_link_leads_somewhere(book: Path) -> None:
    prose = re.sub(r"^```.*?^```", "", book.read_text(), flags=re.MULTILINE | re.DOTALL)
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)\s]*)?\)", prose)
    lost = [each for each in targets if "://" not in each and not (book.parent / each).exists()]
    assert not lost


def test_each_test_that_the_page_on_security_names_is_there() -> None:
    named = re.findall(r"`((?:api|unit|e2e)/[\w/]+\.py)::(\w+)`", (ROOT / "docs" / "security.md").read_text())
    assert named
    lost = [f"{file}::{test}" for file, test in named if f"def {test}(" not in (ROOT / "tests" / file).read_text()]
    assert not lost


@pytest.mark.parametrize("book", BOOKS, ids=lambda book: str(book.relative_to(ROOT)))
def test_a_page_leaves_nothing_to_be_written(book: Path) -> None:
    assert "TODO" not in book.read_text()


def test_the_decisions_are_listed_in_their_order() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = re.findall(r"^\* \[\d{4}\]\(([^)]+)\)", (folder / "README.md").read_text(), re.MULTILINE)
    assert listed == sorted(each.name for each in folder.glob("0*.md"))


POD = """activeDeadlineSeconds automountServiceAccountToken dnsConfig dnsPolicy enableServiceLinks ephemeralContainers
hostAliases hostIPC hostNetwork hostPID hostUsers hostname nodeName os overhead preemptionPolicy priority readinessGates
resourceClaims restartPolicy runtimeClassName schedulerName schedulingGates serviceAccount setHostnameAsFQDN
shareProcessNamespace subdomain"""
CONTAINER = """lifecycle livenessProbe readinessProbe resizePolicy startupProbe stdin stdinOnce terminationMessagePath
terminationMessagePolicy tty volumeDevices workingDir"""
SERVICE = """allocateLoadBalancerNodePorts clusterIP clusterIPs externalIPs externalName externalTrafficPolicy
healthCheckNodePort internalTrafficPolicy ipFamilies ipFamilyPolicy loadBalancerClass loadBalancerIP
loadBalancerSourceRanges publishNotReadyAddresses selector sessionAffinity sessionAffinityConfig trafficDistribution"""


def test_each_field_of_kubernetes_that_is_not_offered_has_its_reason() -> None:
    """The fields of PodSpec, Container and ServiceSpec in Kubernetes 1.31, less those of a MyApp."""
    page = (ROOT / "docs" / "not-offered.md").read_text()
    assert [each for each in f"{POD} {CONTAINER} {SERVICE}".split() if f"`{each}`" not in page] == []


def test_the_page_on_what_is_not_offered_says_nothing_of_what_is() -> None:
    first_cells = re.findall(r"^\| (`.*?) \|", (ROOT / "docs" / "not-offered.md").read_text(), re.MULTILINE)
    spec = set(crd.manifest()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"])
    named = {each for cell in first_cells for each in re.findall(r"`(\w+)`", cell)}
    assert named & spec == {"imagePullPolicy", "securityContext"}  # of a sidecar
