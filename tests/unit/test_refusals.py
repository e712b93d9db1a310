"""Each row of what a real API server answered to the operator's writes, and what it means for the user."""

import pytest

from myapp_operator.errors import ApiError, OperatorError, UnreachableError
from myapp_operator.names import Reason
from myapp_operator.refusals import Answer, NamespaceEnds, Refused, Retry, Stale, classify, from_words
from tests.unit.samples import refusal

QUOTA = "exceeded quota: small, requested: count/deployments.apps=1, used: count/deployments.apps=2, limited: 2"
RBAC = (
    'User "system:serviceaccount:myapp-system:myapp-operator" cannot patch resource "services" in API group "" '
    'in the namespace "web"'
)
POLICY = "ValidatingAdmissionPolicy 'no-latest' with binding 'all' denied request: name a version"
WEBHOOK = 'admission webhook "images.example.com" denied the request: name a version'
IMMUTABLE = 'Deployment.apps "x" is invalid: spec.selector: Invalid value: {"app":"x"}: field is immutable'
TYPES = "failed to create typed patch object (web/x; apps/v1, Kind=Deployment): .spec.nope: field not declared"
CONVERT = "failed to convert new object (web/x; apps/v1, Kind=Deployment) to proper version: quantities must match"
TOO_LARGE = "etcdserver: request is too large"
UNREACHABLE_WEBHOOK = 'Internal error occurred: failed calling webhook "images.example.com": connection refused'
CONFLICT = "the object has been modified; please apply your changes to the latest version and try again"

ROWS: list[tuple[str, OperatorError, Answer]] = [
    (
        "object quota",
        refusal(403, f'deployments.apps "x" is forbidden: {QUOTA}', reason="Forbidden"),
        Refused(Reason.QUOTA_EXCEEDED, QUOTA.replace(", used: count/deployments.apps=2", "")),
    ),
    ("an API that is not served", refusal(404, "404 page not found"), Retry("404 page not found")),
    ("rights", refusal(403, f'services "x" is forbidden: {RBAC}'), Refused(Reason.FORBIDDEN, RBAC)),
    (
        "admission policy",
        refusal(422, f'deployments.apps "x" is forbidden: {POLICY}', reason="Invalid"),
        Refused(Reason.FORBIDDEN, POLICY),
    ),
    (
        "admission policy that says forbidden",
        refusal(403, f'deployments.apps "x" is forbidden: {POLICY}', reason="Forbidden"),
        Refused(Reason.FORBIDDEN, POLICY),
    ),
    ("webhook", refusal(400, WEBHOOK), Refused(Reason.FORBIDDEN, WEBHOOK)),
    ("webhook unreachable", refusal(500, UNREACHABLE_WEBHOOK, reason="InternalError"), Retry(UNREACHABLE_WEBHOOK)),
    (
        "namespace terminating",
        refusal(403, 'deployments.apps "x" is forbidden: unable to create', "NamespaceTerminating"),
        NamespaceEnds(),
    ),
    (
        "namespace absent",
        refusal(404, 'namespaces "web" not found', reason="NotFound", kind="namespaces"),
        NamespaceEnds(),
    ),
    ("immutable", refusal(422, IMMUTABLE, reason="Invalid"), Refused(Reason.REJECTED, IMMUTABLE)),
    ("wrong type", refusal(500, TYPES), Refused(Reason.REJECTED, TYPES)),
    ("bad quantity", refusal(500, CONVERT), Refused(Reason.REJECTED, CONVERT)),
    ("too large for etcd", refusal(500, TOO_LARGE), Refused(Reason.REJECTED, TOO_LARGE)),
    ("too large", refusal(413, "limit is 3145728"), Refused(Reason.REJECTED, "limit is 3145728")),
    ("exists, or changed since", refusal(409, CONFLICT, reason="Conflict"), Stale()),
    ("gone", refusal(404, 'deployments.apps "x" not found', reason="NotFound", kind="deployments"), Stale()),
    (
        "status patch whose test of uid or resourceVersion failed",
        refusal(422, "the server rejected our request due to an error in our request", reason="Invalid"),
        Stale(),
    ),
    (
        "invalid status",
        refusal(422, 'MyApp "x" is invalid: status.ready: Too long', "FieldValueTooLong", reason="Invalid"),
        Refused(Reason.REJECTED, 'MyApp "x" is invalid: status.ready: Too long'),
    ),
    ("too many requests", ApiError(429, "", "Too many requests", None, 7.0), Retry("Too many requests", 7.0)),
    ("token not accepted now", refusal(401, "Unauthorized"), Retry("Unauthorized")),
    ("bad gateway", refusal(502, "no upstream"), Retry("no upstream")),
    ("overloaded", refusal(503, "apiserver not ready"), Retry("apiserver not ready")),
    ("timed out at the server", refusal(504, "request timed out"), Retry("request timed out")),
    ("a server in trouble", refusal(500, "etcdserver: leader changed"), Retry("etcdserver: leader changed")),
    ("no answer", UnreachableError("no answer from the API server"), Retry("no answer from the API server")),
    (
        "a quota of pods, told by the ReplicaSet",
        refusal(403, 'pods "myapp-deployment-7f9c-x2b4z" is forbidden: exceeded quota: small, limited: pods=2'),
        Refused(Reason.QUOTA_EXCEEDED, "exceeded quota: small, limited: pods=2"),
    ),
]


@pytest.mark.parametrize(("error", "verdict"), [pytest.param(*row[1:], id=row[0]) for row in ROWS])
def test_what_an_answer_means(error: OperatorError, verdict: Answer) -> None:
    assert classify(error) == verdict


@pytest.mark.parametrize(
    ("message", "reason", "words"),
    [
        ('pods "x-1a" is forbidden: exceeded quota: q, limited: pods=2', Reason.QUOTA_EXCEEDED, "exceeded quota: q"),
        (
            'pods "x-1a" is forbidden: violates PodSecurity "restricted:latest"',
            Reason.FORBIDDEN,
            "violates PodSecurity",
        ),
        ('pods "x-1a" is forbidden: failed quota: q: must specify cpu', Reason.QUOTA_EXCEEDED, "failed quota: q"),
        ('pods "x-1a" is forbidden: insufficient quota to consume: pods', Reason.QUOTA_EXCEEDED, "insufficient quota"),
        ('pods "x-1a" is forbidden: status unknown for quota: q', Reason.QUOTA_EXCEEDED, "status unknown for quota"),
        ('pods "x-1a" is forbidden: maximum cpu usage per Pod is 1', Reason.FORBIDDEN, "maximum cpu"),
        (
            'pods "x-1a" is forbidden: error looking up service account web/none: serviceaccount "none" not found',
            Reason.REFERENCE_MISSING,
            'ServiceAccount "none" does not exist: create it, or change the MyApp',
        ),
        (
            'pods "x-1a" is forbidden: no PriorityClass with name urgent was found',
            Reason.REFERENCE_MISSING,
            'PriorityClass "urgent" does not exist: create it, or change the MyApp',
        ),
        (
            'pods "x-1a" is forbidden: pod rejected: RuntimeClass "sandbox" not found',
            Reason.REFERENCE_MISSING,
            'RuntimeClass "sandbox" does not exist: create it, or change the MyApp',
        ),
        (
            'pods "x-1a" is forbidden: no PriorityClass with name urgent was found, says a webhook',
            Reason.FORBIDDEN,
            "no PriorityClass",
        ),
    ],
)
def test_the_random_name_of_a_pod_is_left_out(message: str, reason: Reason, words: str) -> None:
    refused = from_words(message)
    assert refused.reason is reason
    assert refused.message.startswith(words)


def test_the_users_own_words_do_not_make_a_quota_of_a_policy() -> None:
    words = 'pods "x" is forbidden: denied request: it exceeded quota: ask the platform team'
    assert from_words(words).reason is Reason.FORBIDDEN


def test_several_lines_are_kept_whole() -> None:
    assert from_words("services is forbidden: one\ntwo").message == "one\ntwo"


def test_of_an_answer_of_a_megabyte_only_the_beginning_is_looked_at() -> None:
    class Counted(str):
        """A text that tells how much of it was taken."""

        looked_at = 0

        def __getitem__(self, part: object) -> str:
            taken = super().__getitem__(part)  # type: ignore[index]
            Counted.looked_at += len(taken)
            return taken

    words = Counted('deployments "x" is forbidden: exceeded quota' + ", used: " * 131_072)
    verdict = from_words(words)
    assert verdict.reason is Reason.QUOTA_EXCEEDED
    assert Counted.looked_at == 8000
    assert len(verdict.message) < 8000
    outage = classify(refusal(503, "x" * 1_000_000))
    assert isinstance(outage, Retry)
    assert len(outage.words) == 8000
