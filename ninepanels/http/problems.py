"""The registry of errors: each has a stable code, a title and an explanation for clients.

The registry contains the exceptions of `ninepanels.exceptions` and the errors of HTTP itself, which are no exceptions
of the project.
"""

import inspect
from dataclasses import dataclass
from http import HTTPStatus

from .. import exceptions


@dataclass(frozen=True)
class ProblemType:
    """A kind of error.

    Attributes:
        code: identifies it, in the envelope and in the address of its page. It never changes.
        status: the status of all its responses.
        title: a short name. Like the code, it is the same in all responses.
        detail: one sentence for the user. A response can contain a more specific one.
        explanation: what happened, for developers of clients.
        remedy: what a client does about it.
    """

    code: str
    status: HTTPStatus
    title: str
    detail: str
    explanation: str
    remedy: str


NO_SUCH_ADDRESS = ProblemType(
    code="no_such_address",
    status=HTTPStatus.NOT_FOUND,
    title="No such address",
    detail="There is nothing at this address.",
    explanation="No route has this path.",
    remedy="Correct the path. The API reference lists all paths.",
)
METHOD_NOT_ALLOWED = ProblemType(
    code="method_not_allowed",
    status=HTTPStatus.METHOD_NOT_ALLOWED,
    title="Method not allowed",
    detail="This address does not take that method.",
    explanation="The path exists, but not with this method.",
    remedy="Use one of the methods in the header `Allow`.",
)
BODY_TOO_LARGE = ProblemType(
    code="body_too_large",
    status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    title="Body too large",
    detail="The request body is too large.",
    explanation="The body is larger than 64 KiB, or than the limit that the route states.",
    remedy="Send less at once.",
)
INVALID_REQUEST = ProblemType(
    code="invalid_request",
    status=HTTPStatus.UNPROCESSABLE_ENTITY,
    title="Invalid request",
    detail="The request is not valid.",
    explanation=(
        "The path, the query, a header or the body is malformed, lacks a field, has an unknown field, or has a value "
        "outside its limits."
    ),
    remedy=(
        "Correct the fields that the list of errors names: `loc` is the place, `msg` the reason, `type` a constant "
        "for programs. In the envelope the list is `detail`, in a problem it is `errors`."
    ),
)
INTERNAL_ERROR = ProblemType(
    code=exceptions.NinePanelsBaseException.code,
    status=exceptions.NinePanelsBaseException.status_code,
    title=exceptions.NinePanelsBaseException.title,
    detail=exceptions.NinePanelsBaseException.default_detail,
    explanation="The service has a fault. Its operators are informed.",
    remedy="Report the request id, which is in the header `X-Request-ID`. A retry rarely helps.",
)
INVALID_HOST = ProblemType(
    code="invalid_host",
    status=HTTPStatus.BAD_REQUEST,
    title="Invalid host",
    detail="This service does not answer for the host of this request.",
    explanation="The header `Host` is not one of the setting `NINEPANELS_TRUSTED_HOSTS`.",
    remedy="Use the published address of the service. An operator adds further hosts to the setting.",
)
BAD_HTTP_REQUEST = ProblemType(
    code="bad_http_request",
    status=HTTPStatus.BAD_REQUEST,
    title="Malformed HTTP request",
    detail="This is not a valid HTTP request.",
    explanation=(
        "The server cannot parse the request line or the headers, or `Host` is missing or given twice. It closes the "
        "connection."
    ),
    remedy="Use an HTTP library.",
)
REQUEST_TIMEOUT = ProblemType(
    code="request_timeout",
    status=HTTPStatus.REQUEST_TIMEOUT,
    title="Request timeout",
    detail="The request did not arrive in time.",
    explanation="The headers or the body took too long to arrive. The server closes the connection.",
    remedy="Send the request again, on a new connection.",
)
URI_TOO_LONG = ProblemType(
    code="uri_too_long",
    status=HTTPStatus.REQUEST_URI_TOO_LONG,
    title="URI too long",
    detail="The address of the request is too long.",
    explanation="The path and the query together are longer than 8 KiB. The server closes the connection.",
    remedy="Send a shorter query.",
)
HEADERS_TOO_LARGE = ProblemType(
    code="headers_too_large",
    status=HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    title="Headers too large",
    detail="The request headers are too large.",
    explanation=(
        "The request line and the headers together are larger than 32 KiB, or there are more than 100 headers. The "
        "server closes the connection."
    ),
    remedy="Send fewer or shorter headers.",
)
BEFORE_THE_HEADERS = (BAD_HTTP_REQUEST, REQUEST_TIMEOUT, URI_TOO_LONG, HEADERS_TOO_LARGE)
"""Errors of requests whose headers the server may not have read: they are always in the envelope, without an id."""


def _of_class(error: type[exceptions.NinePanelsBaseException]) -> ProblemType:
    explanation, _, remedy = inspect.cleandoc(error.__doc__ or "").partition("\n\n")
    return ProblemType(
        error.code,
        error.status_code,
        error.title,
        error.default_detail,
        " ".join(explanation.split()),
        " ".join(remedy.split()),
    )


def _all() -> list[ProblemType]:
    base = exceptions.NinePanelsBaseException
    subclasses = [each for each in vars(exceptions).values() if inspect.isclass(each) and issubclass(each, base)]
    of_the_project = [_of_class(each) for each in subclasses if "code" in vars(each) and each is not base]
    of_http = [each for each in globals().values() if isinstance(each, ProblemType)]
    return sorted(of_the_project + of_http, key=lambda each: (each.status, each.code))


PROBLEM_TYPES = {each.code: each for each in _all()}
"""All errors, by their codes, in the order of their statuses."""
