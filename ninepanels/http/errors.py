"""Exception handlers: turn every exception into an HTTP response, and log the context of 4xx errors."""

import logging
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi import HTTPException
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.routing import BaseRoute
from starlette.routing import Match
from starlette.routing import Mount
from starlette.types import Scope

from .. import exceptions

# Replace the default details of Starlette's own errors, which only name the status.
_DETAILS = {
    HTTPStatus.NOT_FOUND: "There is nothing at this address.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This address does not take that method.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The request body is too large.",
    HTTPStatus.INTERNAL_SERVER_ERROR: exceptions.NinePanelsBaseException.default_detail,
}

# HEAD and OPTIONS are not methods of routes: middleware answers HEAD as GET, and OPTIONS if it is a preflight.
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

log = logging.getLogger(__name__)


def install(api: FastAPI) -> None:
    """Register the exception handlers."""
    api.add_exception_handler(exceptions.NinePanelsBaseException, _domain_error)
    api.add_exception_handler(StarletteHTTPException, _http_error)
    api.add_exception_handler(RequestValidationError, _validation_error)


def respond(scope: Scope, error: StarletteHTTPException) -> JSONResponse:
    """Return the response for an error. Its message is put into the request state, for the envelope."""
    status = HTTPStatus(error.status_code)
    detail = _DETAILS.get(status, error.detail) if error.detail == status.phrase else error.detail
    return _response(scope, error.status_code, detail, detail, error.headers)


def _response(scope: Scope, status: int, detail: Any, message: str, headers: Any = None) -> JSONResponse:
    scope.setdefault("state", {})["error_message"] = message
    return JSONResponse({"detail": detail}, status, headers)


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, StarletteHTTPException)  # noqa: S101 - as registered in `install`
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        error = StarletteHTTPException(error.status_code, error.detail, {"Allow": ", ".join(_allowed(request))})
    return respond(request.scope, error)


def _allowed(request: Request) -> list[str]:
    """Return all methods of the path of a request. Starlette names only those of the first route that matches."""
    scope = {**request.scope, "root_path": request.scope.get("app_root_path", request.scope.get("root_path", ""))}
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
    if error.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
        reason = error.context_msg or error.detail
        context = {"context_data": error.context_data}
        log.info("The request was refused (%s: %s)", type(error).__name__, reason, extra=context)
    return respond(request.scope, HTTPException(error.status_code, error.detail, dict(error.headers)))


async def _validation_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as above
    details = [_without_input(each) for each in error.errors()]
    return _response(request.scope, HTTPStatus.UNPROCESSABLE_ENTITY, details, _summarize(details))


def _without_input(detail: dict[str, Any]) -> dict[str, Any]:
    """Return FastAPI's description of a validation error without any input.

    The names of unknown fields are input, too: a body in the wrong format becomes one long field name that can contain
    the password.
    """
    loc = detail["loc"][:-1] if detail["type"] == "extra_forbidden" else detail["loc"]
    return {"type": detail["type"], "loc": list(loc), "msg": detail["msg"]}


def _summarize(details: Sequence[dict[str, Any]]) -> str:
    first = details[0]
    where = ".".join(str(part) for part in first["loc"][1:]) or "The request"
    more = f" (and {len(details) - 1} more)" if len(details) > 1 else ""
    return f"{where}: {first['msg']}{more}."
