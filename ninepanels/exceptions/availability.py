"""Requests that cannot be served now."""

from http import HTTPStatus
from types import MappingProxyType

from .base import NinePanelsBaseException

RETRY_AFTER_S = 5


class Unavailable(NinePanelsBaseException):
    """Something that the request needs is temporarily unavailable.

    Retry after as many seconds as the header `Retry-After` says.
    """

    code = "unavailable"
    title = "Temporarily unavailable"
    status_code = HTTPStatus.SERVICE_UNAVAILABLE
    headers = MappingProxyType({"Retry-After": str(RETRY_AFTER_S)})
    default_detail = "The service is not available right now. Please try again in a moment."


class DatabaseUnavailable(Unavailable):
    """The database cannot be reached, is locked, or did not answer in time.

    Retry after as many seconds as the header `Retry-After` says. If the connection was lost during the commit, the
    change was made. A request that creates something is safe to repeat only with the same `Idempotency-Key`; without
    one, load the current state first.
    """

    code = "database_unavailable"
    title = "Database unavailable"


class ThreadTimeout(Unavailable):
    """The request was not processed within its time limit. A change may or may not have been made.

    Retry after as many seconds as the header `Retry-After` says. A request that creates something is safe to repeat
    only with the same `Idempotency-Key`; without one, load the current state first.
    """

    code = "processing_timeout"
    title = "Processing timeout"


class NoStreamAvailable(Unavailable):
    """The service has as many open streams of changes as it permits, or is being stopped.

    Retry after as many seconds as the header `Retry-After` says. Until then, poll `GET /changes`.
    """

    code = "no_stream_available"
    title = "No stream available"
    headers = MappingProxyType({"Retry-After": "30"})
    is_expected = True


class NotReady(Unavailable):
    """The service runs, but cannot serve requests: it is starting, or a part of it has stopped.

    Retry after as many seconds as the header `Retry-After` says. An operator finds the cause in the log.
    """

    code = "not_ready"
    title = "Not ready"


class WebhookUnavailable(Unavailable):
    """The webhook did not accept a request; a retry may succeed. `context_msg` gives the reason, without the URL."""
