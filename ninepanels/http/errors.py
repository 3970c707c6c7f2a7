"""Exception handlers: turn every exception into an HTTP response, and log the context of expected errors.

An error has two forms: the envelope, and a problem (RFC 9457) for clients that prefer it.
"""

import logging
from collections.abc import Mapping
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.responses import RedirectResponse
from fastapi.responses import Response
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute
from starlette.routing import Match
from starlette.routing import Mount
from starlette.types import Scope

from .. import exceptions
from ..observability import request_ids
from . import accept
from . import problems
from .problems import ProblemType

# The errors that FastAPI and Starlette raise themselves.
_BY_STATUS = {
    each.status: each for each in (problems.NO_SUCH_ADDRESS, problems.METHOD_NOT_ALLOWED, problems.BODY_TOO_LARGE)
}

# Messages about the body as a whole, whose own texts are about Python or a place in the JSON.
_OF_THE_BODY = {
    "json_invalid": "The body is not valid JSON.",
    "model_attributes_type": "The body is not an object with fields, or its Content-Type is not one of this address.",
}

# HEAD and OPTIONS are not methods of routes: middleware answers HEAD as GET, and OPTIONS if it is a preflight.
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

log = logging.getLogger(__name__)


def install(api: FastAPI) -> None:
    """Register the exception handlers."""
    api.add_exception_handler(exceptions.NinePanelsBaseException, _domain_error)
    api.add_exception_handler(HTTPException, _http_error)
    api.add_exception_handler(RequestValidationError, _validation_error)


def respond(
    scope: Scope,
    problem_type: ProblemType,
    detail: str | None = None,
    headers: Mapping[str, str] | None = None,
    errors: list[dict[str, Any]] | None = None,
) -> JSONResponse:
    """Return the response for an error, in the form that the client prefers.

    The response is a problem, or what the envelope contains as `data`. The message of the envelope is put into the
    request state.

    Args:
        scope: that of the request.
        problem_type: the kind of error.
        detail: one sentence for the user, if it is not that of the kind.
        headers: headers of the response.
        errors: the fields that are not valid, for a 422.
    """
    detail = detail or problem_type.detail
    headers = {**(headers or {}), "Vary": "Accept"}
    if accept.prefers_problem(",".join(Headers(scope=scope).getlist("accept"))):
        problem = {
            "type": f"{_root_path(scope)}/problems/{problem_type.code}",
            "title": problem_type.title,
            "status": problem_type.status,
            "detail": detail,
            "instance": request_ids.current.get(),
        }
        content = problem if errors is None else problem | {"errors": errors}
        return JSONResponse(content, problem_type.status, headers, accept.PROBLEM_JSON)
    scope.setdefault("state", {})["error_message"] = detail
    data = {"detail": detail if errors is None else errors, "code": problem_type.code}
    return JSONResponse(data, problem_type.status, headers)


def _root_path(scope: Scope) -> str:
    """Return the prefix of the service. Within a mount, `root_path` contains the path of the mount, too."""
    root_path: str = scope.get("app_root_path", scope.get("root_path", ""))
    return root_path.rstrip("/")


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - as registered in `install`
    problem_type = _BY_STATUS.get(HTTPStatus(error.status_code), problems.PROBLEM_TYPES[exceptions.BadRequest.code])
    if problem_type is problems.NO_SUCH_ADDRESS and (address := _without_slash(request)):
        return RedirectResponse(address)
    headers = {"Allow": ", ".join(_allowed(request))} if problem_type is problems.METHOD_NOT_ALLOWED else None
    return respond(request.scope, problem_type, headers=headers)


def _without_slash(request: Request) -> str | None:
    """Return the address of a route for a path that ends with one slash more, or None if there is no such route.

    The address is relative, so it leads to the same host, and stays below a prefix that only the proxy knows.
    """
    path, _, end = request.scope["raw_path"].decode("latin-1").rpartition("/")
    scope = {**request.scope, "root_path": _root_path(request.scope), "path": request.scope["path"].removesuffix("/")}
    routes = [route for route in request.app.routes if not isinstance(route, Mount)]
    if end or not any(_matches(route, scope, method) for route in routes for method in _METHODS):
        return None
    query = request.scope["query_string"].decode("latin-1")
    return f"../{path.rpartition('/')[2]}{query and '?'}{query}"


def _allowed(request: Request) -> list[str]:
    """Return all methods of the path of a request. Starlette names only those of the first route that matches."""
    scope = {**request.scope, "root_path": _root_path(request.scope)}
    methods = [method for method in _METHODS if any(_matches(each, scope, method) for each in request.app.routes)]
    return ["GET", "HEAD", *methods[1:]] if methods[:1] == ["GET"] else methods


def _matches(route: BaseRoute, scope: Scope, method: str) -> bool:
    if isinstance(route, Mount) and method != "GET":
        # A mount matches all methods, but the files of the documentation can only be read.
        return False
    match, _ = route.matches({**scope, "method": method})
    return match is Match.FULL


async def _domain_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, exceptions.NinePanelsBaseException)  # noqa: S101 - as above
    # For EXCEPTION_RAISED: the exception itself does not reach the middleware.
    request.scope.setdefault("state", {})["exception"] = error
    if error.is_expected or error.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
        reason = error.context_msg or error.detail
        context = {"context_data": error.context_data}
        log.info("The request was refused (%s: %s)", type(error).__name__, reason, extra=context)
    return respond(request.scope, problems.PROBLEM_TYPES[error.code], error.detail, error.headers)


async def _validation_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as above
    errors = [_without_input(each) for each in error.errors()]
    return respond(request.scope, problems.INVALID_REQUEST, _summarize(errors), errors=errors)


def _without_input(error: dict[str, Any]) -> dict[str, Any]:
    """Return FastAPI's description of a validation error without any input.

    The names of unknown fields are input, too: a body in the wrong format becomes one long field name that can contain
    the password.
    """
    loc = error["loc"][:-1] if error["type"] == "extra_forbidden" else error["loc"]
    return {"type": error["type"], "loc": list(loc), "msg": error["msg"]}


def _summarize(errors: Sequence[dict[str, Any]]) -> str:
    first = errors[0]
    if first["type"] in _OF_THE_BODY:
        return _OF_THE_BODY[first["type"]]
    where = ".".join(str(part) for part in first["loc"][1:]) or "The request"
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return f"{where}: {first['msg']}{more}."
