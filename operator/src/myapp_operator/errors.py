"""The few errors of our own. Each carries a sentence that tells its reader what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class OperatorError(Exception):
    """Something the user of this program must read: `str()` of it is the whole sentence."""


class InvalidMyAppError(OperatorError):
    """A MyApp breaks the rules of the API; the sentence names field and rule."""


class NotLeadingError(Exception):
    """A write was held back because this operator does not lead (see `fence`): no fault of what it was for."""


class ReadOnlyError(Exception):
    """A write was held back because what asked for it, such as kopf, may only read: a bug, and no harm is done."""


class AnotherHistoryError(Exception):
    """A list is older than what was known before: the storage of the API server was restored from a backup.

    Nothing that is known holds any more, so no caller may go on. The message says which list.
    """


class NoSuchMyAppError(OperatorError):
    """There is no MyApp of the name that was asked for."""


class UnreachableError(OperatorError):
    """No answer from the API server: connection refused, cut, or timed out."""


class UnreadableError(UnreachableError):
    """An answer that is not what the API server sends, such as the page of a proxy, or one that is too large."""


class ExpiredError(OperatorError):
    """A watch asked for changes that the API server no longer has (410): list again."""


class ApiError(OperatorError):
    """The API server answered with a refusal.

    `status` is the HTTP code, `reason` and `details` are those of the `Status` object (empty when the body was none),
    `retry_after` is in seconds and comes from the header of the same name.
    """

    def __init__(
        self,
        status: int,
        reason: str,
        message: str,
        details: Mapping[str, Any] | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message or f"HTTP {status}")
        self.status = status
        self.reason = reason
        self.message = message
        self.details: Mapping[str, Any] = details or {}
        self.retry_after = retry_after

    @property
    def is_unserved(self) -> bool:
        """Whether the API server does not serve this API at all, or not now: it then answers in plain text."""
        return self.status == 404 and not self.reason

    @property
    def causes(self) -> list[str]:
        """The reasons of the single causes that the server listed, such as `NamespaceTerminating`."""
        found = self.details.get("causes")
        return (
            [str(each.get("reason", "")) for each in found if isinstance(each, dict)] if isinstance(found, list) else []
        )


class StartError(OperatorError):
    """The operator cannot start. `exit_code` is documented in the README."""

    def __init__(self, exit_code: int, message: str) -> None:
        super().__init__(message)
        self.exit_code = exit_code
