"""What an answer of the API server means: the reason it gives the user, or the way on for the operator.

The order in which codes and words are looked at was tried against a real server; it matters, because admission policies
answer 422, 403 or 400 for the same thing and only the words tell them apart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from myapp_operator.errors import ApiError, OperatorError
from myapp_operator.names import KIND, Reason

_RETRY_CODES = frozenset({401, 408, 429, 502, 503, 504})
_TEST_FAILED = "the server rejected our request due to an error in our request"
_LONGEST = 8000
"""Characters of an answer that are looked at. Users can make answers of a megabyte, which nobody would read."""
_OF_QUOTAS = ("exceeded quota", "failed quota", "insufficient quota", "status unknown for quota")
"""How a refusal by a ResourceQuota begins: too much, a limit that must be named, none that matches, not yet counted."""
_NAMED_BY_PODS = (
    r'error looking up service account [^ ]*: serviceaccount "(?P<ServiceAccount>[^"]*)" not found',
    r"no PriorityClass with name (?P<PriorityClass>[^ ]*) was found",
    r'pod rejected: RuntimeClass "(?P<RuntimeClass>[^"]*)" not found',
)
"""How Kubernetes refuses a pod that names what does not exist."""
_REJECTED_500 = ("failed to c", "etcdserver: request is too large")


@dataclass(frozen=True)
class Refused:
    """The object cannot be written as things stand. It is tried again, with growing pauses."""

    reason: Reason
    message: str
    adoptable: bool = False
    """Whether it stands in the way until its owner lets the MyApp take it over (see `adoption`)."""


@dataclass(frozen=True)
class Retry:
    """No fault of the object: an outage, an overload. `after` is in seconds, where the server asked for a pause."""

    words: str
    after: float | None = None


@dataclass(frozen=True)
class Stale:
    """Somebody was faster: the object is not what it was when the decision was made. Decide again."""

    words: str = field(default="", compare=False)
    """The server's own."""


@dataclass(frozen=True)
class NamespaceEnds:
    """The namespace is gone or on its way: nothing more may be written for the app."""


@dataclass(frozen=True)
class Held:
    """It is written only after another child, which is on its way. `message` says what it waits for."""

    message: str


Answer = Refused | Retry | Stale | NamespaceEnds


@dataclass(frozen=True)
class Obstacle:
    """Why a child is not as wanted after this pass. A `lasting` one is told to the user even if it may pass."""

    verdict: Refused | Retry | Stale | Held
    lasting: bool = True
    outage: Retry | None = None
    """A failure that lasts, told beside a refusal: for its time the server does not say whether that still holds."""

    @property
    def lasting_outage(self) -> Retry | None:
        """What keeps the server from taking any change, if it has lasted long enough to be told."""
        return self.verdict if self.lasting and isinstance(self.verdict, Retry) else self.outage


def classify(error: OperatorError) -> Answer:
    """Judges the answer to a write, or its absence."""
    if not isinstance(error, ApiError):
        return Retry(str(error))
    if _may_pass(error):
        return Retry(error.message[:_LONGEST], error.retry_after)
    if "NamespaceTerminating" in error.causes or (error.status == 404 and error.details.get("kind") == "namespaces"):
        return NamespaceEnds()
    if error.status in (404, 409) or _test_failed(error):
        return Stale(error.message[:_LONGEST])
    return from_words(error.message)


def from_words(message: str) -> Refused:
    """Finds the reason in the server's own sentence; serves refused writes and a Deployment's ReplicaFailure alike."""
    message = message[:_LONGEST]
    forbidden = re.search(r" is forbidden: (.*)", message, re.DOTALL)
    if forbidden is None:
        denied = re.search(r" denied (the )?request", message)  # by a webhook, whose name the user needs
        return Refused(Reason.FORBIDDEN if denied else Reason.REJECTED, message)
    words = _without_used(forbidden[1].strip())
    if missing := _missing(words):
        return Refused(Reason.REFERENCE_MISSING, missing)
    reason = Reason.QUOTA_EXCEEDED if words.startswith(_OF_QUOTAS) else Reason.FORBIDDEN
    return Refused(reason, words)


def _missing(words: str) -> str | None:
    """What a pod names and does not exist, where admission says so in these very words; None where it does not."""
    found = (re.fullmatch(pattern, words, re.DOTALL) for pattern in _NAMED_BY_PODS)
    named = next(({key: name for key, name in each.groupdict().items() if name} for each in found if each), None)
    if not named:
        return None
    ((kind, name),) = named.items()
    return f'{kind} "{name}" does not exist: create it, or change the {KIND}'


def _without_used(words: str) -> str:
    """Without what a quota counts: it changes all the time, and a changed message is a status write each time."""
    first, *others = words.split(", used: ")
    kept = [first]
    for other in others:
        _, limited, rest = other.partition(", limited: ")
        kept.append(limited + rest if limited else f", used: {other}")
    return "".join(kept)


def _may_pass(error: ApiError) -> bool:
    """Whether the fault is the server's: overload, outage, or (404 in plain text) an API that is not served now."""
    return (
        error.status in _RETRY_CODES
        or error.is_unserved
        or (error.status == 500 and not error.message.startswith(_REJECTED_500))
    )


def _test_failed(error: ApiError) -> bool:
    """A JSON patch whose `test` of uid or resourceVersion failed is answered like an invalid object, but in general
    words and without a cause."""
    return error.status == 422 and error.message == _TEST_FAILED and not error.causes
