"""Pure: the sentence and the exit code with which the operator ends where it cannot start or go on."""

from __future__ import annotations

from myapp_operator import names
from myapp_operator.errors import ApiError, OperatorError, StartError

EXIT_SETTINGS = 2
EXIT_CRD_MISSING = 3
EXIT_UNREACHABLE = 4
EXIT_FORBIDDEN = 5
EXIT_LEAD_LOST = 6

RENEW_CREDENTIALS = "give it a kubeconfig that is valid, or in a pod the token of an account that exists"
"""What helps against a 401: no right is missing, as nobody knows who asks."""


def of_request(error: OperatorError, host: str) -> StartError:
    """Why the first requests to the API server at `host` fail."""
    if isinstance(error, ApiError) and error.status == 404:
        what = f"the API server does not know {names.PLURAL}.{names.GROUP}"
        return StartError(EXIT_CRD_MISSING, f"{what}: install the CRD first, with: kubectl apply -k crds")
    if isinstance(error, ApiError) and error.status == 401:
        message = f"the API server at {host} does not accept the operator's credentials ({error}): {RENEW_CREDENTIALS}"
        return StartError(EXIT_FORBIDDEN, message)
    if isinstance(error, ApiError) and error.status == 403:
        return StartError(EXIT_FORBIDDEN, f"rights are missing ({error}): grant those of deploy/operator/role.yaml")
    if isinstance(error, ApiError):
        return StartError(EXIT_UNREACHABLE, f"the API server at {host} does not answer as it should: {error}")
    message = f"the API server at {host} cannot be reached: check the address and that it runs ({error})"
    return StartError(EXIT_UNREACHABLE, message)


def of_lease(error: ApiError, namespace: str | None) -> StartError:
    """Why the Lease in this namespace is out of reach."""
    if error.status == 403:
        advice = "grant those of deploy/operator/lease.yaml, or run without --lease-namespace"
        return StartError(EXIT_FORBIDDEN, f"rights to the Lease are missing ({error}): {advice}")
    message = f"there is no namespace {namespace} for the Lease: make it, or name another one with --lease-namespace"
    return StartError(EXIT_SETTINGS, message)


def first_of(group: BaseExceptionGroup[BaseException]) -> StartError | None:
    """What one of the tasks has to say to the user, if that is why all have ended."""
    found: BaseException | None = group.subgroup(StartError)
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    return found if isinstance(found, StartError) else None
