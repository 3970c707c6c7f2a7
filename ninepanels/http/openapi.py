"""The OpenAPI schema: FastAPI's, completed with errors, examples, security schemes and the envelope."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi.routing import RouteContext
from fastapi.routing import iter_route_contexts
from pydantic.json_schema import models_json_schema

from .. import exceptions
from .. import pydmodels as pyd
from . import documentation
from . import problems
from .bodies import FORMS
from .problems import ProblemType
from .response_headers import IDEMPOTENCY_KEY
from .response_headers import IDEMPOTENT_REPLAYED
from .routing import Route

JSON = "application/json"
PROBLEM_JSON = "application/problem+json"
BEARER_SCHEME = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "JWT",
    "description": "An access token, which `POST /token` and `POST /auth/change_password` return.",
}

Schema = dict[str, Any]

# Errors that any request can get. They never reach a route, or are a fault of the service.
_ANYWHERE = (
    problems.BAD_HTTP_REQUEST,
    problems.INVALID_HOST,
    problems.REQUEST_TIMEOUT,
    problems.HEADERS_TOO_LARGE,
    problems.INTERNAL_ERROR,
)
_HEADERS: dict[str, Schema] = {
    "X-Request-ID": {
        "description": "Identifies the request in the log of the service.",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"},
    },
    "ETag": {
        "description": "Identifies this version of the response, for `If-None-Match`.",
        "schema": {"type": "string"},
    },
    IDEMPOTENT_REPLAYED: {
        "description": "The response was stored: an earlier request had the same `Idempotency-Key`.",
        "schema": {"type": "string", "const": "true"},
    },
    "RateLimit": {
        "description": (
            "The state of your own limits, per address and per user: `r` further attempts are left, and `t` seconds "
            "until the oldest one no longer counts (draft-ietf-httpapi-ratelimit-headers-11)."
        ),
        "schema": {"type": "string"},
        "example": '"sign_ups_per_address";r=29;t=3600',
    },
    "RateLimit-Policy": {
        "description": "These limits: `q` attempts in `w` seconds.",
        "schema": {"type": "string"},
        "example": '"sign_ups_per_address";q=30;w=3600',
    },
    "Retry-After": {
        "description": "After how many seconds the request can be repeated.",
        "schema": {"type": "integer", "minimum": 1},
    },
    "WWW-Authenticate": {
        "description": "How to authenticate.",
        "schema": {"type": "string", "const": "Bearer"},
    },
}
_PARAMETERS: dict[str, Schema] = {
    "X-Request-ID": {
        "name": "X-Request-ID",
        "in": "header",
        "description": "The id of the request: 1 to 64 of the characters `A-Za-z0-9._-`. Any other text is replaced by "
        "a new id.",
        "schema": {"type": "string"},
    },
}
_OF_RATE_LIMITS = ["RateLimit", "RateLimit-Policy"]
_HEADERS_OF_STATUSES = {
    HTTPStatus.UNAUTHORIZED: ["WWW-Authenticate"],
    HTTPStatus.TOO_MANY_REQUESTS: ["Retry-After"],
    HTTPStatus.SERVICE_UNAVAILABLE: ["Retry-After"],
}
_HEADERS_OF_ERRORS = {
    exceptions.IdempotencyKeyInUse.code: ["Retry-After"],
    # Requests with these errors have been counted. An operation that can be limited has at most one of each.
    exceptions.EmailTaken.code: _OF_RATE_LIMITS,
    exceptions.WrongLogin.code: _OF_RATE_LIMITS,
    exceptions.WrongPassword.code: _OF_RATE_LIMITS,
    exceptions.RateLimited.code: _OF_RATE_LIMITS,
}
_INVALID_FIELDS = [{"type": "missing", "loc": ["body", "title"], "msg": "Field required"}]


def install(api: FastAPI) -> None:
    """Make the application generate the completed schema, when it is requested for the first time."""
    generate = api.openapi

    def openapi() -> Schema:
        if api.openapi_schema is None:
            contexts = list(iter_route_contexts(api.routes))
            for context in contexts:
                if isinstance(context.original_route, Route):
                    context.original_route.describe_response()
            _complete(generate(), contexts)
        assert api.openapi_schema is not None  # noqa: S101 - `generate` sets it
        return api.openapi_schema

    api.openapi = openapi  # type: ignore[method-assign]


def _complete(schema: Schema, routes: list[RouteContext]) -> None:
    components = schema["components"]
    # Before examples are added: they can contain the same keys as schemas.
    _simplify(schema["paths"])
    responses: Schema = {}
    for context in routes:
        route = context.original_route
        if not isinstance(route, APIRoute) or not context.include_in_schema:
            continue
        for method in context.methods or ():
            operation = schema["paths"][context.path_format][method.lower()]
            operation.setdefault("parameters", []).append({"$ref": "#/components/parameters/X-Request-ID"})
            _add_security(operation)
            _without_null_headers(operation)
            _separate_forms(operation, components["schemas"])
            _add_examples(operation, route)
            _add_errors(operation, documentation.errors_of(route), responses)
    components["responses"] = dict(sorted(responses.items()))
    components["headers"] = _HEADERS
    components["parameters"] = _PARAMETERS
    components["securitySchemes"]["bearer"] = BEARER_SCHEME
    models: list[Any] = [(pyd.ErrorResponse, "serialization"), (pyd.InvalidRequestResponse, "serialization")]
    models += [(pyd.Problem, "serialization"), (pyd.InvalidRequestProblem, "serialization")]
    _, definitions = models_json_schema(models, ref_template="#/components/schemas/{model}")
    for unused in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(unused, None)
    components["schemas"] = dict(sorted((components["schemas"] | definitions["$defs"]).items()))
    _simplify(components["schemas"])


def _add_security(operation: Schema) -> None:
    """Declare that an operation with a login also accepts a token that was not issued by the documentation page."""
    declared = operation.setdefault("security", [])
    if {"password": []} in declared:
        declared.append({"bearer": []})


def _without_null_headers(operation: Schema) -> None:
    for parameter in operation["parameters"]:
        if parameter.get("in") == "header":
            parameter["schema"] = _without_null(parameter["schema"])


def _separate_forms(operation: Schema, schemas: Schema) -> None:
    """Give a form its own schema if the body can also be JSON: the fields of a form are text, which cannot be null.

    Code generators also need different names of schemas to distinguish the bodies of an operation.
    """
    bodies = operation.get("requestBody", {}).get("content", {})
    for media_type in bodies.keys() & set(FORMS) if JSON in bodies else ():
        name = bodies[JSON]["schema"]["$ref"].rpartition("/")[2]
        bodies[media_type]["schema"] = {"$ref": f"#/components/schemas/{name}Form"}
        fields = {field: _without_null(each) for field, each in schemas[name]["properties"].items()}
        schemas[f"{name}Form"] = {**schemas[name], "properties": fields}


def _without_null(field: Schema) -> Schema:
    typed: Schema
    typed, *others = field.get("anyOf", [field])
    if others != [{"type": "null"}]:
        return field
    return typed | {name: value for name, value in field.items() if name != "anyOf"}


def _add_examples(operation: Schema, route: APIRoute) -> None:
    example = documentation.of(route.endpoint).example
    for content in operation.get("requestBody", {}).get("content", {}).values():
        content["example"] = example.body
    status, success = next(iter(operation["responses"].items()))
    success["description"] = "The request succeeded."
    of_limits = _OF_RATE_LIMITS if exceptions.RateLimited in documentation.of(route.endpoint).raises else []
    of_keys = [IDEMPOTENT_REPLAYED for each in operation["parameters"] if each.get("name") == IDEMPOTENCY_KEY]
    success["headers"] = success.get("headers", {}) | _references("headers", [*of_limits, *of_keys, "X-Request-ID"])
    envelope = {
        "data": example.data,
        "status_code": int(status),
        "is_error": False,
        "error_message": None,
        "meta": example.meta,
    }
    for media_type, content in success.get("content", {}).items():
        content["example"] = envelope if media_type == JSON else example.data


def _add_errors(operation: Schema, errors: list[ProblemType], responses: Schema) -> None:
    operation["responses"].pop(str(HTTPStatus.UNPROCESSABLE_ENTITY.value), None)
    by_status: dict[str, list[ProblemType]] = {}
    for error in errors:
        by_status.setdefault(str(error.status.value), []).append(error)
    for status, group in [*by_status.items(), ("default", list(_ANYWHERE))]:
        name = "AnyOtherError" if status == "default" else "Or".join(_name_of(error) for error in group)
        responses.setdefault(name, _error_response(group))
        operation["responses"][status] = {"$ref": f"#/components/responses/{name}"}


def _name_of(error: ProblemType) -> str:
    return error.code.title().replace("_", "")


def _error_response(errors: list[ProblemType]) -> Schema:
    """Return the response of one or more errors with the same status."""
    invalid = errors == [problems.INVALID_REQUEST]
    names = ["InvalidRequestResponse", "InvalidRequestProblem"] if invalid else ["ErrorResponse", "Problem"]
    headers = _HEADERS_OF_STATUSES.get(errors[0].status, []) if len({error.status for error in errors}) == 1 else []
    headers = [*headers, *(name for error in errors for name in _HEADERS_OF_ERRORS.get(error.code, []))]
    problem_examples = {
        each.code: {"summary": each.title, "value": _problem(each)}
        for each in errors
        if each not in problems.BEFORE_THE_HEADERS
    }
    as_problem = {PROBLEM_JSON: {"schema": {"$ref": f"#/components/schemas/{names[1]}"}, "examples": problem_examples}}
    return {
        "description": "\n".join(f"- `{error.code}`: {error.explanation}" for error in errors),
        "headers": _references("headers", [*headers, "X-Request-ID"]),
        "content": {
            JSON: {
                "schema": {"$ref": f"#/components/schemas/{names[0]}"},
                "examples": {each.code: {"summary": each.title, "value": _envelope(each)} for each in errors},
            },
        }
        | (as_problem if problem_examples else {}),
    }


def _envelope(error: ProblemType) -> Schema:
    invalid = error is problems.INVALID_REQUEST
    message = "title: Field required." if invalid else error.detail
    return {
        "data": {"detail": _INVALID_FIELDS if invalid else message, "code": error.code},
        "status_code": error.status.value,
        "is_error": True,
        "error_message": message,
        "meta": None,
    }


def _problem(error: ProblemType) -> Schema:
    invalid = error is problems.INVALID_REQUEST
    problem = {
        "type": f"/problems/{error.code}",
        "title": error.title,
        "status": error.status.value,
        "detail": "title: Field required." if invalid else error.detail,
        "instance": "0198a3c5-6f0e-4a56-9d5e-2f1f8a3b7c21",
    }
    return problem | {"errors": _INVALID_FIELDS} if invalid else problem


def _references(kind: str, names: list[str]) -> Schema:
    return {name: {"$ref": f"#/components/{kind}/{name}"} for name in names}


def _simplify(schema: Any) -> None:
    """Remove titles, which repeat the names of models and fields, and write limits of integers as integers."""
    if isinstance(schema, list):
        for item in schema:
            _simplify(item)
    elif isinstance(schema, dict):
        if isinstance(schema.get("title"), str):
            del schema["title"]
        if schema.get("type") == "integer":
            for limit in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"):
                if limit in schema:
                    schema[limit] = int(schema[limit])
        for value in schema.values():
            _simplify(value)
