"""The one place where what went wrong becomes an HTTP response."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi import HTTPException
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.types import Scope

from .. import exceptions

_SENTENCES = {
    HTTPStatus.NOT_FOUND: "There is nothing at this address.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This address does not take that method.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The request body is too large.",
    HTTPStatus.INTERNAL_SERVER_ERROR: exceptions.NinePanelsBaseException.default_detail,
}


def install(api: FastAPI) -> None:
    """Teach an application the errors of this project."""
    api.add_exception_handler(exceptions.NinePanelsBaseException, _domain_error)
    api.add_exception_handler(StarletteHTTPException, _http_error)
    api.add_exception_handler(RequestValidationError, _validation_error)


def respond(scope: Scope, error: StarletteHTTPException) -> JSONResponse:
    """Return the plain error body; the envelope finds its sentence in the request's state."""
    # The framework's own errors carry nothing but the name of their status.
    plain = error.detail == HTTPStatus(error.status_code).phrase
    detail = _SENTENCES.get(HTTPStatus(error.status_code), error.detail) if plain else error.detail
    return _response(scope, error.status_code, detail, detail, error.headers)


def _response(scope: Scope, status: int, detail: Any, sentence: str, headers: Any = None) -> JSONResponse:
    scope.setdefault("state", {})["error_message"] = sentence
    return JSONResponse({"detail": detail}, status, headers)


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, StarletteHTTPException)  # noqa: S101 - Starlette's signature is wider than its promise
    return respond(request.scope, error)


async def _domain_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, exceptions.NinePanelsBaseException)  # noqa: S101 - as above
    # For whoever reports a 5xx: there the exception itself never arrives.
    request.scope.setdefault("state", {})["exception"] = error
    return respond(request.scope, HTTPException(error.status_code, error.detail, dict(error.headers)))


async def _validation_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as above
    mistakes = [_without_input(mistake) for mistake in error.errors()]
    return _response(request.scope, HTTPStatus.UNPROCESSABLE_ENTITY, mistakes, _sentence(mistakes))


def _without_input(mistake: dict[str, Any]) -> dict[str, Any]:
    """Return FastAPI's description of a mistake, without anything that was sent.

    The name of a field that does not exist is something that was sent, too: a body in the wrong format becomes one
    long name with the password in it.
    """
    loc = mistake["loc"][:-1] if mistake["type"] == "extra_forbidden" else mistake["loc"]
    return {"type": mistake["type"], "loc": list(loc), "msg": mistake["msg"]}


def _sentence(mistakes: Sequence[dict[str, Any]]) -> str:
    first = mistakes[0]
    where = ".".join(str(part) for part in first["loc"][1:]) or "The request"
    more = f" (and {len(mistakes) - 1} more)" if len(mistakes) > 1 else ""
    return f"{where}: {first['msg']}{more}."
